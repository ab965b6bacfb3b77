//! authbench-scenarios

pub mod accounting;
pub mod load;
pub mod wire;

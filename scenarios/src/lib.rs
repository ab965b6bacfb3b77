//! authbench-scenarios

pub mod wire;

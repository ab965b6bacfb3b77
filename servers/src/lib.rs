//! authbench-servers

pub mod store;

//! authbench-scenarios

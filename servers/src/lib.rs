//! authbench-servers

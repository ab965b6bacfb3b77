//! authbench-reports

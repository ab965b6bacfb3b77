//! The authbench command line.
fn main() {}

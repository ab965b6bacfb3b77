//! The crate from outside: from a run file to everything that is written about it.

mod check;
mod fixture;
mod load;

mod alone;
mod alone_audit;
mod claims;
mod comparison;
mod directory;
mod doctor;
mod golden;
mod interleavings;
mod journey;
mod lifetimes;
mod login;
mod mass;
mod matrix;
mod microbenchmarks;
mod rendering;
mod requirement;
mod schemas;
mod selftest;
mod summary;
mod thresholds;
mod tls;
mod validity;

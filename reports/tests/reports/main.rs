//! The crate from outside: from a run file to everything that is written about it.

mod check;
mod fixture;
mod load;

mod alone;
mod alone_audit;
mod claims;
mod directory;
mod doctor;
mod interleavings;
mod journey;
mod lifetimes;
mod login;
mod matrix;
mod rendering;
mod requirement;
mod schemas;
mod selftest;
mod summary;
mod tls;
mod validity;

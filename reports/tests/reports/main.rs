//! The crate from outside: from a run file to everything that is written about it.

mod fixture;
mod load;

mod alone;
mod directory;
mod rendering;
mod schemas;
mod summary;
mod validity;

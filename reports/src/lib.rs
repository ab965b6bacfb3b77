//! What was measured: samples, histograms, run files, statistics and their rendering.
//!
//! Nothing in this crate sends a request or knows how a server authenticates. A run fills the types of
//! [`run_file`]; every report, the terminal's included, is made from what was written there.
//!
//! Measured:
//! * [`recorder`]: one request → the four histograms of one virtual user; merged at the end of a round
//! * [`histogram`]: an HDR histogram that travels through JSON
//! * [`run_file`]: `run.json`, format `authbench.run/1`
//! * [`revocation`]: the timeline of one revocation, and the lag derived from it
//!
//! Derived:
//! * [`summary`]: `summary.json`, format `authbench.summary/1`, from the run file alone
//! * [`selftest`]: known truths beside what the instrument said of them; a run cites it
//! * [`microbenchmarks`]: what single operations cost, and what they explain of a run's CPU
//! * [`check`]: what `authbench check` saw of a target
//! * [`interleavings`]: what became of refresh families in every order of events
//! * [`validity`]: whether the instrument can be trusted; [`doctor`]: whether a machine is fit to measure
//! * [`expectation`]: what targets promised and did not keep, and the exit code; [`threshold`]: what scenarios ask of figures
//! * [`expiry_law`], [`statistics`]: is a lag what expiry alone would give; order statistics, spread
//! * [`comparison`]: two arms: slower, faster, unchanged, or too noisy to say
//! * [`network_cost`]: computed, what a store across a network would add
//! * [`frontier`]: cost against lag; [`matrix`]: event × variant × point
//! * [`requirement`]: who is out within a given time, and the cheapest of them
//! * [`lifetimes`]: one target at several lifetimes, held against theory
//!
//! Written:
//! * [`run_directory`]: the directory of one run, and reading it back; [`interval_log`]: its HDR logs
//! * [`versioned`]: files that say which format they are; [`migrate`]: run files of older versions
//! * [`render`]: text, Markdown, HTML

pub mod check;
pub mod comparison;
pub mod doctor;
pub mod expectation;
pub mod expiry_law;
pub mod frontier;
pub mod histogram;
pub mod interleavings;
pub mod interval_log;
pub mod lifetimes;
pub mod matrix;
pub mod microbenchmarks;
pub mod migrate;
pub mod network_cost;
pub mod number;
pub mod recorder;
pub mod render;
pub mod requirement;
pub mod revocation;
pub mod run_directory;
pub mod run_file;
pub mod selftest;
pub mod settings;
pub mod statistics;
pub mod summary;
pub mod threshold;
pub mod validity;
pub mod versioned;

//! What was measured: samples, histograms, run files, statistics and their rendering.
//!
//! Nothing in this crate sends a request or knows how a server authenticates. A run fills the types of
//! [`run_file`]; every report, the terminal's included, is made from what was written there.
//!
//! * [`recorder`]: one request → the four histograms of one virtual user; merged at the end of a round
//! * [`histogram`]: an HDR histogram that travels through JSON
//! * [`run_file`]: `run.json`, format `authbench.run/1`
//! * [`revocation`]: the timeline of one revocation, and the lag derived from it

pub mod histogram;
pub mod recorder;
pub mod revocation;
pub mod run_file;

//! The truth server: what it does is known by construction, so whoever measures it can be checked.
//!
//! It is no reference server and shares none of their request path: a bare hyper server with a few scripted
//! endpoints. What is on purpose *not* here: passwords, limits, logging. A tool that is pointed at it should report
//! what its options say, and `GET /truth` tells what really happened.
//!
//! * [`Delay`], [`Stall`], [`TruthSettings::spin`], [`TruthSettings::store_round_trips`]: what holds up `GET /`
//! * [`CredentialEnd`], [`AfterRevocation`]: until when a credential is accepted at `GET /resource`
//! * [`TruthReport`]: what really happened
//!
//! Delays do not use the runtime's timer, which counts in whole milliseconds: a thread of its own wakes what is due.
//! Moments are taken at the socket, when a request has been read and when its answer is about to be written.

mod bare;
mod connection;
mod credentials;
mod delays;
mod endpoints;
mod ledger;
mod revocation;
mod samples;
mod settings;
mod spin;
mod stall;
mod start;
mod timer;
mod tokens;
mod work;

pub use delays::{Delay, DelayError, LONGEST as LONGEST_DELAY};
pub use ledger::{Revocations, StallSpan, TruthReport};
pub use revocation::AfterRevocation;
pub use samples::{Quantiles, SAMPLES_KEPT};
pub use settings::{CredentialEnd, Expiry, ExpiryError, TruthSettings, TruthWiring};
pub use stall::{OFFSET as STALL_OFFSET, Stall, StallError};
pub use start::{RunningTruth, StartTruthError, serve, start};

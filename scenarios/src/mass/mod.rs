//! One event for many accounts at once.
//!
//! * `crowd`: the accounts of one target; `state`: what is known of them, and who is asked about next
//! * `seen`: what is known of one credential
//! * `caller`: makes the event's calls, one account after another, as fast as the target takes them
//! * `prober`: asks about the accounts' credentials, at one rate all the time

mod caller;
mod crowd;
mod prober;
mod seen;
mod state;

pub use caller::MassCaller;
pub use crowd::{Crowd, fresh_for};
pub use prober::MassProber;

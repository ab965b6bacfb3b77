//! The revocation lab: how long does a caller stay in who should be out?
//!
//! * [`probe`]: asks one enforcement point about one credential, over and over
//! * [`stream_probe`]: keeps one answer open that goes on, and notes what arrives
//! * [`trial_user`]: a goose user whose transaction is one revocation: log in, wait, revoke while probing, watch
//! * [`trials`]: which revocations are still to be made
//! * [`occurrence`]: one event that ends the credentials of several trials
//! * `witness`: credentials that an event must leave alone

mod call;
pub mod occurrence;
pub mod probe;
pub mod stream_probe;
pub mod trial_user;
pub mod trials;
mod witness;

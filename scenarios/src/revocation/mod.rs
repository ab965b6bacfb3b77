//! The revocation lab: how long does a caller stay in who should be out?
//!
//! * [`probe`]: asks one enforcement point about one credential, over and over
//! * [`trial_user`]: a goose user whose transaction is one revocation: log in, wait, revoke while probing, watch
//! * [`trials`]: which revocations are still to be made

mod call;
pub mod probe;
pub mod trial_user;
pub mod trials;

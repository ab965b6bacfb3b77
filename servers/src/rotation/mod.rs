//! Refresh token rotation (RFC 9700 §4.14.2) without scripts or locks in the store.
//!
//! A login opens a *family*; each refresh moves it one *generation* on. The token of a generation
//! is computed from a key (see [`token`]), so nothing of it is stored, and a retry can be given the
//! same successor again. Moving on is one conditional write ([`crate::store::Store::rotate`]);
//! [`decision`] says what its outcome means, [`renewal`] is the whole way of one use.
//! [`interleavings`] takes that way in every order of events that honest users and a thief can cause.

pub mod decision;
pub mod interleavings;
pub mod renewal;
pub mod token;

pub use decision::{Decision, decide};
pub use renewal::{RefreshPolicy, Renewal, Renewed};
pub use token::{RefreshToken, RotationKey, RotationKeyError};

//! Refresh token rotation (RFC 9700 §4.14.2) without scripts or locks in the store.
//!
//! A login opens a *family*; each refresh moves it one *generation* on. The token of a generation
//! is computed from a key (see [`token`]), so nothing of it is stored, and a retry can be given the
//! same successor again. Moving on is one conditional write ([`crate::store::Store::rotate`]);
//! [`decision`] says what its outcome means.

pub mod decision;
pub mod token;

pub use decision::{Decision, decide};
pub use token::{RefreshToken, RotationKey, RotationKeyError};

//! What an attacker brings: tokens made by hand, under keys that the test holds.
//!
//! * [`draft`]: a token in the making, every part of which can be spoilt
//! * [`keys`]: keys of every algorithm
//! * [`published`]: JWK sets, also those of a hostile or careless issuer
//! * [`rsa`], [`curves`], [`der`]: the arithmetic and the encodings that libraries do not offer,
//!   for good reason
//! * [`forger`]: a resource server that trusts those keys

pub(crate) mod curves;
pub(crate) mod der;
pub(crate) mod draft;
pub(crate) mod forger;
pub(crate) mod keys;
pub(crate) mod published;
pub(crate) mod rsa;

pub(crate) use draft::Draft;
pub(crate) use forger::{Forged, Forger, accepted, expecting, refused};

//! The standards that the reference servers keep, by their rows.
//!
//! * [`grants`]: the token endpoint (R01–R05, R36–R43)
//! * [`requests`]: what a resource server accepts (R07–R10, R22–R31, R44)
//! * [`ending`]: revocation, logout, disabling (R11–R16, R53–R56)
//! * [`introspection`]: who may ask about tokens, and what is said (R17–R21)
//! * [`published`]: keys and metadata (R32, R33)
//! * [`cookies`]: cookies and sessions (R46–R60)
//! * [`conduct`]: logs and outages (R61–R63)

pub(crate) mod conduct;
pub(crate) mod cookies;
pub(crate) mod ending;
pub(crate) mod grants;
pub(crate) mod introspection;
pub(crate) mod published;
pub(crate) mod requests;

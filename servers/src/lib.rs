//! The reference servers that authbench measures.
//!
//! They know nothing of load or reports, and speak plain OAuth over HTTP/1.1. Where to look:
//!
//! * [`model`]: the auth models, one file each, side by side. **Start here.**
//! * [`authorization`]: the authorization server, one file per endpoint
//! * [`resource`]: the resource server, whose requests are what is measured
//! * [`gateway`]: what stands before resource servers in the model of that name
//! * [`revocation`]: telling resource servers what is no longer good
//! * [`jwt`], [`introspection`], [`remembered`], [`rotation`]: the machinery of access tokens, of asking about
//!   them, of remembering what was answered, of renewing them
//! * [`http`], [`tls`]: what every server does alike before and after a model has its say
//! * [`store`]: the client of the session store, and the store's process
//! * [`refusal`], [`outage`], [`audit`], [`metrics`]: saying no, not being able to say, and keeping
//!   track of both
//! * [`clock`], [`secret`], [`scope`], [`roles`], [`entitlements`], [`client`]: the words all of them use
//! * [`lifecycle`], [`namespace`]: running as a process, next to others
//! * [`truth`]: not a reference server: what it does is known, so that what measures it can be checked

pub mod audit;
pub mod authorization;
pub mod client;
pub mod clock;
pub mod entitlements;
pub mod gateway;
pub mod http;
pub mod introspection;
pub mod jwt;
pub mod lifecycle;
pub mod metrics;
pub mod model;
pub mod namespace;
pub mod outage;
pub mod refusal;
pub mod remembered;
pub mod resource;
pub mod revocation;
pub mod roles;
pub mod rotation;
pub mod scope;
pub mod secret;
pub mod store;
pub mod tls;
pub mod truth;

pub use jwt::install_crypto;

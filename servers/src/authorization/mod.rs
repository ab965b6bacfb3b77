//! The authorization server: logins, tokens, and everything that ends them.
//!
//! [`start`] runs one on the running runtime; [`serve`] is the whole process. The endpoints are the
//! same for every model, one file each; what a model does differently is behind
//! [`crate::model::Issuer`].

mod account;
mod action;
mod admin;
mod administration;
mod clients;
mod error;
mod events;
mod interventions;
mod introspect;
mod login;
mod logout;
mod metadata;
pub mod passwords;
mod revoke;
mod server;
pub mod settings;
mod start;
mod token;

pub use settings::{AuthorizationSettings, AuthorizationWiring};
pub use start::{RunningAuthorizationServer, StartAuthorizationError, serve, start};

/// The name that access tokens are issued for and that the resource servers answer to (RFC 9068
/// §3).
pub const AUDIENCE: &str = "https://api.authbench.test";

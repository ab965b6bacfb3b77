//! The gateway of the model `gateway`: a session cookie in, an internal token out.
//!
//! * [`start`] runs one on the running runtime; [`serve`] is the whole process
//! * [`route`]: which path leads to which service
//! * `server`: one request: recognise the caller, pass it on, relay the answer
//! * `events`: a stream of events, relayed as it comes
//! * `fields`: which header fields go on, each way
//! * `failure`: why a service gave no answer that could be relayed
//!
//! How a session becomes an internal token is the model's: [`crate::model::gateway`]. The services
//! behind are resource servers ([`crate::resource`]) which take the gateway for their issuer.

mod events;
mod failure;
mod fields;
pub mod route;
mod server;
pub mod settings;
mod start;

pub use fields::REVEALED;
pub use route::Route;
pub use settings::{GatewaySettings, GatewayWiring};
pub use start::{RunningGateway, StartGatewayError, serve, start};

//! The resource server: what is protected, and hence what is measured.
//!
//! [`start`] runs one on the running runtime; [`serve`] is the whole process. Any number of them
//! may stand behind one authorization server.

pub mod challenge;
mod events;
pub mod rate_limit;
mod server;
pub mod settings;
mod start;
pub mod streams;

pub use server::ResourceServer;
pub use settings::{ResourceSettings, ResourceWiring};
pub use start::{RunningResourceServer, StartResourceError, serve, start};

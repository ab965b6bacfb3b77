//! The reference servers over real sockets, one module per promise, on the embedded store and on a
//! real Redis.

mod access_tokens;
mod accounts;
mod event_races;
mod events;
mod fakes;
mod gateway;
mod harness;
mod http_rules;
mod introspection;
mod key_rotation;
mod local_cache;
mod opaque_push;
mod outages;
mod revocation;
mod rotation;
mod sessions;
mod signed_sessions;
mod streams;
mod tls;

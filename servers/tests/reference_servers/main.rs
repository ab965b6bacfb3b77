//! The reference servers over real sockets, one module per promise, on the embedded store and on a
//! real Redis.

mod access_tokens;
mod accounts;
mod fakes;
mod gateway;
mod harness;
mod http_rules;
mod introspection;
mod local_cache;
mod outages;
mod rotation;
mod sessions;
mod signed_sessions;
mod tls;

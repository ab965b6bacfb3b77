//! The reference servers over real sockets, one module per promise, on the embedded store and on a
//! real Redis.

mod access_tokens;
mod accounts;
mod event_races;
mod events;
mod fakes;
mod harness;
mod http_rules;
mod introspection;
mod key_rotation;
mod outages;
mod rotation;
mod sessions;
mod streams;
mod tls;

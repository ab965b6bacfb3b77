//! The load engine: an open-loop stream, or a closed loop, sent by goose's virtual users.
//!
//! ```text
//! Schedule ─► pacer (one task, one timerfd) ─► one queue per target ─► goose users ─► connection ─► Recorder
//! ```
//!
//! What goose does here: it starts the virtual users, runs their transactions one after another, stops them, and, when asked with
//! `--goose-report`, mirrors our response times into its own metrics and report. What it does not do: it neither decides when a
//! request starts (its throttle waits before its clock starts), nor sends it (a client library per request costs three times the CPU
//! of the request itself), nor measures it (its clock stops at the response headers).

pub(crate) mod alarm;
#[cfg(test)]
mod answering_server;
pub mod attack;
pub mod closed_loop;
pub mod connection;
mod deadline;
pub mod open_answer;
pub mod pacer;
pub mod queue;
pub mod requests;
mod runtime;
pub mod schedule;
pub mod sender;
pub mod stream;
pub mod stream_user;

pub use runtime::runtime;

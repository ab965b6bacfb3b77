//! The truth server over real sockets: what it says it does is what it does.
//!
//! Times are only ever bounded from below: an answer never leaves early, whatever else the machine is doing. How
//! late one leaves is measured by `authbench selftest`, not here.

mod client;
mod credentials;
mod delays;
mod process;

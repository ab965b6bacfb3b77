//! Every order of events that honest users, lost answers and a thief can cause around a refresh family, tried on the
//! rotation code that serves ([`super::renewal`]).
//!
//! * [`memory`]: a store that does one operation at a time, when it is told to; `explored_server` the rotation code
//!   over it
//! * [`cast`]: who acts, and how often; `play` the actors as small state machines, step by step
//! * [`audit`]: what must hold in every order, judged from outside: from what was presented, when, and answered
//! * [`explore`]: every order up to a depth, on an injected clock
//! * [`timing`]: how long things take between events; [`drawn`] sessions that follow it, for probabilities
//! * [`over_http`]: the same sessions against a running authorization server
//! * [`defect`]: mistakes made on purpose, which the exploration must find

pub mod audit;
pub mod cast;
pub mod defect;
pub mod drawn;
pub mod explore;
mod explored_server;
pub mod memory;
pub mod over_http;
mod play;
pub mod timing;

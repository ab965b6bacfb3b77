//! Sessions of several kinds of clients, from the login to the last request.
//!
//! ```text
//! Starts ─► pacer ─► one queue per target and client type ─► goose users ─► Session ─► Tally
//!                                                          (Lifecycle says what to do, Caller does it)
//! ```
//!
//! * [`starts`]: when sessions begin, of which type and where: a Poisson process, drawn from a seed
//! * [`served`]: whether a target can serve a client type at all
//! * [`lifecycle`]: what a client does next, on a clock that is told: no input or output
//! * [`act`]: the words for it
//! * [`call`]: one call, and what its answer means
//! * [`caller`]: does it over HTTP, with what goes wrong on the way: lost responses, retries, a second tab
//! * [`session`]: one session from its start to its end
//! * [`visitor`]: the goose user that has one session after another

pub mod act;
pub mod call;
pub mod caller;
pub mod lifecycle;
pub mod served;
pub mod session;
pub mod starts;
pub mod visitor;

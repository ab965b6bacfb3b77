//! What a client may do next, and what may come of it.

use std::time::{Duration, Instant};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing before this moment.
    Wait(Instant),
    /// Get a credential.
    LogIn(Trouble),
    /// Renew it silently.
    Renew(Trouble),
    /// Send a request to an enforcement point.
    Request {
        /// Rather by the steps that write.
        write: bool,
        /// What goes wrong on the way.
        trouble: Trouble,
    },
    /// End the session.
    LogOut,
    /// It is over.
    End,
}

/// What goes wrong on the way of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Its answer is lost, and it is repeated.
    pub lost: bool,
    /// It is sent a second time while the first is under way: by an impatient client, or a second tab.
    pub twice: bool,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What was asked.
    Accepted,
    /// 401, 403 or whatever the target refuses with.
    Refused,
    /// 429, and how long to wait.
    Throttled(Duration),
    /// Anything else, or no answer.
    Failed,
}

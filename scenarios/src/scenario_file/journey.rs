//! Plans of sessions: what kinds of clients there are, and how each of them lives.

use std::time::Duration;

/// Rounds of slices: each client type alone, and all of them together.
#[derive(Debug, Clone, PartialEq)]
pub struct Journeys {
    /// For how long sessions of the mix begin before anything is measured.
    pub warm_up: Duration,
    /// How often each slice is measured.
    pub rounds: u32,
    /// For how long sessions begin in a slice; it lasts until the last of them has ended.
    pub slice: Duration,
    /// Sessions that begin per second, over all targets together.
    pub sessions_per_s: u32,
    /// A credential is renewed ahead when less than this is left of its promised life.
    pub renew_before: Duration,
    /// The client types, in the file's order; at least one.
    pub clients: Vec<ClientPlan>,
}

/// One client type: its share of the sessions, and the life of one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientPlan {
    /// Its name in every table.
    pub name: String,
    /// Its share (0 to 1) of the sessions of the mix; all shares add up to 1.
    pub share: f64,
    /// How it can present a credential.
    pub presents: Presents,
    /// Requests to enforcement points in one session.
    pub requests: u32,
    /// Mean pause between an answer and the next request; each is drawn from half to one and a half times that.
    pub think: Duration,
    /// When it renews a credential.
    pub renew: Renew,
    /// After so many requests the page is loaded anew: what was kept in memory is gone. Absent: never.
    pub reload_every: Option<u32>,
    /// How often the things happen that go wrong, or may.
    pub shares: Shares,
}

/// How a client can present a credential; at least one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presents {
    /// It keeps cookies and sends them.
    pub cookie: bool,
    /// It can set a header, such as `Authorization`.
    pub header: bool,
}

/// When a client renews a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renew {
    /// When its promised life is nearly over: [`Journeys::renew_before`].
    Ahead,
    /// When it has been refused.
    WhenRefused,
}

/// Shares from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shares {
    /// Of the requests: those that write, where the target has a way to.
    pub write: f64,
    /// Of the sessions: those with a second tab, which renews when the first does, with the same refresh token.
    pub two_tabs: f64,
    /// Of requests, logins and renewals: those sent a second time while the first is under way.
    pub retry: f64,
    /// Of requests, logins and renewals: those whose answer is lost on the way, and which are repeated.
    pub lost_response: f64,
    /// Of the sessions: those that end with a logout.
    pub logout: f64,
}

impl ClientPlan {
    /// About how long a session takes when the target answers at once.
    #[must_use]
    pub fn expected(&self) -> Duration {
        self.think * self.requests
    }
}

//! Journeys: sessions of several kinds of clients, as they were measured.

use super::{Canary, Clocks, Counters, IdleUse, Outcomes, ProcessUse};
use crate::histogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rounds of slices: in every round each client type has a slice of its own, and all of them together have one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneyRecord {
    /// Sessions that begin per second, over all targets together, in every slice.
    pub sessions_per_s: f64,
    /// The client types, in the order of the scenario.
    pub mix: Vec<ClientShare>,
    /// CPU that each process used in a second without traffic, measured beforehand.
    pub idle: Vec<IdleUse>,
    /// Rounds that were planned.
    pub rounds: u32,
    /// The slices, in the order in which they were measured.
    pub slices: Vec<JourneySlice>,
    /// Which client types a target cannot serve at all.
    pub not_served: Vec<NotServed>,
}

/// A client type and how many of the sessions are its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientShare {
    /// Its name.
    pub client: String,
    /// Its share (0 to 1) of the sessions of the mix.
    pub share: f64,
}

/// A client type that a target has no sessions of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotServed {
    /// The target's name.
    pub target: String,
    /// The client type.
    pub client: String,
    /// What stands in the way.
    pub why: String,
}

/// Sessions of one client type alone, or of all of them, at all targets at once: from the first intended start to the end of the last
/// session, so that every session is whole.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneySlice {
    /// The round it belongs to, counted from 1.
    pub round: u32,
    /// The client type that was alone; absent: the whole mix.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<String>,
    /// For how long sessions began.
    pub scheduled_s: f64,
    /// First intended start to the end of the last session: what CPU is measured over.
    pub wall_s: f64,
    /// CPU time of the generator (this process) over `wall_s`.
    pub generator_cpu_ns: u64,
    /// Share (0 to 1) of all processors' time that the hypervisor took; absent where the kernel does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steal_share: Option<f64>,
    /// The same work on the generator's processor, just before the slice and just after it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub canary: Vec<Canary>,
    /// What the clocks did during the slice; absent where they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clocks: Option<Clocks>,
    /// What each target did.
    pub targets: Vec<JourneyTarget>,
}

/// One target's part of a slice.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneyTarget {
    /// The target's name.
    pub target: String,
    /// What each of its processes used.
    pub processes: Vec<ProcessUse>,
    /// What its processes counted; absent when it declares no counters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counters: Option<Counters>,
    /// The client types that had sessions.
    pub clients: Vec<JourneyPart>,
}

/// The sessions of one client type at one target in one slice.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneyPart {
    /// The client type.
    pub client: String,
    /// Sessions that were to begin.
    pub intended: u64,
    /// Those of them that found no free virtual user before the drain limit.
    pub unsent: u64,
    /// What happened in the others.
    pub counts: SessionCounts,
    /// How the requests to enforcement points ended. Expected are also a refusal of a credential whose life was over or whose session had
    /// ended, and a 429.
    pub outcomes: Outcomes,
    /// Of requests to enforcement points: done − the moment the client wanted to send it. A silent renewal that came first is part of it, a
    /// login is not.
    pub response: Histogram,
    /// Of logins: done − the moment the client wanted to log in, which for the first is the intended start of its session.
    pub login: Histogram,
    /// Begin of a session − the later of its intended start and the moment a virtual user was free: the generator's own delay.
    pub start_lag: Histogram,
    /// Bytes written, logins and renewals included.
    pub bytes_sent: u64,
    /// Bytes read, logins and renewals included.
    pub bytes_received: u64,
    /// Those of the bytes written that were preflights.
    #[serde(default)]
    pub preflight_bytes_sent: u64,
    /// Those of the bytes read that answered preflights.
    #[serde(default)]
    pub preflight_bytes_received: u64,
}

/// What happened in some sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionCounts {
    /// Sessions that began.
    pub sessions: u64,
    /// Those of them that were given up: nobody could log in, or everything was refused.
    pub abandoned: u64,
    /// Requests to enforcement points that were answered, repeats included.
    pub requests: u64,
    /// Logins, or requests for a token, that succeeded.
    pub logins: u64,
    /// Those of them that were not the first of their session.
    pub repeated_logins: u64,
    /// Silent renewals that succeeded.
    pub refreshes: u64,
    /// 401 and 403 answers at enforcement points.
    pub refusals: u64,
    /// Those of them that the client could not mend by a silent renewal: the user saw them.
    pub visible_refusals: u64,
    /// Those of them whose credential should have been accepted: its life was not over, nor its session.
    pub unexpected_refusals: u64,
    /// Refused renewals of a session that nobody had ended.
    pub false_logouts: u64,
    /// 429 answers, wherever.
    pub throttled: u64,
    /// Pages loaded anew, which forget what was kept in memory.
    pub reloads: u64,
    /// Sessions with a second tab, which renews when the first does.
    pub two_tabs: u64,
    /// Requests sent a second time while the first was under way.
    pub retries: u64,
    /// Answers that were lost on the way, and whose request was then repeated.
    pub lost_responses: u64,
    /// Preflights: what a browser asks before it sends some of the requests of a page of another origin.
    #[serde(default)]
    pub preflights: u64,
}

impl SessionCounts {
    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        let pairs = [
            (&mut self.sessions, other.sessions),
            (&mut self.abandoned, other.abandoned),
            (&mut self.requests, other.requests),
            (&mut self.logins, other.logins),
            (&mut self.repeated_logins, other.repeated_logins),
            (&mut self.refreshes, other.refreshes),
            (&mut self.refusals, other.refusals),
            (&mut self.visible_refusals, other.visible_refusals),
            (&mut self.unexpected_refusals, other.unexpected_refusals),
            (&mut self.false_logouts, other.false_logouts),
            (&mut self.throttled, other.throttled),
            (&mut self.reloads, other.reloads),
            (&mut self.two_tabs, other.two_tabs),
            (&mut self.retries, other.retries),
            (&mut self.lost_responses, other.lost_responses),
            (&mut self.preflights, other.preflights),
        ];
        for (sum, more) in pairs {
            *sum += more;
        }
    }
}

impl JourneySlice {
    /// Every client type at every target, with the target's name.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &JourneyPart)> {
        self.targets.iter().flat_map(|target| {
            let parts = target.clients.iter();
            parts.map(|part| (target.target.as_str(), part))
        })
    }
}

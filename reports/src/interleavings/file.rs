//! `authbench.interleavings/1`: what was explored, drawn and measured.

use super::{Share, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format this build writes and reads.
pub const SCHEMA: &str = "authbench.interleavings/1";

/// One exploration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterleavingsFile {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Start, RFC 3339, UTC.
    pub started_at: String,
    /// Wall time in seconds.
    pub duration_s: f64,
    /// The program's version.
    pub authbench_version: String,
    /// `release` or `debug`.
    pub build: String,
    /// Seed of every random draw.
    pub seed: u64,
    /// How many steps come in every order.
    pub depth: u32,
    /// The mistake that was made on purpose, to see that it is found. Such a file says nothing of the rotation itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub injected: Option<String>,
    /// Every order: a record for each cast and grace.
    pub explored: Vec<CastRecord>,
    /// The model behind the curve.
    pub timing: TimingRecord,
    /// How often what happens, by grace, ascending.
    pub curve: Vec<CurvePoint>,
    /// The grace from which on more of it buys little, in seconds; absent where the curve has no knee.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub knee_s: Option<f64>,
    /// The same sessions against a running server; absent where none was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub over_http: Option<HttpRecord>,
    /// What follows.
    pub verdicts: Vec<Verdict>,
}

/// Every order of one cast with one grace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CastRecord {
    /// Who acts, by name.
    pub cast: String,
    /// Who acts, in words.
    pub about: String,
    /// The grace window in seconds.
    pub grace_s: f64,
    /// How many orders there are.
    pub orders: u64,
    /// Points at which something was chosen that are not alike: each was played once, for every order that leads through it.
    pub points: u64,
    /// Orders that went on after the depth, in a fixed order of steps.
    pub cut: u64,
    /// Steps of the longest.
    pub longest: u32,
    /// What came of them.
    pub outcomes: Vec<OutcomeRecord>,
    /// What did not hold.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub broken: Vec<BrokenRecord>,
}

/// What came of some orders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRecord {
    /// In how many orders.
    pub orders: u64,
    /// Whether the thief used a token.
    pub thief_acted: bool,
    /// The step, from 1, at which a replay was noticed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detected_at_step: Option<u32>,
    /// When that was, in milliseconds after the login.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detected_at_ms: Option<i64>,
    /// Requests of the thief that were granted.
    pub stolen: u32,
    /// Whether the user was logged out.
    pub honest_out: bool,
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrokenRecord {
    /// Its name.
    pub invariant: String,
    /// What it says.
    pub says: String,
    /// Where it is demanded.
    pub source: String,
    /// In how many orders it is broken.
    pub orders: u64,
    /// The shortest of them.
    pub shortest: Vec<StepRecord>,
}

/// One step of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// Milliseconds after the login.
    pub at_ms: i64,
    /// Who.
    pub who: String,
    /// What happened.
    pub what: String,
}

/// The timing model: all of it is assumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimingRecord {
    /// From one renewal to the next, in seconds.
    pub period_s: f64,
    /// Renewals of each of two tabs in a session.
    pub rounds: u32,
    /// How much later the second tab renews, in seconds: mean of an exponential distribution.
    pub gap_s: f64,
    /// How long a request or an answer is under way, in seconds: mean of an exponential distribution.
    pub one_way_s: f64,
    /// Share of answers that are lost, 0 to 1.
    pub lost: f64,
    /// How a lost answer is noticed.
    pub noticed: Vec<NoticedRecord>,
    /// From the copy to the thief's first use, in seconds: mean of an exponential distribution.
    pub theft_delay_s: f64,
}

/// A way to notice that an answer is lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticedRecord {
    /// What happens.
    pub how: String,
    /// Share of the lost answers, 0 to 1.
    pub share: f64,
    /// It takes at least so long, in seconds.
    pub at_least_s: f64,
    /// And so much longer, in seconds: mean of an exponential distribution.
    pub then_s: f64,
}

/// How often what happens with one grace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// The grace window in seconds.
    pub grace_s: f64,
    /// Of the sessions without a thief, those in which the user was logged out.
    pub logged_out: Share,
    /// What came of thefts.
    pub theft: TheftRecord,
    /// Sessions in which something did not hold.
    pub broken: u64,
}

/// What came of the thefts in which a copy was used while its family lived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheftRecord {
    /// Those that were found before the session ended.
    pub detected: Share,
    /// From the thief's first request until the family was ended, in seconds: median, those not found counted as longest;
    /// absent where half were not found.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detected_p50_s: Option<f64>,
    /// The same, 90th percentile.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detected_p90_s: Option<f64>,
    /// Requests of the thief that were granted: mean.
    pub stolen_mean: f64,
    /// The same: most in one session.
    pub stolen_max: u32,
}

/// The sessions of a timing model against a running authorization server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpRecord {
    /// The server's store, product and version.
    pub store: String,
    /// The model, in seconds where the curve's is in minutes.
    pub timing: TimingRecord,
    /// One for each grace.
    pub points: Vec<HttpPoint>,
}

/// The same sessions, played and measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpPoint {
    /// The grace window in seconds.
    pub grace_s: f64,
    /// Requests that were answered.
    pub requests: u64,
    /// Users logged out without a thief: measured.
    pub logged_out: Share,
    /// The same: as the explorer says.
    pub logged_out_predicted: Share,
    /// Thefts found: measured.
    pub detected: Share,
    /// The same: as the explorer says.
    pub detected_predicted: Share,
    /// Names of what did not hold.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub broken: Vec<String>,
}

impl CastRecord {
    /// Orders for whose outcome this holds.
    #[must_use]
    pub fn orders_with(&self, which: impl Fn(&OutcomeRecord) -> bool) -> u64 {
        let outcomes = self.outcomes.iter().filter(|one| which(one));
        outcomes.map(|one| one.orders).sum()
    }
}

impl HttpPoint {
    /// Whether what was measured is what the explorer says, within the error of so many sessions.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.logged_out.agrees_with(&self.logged_out_predicted)
            && self.detected.agrees_with(&self.detected_predicted)
    }
}

impl InterleavingsFile {
    /// All orders.
    #[must_use]
    pub fn orders(&self) -> u64 {
        self.explored.iter().map(|cast| cast.orders).sum()
    }

    /// Whether everything held, and what was measured agrees with what was explored.
    #[must_use]
    pub fn holds(&self) -> bool {
        let http = self.over_http.iter().flat_map(|http| &http.points);
        self.explored.iter().all(|cast| cast.broken.is_empty())
            && self.curve.iter().all(|point| point.broken == 0)
            && http
                .into_iter()
                .all(|point| point.broken.is_empty() && point.agrees())
    }

    /// 0 where everything held, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.holds())
    }
}

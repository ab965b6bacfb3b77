//! What the standards ask of refresh rotation, and what of it was kept with each grace.

use super::InterleavingsFile;
use crate::number::{count, exact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One rule with one grace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Where it is demanded.
    pub source: String,
    /// What is demanded.
    pub rule: String,
    /// The grace window in seconds.
    pub grace_s: f64,
    /// Whether it was kept.
    pub kept: Kept,
    /// What was seen.
    pub why: String,
}

/// Whether a rule was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// In every order.
    Met,
    /// In every order, as far as uses within the grace, or outside of it, are concerned: the rest is what the grace trades away.
    MetBesidesTheGrace,
    /// Not.
    NotMet,
}

impl Kept {
    /// As tables show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::MetBesidesTheGrace => "met, but for the grace",
            Self::NotMet => "NOT MET",
        }
    }
}

const RFC_9700: &str = "RFC 9700 §4.14.2";
const FAPI: &str = "FAPI 2.0 Security Profile §5.3.2.1";

/// The verdicts that follow from a file, two for each grace on its curve.
#[must_use]
pub fn verdicts(file: &InterleavingsFile) -> Vec<Verdict> {
    let points = file.curve.iter();
    points
        .flat_map(|point| [replay(file, point.grace_s), retry(file, point.grace_s)])
        .flatten()
        .collect()
}

/// A replay is noticed, and nobody profits from the family afterwards.
fn replay(file: &InterleavingsFile, grace_s: f64) -> Option<Verdict> {
    let point = file.curve.iter().find(|point| point.grace_s == grace_s)?;
    let broken = broken(file, grace_s, &[RFC_9700, "RFC 6749 §6, §10.4"]);
    let (kept, seen) = match (broken, grace_s > 0.0) {
        (0, false) => (Kept::Met, "every second use ends the family"),
        (0, true) => (
            Kept::MetBesidesTheGrace,
            "every second use outside of the grace ends the family",
        ),
        _ => (Kept::NotMet, "an order breaks it"),
    };
    let detected = &point.theft.detected;
    let median = point.theft.detected_p50_s.map_or_else(String::new, |s| {
        format!(", half of them within {} s", exact(s))
    });
    Some(Verdict {
        source: RFC_9700.to_owned(),
        rule: "a replay is noticed and ends the family".to_owned(),
        grace_s,
        kept,
        why: format!(
            "{seen}; {} of thefts found within the session{median}, {} requests granted to a thief on average",
            detected.percent(),
            exact(point.theft.stolen_mean)
        ),
    })
}

/// Whoever did not get the answer may ask again with the token before.
fn retry(file: &InterleavingsFile, grace_s: f64) -> Option<Verdict> {
    let point = file.curve.iter().find(|point| point.grace_s == grace_s)?;
    let out = &point.logged_out;
    let (kept, seen) = if broken(file, grace_s, &[FAPI]) > 0 {
        (Kept::NotMet, "an order breaks it")
    } else if grace_s == 0.0 {
        (Kept::NotMet, "no retry is honoured, by design")
    } else {
        let seen = "every retry within the grace gets the same successor";
        (Kept::MetBesidesTheGrace, seen)
    };
    Some(Verdict {
        source: FAPI.to_owned(),
        rule: "a retry with the previous token succeeds".to_owned(),
        grace_s,
        kept,
        why: format!(
            "{seen}; {} of {} sessions without a thief end logged out",
            out.percent(),
            count(out.of)
        ),
    })
}

/// In how many orders something that one of `sources` demands was broken.
fn broken(file: &InterleavingsFile, grace_s: f64, sources: &[&str]) -> u64 {
    let casts = file.explored.iter().filter(|cast| cast.grace_s == grace_s);
    let broken = casts.flat_map(|cast| &cast.broken);
    broken
        .filter(|broken| sources.contains(&broken.source.as_str()))
        .map(|broken| broken.orders)
        .sum()
}

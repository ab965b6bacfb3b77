//! A line for each figure that was compared.

use super::judge::Finding;
use super::quantity::Quantity;
use super::suite;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a line is about. Its name is also its name in exports.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A bound that the target file states, in milliseconds.
    BoundMs,
    /// A duration among the facts of the target file, in milliseconds.
    FactMs,
    /// Requests that were not answered as they must be.
    Unexpected,
    /// CPU time of all processes ÷ requests, in microseconds, what they use without traffic included.
    CpuUsPerRequest,
    /// Median response time in milliseconds.
    ResponseP50Ms,
    /// 90th percentile of the response time in milliseconds.
    ResponseP90Ms,
    /// 99th percentile of the response time in milliseconds: shown, never judged against the other arm.
    ResponseP99Ms,
    /// Bytes on the client's connections.
    WireBytesPerRequest,
    /// Commands to the store.
    StoreCommandsPerRequest,
    /// Round trips to the store.
    StoreRoundTripsPerRequest,
    /// Introspection requests (RFC 7662).
    IntrospectionsPerRequest,
    /// Median revocation lag in milliseconds: the later end of its interval.
    LagP50Ms,
}

impl Measure {
    /// As people read it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::BoundMs => "promised bound",
            Self::FactMs => "stated fact",
            Self::Unexpected => "unexpected answers",
            Self::CpuUsPerRequest => "CPU per request",
            Self::ResponseP50Ms => "response p50",
            Self::ResponseP90Ms => "response p90",
            Self::ResponseP99Ms => "response p99",
            Self::WireBytesPerRequest => "wire bytes per request",
            Self::StoreCommandsPerRequest => "store commands per request",
            Self::StoreRoundTripsPerRequest => "store round trips per request",
            Self::IntrospectionsPerRequest => "introspections per request",
            Self::LagP50Ms => "revocation lag p50",
        }
    }

    /// As it stands in files and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BoundMs => "bound_ms",
            Self::FactMs => "fact_ms",
            Self::Unexpected => "unexpected",
            Self::CpuUsPerRequest => "cpu_us_per_request",
            Self::ResponseP50Ms => "response_p50_ms",
            Self::ResponseP90Ms => "response_p90_ms",
            Self::ResponseP99Ms => "response_p99_ms",
            Self::WireBytesPerRequest => "wire_bytes_per_request",
            Self::StoreCommandsPerRequest => "store_commands_per_request",
            Self::StoreRoundTripsPerRequest => "store_round_trips_per_request",
            Self::IntrospectionsPerRequest => "introspections_per_request",
            Self::LagP50Ms => "lag_p50_ms",
        }
    }

    /// The unit of its figures; empty for a plain count.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::CpuUsPerRequest => "µs",
            Self::BoundMs
            | Self::FactMs
            | Self::ResponseP50Ms
            | Self::ResponseP90Ms
            | Self::ResponseP99Ms
            | Self::LagP50Ms => "ms",
            Self::WireBytesPerRequest => "bytes",
            Self::Unexpected
            | Self::StoreCommandsPerRequest
            | Self::StoreRoundTripsPerRequest
            | Self::IntrospectionsPerRequest => "",
        }
    }
}

impl From<Quantity> for Measure {
    fn from(quantity: Quantity) -> Self {
        match quantity {
            Quantity::CpuPerRequest => Self::CpuUsPerRequest,
            Quantity::ResponseP50 => Self::ResponseP50Ms,
            Quantity::ResponseP90 => Self::ResponseP90Ms,
        }
    }
}

/// What is concluded of the candidate, beside the base; the worst first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A promise was not kept by the candidate.
    Broken,
    /// The candidate promises less.
    Loosened,
    /// Shown to be worse, beyond the margin.
    Worse,
    /// Neither worse nor within the margin could be shown. Not a pass.
    Inconclusive,
    /// Shown to be better, beyond the margin; or a promise was tightened.
    Better,
    /// Shown to be within the margin, or exactly as much.
    Unchanged,
    /// No difference was shown, and none was to be: a lag is held against its bound.
    NotShown,
    /// A figure to look at. Nothing is concluded from it.
    Reference,
}

impl Verdict {
    /// As it stands in files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Loosened => "loosened",
            Self::Worse => "worse",
            Self::Inconclusive => "inconclusive",
            Self::Better => "better",
            Self::Unchanged => "unchanged",
            Self::NotShown => "no difference shown",
            Self::Reference => "for reference",
        }
    }

    /// Whether a change with it must not go in.
    #[must_use]
    pub fn fails(self) -> bool {
        matches!(self, Self::Broken | Self::Loosened | Self::Worse)
    }
}

impl From<suite::Verdict> for Verdict {
    fn from(verdict: suite::Verdict) -> Self {
        match verdict {
            suite::Verdict::Unchanged => Self::Unchanged,
            suite::Verdict::Slower => Self::Worse,
            suite::Verdict::Faster => Self::Better,
            suite::Verdict::Inconclusive => Self::Inconclusive,
        }
    }
}

/// Candidate ÷ base, with bounds of which each holds at the level that its verdict was reached at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ratio {
    /// The estimate.
    pub estimate: f64,
    /// One-sided lower bound.
    pub lower: f64,
    /// One-sided upper bound.
    pub upper: f64,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What was compared, a target's name.
    pub subject: String,
    /// What about it.
    pub measure: Measure,
    /// Of what, where there are several: `logout at resource-1`, the name of a fact.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub of: Option<String>,
    /// The base's figure; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub base: Option<f64>,
    /// The candidate's figure; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub candidate: Option<f64>,
    /// Candidate ÷ base; absent where the figures have no ratio.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ratio: Option<Ratio>,
    /// The change that does not matter, as a fraction; absent where any does, or none is judged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub margin: Option<f64>,
    /// Rounds, or revocations of each arm, or 0 for what was read and not measured.
    pub n: u64,
    /// The smallest change, as a fraction, that would have been called worse 99 times in a hundred.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub minimum_detectable: Option<f64>,
    /// What is concluded.
    pub verdict: Verdict,
    /// What would make it pass; absent where it does, or nothing is concluded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to_pass: Option<String>,
}

impl Row {
    /// A line about `measure` of `subject` with nothing concluded yet.
    #[must_use]
    pub fn new(subject: &str, measure: Measure) -> Self {
        Self {
            subject: subject.to_owned(),
            measure,
            of: None,
            base: None,
            candidate: None,
            ratio: None,
            margin: None,
            n: 0,
            minimum_detectable: None,
            verdict: Verdict::Reference,
            to_pass: None,
        }
    }

    /// With the figures of both arms.
    #[must_use]
    pub fn with(mut self, base: Option<f64>, candidate: Option<f64>) -> Self {
        (self.base, self.candidate) = (base, candidate);
        self
    }

    /// Of what, where there are several.
    #[must_use]
    pub fn of(mut self, what: impl Into<String>) -> Self {
        self.of = Some(what.into());
        self
    }

    /// What it is about, in words: `promised bound of logout at resource-1`.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.of {
            Some(of) => format!("{} of {of}", self.measure.label()),
            None => self.measure.label().to_owned(),
        }
    }

    /// Candidate ÷ base as far as it is known: the estimate, or the figures' own ratio.
    #[must_use]
    pub fn change(&self) -> Option<f64> {
        let plain = || match (self.base, self.candidate) {
            (Some(base), Some(candidate)) if base > 0.0 => Some(candidate / base),
            _ => None,
        };
        self.ratio.map(|ratio| ratio.estimate).or_else(plain)
    }
}

/// The line of what rounds found out; `figures` are those of both arms, and `more_rounds` is how many it would take to show that nothing
/// changed.
#[must_use]
pub fn timing(finding: &Finding, figures: [f64; 2], more_rounds: Option<usize>) -> Row {
    let measure = Measure::from(finding.quantity);
    let verdict = Verdict::from(finding.verdict);
    let [base, candidate] = figures;
    let to_pass = match verdict {
        Verdict::Worse => Some(format!(
            "{} × base or less ({:.4} {}), shown",
            1.0 + finding.margin,
            base * (1.0 + finding.margin),
            measure.unit()
        )),
        Verdict::Inconclusive => Some(match more_rounds {
            Some(rounds) if rounds > finding.rounds => {
                format!("about {rounds} rounds of this spread, or a quieter machine")
            }
            Some(_) => "another comparison: it lies on the edge of its margin".to_owned(),
            None => "a quieter machine".to_owned(),
        }),
        _ => None,
    };
    Row {
        ratio: Some(Ratio {
            estimate: finding.ratio,
            lower: finding.lower,
            upper: finding.upper,
        }),
        margin: Some(finding.margin),
        n: finding.rounds as u64,
        minimum_detectable: Some(finding.minimum_detectable),
        verdict,
        to_pass,
        ..Row::new(&finding.subject, measure).with(Some(base), Some(candidate))
    }
}

/// Puts the worst first: by verdict, then by how far the change goes.
pub fn worst_first(rows: &mut [Row]) {
    let badness = |row: &Row| row.change().unwrap_or(1.0) - row.margin.unwrap_or(0.0);
    rows.sort_by(|a, b| {
        (a.verdict, badness(b))
            .partial_cmp(&(b.verdict, badness(a)))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(ratio: f64, verdict: suite::Verdict) -> Finding {
        Finding {
            subject: "jwt".to_owned(),
            quantity: Quantity::CpuPerRequest,
            rounds: 30,
            ratio,
            lower: ratio / 1.01,
            upper: ratio * 1.01,
            sd: 0.02,
            margin: 0.03,
            minimum_detectable: 0.06,
            verdict,
        }
    }

    #[test]
    fn whoever_fails_is_told_what_would_pass() {
        let slower = timing(&finding(1.2, suite::Verdict::Slower), [50.0, 60.0], None);
        assert_eq!(slower.verdict, Verdict::Worse);
        assert_eq!(
            slower.to_pass.as_deref(),
            Some("1.03 × base or less (51.5000 µs), shown")
        );
        let unsure = finding(1.02, suite::Verdict::Inconclusive);
        let told = |rounds| timing(&unsure, [50.0, 51.0], rounds).to_pass.expect("told");
        assert!(told(Some(80)).contains("80 rounds"));
        assert!(told(Some(20)).contains("edge"));
        assert!(told(None).contains("quieter"));
        let same = timing(&finding(1.0, suite::Verdict::Unchanged), [50.0, 50.0], None);
        assert_eq!(same.to_pass, None);
    }

    #[test]
    fn the_worst_comes_first_whatever_its_kind() {
        let row = |verdict, candidate| Row {
            verdict,
            ..Row::new("jwt", Measure::WireBytesPerRequest).with(Some(100.0), Some(candidate))
        };
        let mut rows = vec![
            row(Verdict::Unchanged, 100.0),
            row(Verdict::Worse, 110.0),
            row(Verdict::Reference, 500.0),
            row(Verdict::Worse, 150.0),
            row(Verdict::Broken, 90.0),
            row(Verdict::Inconclusive, 101.0),
        ];
        worst_first(&mut rows);
        let order: Vec<f64> = rows.iter().filter_map(|row| row.candidate).collect();
        assert_eq!(order, [90.0, 150.0, 110.0, 101.0, 100.0, 500.0]);
    }

    #[test]
    fn names_are_those_of_files() {
        for measure in [
            Measure::BoundMs,
            Measure::CpuUsPerRequest,
            Measure::LagP50Ms,
        ] {
            assert!(!measure.label().is_empty() && !measure.name().is_empty());
        }
        let told = Row::new("jwt", Measure::BoundMs).of("logout at resource-1");
        assert_eq!(told.label(), "promised bound of logout at resource-1");
    }
}

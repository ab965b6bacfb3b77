//! The verdict over everything that was compared.

use super::judge::Finding;
use super::quantity::Aspect;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is concluded of B, beside A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Shown to differ by less than the margin.
    Unchanged,
    /// Shown to cost more than the margin allows.
    Slower,
    /// Shown to cost less than the margin allows.
    Faster,
    /// Neither could be shown. Not a pass.
    Inconclusive,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unchanged => "unchanged",
            Self::Slower => "slower",
            Self::Faster => "faster",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// One look, or the outcome of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// One per quantity.
    pub findings: Vec<Finding>,
    /// Over all of them.
    pub verdict: Verdict,
    /// What has a CPU and a latency that point in opposite directions; absent when nothing has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contradiction: Option<String>,
}

impl Comparison {
    /// Draws the conclusion from `findings`.
    ///
    /// A contradiction is inconclusive whatever else was found: a busier server parks less, so that extra CPU can *lower* the
    /// client's latency, and neither sign then tells what a caller would see under another load. Otherwise one slower quantity makes
    /// the suite slower, one inconclusive makes it inconclusive, and it is faster only when nothing speaks against it.
    #[must_use]
    pub fn of(findings: Vec<Finding>) -> Self {
        let contradiction = contradiction(&findings);
        let any = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
        let verdict = if contradiction.is_some() || findings.is_empty() {
            Verdict::Inconclusive
        } else {
            [Verdict::Slower, Verdict::Inconclusive, Verdict::Faster]
                .into_iter()
                .find(|verdict| any(*verdict))
                .unwrap_or(Verdict::Unchanged)
        };
        Self {
            findings,
            verdict,
            contradiction,
        }
    }
}

/// The first subject of which one quantity changed beyond its margin while one of the other aspect certainly went the other way, by
/// however little.
fn contradiction(findings: &[Finding]) -> Option<String> {
    let opposed = |changed: &Finding, other: &Finding| {
        changed.subject == other.subject
            && changed.quantity.aspect() != other.quantity.aspect()
            && match changed.verdict {
                Verdict::Slower => other.upper < 1.0,
                Verdict::Faster => other.lower > 1.0,
                Verdict::Unchanged | Verdict::Inconclusive => false,
            }
    };
    let pair = findings.iter().find_map(|changed| {
        Some((
            changed,
            findings.iter().find(|other| opposed(changed, other))?,
        ))
    });
    pair.map(|(changed, other)| {
        let (cpu, latency) = match changed.quantity.aspect() {
            Aspect::Cpu => (changed, other),
            Aspect::Latency => (other, changed),
        };
        format!(
            "{}: {} × {:.3}, but {} × {:.3}",
            cpu.subject, cpu.quantity, cpu.ratio, latency.quantity, latency.ratio
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::quantity::Quantity;
    use super::*;

    fn finding(quantity: Quantity, ratio: f64, verdict: Verdict) -> Finding {
        Finding {
            subject: "jwt".into(),
            quantity,
            rounds: 20,
            ratio,
            lower: ratio / 1.01,
            upper: ratio * 1.01,
            sd: 0.01,
            margin: quantity.margin(),
            minimum_detectable: 0.05,
            verdict,
        }
    }

    fn suite(verdicts: [Verdict; 2]) -> Verdict {
        let ratio = |verdict| match verdict {
            Verdict::Slower => 1.2,
            Verdict::Faster => 0.8,
            Verdict::Unchanged | Verdict::Inconclusive => 1.0,
        };
        let [cpu, p50] = verdicts;
        let findings = vec![
            finding(Quantity::CpuPerRequest, ratio(cpu), cpu),
            finding(Quantity::ResponseP50, ratio(p50), p50),
        ];
        Comparison::of(findings).verdict
    }

    #[test]
    fn the_worst_decides_and_doubt_is_no_pass() {
        use Verdict::{Faster, Inconclusive, Slower, Unchanged};
        assert_eq!(suite([Unchanged, Unchanged]), Unchanged);
        assert_eq!(suite([Unchanged, Faster]), Faster);
        assert_eq!(suite([Inconclusive, Faster]), Inconclusive);
        assert_eq!(suite([Unchanged, Slower]), Slower);
        assert_eq!(suite([Inconclusive, Slower]), Slower);
        assert_eq!(Comparison::of(Vec::new()).verdict, Inconclusive);
    }

    #[test]
    fn cpu_against_latency_is_neither_a_pass_nor_a_failure() {
        assert_eq!(
            suite([Verdict::Slower, Verdict::Faster]),
            Verdict::Inconclusive
        );
        assert_eq!(
            suite([Verdict::Faster, Verdict::Slower]),
            Verdict::Inconclusive
        );
    }

    #[test]
    fn a_small_but_certain_step_the_other_way_contradicts_too() {
        let cpu = finding(Quantity::CpuPerRequest, 1.1, Verdict::Slower);
        let p50 = finding(Quantity::ResponseP50, 0.98, Verdict::Unchanged);
        let opposed = Comparison::of(vec![cpu.clone(), p50.clone()]);
        assert_eq!(opposed.verdict, Verdict::Inconclusive);
        assert!(
            opposed
                .contradiction
                .is_some_and(|text| text.contains("jwt"))
        );
        // Not certain, or another subject's.
        let unsure = Finding {
            upper: 1.001,
            ..p50.clone()
        };
        let elsewhere = Finding {
            subject: "session".into(),
            ..p50
        };
        for other in [unsure, elsewhere] {
            let agreed = Comparison::of(vec![cpu.clone(), other]);
            assert_eq!(
                (agreed.verdict, agreed.contradiction),
                (Verdict::Slower, None)
            );
        }
    }

    #[test]
    fn two_latencies_that_differ_do_not_contradict_each_other() {
        let p50 = finding(Quantity::ResponseP50, 0.9, Verdict::Faster);
        let p90 = finding(Quantity::ResponseP90, 1.2, Verdict::Slower);
        assert_eq!(Comparison::of(vec![p50, p90]).verdict, Verdict::Slower);
    }
}

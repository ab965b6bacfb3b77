//! `authbench.selftest/1`: all rows of one self-test.

use super::{Noise, Row, RowVerdict};
use crate::run_file::Manifest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format this build writes and reads.
pub const SCHEMA: &str = "authbench.selftest/1";

/// One self-test.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelftestFile {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Start, RFC 3339, UTC.
    pub started_at: String,
    /// Wall time in seconds.
    pub duration_s: f64,
    /// Where and with what it was measured.
    pub manifest: Manifest,
    /// How long and how thorough.
    pub scope: Scope,
    /// Seed of every random draw.
    pub seed: u64,
    /// The groups asked for; empty: all that belong to the scope.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub only: Vec<String>,
    /// The error that was put into the instrument on purpose, to see that the self-test finds it. Such a file proves nothing else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub injected: Option<String>,
    /// How quiet the machine was around every measurement that depends on timing.
    pub noise: Vec<Noise>,
    /// Whether it was quiet around all of them.
    pub quiet: bool,
    /// What was measured of every truth.
    pub rows: Vec<Row>,
    /// What follows from all rows.
    pub verdict: Overall,
}

/// How long and how thorough a self-test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// At most a minute, for every change.
    Quick,
    /// For a machine that someone wants to trust.
    Full,
    /// How often comparisons are wrong, and nothing else: for their published error rates.
    Compare,
}

impl Scope {
    /// As it stands in files and sentences.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
            Self::Compare => "compare",
        }
    }
}

/// What follows from all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// Every row was judged, and passed; rows that were skipped aside.
    Pass,
    /// A row failed.
    Fail,
    /// No row failed, but some could not be judged, or none was.
    NotJudged,
}

impl Overall {
    /// Of all `rows`.
    #[must_use]
    pub fn of(rows: &[Row]) -> Self {
        let any = |verdict| rows.iter().any(|row| row.verdict == verdict);
        if any(RowVerdict::Fail) {
            Self::Fail
        } else if any(RowVerdict::NotJudged) || !any(RowVerdict::Pass) {
            Self::NotJudged
        } else {
            Self::Pass
        }
    }

    /// As tables and sentences show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::NotJudged => "not judged",
        }
    }

    /// 0 for a pass, 1 for a failure, 4 where the machine was not fit to judge.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::NotJudged => 4,
        }
    }
}

impl SelftestFile {
    /// How many rows have this verdict.
    #[must_use]
    pub fn count(&self, verdict: RowVerdict) -> u64 {
        let rows = self.rows.iter().filter(|row| row.verdict == verdict);
        rows.count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn rows(verdicts: &[RowVerdict]) -> Vec<Row> {
        let row = |verdict: &RowVerdict| Row {
            truth: "a fixed delay".to_owned(),
            group: "fixed-delay".to_owned(),
            quantity: "p50".to_owned(),
            expected: "5 ms".to_owned(),
            measured: "5.1 ms".to_owned(),
            error: "+0.1 ms".to_owned(),
            tolerance: "0.25 ms".to_owned(),
            verdict: *verdict,
            note: None,
            n: 1,
            figures: BTreeMap::new(),
        };
        verdicts.iter().map(row).collect()
    }

    #[test]
    fn one_failure_outweighs_everything_and_what_is_not_judged_is_no_pass() {
        use RowVerdict::{Fail, NotJudged, Pass, Skipped};
        let cases: [(&[RowVerdict], Overall, u8); 6] = [
            (&[Pass, Pass], Overall::Pass, 0),
            (&[Pass, Skipped], Overall::Pass, 0),
            (&[Pass, NotJudged], Overall::NotJudged, 4),
            (&[NotJudged, Fail, Pass], Overall::Fail, 1),
            (&[Skipped], Overall::NotJudged, 4),
            (&[], Overall::NotJudged, 4),
        ];
        for (verdicts, expected, code) in cases {
            let overall = Overall::of(&rows(verdicts));
            assert_eq!(
                (overall, overall.exit_code()),
                (expected, code),
                "{verdicts:?}"
            );
        }
    }
}

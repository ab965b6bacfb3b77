//! `comparison.json`, format `authbench.comparison/1`: what was compared, line by line, and what follows.
//!
//! The rounds themselves are in the run directories beside it, one for each subject.

use super::rows::{Row, Verdict, worst_first};
use crate::run_file::{Manifest, StoreInfo};
use crate::validity;
use crate::versioned::{self, ReadError, WriteError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The format this build writes and reads.
pub const SCHEMA: &str = "authbench.comparison/1";

/// A comparison of a base and a candidate.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonFile {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Start, RFC 3339, UTC.
    pub started_at: String,
    /// Wall time in seconds.
    pub duration_s: f64,
    /// Seed of every random draw that shapes the traffic.
    pub seed: u64,
    /// Where and with what it was measured; of stored runs, that of the candidate.
    pub manifest: Manifest,
    /// How the arms shared the machine.
    pub method: Method,
    /// What is held against what.
    pub base: Arm,
    /// What may have become worse.
    pub candidate: Arm,
    /// The store behind the targets; absent when no target has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub store: Option<StoreInfo>,
    /// What was compared, in the order in which it was measured.
    pub subjects: Vec<Subject>,
    /// Why figures hold with reservations, or do not hold at all; a subject's name before each.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub findings: Vec<SubjectFinding>,
    /// Every line, the worst first.
    pub rows: Vec<Row>,
    /// What follows.
    pub outcome: Outcome,
    /// Whether bounds that grew were accepted beforehand.
    pub looser_bounds_accepted: bool,
    /// The command that repeats it.
    pub reproduce: String,
}

/// How the arms shared the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Both run at once, and each request of one stream is drawn to one of them at random.
    Mixed,
    /// They run one after the other, in rounds that alternate. Weaker: what the machine does to one round, it does not do to the next.
    Alternating,
    /// Two runs of different times. Nothing is concluded from their timings.
    Stored,
}

impl Method {
    /// In words.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Mixed => "both at once, each request drawn to one of them at random",
            Self::Alternating => {
                "one after the other in alternating rounds, which is weaker than mixing requests"
            }
            Self::Stored => "two stored runs: timings are for reference only",
        }
    }
}

/// One side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// What it is, in words: a revision and its commit, a file, a run.
    pub what: String,
    /// The full commit; absent where there is none. `-dirty` follows where the tree had changes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revision: Option<String>,
}

/// One target of which both arms are a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The target's name.
    pub name: String,
    /// Rate asked of both arms together; absent for stored runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offered_per_s: Option<f64>,
    /// Rounds that the pilot asked for; absent for stored runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub planned_rounds: Option<u64>,
    /// Rounds that were measured: fewer when all was decided before.
    pub rounds: u64,
    /// How often both were started anew.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spawns: Option<u64>,
    /// A CPU and a latency that point in opposite directions: then neither tells what a caller sees; absent when none do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contradiction: Option<String>,
}

/// Something that is not as it should be, while one subject was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectFinding {
    /// Whose measurement.
    pub subject: String,
    /// What.
    pub finding: validity::Finding,
}

/// What follows from all lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing became worse, as far as was to be shown.
    Passed,
    /// Something is worse, broken or loosened.
    Failed,
    /// Nothing is shown to be worse, but something could not be shown not to be.
    Inconclusive,
    /// It does not measure the targets.
    Invalid,
}

impl Outcome {
    /// What follows from `rows` and `findings`.
    ///
    /// Invalid comes first: from figures that cannot be trusted, neither a pass nor a failure follows. A promise that was loosened does not need
    /// figures, and fails all the same.
    #[must_use]
    pub fn of(rows: &[Row], findings: &[SubjectFinding], looser_bounds_accepted: bool) -> Self {
        let counts = |row: &&Row| !(looser_bounds_accepted && row.verdict == Verdict::Loosened);
        let any =
            |which: fn(Verdict) -> bool| rows.iter().filter(counts).any(|row| which(row.verdict));
        let invalid =
            |finding: &SubjectFinding| finding.finding.verdict == validity::Verdict::Invalid;
        if any(|verdict| verdict == Verdict::Loosened) {
            Self::Failed
        } else if findings.iter().any(invalid) {
            Self::Invalid
        } else if any(Verdict::fails) {
            Self::Failed
        } else if any(|verdict| verdict == Verdict::Inconclusive) {
            Self::Inconclusive
        } else {
            Self::Passed
        }
    }

    /// As it stands in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Inconclusive => "inconclusive",
            Self::Invalid => "invalid",
        }
    }

    /// 0 passed, 1 failed, 4 invalid; 3 inconclusive if `strict`, else 0.
    #[must_use]
    pub fn exit_code(self, strict: bool) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Inconclusive if strict => 3,
            Self::Inconclusive => 0,
            Self::Invalid => 4,
        }
    }
}

impl ComparisonFile {
    /// Sorts the lines and draws the conclusion.
    #[must_use]
    pub fn concluded(mut self) -> Self {
        worst_first(&mut self.rows);
        self.outcome = Outcome::of(&self.rows, &self.findings, self.looser_bounds_accepted);
        self
    }

    /// The smallest change, as a fraction, that every timing of this comparison would have called worse 99 times in a hundred; `None`
    /// without timings.
    #[must_use]
    pub fn minimum_detectable(&self) -> Option<f64> {
        self.rows
            .iter()
            .filter_map(|row| row.minimum_detectable)
            .reduce(f64::max)
    }
}

/// Writes `comparison` to `path`, whole or not at all.
///
/// # Errors
/// [`WriteError`].
pub fn write(path: &Path, comparison: &ComparisonFile) -> Result<(), WriteError> {
    versioned::write(path, comparison)
}

/// Reads the file at `path`.
///
/// # Errors
/// [`ReadError`].
pub fn read(path: &Path) -> Result<ComparisonFile, ReadError> {
    versioned::read(path, SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::super::rows::Measure;
    use super::*;
    use crate::validity::{Check, Finding};

    fn row(verdict: Verdict) -> Row {
        Row {
            verdict,
            ..Row::new("jwt", Measure::CpuUsPerRequest)
        }
    }

    fn finding(verdict: validity::Verdict) -> SubjectFinding {
        SubjectFinding {
            subject: "jwt".to_owned(),
            finding: Finding {
                check: Check::Steal,
                verdict,
                what: String::new(),
                taints: String::new(),
                advice: String::new(),
            },
        }
    }

    #[test]
    fn the_worst_line_decides_unless_nothing_can_be_trusted() {
        use Verdict::{
            Better, Broken, Inconclusive, Loosened, NotShown, Reference, Unchanged, Worse,
        };
        let outcome = |verdicts: &[Verdict]| {
            let rows: Vec<Row> = verdicts.iter().map(|verdict| row(*verdict)).collect();
            Outcome::of(&rows, &[], false)
        };
        assert_eq!(
            outcome(&[Unchanged, Better, NotShown, Reference]),
            Outcome::Passed
        );
        assert_eq!(outcome(&[Unchanged, Inconclusive]), Outcome::Inconclusive);
        for failing in [Worse, Broken, Loosened] {
            assert_eq!(outcome(&[Inconclusive, failing]), Outcome::Failed);
        }
        let invalid = [finding(validity::Verdict::Invalid)];
        assert_eq!(
            Outcome::of(&[row(Worse)], &invalid, false),
            Outcome::Invalid
        );
        assert_eq!(
            Outcome::of(&[row(Unchanged)], &invalid, false),
            Outcome::Invalid
        );
        assert_eq!(
            Outcome::of(&[row(Loosened)], &invalid, false),
            Outcome::Failed
        );
        let degraded = [finding(validity::Verdict::Degraded)];
        assert_eq!(
            Outcome::of(&[row(Unchanged)], &degraded, false),
            Outcome::Passed
        );
    }

    #[test]
    fn only_bounds_can_be_accepted_beforehand() {
        let accepted = |verdict| Outcome::of(&[row(verdict)], &[], true);
        assert_eq!(accepted(Verdict::Loosened), Outcome::Passed);
        assert_eq!(accepted(Verdict::Broken), Outcome::Failed);
        assert_eq!(accepted(Verdict::Worse), Outcome::Failed);
    }

    #[test]
    fn doubt_fails_only_where_it_was_asked_for() {
        let codes = [
            Outcome::Passed,
            Outcome::Failed,
            Outcome::Inconclusive,
            Outcome::Invalid,
        ];
        assert_eq!(codes.map(|outcome| outcome.exit_code(false)), [0, 1, 0, 4]);
        assert_eq!(codes.map(|outcome| outcome.exit_code(true)), [0, 1, 3, 4]);
    }
}

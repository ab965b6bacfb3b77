//! What a run says of the self-test that came before it.

use super::{Overall, RowVerdict, SHARE_OF_TOLERANCE, Scope, SelftestFile};
use crate::run_file::Manifest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many errors are cited: the worst say enough, the file says the rest.
const CITED: usize = 3;

/// A self-test as a run cites it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// When the self-test began, RFC 3339, UTC.
    pub started_at: String,
    /// How thorough it was.
    pub scope: Scope,
    /// The groups it was limited to; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub only: Vec<String>,
    /// The error that had been put into it on purpose, if any: then it proves nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub injected: Option<String>,
    /// What followed from it.
    pub verdict: Overall,
    /// Rows that passed.
    pub passed: u64,
    /// Rows that failed.
    pub failed: u64,
    /// Rows that depend on timing, on a machine that was not quiet.
    pub not_judged: u64,
    /// The judged errors that used most of their tolerance, the worst first.
    pub largest_errors: Vec<CitedError>,
    /// Whether the run was measured on a machine of the same processor, number of processors and memory.
    pub same_machine: bool,
    /// Whether the kernel is the same.
    pub same_kernel: bool,
    /// Whether version, revision and build of authbench are the same.
    pub same_authbench: bool,
    /// Whether generator and targets had the same processors, and these were kept awake likewise.
    pub same_processors: bool,
}

/// One error of a self-test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CitedError {
    /// The truth and the quantity.
    pub what: String,
    /// How large it was.
    pub error: String,
    /// How large it may be.
    pub tolerance: String,
}

impl Citation {
    /// Of `selftest`, in a run measured where `manifest` says.
    #[must_use]
    pub fn of(selftest: &SelftestFile, manifest: &Manifest) -> Self {
        let then = &selftest.manifest;
        Self {
            started_at: selftest.started_at.clone(),
            scope: selftest.scope,
            only: selftest.only.clone(),
            injected: selftest.injected.clone(),
            verdict: selftest.verdict,
            passed: selftest.count(RowVerdict::Pass),
            failed: selftest.count(RowVerdict::Fail),
            not_judged: selftest.count(RowVerdict::NotJudged),
            largest_errors: largest_errors(selftest),
            same_machine: (&then.cpu, then.cores, then.memory_bytes)
                == (&manifest.cpu, manifest.cores, manifest.memory_bytes),
            same_kernel: then.kernel == manifest.kernel,
            same_authbench: build(then) == build(manifest),
            same_processors: processors(then) == processors(manifest),
        }
    }

    /// One sentence for the provenance of a run.
    #[must_use]
    pub fn sentence(&self) -> String {
        if let Some(fault) = &self.injected {
            return format!(
                "not checked: the self-test of {} had an error put into it on purpose ({fault})",
                self.started_at
            );
        }
        let errors = self.largest_errors.iter().map(CitedError::told);
        let errors: Vec<String> = errors.collect();
        let mut sentence = format!(
            "{} {}, {}: {} ({} passed, {} failed, {} not judged)",
            self.place(),
            self.started_at,
            self.extent(),
            self.verdict.name(),
            self.passed,
            self.failed,
            self.not_judged
        );
        if !errors.is_empty() {
            sentence.push_str(&format!("; largest errors: {}", errors.join(", ")));
        }
        sentence
    }

    fn place(&self) -> String {
        let differences: Vec<&str> = [
            (self.same_machine, "machine"),
            (self.same_kernel, "kernel"),
            (self.same_authbench, "version of authbench"),
            (self.same_processors, "use of the processors"),
        ]
        .iter()
        .filter(|(same, _)| !same)
        .map(|(_, what)| *what)
        .collect();
        if differences.is_empty() {
            "checked on this machine".to_owned()
        } else {
            format!("checked on another {}", differences.join(" and another "))
        }
    }

    fn extent(&self) -> String {
        let scope = format!("{} self-test", self.scope.name());
        if self.only.is_empty() {
            scope
        } else {
            format!("{scope} of {} only", self.only.join(", "))
        }
    }
}

impl CitedError {
    fn told(&self) -> String {
        format!("{} {} (of {})", self.what, self.error, self.tolerance)
    }
}

/// Pinned elsewhere, or left to halt when idle, the same instrument has other errors.
fn processors(manifest: &Manifest) -> (&[usize], &[usize], Option<bool>) {
    (
        &manifest.generator_cpus,
        &manifest.target_cpus,
        manifest.kept_awake,
    )
}

/// What decides whether it is the same instrument: a debug build of the same revision is another.
fn build(manifest: &Manifest) -> (&str, Option<&str>, &str) {
    (
        &manifest.authbench_version,
        manifest.git_revision.as_deref(),
        &manifest.build,
    )
}

fn largest_errors(selftest: &SelftestFile) -> Vec<CitedError> {
    let judged = |verdict| matches!(verdict, RowVerdict::Pass | RowVerdict::Fail);
    let mut errors: Vec<(f64, CitedError)> = selftest
        .rows
        .iter()
        .filter(|row| judged(row.verdict))
        .filter_map(|row| {
            let error = CitedError {
                what: format!("{} {}", row.truth, row.quantity),
                error: row.error.clone(),
                tolerance: row.tolerance.clone(),
            };
            Some((*row.figures.get(SHARE_OF_TOLERANCE)?, error))
        })
        .collect();
    errors.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    errors
        .into_iter()
        .map(|(_, error)| error)
        .take(CITED)
        .collect()
}

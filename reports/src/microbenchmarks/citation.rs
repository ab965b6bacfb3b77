//! What a run cites of microbenchmarks.

use super::{MicrobenchmarksFile, attribution};
use crate::run_file::Manifest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The figures of microbenchmarks that explain a run's CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// When they were measured, RFC 3339, UTC.
    pub measured_at: String,
    /// Whether version and revision of authbench are the same.
    pub same_authbench: bool,
    /// Medians of the operations that the attribution names, in nanoseconds, by id.
    pub median_ns: BTreeMap<String, f64>,
}

impl Citation {
    /// Of `file`, in a run measured where `manifest` says; `None` if that is another processor, whose nanoseconds are others.
    #[must_use]
    pub fn of(file: &MicrobenchmarksFile, manifest: &Manifest) -> Option<Self> {
        let then = &file.manifest;
        let named = attribution::operations();
        let cited = file
            .operations
            .iter()
            .filter(|operation| named.contains(&operation.id.as_str()))
            .map(|operation| (operation.id.clone(), operation.median_ns));
        (then.cpu == manifest.cpu).then(|| Self {
            measured_at: file.measured_at.clone(),
            same_authbench: (&then.authbench_version, &then.git_revision)
                == (&manifest.authbench_version, &manifest.git_revision),
            median_ns: cited.collect(),
        })
    }
}

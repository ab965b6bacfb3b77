//! Checks of the run as a whole.

use crate::number::significant;
use crate::run_file::{RunFile, Status};
use crate::validity::{Check, Finding, Verdict};

pub(super) fn findings(run: &RunFile) -> impl Iterator<Item = Finding> {
    interrupted(run).into_iter().chain(debug_build(run))
}

fn interrupted(run: &RunFile) -> Option<Finding> {
    let how = match run.status {
        Status::Complete => return None,
        Status::Interrupted => "was interrupted",
        Status::Failed => "broke off",
    };
    Some(Finding {
        check: Check::Interrupted,
        verdict: Verdict::Degraded,
        what: format!("the run {how} after {} s", significant(run.duration_s)),
        taints: "every figure rests on fewer samples than the profile asks, and some are missing"
            .to_owned(),
        advice: "run it again to its end before quoting it".to_owned(),
    })
}

fn debug_build(run: &RunFile) -> Option<Finding> {
    (run.manifest.build == "debug").then(|| Finding {
        check: Check::DebugBuild,
        verdict: Verdict::Degraded,
        what: "this is a debug build".to_owned(),
        taints: "CPU and latency are several times what an optimised build needs, and not by the same factor for each target".to_owned(),
        advice: "run it with `cargo run --release -- run`".to_owned(),
    })
}

//! Whether the clocks ran on while something was measured.

use crate::number::span;
use crate::run_file::{Background, Clocks, ScenarioRecord};
use crate::validity::{Check, Finding, Verdict};

/// A step of the wall clock from which an `exp` no longer means what the prober takes it for. Probes are milliseconds apart.
const STEP_NS_REVOCATION: u64 = 1_000_000;
/// In a stream the wall clock matters only for when credentials expire, which is counted in whole seconds.
const STEP_NS_STREAM: u64 = 1_000_000_000;
/// A machine that was suspended for so long was suspended: reading the clocks takes microseconds.
const SUSPENDED_NS: u64 = 10_000_000;

/// Of a load called `during`, in which the clocks did what was `seen`, part by part.
pub(super) fn of_load(during: &str, seen: impl Iterator<Item = Clocks>) -> Vec<Finding> {
    let sum = seen.fold(Clocks::default(), |sum, round| Clocks {
        realtime_stepped_ns: sum.realtime_stepped_ns + round.realtime_stepped_ns,
        suspended_ns: sum.suspended_ns + round.suspended_ns,
    });
    let taints = "unexpected outcomes and renewals of targets with self-contained credentials: they expire by the wall clock";
    findings(during, sum, STEP_NS_STREAM, taints)
}

pub(super) fn of_revocations(scenario: &ScenarioRecord, load: &Background) -> Vec<Finding> {
    let taints = "lags, bounds and the law of expiry of self-contained credentials: their `exp` is a moment of the wall clock";
    load.clocks.map_or_else(Vec::new, |clocks| {
        let name = format!("the revocations of `{}`", scenario.name);
        findings(&name, clocks, STEP_NS_REVOCATION, taints)
    })
}

fn findings(during: &str, clocks: Clocks, step_ns: u64, taints: &str) -> Vec<Finding> {
    let finding = |verdict, what, taints: &str, advice: &str| Finding {
        check: Check::ClockSteps,
        verdict,
        what,
        taints: taints.to_owned(),
        advice: advice.to_owned(),
    };
    let span = |ns: u64| span(ns as f64 / 1e6);
    let stepped = (clocks.realtime_stepped_ns > step_ns).then(|| {
        finding(
            Verdict::Degraded,
            format!(
                "the wall clock was set by {} during {during}",
                span(clocks.realtime_stepped_ns)
            ),
            taints,
            "let the clock be slewed, not stepped, while a run lasts (chrony and ntpd do once they are in step)",
        )
    });
    let suspended = (clocks.suspended_ns > SUSPENDED_NS).then(|| {
        finding(
            Verdict::Invalid,
            format!(
                "the machine was suspended for {} during {during}",
                span(clocks.suspended_ns)
            ),
            "everything: timers and lifetimes went on or stopped, each as its clock does",
            "keep the machine awake, and run it again",
        )
    });
    stepped.into_iter().chain(suspended).collect()
}

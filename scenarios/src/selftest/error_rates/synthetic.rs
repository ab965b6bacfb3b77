//! Synthetic suites, on all processors. Nothing here is timed, so any machine and any build will do; how many processors there are decides
//! how long it takes, and nothing else.

use super::{Left, procedure};
use crate::accounting::machine;
use crate::selftest::{Bench, SelftestError};
use authbench_reports::comparison::error_rates::{
    QUESTIONS, Settings, measure as count, uncounted,
};
use authbench_reports::selftest::Row;
use std::time::{Duration, Instant};

/// What has not been counted by then is left uncounted.
const MOST: Duration = Duration::from_secs(30 * 60);
/// Mean processor time of a suite in a release build, over all kinds of difference; measured on an AMD EPYC. Those at their margin take nearly all of
/// it: their ranks are looked at.
const SUITE: Duration = Duration::from_millis(10);

/// Counts every kind of difference.
pub(super) fn measure(bench: &Bench, left: &Left<'_>) -> Result<Vec<Row>, SelftestError> {
    let processors = processors(bench);
    let settings = Settings {
        suites: bench.repetitions.suites,
        seed: bench.seed,
        threads: processors.len().max(1),
        procedure: procedure(bench),
    };
    let interrupted = &bench.settings.interrupted;
    let began = Instant::now();
    let go_on = || !*interrupted.borrow() && began.elapsed() < MOST;
    let work = || {
        go_everywhere(&processors);
        let mut rows = Vec::new();
        for (index, question) in QUESTIONS.into_iter().enumerate() {
            if index > 0 {
                left(takes(bench).saturating_sub(began.elapsed()));
            }
            match count(question, settings, &go_on) {
                Some(counted) => rows.extend(counted),
                None if *interrupted.borrow() => return Err(SelftestError::Interrupted),
                None => rows.push(uncounted(question, &too_long())),
            }
        }
        Ok(rows)
    };
    // The thread that measures stays where it is.
    let outcome = std::thread::scope(|scope| scope.spawn(work).join());
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// About how long it takes.
pub(super) fn takes(bench: &Bench) -> Duration {
    let suites = bench.repetitions.suites * QUESTIONS.len() as u64;
    let processors = processors(bench).len().max(1) as f64;
    let all = SUITE.as_secs_f64() * suites as f64 / processors;
    Duration::from_secs_f64(all).min(MOST)
}

/// The generator's and the targets'.
fn processors(bench: &Bench) -> Vec<usize> {
    let mut processors = machine::allowed_cpus();
    processors.extend(&bench.settings.cpus);
    processors.sort_unstable();
    processors.dedup();
    processors
}

/// The threads that count are started by this one. Where it may not leave its processor they share that, and take longer.
fn go_everywhere(processors: &[usize]) {
    #[cfg(target_os = "linux")]
    let _ = machine::pin_to(processors);
    #[cfg(not(target_os = "linux"))]
    let _ = processors;
}

fn too_long() -> String {
    format!(
        "not counted within {} minutes; --suites takes fewer",
        MOST.as_secs() / 60
    )
}

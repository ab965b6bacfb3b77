//! A check without its figures has not passed: it says what it lacks.

use crate::fixture::{self, background, stream};
use authbench_reports::render::markdown;
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;
use authbench_reports::validity::{Check, Validity, Verdict};

/// The checks that could not be made after `lose`, which takes nothing from the verdict.
fn unjudged(lose: impl Fn(&mut RunFile)) -> Vec<(Check, String)> {
    let mut run = fixture::run();
    lose(&mut run);
    let validity = Validity::of(&run);
    assert!(validity.verdict <= Verdict::Degraded, "{validity:?}");
    let unjudged = validity.unjudged.into_iter();
    unjudged.map(|one| (one.check, one.why)).collect()
}

#[test]
fn what_an_older_run_file_lacks_is_said() {
    let checks = unjudged(|run| {
        for round in &mut stream(run).rounds {
            round.steal_share = None;
            round.canary.clear();
            round.clocks = None;
            round
                .targets
                .iter_mut()
                .for_each(|part| part.reconnects = None);
        }
        background(run).clocks = None;
    });
    let checks: Vec<Check> = checks.into_iter().map(|(check, _)| check).collect();
    let expected = [
        Check::Steal,
        Check::Canary,
        Check::ClockSteps,
        Check::ConnectionChurn,
        Check::ClockSteps,
    ];
    assert_eq!(checks, expected);
}

#[test]
fn a_store_that_nobody_asked_may_have_lost_anything() {
    let silent = |run: &mut RunFile| {
        for round in &mut stream(run).rounds {
            for part in &mut round.targets[..3] {
                part.counters = None;
            }
        }
    };
    // The control has no store, and nothing to say about it.
    assert_eq!(
        unjudged(silent),
        [(
            Check::StoreEvictions,
            "`steady`: no process of `session`, `jwt` tells".to_owned()
        )]
    );
    let mut run = fixture::run();
    silent(&mut run);
    let report = markdown(&run, &Summary::of(&run));
    let said = "* not judged: store\\_evictions (\\`steady\\`: no process of \\`session\\`, \\`jwt\\` tells)\n";
    assert_eq!(report.matches(said).count(), 1, "{report}");
}

#[test]
fn three_rounds_have_no_later_half() {
    let checks = unjudged(|run| stream(run).rounds.truncate(3));
    assert_eq!(
        checks,
        [(
            Check::WarmUp,
            "`steady`: 3 rounds, and 4 are needed".to_owned()
        )]
    );
}

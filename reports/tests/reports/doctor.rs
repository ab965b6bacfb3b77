//! What a machine is fit for, from figures alone.

use authbench_reports::doctor::{
    BusyProcess, Diagnosis, Examination, Fitness, LogRatios, Loopback, NoiseFloor, OpenFiles,
    OtherLoad, Program, Subject, TimerLateness, markdown, text,
};
use authbench_reports::run_file::Canary;
use std::collections::BTreeSet;

/// A machine that nothing can be said against.
pub(crate) fn fit() -> Examination {
    let alternating = |size: f64| [size, -size].repeat(6);
    Examination {
        authbench_version: "0.1.0".to_owned(),
        build: "release".to_owned(),
        examined_at: "2026-11-21T10:15:00Z".to_owned(),
        duration_s: 14.2,
        cpu: "Example CPU @ 2.50GHz".to_owned(),
        kernel: "Linux 6.1.0".to_owned(),
        processors_allowed: vec![0, 1, 2, 3],
        processors_online: Some(8),
        governors: vec!["performance".to_owned()],
        kept_awake: true,
        hypervisor: None,
        steal_share: Some(0.0),
        clock_source: Some("tsc".to_owned()),
        other_load: Some(OtherLoad {
            busy_share: 0.01,
            load_average: Some(0.12),
            busiest: Vec::new(),
        }),
        open_files: Some(OpenFiles {
            soft: 1024,
            hard: 1_048_576,
        }),
        timer: Some(TimerLateness {
            n: 800,
            p50_us: 58.0,
            p99_us: 90.0,
            max_us: 310.0,
        }),
        canary: vec![
            Canary {
                cv: 0.01,
                median_ns: 300_000
            };
            20
        ],
        loopback: Loopback {
            connections: 16,
            answered: 61_000,
            failed: 0,
            seconds: 1.0,
            generator_cpu_ns: 500_000_000,
        },
        noise_floor: NoiseFloor {
            rate_per_s: 2000.0,
            round_s: 0.8,
            log_ratios: LogRatios {
                p50: alternating(0.013),
                p90: alternating(0.029),
                cpu: alternating(0.043),
            },
        },
        stores: vec![Program {
            name: "redis-server".to_owned(),
            version: Some("7.0.15".to_owned()),
        }],
        tools: Vec::new(),
    }
}

/// Puts a figure in its place.
type Change = fn(&mut Examination, f64);

/// What `subject` makes of the machine after `change`, when nothing else changes.
fn judged(subject: Subject, change: impl FnOnce(&mut Examination)) -> Fitness {
    let mut seen = fit();
    change(&mut seen);
    let diagnosis = Diagnosis::of(seen);
    let others = diagnosis
        .lines
        .iter()
        .filter(|line| line.subject != subject);
    for line in others {
        assert_eq!(line.fitness, Fitness::Fit, "{line:?}");
    }
    let line = diagnosis.lines.iter().find(|line| line.subject == subject);
    let line = line.expect("every subject has a line");
    assert_eq!(line.fitness, diagnosis.fitness, "the worst line decides");
    assert_eq!(
        line.advice.is_some(),
        line.fitness != Fitness::Fit,
        "{line:?}"
    );
    line.fitness
}

use Fitness::{Fit, FitWithReservations, Unfit};

#[test]
fn nothing_stands_against_a_machine_that_has_everything() {
    let diagnosis = Diagnosis::of(fit());
    assert_eq!(diagnosis.fitness, Fit);
    let subjects: BTreeSet<Subject> = diagnosis.lines.iter().map(|line| line.subject).collect();
    assert_eq!(subjects.len(), diagnosis.lines.len(), "each subject once");
    let schema = schemars::schema_for!(Subject);
    let variants = schema.as_value()["oneOf"].as_array().map(Vec::len);
    assert_eq!(variants, Some(subjects.len()), "every subject has a line");
}

#[test]
fn processors_must_suffice_for_both_sides() {
    for (processors, expected) in [
        (4, Fit),
        (3, FitWithReservations),
        (2, FitWithReservations),
        (1, Unfit),
    ] {
        let found = judged(Subject::Processors, |seen| {
            seen.processors_allowed.truncate(processors);
        });
        assert_eq!(found, expected, "{processors}");
    }
}

#[test]
fn a_governor_that_follows_the_load_is_a_reservation_and_an_unseen_one_is_none() {
    let with = |governors: &[&str]| {
        judged(Subject::Governor, |seen| {
            seen.governors = governors.iter().map(|name| (*name).to_owned()).collect();
        })
    };
    assert_eq!(with(&["performance"]), Fit);
    assert_eq!(with(&["performance", "powersave"]), FitWithReservations);
    assert_eq!(with(&[]), Fit);
}

#[test]
fn processors_that_fall_asleep_are_a_reservation() {
    let with = |awake| judged(Subject::Idle, |seen| seen.kept_awake = awake);
    assert_eq!(with(true), Fit);
    assert_eq!(with(false), FitWithReservations);
}

#[test]
fn figures_are_judged_at_their_limits() {
    let cases: [(Subject, [f64; 3], Change); 7] = [
        (Subject::Steal, [0.02, 0.05, 0.11], |seen, share| {
            seen.steal_share = Some(share);
        }),
        (Subject::OtherLoad, [0.05, 0.2, 0.5], |seen, share| {
            let busiest = vec![BusyProcess {
                name: "rustc".to_owned(),
                share_of_one: 2.0 * share,
            }];
            seen.other_load = Some(OtherLoad {
                busy_share: share,
                load_average: None,
                busiest,
            });
        }),
        (Subject::OpenFiles, [1024.0, 512.0, 511.0], |seen, soft| {
            seen.open_files = Some(OpenFiles {
                soft: soft as u64,
                hard: 4096,
            });
        }),
        (Subject::Timer, [200.0, 201.0, 1001.0], |seen, p99_us| {
            let late = seen.timer.as_mut().expect("the fixture has it");
            late.p99_us = p99_us;
        }),
        (
            Subject::Canary,
            [320_000.0, 400_000.0, 601_000.0],
            |seen, ns| {
                seen.canary[3].median_ns = ns as u64;
            },
        ),
        (
            Subject::Loopback,
            [10_000.0, 9_999.0, 3_999.0],
            |seen, answered| {
                seen.loopback.answered = answered as u64;
            },
        ),
        (Subject::NoiseFloor, [0.06, 0.2, 0.4], |seen, size| {
            seen.noise_floor.log_ratios.cpu = [size, -size].repeat(6);
        }),
    ];
    for (subject, values, change) in cases {
        let found = values.map(|value| judged(subject, |seen| change(seen, value)));
        assert_eq!(found, [Fit, FitWithReservations, Unfit], "{subject:?}");
    }
}

#[test]
fn facts_that_are_no_figures() {
    assert_eq!(
        judged(Subject::Build, |seen| seen.build = "debug".to_owned()),
        FitWithReservations
    );
    assert_eq!(
        judged(Subject::ClockSource, |seen| seen.clock_source =
            Some("hpet".to_owned())),
        FitWithReservations
    );
    assert_eq!(
        judged(Subject::Stores, |seen| seen.stores.clear()),
        FitWithReservations
    );
    assert_eq!(
        judged(Subject::Loopback, |seen| seen.loopback.failed = 1),
        Unfit
    );
    assert_eq!(
        judged(Subject::NoiseFloor, |seen| seen
            .noise_floor
            .log_ratios
            .p90
            .clear()),
        FitWithReservations
    );
    assert_eq!(
        judged(Subject::Virtualisation, |seen| seen.hypervisor =
            Some("KVM".to_owned())),
        Fit
    );
}

#[test]
fn what_the_kernel_does_not_tell_is_said_and_held_against_nobody() {
    let mut seen = fit();
    seen.clock_source = None;
    seen.other_load = None;
    seen.open_files = None;
    seen.governors.clear();
    let diagnosis = Diagnosis::of(seen);
    assert_eq!(diagnosis.fitness, Fit);
    let silent = diagnosis.lines.iter().filter(|line| {
        ["does not tell", "not visible"]
            .iter()
            .any(|words| line.seen.contains(words))
    });
    assert_eq!(silent.count(), 4);
}

#[test]
fn a_machine_is_not_fit_for_what_could_not_be_looked_at() {
    assert_eq!(judged(Subject::Timer, |seen| seen.timer = None), Unfit);
    assert_eq!(
        judged(Subject::Steal, |seen| seen.steal_share = None),
        FitWithReservations
    );
    assert_eq!(
        judged(Subject::Canary, |seen| seen.canary.truncate(1)),
        FitWithReservations
    );
}

#[test]
fn a_diagnosis_as_it_is_read() {
    let mut seen = fit();
    seen.processors_allowed.truncate(2);
    seen.hypervisor = Some("QEMU Standard PC".to_owned());
    seen.governors.clear();
    seen.other_load = Some(OtherLoad {
        busy_share: 0.55,
        load_average: Some(2.3),
        busiest: vec![BusyProcess {
            name: "cc1plus".to_owned(),
            share_of_one: 0.98,
        }],
    });
    let diagnosis = Diagnosis::of(seen);
    insta::assert_snapshot!("a_diagnosis_for_a_terminal", text(&diagnosis));
    insta::assert_snapshot!("a_diagnosis_as_markdown", markdown(&diagnosis));
}

#[test]
fn only_an_unfit_machine_fails() {
    assert_eq!(
        [Fit, FitWithReservations, Unfit].map(Fitness::exit_code),
        [0, 0, 4]
    );
}

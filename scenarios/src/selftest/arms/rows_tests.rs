use super::*;
use authbench_reports::comparison::exact::Tally;
use authbench_reports::comparison::suite::Comparison;

fn finding(quantity: Quantity, ratio: f64, verdict: Verdict) -> Finding {
    Finding {
        subject: "arms".to_owned(),
        quantity,
        rounds: 30,
        ratio,
        lower: ratio - 0.02,
        upper: ratio + 0.02,
        margin: quantity.margin(),
        sd: 0.02,
        minimum_detectable: 0.06,
        verdict,
    }
}

fn outcome(findings: Vec<Finding>) -> ArmsOutcome {
    let tally = |count| Tally {
        count,
        requests: 1000,
    };
    let counted = |a, b| Counted {
        a: tally(a),
        b: tally(b),
    };
    ArmsOutcome {
        planned: 40,
        measured: 30,
        comparison: Comparison::of(findings),
        cpu_us: [20.0, 22.0],
        spun_us: [1.0, 3.0],
        wire_bytes: counted(100_000, 100_000),
        store_commands: Some(counted(1000, 2000)),
    }
}

fn verdicts(rows: &[Row]) -> Vec<RowVerdict> {
    rows.iter().map(|row| row.verdict).collect()
}

#[test]
fn between_identical_arms_any_finding_is_a_failure_and_doubt_is_no_pass() {
    let rows = same(&outcome(vec![
        finding(Quantity::CpuPerRequest, 1.0, Verdict::Unchanged),
        finding(Quantity::ResponseP50, 0.9, Verdict::Faster),
        finding(Quantity::ResponseP90, 1.0, Verdict::Inconclusive),
    ]));
    use RowVerdict::{Fail, NotJudged, Pass};
    assert_eq!(verdicts(&rows), [Pass, Fail, NotJudged, Pass]);
    assert_eq!(rows[0].measured, "+0.0 % (-2.0 % to +2.0 %)");
    assert_eq!(rows[0].expected, "within ±3.0 %");
}

fn cpu(ratio: f64, verdict: Verdict) -> Vec<RowVerdict> {
    let findings = vec![finding(Quantity::CpuPerRequest, ratio, verdict)];
    verdicts(&planted_cpu(&outcome(findings), 0.10))
}

#[test]
fn a_plant_must_be_found_with_its_size() {
    use RowVerdict::{Fail, Pass};
    assert_eq!(cpu(1.10, Verdict::Slower), [Pass, Pass, Pass]);
    // Found, but twice as large as it is.
    assert_eq!(cpu(1.20, Verdict::Slower), [Pass, Fail, Pass]);
    assert_eq!(cpu(1.10, Verdict::Unchanged), [Fail, Pass, Pass]);
    assert_eq!(cpu(0.90, Verdict::Faster), [Fail, Fail, Pass]);
    // These rounds would have seen it.
    assert_eq!(cpu(1.10, Verdict::Inconclusive), [Fail, Pass, Pass]);
}

#[test]
fn rounds_that_could_not_have_seen_the_plant_do_not_judge_it() {
    let blind = Finding {
        sd: 0.04,
        minimum_detectable: 0.11,
        ..finding(Quantity::CpuPerRequest, 1.10, Verdict::Inconclusive)
    };
    let rows = planted_cpu(&outcome(vec![blind]), 0.10);
    assert_eq!(rows[0].verdict, RowVerdict::NotJudged);
    let note = rows[0].note.as_deref();
    assert_eq!(
        note,
        Some("inconclusive after 30 of 40 rounds, which see 11.0 % and more")
    );
}

#[test]
fn latency_that_falls_while_cpu_rises_is_neither_pass_nor_failure() {
    let rows = planted_cpu(
        &outcome(vec![
            finding(Quantity::CpuPerRequest, 1.10, Verdict::Slower),
            finding(Quantity::ResponseP50, 0.90, Verdict::Faster),
        ]),
        0.10,
    );
    assert_eq!(rows[2].verdict, RowVerdict::NotJudged);
    assert!(
        rows[2]
            .note
            .as_deref()
            .is_some_and(|note| note.contains("but"))
    );
}

#[test]
fn one_command_more_is_exact_and_a_store_that_does_not_count_is_no_pass() {
    let findings = || {
        vec![
            finding(Quantity::CpuPerRequest, 1.3, Verdict::Slower),
            finding(Quantity::ResponseP50, 1.3, Verdict::Slower),
        ]
    };
    let rows = planted_round_trip(&outcome(findings()), 0.10);
    assert_eq!(verdicts(&rows), [RowVerdict::Pass; 4]);
    let silent = ArmsOutcome {
        store_commands: None,
        ..outcome(findings())
    };
    assert_eq!(
        planted_round_trip(&silent, 0.10)[0].verdict,
        RowVerdict::Skipped
    );
    let mut wrong = outcome(findings());
    wrong.store_commands = wrong.store_commands.map(|counted| Counted {
        b: Tally {
            count: 2001,
            requests: 1000,
        },
        ..counted
    });
    assert_eq!(
        planted_round_trip(&wrong, 0.10)[0].verdict,
        RowVerdict::Fail
    );
}

#[test]
fn what_cannot_be_afforded_says_how_much_it_would_take() {
    let row = unaffordable(PLANTED_CPU, 0.10, Some(400));
    assert_eq!(row.verdict, RowVerdict::NotJudged);
    let note = row.note.as_deref().unwrap_or_default();
    assert!(note.contains("400 rounds") && note.contains("90"), "{note}");
}

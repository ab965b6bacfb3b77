//! The rows of the self-test's table that two arms give.
//!
//! They are judged on any machine: what a neighbour does hits both arms, and what it does not hit alike shows as spread, which makes a
//! comparison inconclusive and not wrong.

use super::compare::MOST_ROUNDS;
use super::outcome::{ArmsOutcome, Counted};
use authbench_reports::comparison::judge::Finding;
use authbench_reports::comparison::quantity::Quantity;
use authbench_reports::comparison::suite::Verdict;
use authbench_reports::selftest::{Row, RowVerdict};
use std::collections::BTreeMap;

/// What a group of rows is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    group: &'static str,
    truth: &'static str,
}

const SAME: About = About {
    group: "same-arms",
    truth: "two identical servers",
};
pub(super) const PLANTED_CPU: About = About {
    group: "planted-cpu",
    truth: "server B burns a tenth more CPU per request",
};
pub(super) const PLANTED_ROUND_TRIP: About = About {
    group: "planted-round-trip",
    truth: "server B asks its store twice, A once",
};

/// Nothing may be found between identical arms.
pub(super) fn same(outcome: &ArmsOutcome) -> Vec<Row> {
    let rows = outcome.comparison.findings.iter().map(|finding| {
        let verdict = match finding.verdict {
            Verdict::Unchanged => RowVerdict::Pass,
            Verdict::Slower | Verdict::Faster => RowVerdict::Fail,
            Verdict::Inconclusive => RowVerdict::NotJudged,
        };
        let expected = format!("within ±{}", percent(finding.margin));
        compared(SAME, outcome, finding, expected, verdict)
    });
    rows.chain([wire_bytes(SAME, outcome)]).collect()
}

/// The plant of `effect` (a fraction) that was aimed at must be found, with its sign and its real size.
pub(super) fn planted_cpu(outcome: &ArmsOutcome, effect: f64) -> Vec<Row> {
    let Some(cpu) = outcome.finding(Quantity::CpuPerRequest) else {
        return Vec::new();
    };
    vec![
        found(PLANTED_CPU, outcome, cpu, effect),
        size(outcome, cpu),
        agreement(outcome),
    ]
}

/// The second round trip must be found: exactly, where it is counted, and as CPU and time.
pub(super) fn planted_round_trip(outcome: &ArmsOutcome, effect: f64) -> Vec<Row> {
    let mut rows = vec![store_commands(outcome.store_commands)];
    let noisy = [Quantity::CpuPerRequest, Quantity::ResponseP50];
    let findings = noisy
        .into_iter()
        .filter_map(|quantity| outcome.finding(quantity));
    rows.extend(findings.map(|finding| found(PLANTED_ROUND_TRIP, outcome, finding, effect)));
    rows.push(wire_bytes(PLANTED_ROUND_TRIP, outcome));
    rows
}

/// Nothing was measured: finding `effect` (a fraction) would take too many rounds.
pub(super) fn unaffordable(about: About, effect: f64, needed: Option<usize>) -> Row {
    let needed = needed.map_or(
        "more rounds than anybody can measure".to_owned(),
        |rounds| format!("{rounds} rounds"),
    );
    let note = format!(
        "at the pilot's spread, {} would take {needed} and {MOST_ROUNDS} are the most; a quieter machine needs fewer",
        percent(effect)
    );
    Row {
        expected: "slower".to_owned(),
        verdict: RowVerdict::NotJudged,
        note: Some(note),
        ..blank(about, "CPU and latency, B ÷ A".to_owned())
    }
}

/// A change that is known to be there. Not finding it is a failure, unless the rounds turned out too noisy to see `effect`.
fn found(about: About, outcome: &ArmsOutcome, finding: &Finding, effect: f64) -> Row {
    let verdict = match finding.verdict {
        Verdict::Slower => RowVerdict::Pass,
        Verdict::Inconclusive if finding.minimum_detectable > effect => RowVerdict::NotJudged,
        Verdict::Inconclusive | Verdict::Unchanged | Verdict::Faster => RowVerdict::Fail,
    };
    let expected = format!("slower by more than {}", percent(finding.margin));
    compared(about, outcome, finding, expected, verdict)
}

/// Whether the interval contains what the servers' own CPU clocks say was burnt.
fn size(outcome: &ArmsOutcome, cpu: &Finding) -> Row {
    let planted = outcome.planted_cpu_ratio();
    let verdict = if cpu.contains(planted) {
        RowVerdict::Pass
    } else {
        RowVerdict::Fail
    };
    let [a, b] = outcome.spun_us;
    let row = compared(PLANTED_CPU, outcome, cpu, change(planted), verdict);
    let mut figures = row.figures;
    figures.insert("planted_ratio".to_owned(), planted);
    figures.insert("planted_us".to_owned(), b - a);
    Row {
        quantity: "size of the CPU plant".to_owned(),
        error: format!("{:+.1} points", (cpu.ratio - planted) * 100.0),
        tolerance: "its interval".to_owned(),
        note: Some(format!(
            "{:.2} µs burnt on {:.2} µs per request, by the server's own clock",
            b - a,
            outcome.cpu_us[0]
        )),
        figures,
        ..row
    }
}

/// Latencies that go the other way than CPU make a comparison inconclusive, which is what this row then is.
fn agreement(outcome: &ArmsOutcome) -> Row {
    let contradiction = outcome.comparison.contradiction.clone();
    let (measured, verdict) = match contradiction {
        None => ("no", RowVerdict::Pass),
        Some(_) => ("yes", RowVerdict::NotJudged),
    };
    Row {
        expected: "no".to_owned(),
        measured: measured.to_owned(),
        verdict,
        note: contradiction,
        n: outcome.measured as u64,
        ..blank(
            PLANTED_CPU,
            "latency points the other way than CPU".to_owned(),
        )
    }
}

/// Exactly one command more, by the stores' own count.
pub(super) fn store_commands(counted: Option<Counted>) -> Row {
    let quantity = "store commands per request".to_owned();
    let Some(counted) = counted else {
        return Row {
            verdict: RowVerdict::Skipped,
            note: Some("needs a real Redis: this store does not count its commands".to_owned()),
            ..blank(PLANTED_ROUND_TRIP, quantity)
        };
    };
    exactly(blank(PLANTED_ROUND_TRIP, quantity), counted, 1)
}

fn wire_bytes(about: About, outcome: &ArmsOutcome) -> Row {
    exactly(
        blank(about, "wire bytes per request".to_owned()),
        outcome.wire_bytes,
        0,
    )
}

/// The row of a count that must be exactly `more` per request more at B.
fn exactly(row: Row, counted: Counted, more: u64) -> Row {
    let [a, b] = [counted.a, counted.b].map(|tally| tally.per_request().unwrap_or(f64::NAN));
    let error = b - a - more as f64;
    Row {
        expected: format!("A + {more}"),
        measured: format!("{a:.4} and {b:.4}"),
        error: format!("{error:+.4}"),
        tolerance: "none".to_owned(),
        verdict: if counted.is_more_by(more) {
            RowVerdict::Pass
        } else {
            RowVerdict::Fail
        },
        n: counted.a.requests + counted.b.requests,
        figures: BTreeMap::from([
            ("a_per_request".to_owned(), a),
            ("b_per_request".to_owned(), b),
        ]),
        ..row
    }
}

/// The row of a quantity with noise.
fn compared(
    about: About,
    outcome: &ArmsOutcome,
    finding: &Finding,
    expected: String,
    verdict: RowVerdict,
) -> Row {
    let interval = format!(
        "{} ({} to {})",
        change(finding.ratio),
        change(finding.lower),
        change(finding.upper)
    );
    let note = format!(
        "{} after {} of {} rounds, which see {} and more",
        finding.verdict,
        finding.rounds,
        outcome.planned,
        percent(finding.minimum_detectable)
    );
    Row {
        expected,
        measured: interval,
        error: change(finding.ratio),
        tolerance: percent(finding.margin),
        verdict,
        note: Some(note),
        n: finding.rounds as u64,
        figures: BTreeMap::from([
            ("ratio".to_owned(), finding.ratio),
            ("lower_ratio".to_owned(), finding.lower),
            ("upper_ratio".to_owned(), finding.upper),
            ("margin".to_owned(), finding.margin),
            ("minimum_detectable".to_owned(), finding.minimum_detectable),
        ]),
        ..blank(about, format!("{}, B ÷ A", finding.quantity))
    }
}

fn blank(about: About, quantity: String) -> Row {
    const NOTHING: &str = "–";
    Row {
        truth: about.truth.to_owned(),
        group: about.group.to_owned(),
        quantity,
        expected: NOTHING.to_owned(),
        measured: NOTHING.to_owned(),
        error: NOTHING.to_owned(),
        tolerance: NOTHING.to_owned(),
        verdict: RowVerdict::NotJudged,
        note: None,
        n: 0,
        figures: BTreeMap::new(),
    }
}

/// A ratio as a change: 1.031 is `+3.1 %`.
fn change(ratio: f64) -> String {
    format!("{:+.1} %", (ratio - 1.0) * 100.0)
}

fn percent(fraction: f64) -> String {
    format!("{:.1} %", fraction * 100.0)
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;

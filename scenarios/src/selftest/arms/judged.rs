//! The pairs of arms as truths of the self-test: like all timings, theirs are judged on a quiet machine only. Counts have no noise.

use super::{planted_cpu, planted_round_trip, same};
use crate::selftest::row::unless_noisy;
use crate::selftest::{Bench, SelftestError, Truth};
use authbench_reports::selftest::{Noise, Row, RowVerdict};

/// What is counted and not timed.
const COUNTS: [&str; 2] = ["wire bytes per request", "store commands per request"];

/// Measures the pair that `truth` names, once; the draws follow from `seed`.
pub(in crate::selftest) async fn measure(
    bench: &Bench,
    truth: Truth,
    seed: u64,
) -> Result<Vec<Row>, SelftestError> {
    let (settings, watch) = (&bench.settings, bench.watch());
    let rows = match truth {
        Truth::PlantedCpu => planted_cpu(settings, seed).await?,
        Truth::PlantedRoundTrip => planted_round_trip(settings, seed).await?,
        _ => same(settings, seed).await?,
    };
    let noise = bench.quiet_since(watch, truth.name());
    Ok(rows.into_iter().map(|row| if_quiet(row, &noise)).collect())
}

fn if_quiet(row: Row, noise: &Noise) -> Row {
    let judged = matches!(row.verdict, RowVerdict::Pass | RowVerdict::Fail);
    if !judged || COUNTS.contains(&row.quantity.as_str()) {
        return row;
    }
    let (verdict, why_not) = unless_noisy(row.verdict == RowVerdict::Pass, noise);
    Row {
        verdict,
        note: why_not.or(row.note),
        ..row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn row(quantity: &str, verdict: RowVerdict) -> Row {
        Row {
            truth: "two identical servers".to_owned(),
            group: Truth::SameArms.name().to_owned(),
            quantity: quantity.to_owned(),
            expected: String::new(),
            measured: String::new(),
            error: String::new(),
            tolerance: String::new(),
            verdict,
            note: None,
            n: 30,
            figures: BTreeMap::new(),
        }
    }

    #[test]
    fn on_a_noisy_machine_only_counts_are_judged() {
        let noisy = Noise {
            around: String::new(),
            canary_cv_before: 0.2,
            canary_cv_after: 0.0,
            preempted_share: None,
            steal_share: None,
        };
        let after = |quantity, verdict| if_quiet(row(quantity, verdict), &noisy).verdict;
        for verdict in [RowVerdict::Pass, RowVerdict::Fail] {
            assert_eq!(after("response p50", verdict), RowVerdict::NotJudged);
            assert_eq!(after(COUNTS[0], verdict), verdict);
            assert_eq!(after(COUNTS[1], verdict), verdict);
        }
    }
}

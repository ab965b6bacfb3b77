//! The cost of the generator as rows of the self-test: its CPU per request over that of other tools.

use super::{ClosedPlan, Costs, GeneratorCost, Tool, beside_tools};
use crate::run::system::System;
use crate::selftest::row::unless_noisy;
use crate::selftest::{Bench, SelftestError, Truth};
use authbench_reports::number::significant;
use authbench_reports::selftest::{Noise, Row, RowVerdict, SHARE_OF_TOLERANCE};
use std::collections::BTreeMap;
use std::time::Duration;

const TARGET: &str = include_str!("../targets/load.toml");
const CONNECTIONS: usize = 64;
/// Every generator pays for its start, which in rounds of two seconds is lost in the third digit.
const ROUND: Duration = Duration::from_secs(2);
/// Most that we may use per request, over what wrk uses: it is C, and records one histogram where we record four.
const OVER_WRK: f64 = 1.10;
/// The same over oha, which is Rust on the same runtime, with a client library.
const OVER_OHA: f64 = 0.75;

/// Measures it, in a closed loop against a bare hyper server, in rounds that alternate with the tools that are installed.
pub(in crate::selftest) async fn measure(bench: &Bench) -> Result<Vec<Row>, SelftestError> {
    let bare = [("behaviour", "--bare")];
    let file = bench.file(Truth::GeneratorCost.name(), TARGET, &bare)?;
    let system = bench.start(file)?;
    let outcome = bench.unless_interrupted(cost(bench, &system)).await;
    system.stop();
    let (cost, noise) = outcome?;
    Ok(vec![
        cost.or_failure(
            Tool::Wrk,
            row(&cost.ours, cost.wrk.as_ref(), "wrk", OVER_WRK, &noise),
        ),
        cost.or_failure(
            Tool::Oha,
            row(&cost.ours, cost.oha.as_ref(), "oha", OVER_OHA, &noise),
        ),
    ])
}

/// About how long it takes, with both tools.
pub(in crate::selftest) fn takes(bench: &Bench) -> Duration {
    ROUND * 3 * rounds(bench) as u32
}

fn rounds(bench: &Bench) -> usize {
    bench.either(1, 7)
}

async fn cost(bench: &Bench, system: &System) -> Result<(GeneratorCost, Noise), SelftestError> {
    let watch = bench.watch();
    let plan = ClosedPlan {
        server: system.target().flows.points[0].request.origin.address,
        connections: CONNECTIONS,
        rounds: rounds(bench),
        length: ROUND,
    };
    let cost = beside_tools(&plan).await.map_err(Box::new)?;
    Ok((cost, bench.quiet_since(watch, Truth::GeneratorCost.name())))
}

fn row(ours: &Costs, theirs: Option<&Costs>, tool: &str, limit: f64, noise: &Noise) -> Row {
    let row = Row {
        truth: "one request, closed loop, 64 connections, all histograms on".to_owned(),
        group: Truth::GeneratorCost.name().to_owned(),
        quantity: format!("CPU per request over {tool}'s"),
        expected: format!("≤ {limit:.2}"),
        measured: "–".to_owned(),
        error: "–".to_owned(),
        tolerance: format!("{limit:.2}"),
        verdict: RowVerdict::Skipped,
        note: Some(format!("{tool} is not installed")),
        n: ours.requests(),
        figures: BTreeMap::new(),
    };
    theirs.map_or(row.clone(), |theirs| {
        beside(row, ours, theirs, limit, noise)
    })
}

/// `row` with what was measured.
fn beside(row: Row, ours: &Costs, theirs: &Costs, limit: f64, noise: &Noise) -> Row {
    let [our_us, their_us] = [ours, theirs].map(|costs| costs.cpu_us_per_request().median);
    let ratio = our_us / their_us;
    let errors = ours.errors() + theirs.errors();
    let (verdict, noisy) = unless_noisy(ratio <= limit && errors == 0, noise);
    let told = format!(
        "{} µs, {} {} µs, medians of {} rounds; {errors} errors",
        significant(our_us),
        theirs.version,
        significant(their_us),
        ours.rounds.len(),
    );
    Row {
        measured: format!("{ratio:.2}"),
        error: format!("{:+.2}", ratio - limit),
        verdict,
        note: Some(noisy.map_or(told.clone(), |noisy| format!("{told}; {noisy}"))),
        figures: BTreeMap::from([
            ("ours_cpu_us".to_owned(), our_us),
            ("theirs_cpu_us".to_owned(), their_us),
            ("ratio".to_owned(), ratio),
            (SHARE_OF_TOLERANCE.to_owned(), ratio / limit),
        ]),
        ..row
    }
}

#[cfg(test)]
mod tests {
    use super::super::CostRound;
    use super::*;

    fn costs(us: u64) -> Costs {
        let round = CostRound {
            requests: 1000,
            errors: 0,
            cpu: Duration::from_micros(us * 1000),
            wall: Duration::from_secs(2),
        };
        Costs {
            version: "tool 1.0".to_owned(),
            rounds: vec![round],
        }
    }

    fn quiet() -> Noise {
        Noise {
            around: String::new(),
            canary_cv_before: 0.0,
            canary_cv_after: 0.0,
            preempted_share: None,
            steal_share: None,
        }
    }

    #[test]
    fn a_tool_that_is_missing_is_skipped_and_no_pass() {
        let row = row(&costs(7), None, "wrk", 1.1, &quiet());
        assert_eq!(row.verdict, RowVerdict::Skipped);
    }

    #[test]
    fn the_ratio_stands_beside_what_it_is_made_of_and_above_the_limit_is_no_pass() {
        let fine = row(&costs(8), Some(&costs(8)), "wrk", 1.1, &quiet());
        assert_eq!(
            (fine.measured.as_str(), fine.figures["ratio"]),
            ("1.00", 1.0)
        );
        let costly = row(&costs(9), Some(&costs(8)), "wrk", 1.1, &quiet());
        assert_ne!(costly.verdict, RowVerdict::Pass);
        let noisy = Noise {
            canary_cv_after: 0.2,
            preempted_share: None,
            ..quiet()
        };
        let noisy = row(&costs(8), Some(&costs(8)), "wrk", 1.1, &noisy);
        assert_eq!(noisy.verdict, RowVerdict::NotJudged);
    }
}

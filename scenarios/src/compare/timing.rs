//! The pilot, the rounds and the looks.

use super::spawn::Gathered;
use super::{CompareError, Comparing, Pair};
use authbench_reports::comparison::arms::Arms;
use authbench_reports::comparison::looks::Looks;
use authbench_reports::comparison::paired::Paired;
use authbench_reports::comparison::planner::{Planner, cautious_sd};
use authbench_reports::comparison::quantity::Quantity;
use authbench_reports::comparison::rows::{Row, Verdict, timing as timing_row};
use authbench_reports::comparison::series::Series;
use authbench_reports::comparison::suite::Comparison;
use authbench_reports::run_file::{ScenarioRecord, SteadyRecord, StoreInfo, TargetRecord};

/// Rounds that only say what a request costs, so that a rate can be chosen.
const PROBE_ROUNDS: usize = 3;
const PROBE_PER_S: u32 = 600;
/// Rounds from which the spread is taken that the others are planned with.
const PILOT_ROUNDS: usize = 12;
/// Starts of both arms before each look: where a process happens to lie in memory makes it faster or slower for as long as it lives.
const SPAWNS_PER_LOOK: usize = 3;
/// Share of the targets' processors that both arms together keep busy: below it a server is often woken, above it the arms wait for each other.
const BUSY: f64 = 0.5;
/// Whatever a target would bear.
const MOST_PER_S: f64 = 4000.0;
const LEAST_PER_S: f64 = 200.0;

/// What was found out about one pair.
#[derive(Clone, Debug)]
pub struct Timed {
    /// A line for each figure.
    pub rows: Vec<Row>,
    /// A CPU and a latency that point in opposite directions.
    pub contradiction: Option<String>,
    /// The store behind the arms.
    pub store: Option<StoreInfo>,
    /// Both arms.
    pub targets: Vec<TargetRecord>,
    /// All rounds: one record if the arms shared a stream, one for each if they took turns.
    pub records: Vec<ScenarioRecord>,
    /// Rate asked of both arms together.
    pub offered_per_s: f64,
    /// Rounds that the pilot asked for.
    pub planned_rounds: u64,
    /// Rounds that were measured.
    pub rounds: u64,
    /// How often both arms were started, the pilot aside.
    pub spawns: u64,
}

/// Compares the arms of `pair`. Call it on the main thread, inside a current-thread runtime.
///
/// # Errors
/// [`CompareError`]; every process is ended then.
pub async fn timing(pair: &Pair, comparing: &Comparing<'_>) -> Result<Timed, CompareError> {
    let planner = Planner {
        quantities: Quantity::ALL.len() * comparing.subjects.max(1),
    };
    let rate_per_s = rate(pair, comparing).await?;
    let planned = plan(pair, comparing, planner, rate_per_s).await?;
    let mut looks = Looks::at_one_of(comparing.subjects);
    let mut gathered = Gathered::default();
    for until in planner.looks(planned) {
        let more = until - measured_rounds(&gathered, pair);
        for share in shares(more) {
            gathered.spawn(pair, comparing, (rate_per_s, share)).await?;
        }
        looks.look(&series(&gathered, pair)?)?;
        if looks.over() {
            break;
        }
    }
    let comparison = looks.conclude();
    let arms = arms(&gathered, pair);
    let mut rows = rows(&comparison, &arms, planner);
    rows.extend(arms.other_rows(&pair.subject));
    Ok(Timed {
        rows,
        contradiction: comparison.contradiction,
        offered_per_s: f64::from(rate_per_s),
        planned_rounds: planned as u64,
        rounds: arms.rounds() as u64,
        spawns: gathered.spawns,
        store: gathered.store.clone(),
        targets: gathered.targets.clone(),
        records: gathered.records,
    })
}

/// The rate at which both arms together keep their processors half busy, within what the target allows.
async fn rate(pair: &Pair, comparing: &Comparing<'_>) -> Result<u32, CompareError> {
    let allowed = pair.arms().map(|arm| arm.about.limits.requests_per_s);
    let allowed = allowed
        .into_iter()
        .flatten()
        .min()
        .map_or(MOST_PER_S, f64::from);
    let mut probe = Gathered::default();
    let first = PROBE_PER_S.min(allowed as u32).max(1);
    probe.spawn(pair, comparing, (first, PROBE_ROUNDS)).await?;
    let processors = comparing.settings.cpus.len().max(1) as f64;
    let rate = arms(&probe, pair)
        .cpu_us()
        // Of a target that runs elsewhere nobody knows what it bears.
        .map_or(f64::from(first), |cpu_us| BUSY * processors * 1e6 / cpu_us);
    let rate = rate.clamp(LEAST_PER_S, MOST_PER_S).min(allowed);
    Ok(round_down(rate))
}

/// Two significant digits, so that reports are easy to read.
fn round_down(rate: f64) -> u32 {
    let step = 10f64.powf(rate.log10().floor() - 1.0).max(1.0);
    ((rate / step).floor() * step).max(1.0) as u32
}

/// How many rounds it takes to show of two equal arms that they are.
async fn plan(
    pair: &Pair,
    comparing: &Comparing<'_>,
    planner: Planner,
    rate_per_s: u32,
) -> Result<usize, CompareError> {
    let mut pilot = Gathered::default();
    pilot
        .spawn(pair, comparing, (rate_per_s, PILOT_ROUNDS))
        .await?;
    let needed = series(&pilot, pair)?.into_iter().map(|series| {
        let sd = Paired::of(series.log_ratios()).map_or(f64::INFINITY, |paired| paired.sd());
        planner.rounds_to_clear(series.quantity().margin(), cautious_sd(sd, PILOT_ROUNDS))
    });
    let needed = needed.map(|rounds| rounds.unwrap_or(usize::MAX)).max();
    Ok(needed
        .unwrap_or(comparing.most_rounds)
        .min(comparing.most_rounds))
}

fn arms<'a>(gathered: &'a Gathered, pair: &Pair) -> Arms<'a> {
    let streams: Vec<&SteadyRecord> = gathered
        .records
        .iter()
        .filter_map(|record| record.steady.as_ref())
        .collect();
    let [base, candidate] = pair.names();
    Arms::of(&streams, base, candidate)
}

fn measured_rounds(gathered: &Gathered, pair: &Pair) -> usize {
    arms(gathered, pair).rounds()
}

fn series(gathered: &Gathered, pair: &Pair) -> Result<Vec<Series>, CompareError> {
    let series = arms(gathered, pair).series(&pair.subject)?;
    if series.is_empty() {
        return Err(CompareError::Nothing {
            subject: pair.subject.clone(),
        });
    }
    Ok(series)
}

/// The lines of what was timed. Where processor time and latency contradict each other, none of them is a pass or a failure.
fn rows(comparison: &Comparison, arms: &Arms<'_>, planner: Planner) -> Vec<Row> {
    let row = |finding| {
        let more = planner.rounds_to_clear_from(finding);
        let row = timing_row(finding, arms.figures(finding.quantity), more);
        match &comparison.contradiction {
            Some(_) => Row {
                verdict: Verdict::Inconclusive,
                to_pass: Some(
                    "processor time and latency that do not contradict each other".to_owned(),
                ),
                ..row
            },
            None => row,
        }
    };
    comparison.findings.iter().map(row).collect()
}

/// As even as possible, and none without rounds.
fn shares(rounds: usize) -> impl Iterator<Item = usize> {
    (0..SPAWNS_PER_LOOK)
        .map(move |spawn| (rounds + spawn) / SPAWNS_PER_LOOK)
        .filter(|share| *share > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_well_and_are_never_higher_than_asked() {
        assert_eq!(round_down(3456.0), 3400);
        assert_eq!(round_down(999.0), 990);
        assert_eq!(round_down(20.0), 20);
        assert_eq!(round_down(7.9), 7);
    }

    #[test]
    fn shares_add_up_and_none_is_empty() {
        for rounds in 0..40 {
            let shares: Vec<usize> = shares(rounds).collect();
            assert_eq!(shares.iter().sum::<usize>(), rounds);
            assert!(shares.iter().all(|share| *share > 0));
        }
    }
}

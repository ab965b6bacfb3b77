//! False alarms, and plants that must be found.

use super::noise::{Machine, Noise};
use authbench_reports::comparison::looks::Looks;
use authbench_reports::comparison::paired::Paired;
use authbench_reports::comparison::planner::{Planner, cautious_sd};
use authbench_reports::comparison::quantity::Quantity;
use authbench_reports::comparison::series::Series;
use authbench_reports::comparison::suite::{Comparison, Verdict};

/// What the three looks together may spend in one direction.
const PROMISE: f64 = 0.01;
const PILOT: usize = 12;

/// What is compared: every quantity of some subjects, B of each planted to be `plant(quantity)` × A.
struct Suite {
    series: Vec<Series>,
    plants: Vec<f64>,
    machine: Machine,
}

impl Suite {
    fn new(subjects: &[&str], machine: Machine, plant: impl Fn(Quantity) -> f64) -> Self {
        let all = subjects
            .iter()
            .flat_map(|subject| Quantity::ALL.map(|quantity| (*subject, quantity)));
        let (series, plants) = all
            .map(|(subject, quantity)| (Series::new(subject, quantity), plant(quantity)))
            .unzip();
        Self {
            series,
            plants,
            machine,
        }
    }

    fn planner(&self) -> Planner {
        Planner {
            quantities: self.series.len(),
        }
    }

    fn measure(&mut self, rounds: usize) {
        for _ in 0..rounds {
            for (series, plant) in self.series.iter_mut().zip(&self.plants) {
                let [a, b] = self.machine.round();
                series.push(a, b * plant).expect("positive");
            }
        }
    }

    fn compare(mut self, rounds: usize) -> Comparison {
        let mut looks = Looks::default();
        let mut measured = 0;
        for until in self.planner().looks(rounds) {
            self.measure(until - measured);
            measured = until;
            looks.look(&self.series).expect("three looks");
            if looks.over() {
                break;
            }
        }
        looks.conclude()
    }
}

fn any(comparison: &Comparison, verdict: Verdict) -> bool {
    comparison
        .findings
        .iter()
        .any(|finding| finding.verdict == verdict)
}

fn machines(suites: u64) -> impl Iterator<Item = (Noise, Machine)> {
    let seeded = move |noise| (0..suites).map(move |seed| (noise, Machine::new(noise, seed)));
    Noise::ALL.into_iter().flat_map(seeded)
}

/// How many false alarms in so many suites are still compatible with the promise: 3 standard deviations above it.
fn allowed(suites: u64) -> f64 {
    let expected = suites as f64 * PROMISE;
    expected + 3.0 * expected.sqrt()
}

#[test]
fn equal_arms_raise_no_more_alarms_than_promised() {
    const SUITES: u64 = 800;
    let alarms = machines(SUITES)
        .map(|(_, machine)| Suite::new(&["jwt", "session"], machine, |_| 1.0).compare(30))
        .filter(|found| any(found, Verdict::Slower) || any(found, Verdict::Faster))
        .count();
    // The margins stand between equal arms and an alarm: in either direction together, not even the promise for one is used up.
    let suites = SUITES * Noise::ALL.len() as u64;
    assert!(
        alarms as f64 <= suites as f64 * PROMISE,
        "{alarms} of {suites}"
    );
}

#[test]
fn a_difference_of_exactly_the_margin_is_called_slower_no_more_often_than_promised() {
    const SUITES: u64 = 600;
    let margin = |quantity: Quantity| 1.0 + quantity.margin();
    for noise in Noise::ALL {
        let alarms = (0..SUITES)
            .map(|seed| {
                Suite::new(&["jwt", "session"], Machine::new(noise, seed), margin).compare(30)
            })
            .filter(|found| any(found, Verdict::Slower))
            .count();
        assert!(
            alarms as f64 <= allowed(SUITES),
            "{noise:?}: {alarms} of {SUITES}"
        );
    }
}

#[test]
fn planted_differences_are_found_with_the_rounds_that_were_planned() {
    const SUITES: u64 = 120;
    for points in [0.05, 0.10] {
        let plant = |quantity: Quantity| 1.0 + quantity.margin() + points;
        let (mut judged, mut found, mut covered) = (0, 0, 0);
        for (noise, machine) in machines(SUITES) {
            let mut suite = Suite::new(&["arms"], machine, plant);
            let rounds = plan(&mut suite);
            let comparison = suite.compare(rounds);
            assert!(!any(&comparison, Verdict::Faster), "{noise:?}");
            for finding in &comparison.findings {
                judged += 1;
                found += usize::from(finding.verdict == Verdict::Slower);
                covered += usize::from(finding.contains(plant(finding.quantity)));
            }
        }
        assert!(
            found * 100 >= judged * 99,
            "{points}: {found} of {judged} found"
        );
        assert!(
            covered * 100 >= judged * 99,
            "{points}: {covered} of {judged} contained"
        );
    }
}

/// The rounds that the most demanding quantity needs, from a pilot that is then thrown away.
fn plan(suite: &mut Suite) -> usize {
    suite.measure(PILOT);
    let planner = suite.planner();
    let needed = suite
        .series
        .iter()
        .zip(&suite.plants)
        .map(|(series, plant)| {
            let pilot = Paired::of(series.log_ratios()).expect("a pilot");
            let margin = series.quantity().margin();
            planner
                .rounds_to_find(plant - 1.0, margin, cautious_sd(pilot.sd(), PILOT))
                .expect("beyond the margin")
        });
    let rounds = needed.max().expect("quantities");
    let fresh = suite
        .series
        .iter()
        .map(|series| Series::new(series.subject(), series.quantity()));
    suite.series = fresh.collect();
    rounds
}

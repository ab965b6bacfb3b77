//! What `authbench selftest --compare` counts, in small.

use authbench_reports::comparison::error_rates::counts::{Counts, Question, count};
use authbench_reports::comparison::error_rates::noise::Noise;
use authbench_reports::comparison::error_rates::procedure::Procedure;
use authbench_reports::comparison::error_rates::suite::Difference;
use authbench_reports::comparison::error_rates::{QUESTIONS, Settings, measure, uncounted};
use authbench_reports::selftest::RowVerdict;

const SEED: u64 = 1;

fn counted(difference: Difference, noise: Noise, suites: u64) -> Counts {
    counted_by(Procedure::Promised, difference, noise, suites)
}

fn counted_by(procedure: Procedure, difference: Difference, noise: Noise, suites: u64) -> Counts {
    let question = Question {
        difference,
        noise,
        suites,
        procedure,
    };
    count(question, SEED, 2, &|| true).expect("nobody stops it")
}

#[test]
fn equal_arms_raise_no_more_alarms_than_promised() {
    const SUITES: u64 = 60;
    let alarms: u64 = Noise::ALL
        .map(|noise| counted(Difference::None, noise, SUITES).alarms)
        .iter()
        .sum();
    // 1 % of 300 are 3; seven happen once in thirty thousand times.
    assert!(alarms < 7, "{alarms}");
}

#[test]
fn a_difference_of_exactly_the_margin_is_called_slower_no_more_often_than_promised() {
    const SUITES: u64 = 60;
    let slower: u64 = Noise::ALL
        .map(|noise| counted(Difference::Margin, noise, SUITES).slower)
        .iter()
        .sum();
    assert!(slower < 10, "{slower}");
}

#[test]
fn planted_differences_are_found_with_the_rounds_that_were_planned() {
    const SUITES: u64 = 24;
    for noise in Noise::ALL {
        for beyond in [0.05, 0.10] {
            let counts = counted(Difference::OneBeyond(beyond), noise, SUITES);
            let enough = |hits: u64| hits + 1 >= SUITES;
            assert!(enough(counts.found), "{noise} {beyond}: {counts:?}");
            assert!(enough(counts.contained), "{noise} {beyond}: {counts:?}");
        }
    }
}

#[test]
fn mistakes_in_the_procedure_show_in_the_counts() {
    const SUITES: u64 = 150;
    let counted =
        |procedure, difference| counted_by(procedure, difference, Noise::LogNormal, SUITES);
    // One figure of one round is off by 5 % every fourth time, and the smallest suite has three.
    let one_round = counted(Procedure::OneRound, Difference::None);
    assert!(one_round.alarms > SUITES / 2, "{one_round:?}");
    // Of forty figures at their margin, each has the one percent that all may have together.
    let without_holm = counted(Procedure::WithoutHolm, Difference::Margin);
    let promised = counted(Procedure::Promised, Difference::Margin);
    assert!(
        without_holm.slower > promised.slower + 2,
        "{without_holm:?}"
    );
}

#[test]
fn every_promise_has_a_row_for_all_machines_and_for_each() {
    let settings = Settings {
        suites: 5,
        seed: SEED,
        threads: 2,
        procedure: Procedure::Promised,
    };
    let rows: Vec<_> = QUESTIONS
        .into_iter()
        .flat_map(|question| measure(question, settings, &|| true).expect("nobody stops it"))
        .collect();
    assert_eq!(rows.len(), 4 * (1 + Noise::ALL.len()) + 2 * 2);
    // Five suites prove nothing, and say so.
    let equal = &rows[0];
    assert_eq!((equal.n, equal.verdict), (5, RowVerdict::NotJudged));
    assert!(
        rows.iter()
            .all(|row| row.figures.contains_key("share_upper_95"))
    );
    let uncounted = uncounted(QUESTIONS[0], "no time was left");
    assert_eq!((&uncounted.truth, uncounted.n), (&equal.truth, 0));
    assert_eq!(uncounted.verdict, RowVerdict::NotJudged);
}

//! How many of the thresholds were kept.

use crate::number::count;
use crate::summary::Summary;
use crate::threshold::ThresholdOutcome;

/// `None` where the scenarios have none.
pub(super) fn thresholds(summary: &Summary) -> Option<String> {
    let all = summary.thresholds.len();
    let of = |outcome| {
        let results = summary.thresholds.iter();
        results.filter(|result| result.outcome == outcome).count()
    };
    let (broken, unseen) = (
        of(ThresholdOutcome::NotKept),
        of(ThresholdOutcome::NotShown),
    );
    let number = |number: usize| count(number as u64);
    let said = match (all, broken, unseen) {
        (0, ..) => return None,
        (1, 0, 0) => "The threshold was kept.".to_owned(),
        (all, 0, 0) => format!("All {} thresholds were kept.", number(all)),
        (1, 1, 0) => "The threshold was not kept.".to_owned(),
        (1, 0, 1) => "The threshold was not shown, which is no pass.".to_owned(),
        (all, broken, 0) => format!("Of {} thresholds {} not kept.", number(all), were(broken)),
        (all, 0, unseen) => format!(
            "Of {} thresholds {} not shown, which is no pass.",
            number(all),
            were(unseen)
        ),
        (all, broken, unseen) => format!(
            "Of {} thresholds {} not kept and {} not shown, which is no pass.",
            number(all),
            were(broken),
            number(unseen)
        ),
    };
    Some(said)
}

fn were(number: usize) -> String {
    match number {
        1 => "1 was".to_owned(),
        more => format!("{} were", count(more as u64)),
    }
}

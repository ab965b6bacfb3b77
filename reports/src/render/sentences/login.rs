//! What a login storm does to the other routes, in one sentence.

use crate::number::{exact, significant};
use crate::summary::Summary;

/// At the highest rate; `None` without storms, or without enough requests for a p99.
pub(super) fn login(summary: &Summary) -> Option<String> {
    let mut asked = None;
    let mut told: Vec<(&str, f64)> = Vec::new();
    for target in &summary.targets {
        let Some(point) = target.login.as_ref().and_then(|login| login.rates.last()) else {
            continue;
        };
        asked = Some(point.asked_per_s);
        told.extend(
            point
                .others_p99_ratio
                .map(|ratio| (target.name.as_str(), ratio)),
        );
    }
    told.sort_by(|one, other| one.1.total_cmp(&other.1));
    let each: Vec<String> = told
        .iter()
        .map(|(target, ratio)| format!("{} times (`{target}`)", significant(*ratio)))
        .collect();
    (!each.is_empty()).then(|| {
        format!(
            "While {} users per second wanted to log in, the p99 of the other routes rose to {} of what it is while nobody does.",
            exact(asked.unwrap_or(0.0)),
            each.join(", ")
        )
    })
}

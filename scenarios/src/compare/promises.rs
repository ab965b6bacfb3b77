//! What a target file promises.

use crate::target::TargetFile;
use authbench_reports::comparison::promises::Promises;

/// Every bound and every fact of `file`.
#[must_use]
pub fn promises(file: &TargetFile) -> Promises {
    let mut promises = Promises::default();
    for event in file.events() {
        for point in file.points() {
            let bound = event.bounds.get(point);
            let place = format!("{} at {point}", event.name);
            let bound_ms = bound.map(|bound| bound.limit.as_secs_f64() * 1e3);
            promises.bounds_ms.insert(place, bound_ms);
        }
    }
    for (fact, length) in &file.about.facts {
        let ms = length.as_secs_f64() * 1e3;
        promises.facts_ms.insert(fact.clone(), ms);
    }
    promises
}

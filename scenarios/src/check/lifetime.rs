//! What responses say of lifetimes, held against the facts: bounds are made of facts, so a wrong one makes every bound wrong.

use crate::target::Target;
use authbench_reports::check::{Finding, Severity};
use authbench_reports::run_file::LifetimeSource;
use std::time::Duration;

/// Lifetimes are counted in whole seconds, and may be rounded either way.
const ROUNDING: Duration = Duration::from_secs(1);

/// What the responses since the last call said that is not what the fact `access_ttl` says.
pub(super) fn contradictions(target: &Target, place: &str) -> Vec<Finding> {
    let fact = target.about.facts.get("access_ttl").copied();
    let named = target.lifetimes.take().into_iter();
    let found = named.map(|(source, named)| contradiction(fact, source, named.longest, place));
    found.flatten().collect()
}

fn contradiction(
    fact: Option<Duration>,
    source: LifetimeSource,
    lifetime: Duration,
    place: &str,
) -> Option<Finding> {
    let seconds = lifetime.as_secs();
    let by = match source {
        LifetimeSource::ExpiresIn => "expires_in",
        LifetimeSource::Exp => "the token's exp",
    };
    let Some(fact) = fact else {
        let says = format!("{by} says {seconds} s, and the file states no access_ttl");
        let advice = format!("add access_ttl = \"{seconds}s\" to [facts]: bounds can refer to it");
        return Some(Finding::new(Severity::Warning, place, says).advising(advice));
    };
    if fact.abs_diff(lifetime) <= ROUNDING {
        return None;
    }
    let says = format!(
        "{by} says {seconds} s, and facts.access_ttl is {} s",
        fact.as_secs_f64()
    );
    let advice = "one of them is wrong, and with the fact every bound that is made of it";
    Some(Finding::new(Severity::Wrong, "facts.access_ttl", says).advising(advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_rounding_and_two_are_a_contradiction() {
        let of = |fact: Option<u64>, seconds| {
            let found = contradiction(
                fact.map(Duration::from_secs),
                LifetimeSource::ExpiresIn,
                Duration::from_secs(seconds),
                "login[0]",
            );
            found.map(|finding| finding.severity)
        };
        assert_eq!(of(Some(300), 299), None);
        assert_eq!(of(Some(300), 302), Some(Severity::Wrong));
        assert_eq!(of(None, 300), Some(Severity::Warning));
    }
}

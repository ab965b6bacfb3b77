//! The plan of a scenario of revocations.

use std::collections::BTreeMap;
use std::time::Duration;

/// Probed revocations.
#[derive(Debug, Clone, PartialEq)]
pub struct Revocations {
    /// Background traffic before the first revocation.
    pub warm_up: Duration,
    /// Names of events, as target files call them.
    pub events: Vec<String>,
    /// The events of targets that see only some of them, by the target's name.
    pub only: BTreeMap<String, Vec<String>>,
    /// How many revocations of each event at each target.
    pub revocations: u32,
    /// Events that are made more often, and how often.
    pub headline: Option<(Vec<String>, u32)>,
    /// How often, at least, an event happens that puts out many at once.
    pub occurrences: u32,
    /// Time between the probes of one credential at one point: the resolution of its lag.
    pub probe_every: Duration,
    /// The part of a lag that probes may lie apart, where that is more.
    pub resolution: Option<f64>,
    /// How long probing goes on after the first refusal.
    pub tail: Duration,
    /// The longest that a credential is watched after its revocation, and used before it. A bound beyond it is not observed.
    pub observe: Duration,
    /// Revocations under way at a time at each target.
    pub slots_per_target: u32,
    /// How many targets are measured at a time; all, where absent.
    pub together: Option<u32>,
}

impl Revocations {
    /// Whether `event` is made to happen at `target`.
    #[must_use]
    pub fn wants(&self, target: &str, event: &str) -> bool {
        let events = self.only.get(target).unwrap_or(&self.events);
        events.iter().any(|wanted| wanted == event)
    }

    /// How many revocations of `event` at each target.
    #[must_use]
    pub fn revocations_of(&self, event: &str) -> u32 {
        match &self.headline {
            Some((events, revocations)) if events.iter().any(|named| named == event) => {
                *revocations
            }
            _ => self.revocations,
        }
    }

    /// The most credentials that share one occurrence of `event`, where it puts out many at once: each has a slot.
    #[must_use]
    pub fn most_at_once(&self, event: &str) -> u32 {
        let each = self.revocations_of(event).div_ceil(self.occurrences);
        each.min(self.slots_per_target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_puts_out_many_happens_as_often_as_it_has_to() {
        let plan = |revocations, occurrences, slots_per_target| Revocations {
            warm_up: Duration::ZERO,
            events: vec!["cut_off".to_owned()],
            only: BTreeMap::new(),
            revocations,
            headline: Some((vec!["logout".to_owned()], 300)),
            occurrences,
            probe_every: Duration::from_millis(5),
            resolution: None,
            tail: Duration::ZERO,
            observe: Duration::from_secs(60),
            slots_per_target,
            together: None,
        };
        assert_eq!(plan(50, 5, 24).most_at_once("cut_off"), 10);
        assert_eq!(plan(51, 5, 24).most_at_once("cut_off"), 11);
        assert_eq!(plan(50, 1, 24).most_at_once("cut_off"), 24);
        assert_eq!(plan(50, 5, 24).revocations_of("logout"), 300);
    }
}

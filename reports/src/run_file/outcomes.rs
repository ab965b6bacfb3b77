//! How the requests of a stream ended.

use crate::number::is_none;
use crate::recorder::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Too many requests (RFC 6585 §4): says nothing about the credential.
const THROTTLED: u16 = 429;

/// How requests ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcomes {
    /// The expected answer.
    pub expected: u64,
    /// Answers with another status than expected, 429 aside, by status.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub unexpected_status: BTreeMap<u16, u64>,
    /// Answers with status 429 that were not expected: the target wanted to be asked less often.
    #[serde(skip_serializing_if = "is_none", default)]
    pub throttled: u64,
    /// No whole answer before the deadline.
    pub timed_out: u64,
    /// Connection broken, or not HTTP.
    pub broken: u64,
}

impl Outcomes {
    /// Counts one.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Expected => self.expected += 1,
            Outcome::Unexpected(THROTTLED) => self.throttled += 1,
            Outcome::Unexpected(status) => *self.unexpected_status.entry(status).or_default() += 1,
            Outcome::TimedOut => self.timed_out += 1,
            Outcome::Broken => self.broken += 1,
        }
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.expected += other.expected;
        self.throttled += other.throttled;
        self.timed_out += other.timed_out;
        self.broken += other.broken;
        for (status, count) in &other.unexpected_status {
            *self.unexpected_status.entry(*status).or_default() += count;
        }
    }

    /// All requests that were sent.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.expected + self.unexpected()
    }

    /// Requests that were answered, whatever the status: neither timed out nor broken.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.expected + self.unexpected_status.values().sum::<u64>() + self.throttled
    }

    /// Every request that did not end as the scenario expects.
    #[must_use]
    pub fn unexpected(&self) -> u64 {
        self.unexpected_status.values().sum::<u64>() + self.throttled + self.timed_out + self.broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_a_class_of_its_own_and_no_expected_answer() {
        let mut outcomes = Outcomes::default();
        for outcome in [
            Outcome::Expected,
            Outcome::Unexpected(429),
            Outcome::Unexpected(503),
        ] {
            outcomes.count(outcome);
        }
        assert_eq!((outcomes.throttled, outcomes.unexpected()), (1, 2));
        assert_eq!((outcomes.answered(), outcomes.total()), (3, 3));
        assert_eq!(outcomes.unexpected_status, BTreeMap::from([(503, 1)]));
        let mut sum = outcomes.clone();
        sum.merge(&outcomes);
        assert_eq!(sum.throttled, 2);
    }
}

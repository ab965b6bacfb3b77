//! Findings of one kind together: a matrix of five hundred rows may have the same thing to say of fifty of them.

use super::{Finding, Validity};

/// So many of one kind are told one by one.
const TOLD_ONE_BY_ONE: usize = 2;

/// Findings of the same check with the same verdict and the same advice.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind<'a> {
    /// Those that are told in full.
    pub told: Vec<&'a Finding>,
    /// The others.
    pub others: Vec<&'a Finding>,
}

impl Validity {
    /// The findings by kind, in the order in which each kind was first found.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind<'_>> {
        let mut kinds: Vec<Vec<&Finding>> = Vec::new();
        for finding in &self.findings {
            match kinds.iter_mut().find(|kind| alike(kind[0], finding)) {
                Some(kind) => kind.push(finding),
                None => kinds.push(vec![finding]),
            }
        }
        kinds.into_iter().map(Kind::of).collect()
    }
}

fn alike(one: &Finding, other: &Finding) -> bool {
    (one.check, one.verdict, &one.advice) == (other.check, other.verdict, &other.advice)
}

impl<'a> Kind<'a> {
    fn of(mut findings: Vec<&'a Finding>) -> Self {
        let told = if findings.len() > TOLD_ONE_BY_ONE {
            1
        } else {
            findings.len()
        };
        let others = findings.split_off(told);
        Self {
            told: findings,
            others,
        }
    }

    /// `and 41 more like it`; empty when all are told.
    #[must_use]
    pub fn more(&self) -> String {
        match self.others.len() {
            0 => String::new(),
            others => format!("and {others} more like it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Check, Verdict};
    use super::*;

    fn finding(check: Check, what: &str, advice: &str) -> Finding {
        Finding {
            check,
            verdict: Verdict::Degraded,
            what: what.to_owned(),
            taints: "that".to_owned(),
            advice: advice.to_owned(),
        }
    }

    fn kinds(findings: Vec<Finding>) -> Vec<(Vec<String>, usize)> {
        let validity = Validity {
            verdict: Verdict::Degraded,
            findings,
            unjudged: Vec::new(),
            offered_per_s: None,
            achieved_per_s: None,
            send_lag_p99_us: None,
        };
        let told = |kind: &Kind<'_>| kind.told.iter().map(|found| found.what.clone()).collect();
        let kinds = validity.kinds();
        kinds
            .iter()
            .map(|kind| (told(kind), kind.others.len()))
            .collect()
    }

    #[test]
    fn many_of_a_kind_are_told_once_and_few_each() {
        let few = |what: &str| finding(Check::TooFewSamples, what, "more");
        let steal = finding(Check::Steal, "steal", "elsewhere");
        assert_eq!(
            kinds(vec![few("a"), steal.clone(), few("b")]),
            [
                (vec!["a".to_owned(), "b".to_owned()], 0),
                (vec!["steal".to_owned()], 0)
            ]
        );
        assert_eq!(
            kinds(vec![few("a"), few("b"), steal, few("c"), few("d")]),
            [(vec!["a".to_owned()], 3), (vec!["steal".to_owned()], 0)]
        );
    }

    #[test]
    fn what_is_to_be_done_differently_is_another_kind() {
        let one = finding(Check::TooFewSamples, "a", "more rounds");
        let other = finding(Check::TooFewSamples, "b", "more credentials");
        assert_eq!(kinds(vec![one, other]).len(), 2);
    }
}

//! What a target promises for an event at an enforcement point: a sum of facts and durations, such as `access_ttl + leeway`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::duration;

/// A bound on the revocation lag. It is a contract: one revocation beyond it is a breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// As it stands in the file.
    pub text: String,
    /// The sum, with the facts as the file (or the scenario) sets them.
    pub limit: Duration,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Fact(String),
    Duration(Duration),
}

impl Bound {
    /// Parses `text`; the offending term if it is neither a duration nor one of `facts`.
    pub(super) fn parse(text: &str, facts: &BTreeMap<String, Duration>) -> Result<Self, String> {
        let terms: Vec<Term> = text
            .split('+')
            .map(|term| Term::parse(term.trim(), facts))
            .collect::<Result<_, _>>()?;
        let mut bound = Self {
            text: text.to_owned(),
            limit: Duration::ZERO,
            terms,
        };
        bound.limit = bound.limit_with(facts);
        Ok(bound)
    }

    /// The facts that it is made of.
    pub fn facts(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter_map(|term| match term {
            Term::Fact(name) => Some(name.as_str()),
            Term::Duration(_) => None,
        })
    }

    /// The sum with other facts: what the bound would be at, say, a production lifetime. A fact that `facts` lacks counts as zero.
    #[must_use]
    pub fn limit_with(&self, facts: &BTreeMap<String, Duration>) -> Duration {
        self.terms.iter().fold(Duration::ZERO, |sum, term| {
            sum.saturating_add(match term {
                Term::Fact(name) => facts.get(name).copied().unwrap_or_default(),
                Term::Duration(duration) => *duration,
            })
        })
    }
}

impl Term {
    fn parse(text: &str, facts: &BTreeMap<String, Duration>) -> Result<Self, String> {
        if facts.contains_key(text) {
            return Ok(Self::Fact(text.to_owned()));
        }
        duration::parse(text)
            .map(Self::Duration)
            .ok_or_else(|| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(access_ttl: u64) -> BTreeMap<String, Duration> {
        [("access_ttl", access_ttl), ("leeway", 1)]
            .map(|(name, seconds)| (name.to_owned(), Duration::from_secs(seconds)))
            .into()
    }

    #[test]
    fn a_bound_is_a_sum() {
        let cases = [
            ("0s", 0),
            ("access_ttl", 2_000),
            ("access_ttl + leeway", 3_000),
            ("access_ttl+500ms", 2_500),
        ];
        for (text, millis) in cases {
            let bound = Bound::parse(text, &facts(2)).expect(text);
            assert_eq!(
                (bound.limit, bound.text.as_str()),
                (Duration::from_millis(millis), text)
            );
        }
    }

    #[test]
    fn a_bound_is_projected_to_other_facts() {
        let bound = Bound::parse("access_ttl + leeway", &facts(2)).expect("a bound");
        assert_eq!(bound.limit_with(&facts(300)), Duration::from_secs(301));
    }

    #[test]
    fn unknown_terms_are_named() {
        for (text, term) in [
            ("", ""),
            ("acces_ttl", "acces_ttl"),
            ("access_ttl +", ""),
            ("access_ttl - 1s", "access_ttl - 1s"),
        ] {
            assert_eq!(
                Bound::parse(text, &facts(2)),
                Err(term.to_owned()),
                "{text}"
            );
        }
    }
}

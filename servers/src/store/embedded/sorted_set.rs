//! A sorted set: members by score, and scores by member.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;

/// A finite or infinite number, never NaN; hence ordered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Score(f64);

/// Members with a score each, in the order of scores and, where these are equal, of the members' bytes.
#[derive(Debug, Default)]
pub(super) struct SortedSet {
    scores: HashMap<Bytes, Score>,
    order: BTreeSet<(Score, Bytes)>,
}

impl Score {
    /// Parses what Redis accepts as a score: a decimal number, or `inf` with a sign.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        // Negative zero would sort before zero; Redis holds the two equal.
        (!number.is_nan()).then_some(Self(number + 0.0))
    }
}

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl SortedSet {
    /// Adds a member or moves it to a new score; answers whether it is new.
    pub(super) fn insert(&mut self, member: Bytes, score: Score) -> bool {
        let previous = self.scores.insert(member.clone(), score);
        if let Some(previous) = previous {
            self.order.remove(&(previous, member.clone()));
        }
        self.order.insert((score, member));
        previous.is_none()
    }

    pub(super) fn remove(&mut self, member: &Bytes) -> bool {
        let Some(score) = self.scores.remove(member) else {
            return false;
        };
        self.order.remove(&(score, member.clone()))
    }

    /// Removes the members whose score lies between `min` and `max`, both included; answers how many.
    pub(super) fn remove_between(&mut self, min: Score, max: Score) -> usize {
        if min > max {
            return 0;
        }
        let from = (min, Bytes::new());
        let doomed: Vec<_> = self
            .order
            .range(from..)
            .take_while(|(score, _)| *score <= max)
            .map(|(_, member)| member.clone())
            .collect();
        for member in &doomed {
            self.remove(member);
        }
        doomed.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Bytes, Score)> {
        self.order.iter().map(|(score, member)| (member, *score))
    }

    pub(super) fn len(&self) -> usize {
        self.scores.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(text: &str) -> Score {
        Score::parse(text.as_bytes()).expect("a score")
    }

    #[test]
    fn members_are_ordered_by_score_then_bytes_and_move_with_a_new_score() {
        let mut set = SortedSet::default();
        assert!(set.insert("b".into(), score("1")));
        assert!(set.insert("a".into(), score("1")));
        assert!(set.insert("z".into(), score("-inf")));
        assert!(!set.insert("b".into(), score("0.5")));
        let members: Vec<_> = set
            .iter()
            .map(|(member, score)| format!("{member:?}={score}"))
            .collect();
        assert_eq!(members, [r#"b"z"=-inf"#, r#"b"b"=0.5"#, r#"b"a"=1"#]);
    }

    #[test]
    fn a_range_of_scores_is_removed_with_both_ends() {
        let mut set = SortedSet::default();
        for (member, at) in [("a", "1"), ("b", "2"), ("c", "3")] {
            set.insert(member.into(), score(at));
        }
        assert_eq!(set.remove_between(score("3"), score("1")), 0);
        assert_eq!(set.remove_between(score("-inf"), score("2")), 2);
        assert_eq!(set.len(), 1);
    }

    #[test]
    fn milliseconds_since_1970_print_as_whole_numbers() {
        assert_eq!(score("1795000000000").to_string(), "1795000000000");
        assert_eq!(Score::parse(b"nan"), None);
    }
}

//! A group of truths that came to nothing, as a row of its own: the groups that were measured before it and after it are worth as much as ever.

use super::arms::ArmsError;
use super::generator_cost::GeneratorCostError;
use super::{SelftestError, Truth};
use authbench_reports::selftest::{Row, RowVerdict};
use std::collections::BTreeMap;

/// What `error` makes of `truth`.
///
/// # Errors
/// With `error` itself, where it stands against the whole self-test: told to stop, or something does not start.
pub(super) fn rows(truth: Truth, error: SelftestError) -> Result<Vec<Row>, SelftestError> {
    match verdict(&error) {
        None => Err(error),
        Some(verdict) => Ok(vec![row(truth, verdict, error.to_string())]),
    }
}

/// Truth servers answer every request, on any machine. Too few of them in a round only say that the machine was too slow.
fn verdict(error: &SelftestError) -> Option<RowVerdict> {
    match error {
        SelftestError::Arms(error) => match **error {
            ArmsError::Unanswered { .. } => Some(RowVerdict::Fail),
            ArmsError::TooFewRequests(_) => Some(RowVerdict::NotJudged),
            _ => None,
        },
        SelftestError::Cost(error) => match **error {
            GeneratorCostError::NothingAnswered(_) => Some(RowVerdict::Fail),
            _ => None,
        },
        _ => None,
    }
}

fn row(truth: Truth, verdict: RowVerdict, note: String) -> Row {
    const NOTHING: &str = "–";
    Row {
        truth: "every request is answered, enough of them in each round".to_owned(),
        group: truth.name().to_owned(),
        quantity: "the whole group".to_owned(),
        expected: NOTHING.to_owned(),
        measured: "nothing".to_owned(),
        error: NOTHING.to_owned(),
        tolerance: NOTHING.to_owned(),
        verdict,
        note: Some(note),
        n: 0,
        figures: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: SelftestError) -> Option<(RowVerdict, Option<String>)> {
        let rows = rows(Truth::SameArms, error).ok()?;
        assert_eq!((rows.len(), rows[0].group.as_str()), (1, "same-arms"));
        Some((rows[0].verdict, rows[0].note.clone()))
    }

    #[test]
    fn one_unanswered_request_fails_its_group_and_ends_nothing() {
        let unanswered = ArmsError::Unanswered { arm: "B", count: 1 };
        let note = "1 requests of arm B were not answered with 200".to_owned();
        assert_eq!(
            told(unanswered.into()),
            Some((RowVerdict::Fail, Some(note)))
        );
        let few = told(ArmsError::TooFewRequests(3).into());
        assert_eq!(few.map(|(verdict, _)| verdict), Some(RowVerdict::NotJudged));
        let silent = GeneratorCostError::NothingAnswered("authbench".to_owned());
        let silent = told(SelftestError::Cost(Box::new(silent)));
        assert_eq!(silent.map(|(verdict, _)| verdict), Some(RowVerdict::Fail));
    }

    #[test]
    fn what_stands_against_the_whole_self_test_still_ends_it() {
        assert_eq!(told(ArmsError::Interrupted.into()), None);
        assert_eq!(told(SelftestError::Interrupted), None);
        let store = std::io::Error::other("gone");
        assert_eq!(told(ArmsError::Store(store).into()), None);
    }
}

//! What a target file knows that must never be shown: to be masked in whatever a target says.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::vars::{Environment, Vars};

/// A literal variable may hold a credential, or `app`: a word as short as that is not masked, or every message would be.
const TELLING: usize = 8;

/// Every value from the environment, every drawn one, and every literal that may be a credential. `Debug` shows none.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<[String]>);

impl Secrets {
    /// `vars` without those that everyone may see, and what was `asked` of the environment.
    pub(super) fn of(vars: &Vars, shown: &[String], asked: &Asked<'_>) -> Self {
        let hidden = vars
            .iter()
            .filter(|(name, var)| {
                var.secret || (!shown.contains(name) && var.text.len() >= TELLING)
            })
            .map(|(_, var)| var.text.clone());
        let texts: BTreeSet<String> = hidden.chain(asked.answers.borrow().clone()).collect();
        Self(texts.into_iter().filter(|text| !text.is_empty()).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

/// The environment, and what it was asked for: all of it counts as secret.
pub(super) struct Asked<'a> {
    environment: Environment<'a>,
    answers: RefCell<Vec<String>>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(environment: Environment<'a>) -> Self {
        Self {
            environment,
            answers: RefCell::default(),
        }
    }

    pub(super) fn ask(&self, variable: &str) -> Option<String> {
        let answer = (self.environment)(variable);
        self.answers.borrow_mut().extend(answer.clone());
        answer
    }
}

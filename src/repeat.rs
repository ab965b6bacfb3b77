//! The command that repeats a measurement, as its file keeps it: without any value that could hold a password.

use std::fmt::Display;

/// Its words.
pub(crate) struct Repeat(Vec<String>);

impl Repeat {
    /// `authbench COMMAND`, without options so far.
    pub(crate) fn of(command: &str) -> Self {
        Self(vec!["authbench".to_owned(), command.to_owned()])
    }

    /// Adds `--name value`.
    pub(crate) fn option(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.0.extend([format!("--{name}"), value.to_string()]);
        self
    }

    /// Adds `--name value` where there is one.
    pub(crate) fn given(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.option(name, value),
            None => self,
        }
    }

    /// Adds `--name value` for each of `values`.
    pub(crate) fn each(&mut self, name: &str, values: &[impl Display]) -> &mut Self {
        for value in values {
            self.option(name, value);
        }
        self
    }

    /// Adds `--name` where it was `given`.
    pub(crate) fn flag(&mut self, name: &str, given: bool) -> &mut Self {
        self.0.extend(given.then(|| format!("--{name}")));
        self
    }

    /// Adds a value without a name.
    pub(crate) fn value(&mut self, value: impl Display) -> &mut Self {
        self.0.push(value.to_string());
        self
    }

    /// All of them.
    pub(crate) fn words(self) -> Vec<String> {
        self.0
    }
}

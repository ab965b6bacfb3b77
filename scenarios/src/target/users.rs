//! The population that a target's users are drawn from.

use std::fmt;

use super::template::Template;

/// The users that exist at a target: numbered, named by a pattern.
#[derive(Debug, Clone)]
pub struct Users {
    /// How many there are; numbers run from 0.
    pub count: u32,
    pub(super) name: Template,
    pub(super) password: Template,
}

/// One user. `Debug` leaves the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Position in the population, from 0.
    pub number: u32,
    /// What the user logs in with.
    pub name: String,
    /// The user's password.
    pub(crate) password: String,
}

impl Users {
    /// The user with this number, counted from 0; numbers past the population wrap around.
    #[must_use]
    pub fn account(&self, number: u32) -> Account {
        let number = number % self.count;
        let text = |template: &Template| {
            // Only ${number} is left in these templates once the file is checked, so nothing can be missing.
            template
                .render(
                    |reference| Some(reference.padded(number).into()),
                    str::to_owned,
                )
                .unwrap_or_default()
        };
        Account {
            number,
            name: text(&self.name),
            password: text(&self.password),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("number", &self.number)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

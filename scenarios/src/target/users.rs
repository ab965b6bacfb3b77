//! The population that a target's users are drawn from.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::template::Template;

/// The users that exist at a target, numbered from 0.
#[derive(Debug, Clone)]
pub struct Users {
    /// How many there are.
    pub count: u32,
    pub(super) population: Population,
}

/// Where users come from.
#[derive(Debug, Clone)]
pub(super) enum Population {
    /// Named by a pattern.
    Generated { name: Template, password: Template },
    /// The rows of a CSV file.
    Listed(Arc<[Account]>),
}

/// One user. `Debug` leaves out everything but number and name.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Position in the population, from 0.
    pub number: u32,
    /// What the user is called.
    pub name: String,
    /// What else is known of the user, such as `password`: all of it secret.
    pub(crate) secrets: BTreeMap<String, String>,
}

impl Users {
    /// The user with this number, counted from 0; numbers past the population wrap around.
    #[must_use]
    pub fn account(&self, number: u32) -> Account {
        let number = number % self.count;
        match &self.population {
            Population::Listed(accounts) => accounts[number as usize].clone(),
            Population::Generated { name, password } => Account {
                number,
                name: numbered(name, number),
                secrets: BTreeMap::from([("password".to_owned(), numbered(password, number))]),
            },
        }
    }

    /// What `${user.…}` can mean here.
    pub(super) fn fields(&self) -> Vec<String> {
        let first = self.account(0);
        let secrets = first.secrets.keys().map(String::as_str);
        ["name", "number"]
            .into_iter()
            .chain(secrets)
            .map(|field| format!("user.{field}"))
            .collect()
    }
}

fn numbered(template: &Template, number: u32) -> String {
    // Only ${number} is left in these templates once the file is checked, so nothing can be missing.
    template
        .render(
            |reference| Some(reference.padded(number).into()),
            str::to_owned,
        )
        .unwrap_or_default()
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("number", &self.number)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

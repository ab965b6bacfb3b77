//! What an announcement denies, in the form in which it is kept and sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Ended;
use crate::clock::millis;

/// What is denied: credentials with this name that were issued until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Denial {
    /// What the name is the name of.
    #[serde(rename = "k")]
    pub(super) kind: Kind,
    /// The name. Of a consent, account and client with a space between; of everyone, nothing.
    #[serde(rename = "n")]
    pub(super) name: String,
    /// Credentials issued at or before this are denied, in Unix milliseconds.
    #[serde(rename = "u")]
    pub(super) until_ms: i64,
    /// By then whatever it denies has expired, in Unix milliseconds.
    #[serde(rename = "x")]
    pub(super) expires_at_ms: i64,
}

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub(super) enum Kind {
    Token,
    Session,
    Account,
    Consent,
    Client,
    Everyone,
    Key,
}

/// All kinds, in order.
pub(super) const KINDS: [Kind; 7] = [
    Kind::Token,
    Kind::Session,
    Kind::Account,
    Kind::Consent,
    Kind::Client,
    Kind::Everyone,
    Kind::Key,
];

/// Denied whenever it was issued.
const ALWAYS: i64 = i64::MAX;

impl Kind {
    /// Its name in keys.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Account => "account",
            Self::Consent => "consent",
            Self::Client => "client",
            Self::Everyone => "everyone",
            Self::Key => "key",
        }
    }
}

/// The name of a consent. Neither accounts nor clients have spaces in their names.
pub(super) fn consent_name(account: &str, client: &str) -> String {
    format!("{account} {client}")
}

impl Denial {
    /// What `ended` denies, announced at `now_ms` where no credential lives for longer than `longest_life`.
    pub(super) fn of(ended: &Ended, now_ms: i64, longest_life: Duration) -> Self {
        let (kind, name, until_ms) = match ended {
            Ended::Token { id, .. } => (Kind::Token, id.clone(), ALWAYS),
            Ended::Session { handle } => (Kind::Session, handle.clone(), ALWAYS),
            Ended::Account { name, until_ms } => (Kind::Account, name.clone(), *until_ms),
            Ended::Consent {
                account,
                client,
                until_ms,
            } => (Kind::Consent, consent_name(account, client), *until_ms),
            Ended::Client { id, until_ms } => (Kind::Client, id.clone(), *until_ms),
            Ended::Everyone { until_ms } => (Kind::Everyone, String::new(), *until_ms),
            Ended::Key { id } => (Kind::Key, id.clone(), ALWAYS),
        };
        let expires_at_ms = match ended {
            Ended::Token { expires_at_ms, .. } => *expires_at_ms,
            _ => now_ms.saturating_add(millis(longest_life)),
        };
        Self {
            kind,
            name,
            until_ms,
            expires_at_ms,
        }
    }

    /// What ended, for those who want to be told.
    pub(super) fn ended(&self) -> Ended {
        let (name, until_ms) = (self.name.clone(), self.until_ms);
        match self.kind {
            Kind::Token => Ended::Token {
                id: name,
                expires_at_ms: self.expires_at_ms,
            },
            Kind::Session => Ended::Session { handle: name },
            Kind::Account => Ended::Account { name, until_ms },
            Kind::Consent => {
                let (account, client) = name.split_once(' ').unwrap_or((&name, ""));
                Ended::Consent {
                    account: account.to_owned(),
                    client: client.to_owned(),
                    until_ms,
                }
            }
            Kind::Client => Ended::Client { id: name, until_ms },
            Kind::Everyone => Ended::Everyone { until_ms },
            Kind::Key => Ended::Key { id: name },
        }
    }

    /// Whether it denies by when a credential was issued, and not whenever that was.
    pub(super) fn is_cut_off(&self) -> bool {
        self.until_ms != ALWAYS
    }

    /// As it is sent.
    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a plain struct serialises")
    }

    /// Reads what was sent; `None` if it is nothing of ours.
    pub(super) fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_survives_the_journey() {
        let until_ms = 5;
        for ended in [
            Ended::Token {
                id: "j".into(),
                expires_at_ms: 9,
            },
            Ended::Session { handle: "h".into() },
            Ended::Account {
                name: "user-00001".into(),
                until_ms,
            },
            Ended::Consent {
                account: "user-00001".into(),
                client: "app".into(),
                until_ms,
            },
            Ended::Client {
                id: "partner".into(),
                until_ms,
            },
            Ended::Everyone { until_ms },
            Ended::Key { id: "k".into() },
        ] {
            let denial = Denial::of(&ended, 100, Duration::from_millis(50));
            let expected = if denial.kind == Kind::Token { 9 } else { 150 };
            assert_eq!(denial.expires_at_ms, expected);
            let read = Denial::from_json(&denial.to_json()).expect("ours");
            assert_eq!((&read, read.ended()), (&denial, ended));
        }
        assert_eq!(Denial::from_json(b"{}"), None);
    }
}

//! What has been changed about an account, a client and everybody since they were seeded: what a
//! login is decided on.

use std::fmt;

use super::GrantRefusal;
use crate::client::Client;
use crate::roles::Roles;
use crate::scope::Scope;
use crate::secret::random_id;

/// What the store says about an account that a client acts for.
///
/// A login is decided on one of these and committed against another: if they differ, something
/// was changed meanwhile, and the login does not count. Whatever ends leaves a mark that never
/// comes back to what it was, so that a login is not saved by the change being undone in time.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Whether the account was deleted.
    pub deleted: bool,
    /// Whether its logins are refused.
    pub disabled: bool,
    /// Its roles, if they are not those it was seeded with.
    pub roles: Option<Roles>,
    /// The most that any client may do on its behalf, if that was reduced.
    pub scope: Option<Scope>,
    /// The hash of its password, if that is not the population's.
    pub password: Option<String>,
    ended: Option<Mark>,
    client: Option<Mark>,
    consent: Option<Mark>,
    cut_off: Option<Mark>,
}

/// When something ended: a moment, and a random text that makes each mark unlike every other.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Mark(String);

const DISABLED: &str = "disabled";
const ENABLED: &str = "enabled";

/// Where the parts of a standing are that are the account's own.
pub(super) fn account_keys(account: &str) -> [String; 6] {
    [
        deleted_key(account),
        disabled_key(account),
        roles_key(account),
        scope_key(account),
        password_key(account),
        ended_key(account),
    ]
}

/// Where all parts of a standing are. They are read by logins after they have written, so they
/// must be keys of their own, and each is written by itself: two administrators who change two of
/// them cannot undo each other.
pub fn standing_keys(account: &str, client: Client) -> [String; 9] {
    let [deleted, disabled, roles, scope, password, ended] = account_keys(account);
    [
        deleted,
        disabled,
        roles,
        scope,
        password,
        ended,
        client_key(client),
        consent_key(account, client),
        CUT_OFF_KEY.to_owned(),
    ]
}

/// Where the moment of the last global cut-off is.
pub(super) const CUT_OFF_KEY: &str = "cut-off";

pub(super) fn deleted_key(account: &str) -> String {
    format!("deleted:{account}")
}

pub(super) fn disabled_key(account: &str) -> String {
    format!("disabled:{account}")
}

pub(super) fn roles_key(account: &str) -> String {
    format!("roles:{account}")
}

pub(super) fn scope_key(account: &str) -> String {
    format!("scope:{account}")
}

pub(super) fn password_key(account: &str) -> String {
    format!("password:{account}")
}

pub(super) fn ended_key(account: &str) -> String {
    format!("ended:{account}")
}

pub(super) fn client_key(client: Client) -> String {
    format!("client:{}", client.id())
}

/// No account's name has a space in it.
pub(super) fn consent_key(account: &str, client: Client) -> String {
    format!("consent:{account} {}", client.id())
}

impl Standing {
    /// Reads what was found under [`standing_keys`]. What cannot be read lets nobody do anything.
    pub fn read(found: Vec<Option<Vec<u8>>>) -> Self {
        let mut found = found.into_iter();
        let mut next = || found.next().flatten();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
        Self {
            deleted: next().is_some(),
            disabled: next().is_some(),
            roles: next().map(|json| serde_json::from_slice(&json).unwrap_or_default()),
            scope: next().map(|bytes| Scope::granted(&text(bytes))),
            password: next().map(text),
            ended: next().map(text).map(Mark),
            client: next().map(text).map(Mark),
            consent: next().map(text).map(Mark),
            cut_off: next().map(text).map(Mark),
        }
    }

    /// The part that is a client's own, as it is kept.
    pub(super) fn of_client(bytes: Vec<u8>) -> Self {
        let mark = Mark(String::from_utf8(bytes).unwrap_or_default());
        Self {
            client: Some(mark),
            ..Self::default()
        }
    }

    /// Whether the client was disabled.
    pub fn client_disabled(&self) -> bool {
        self.client.as_ref().is_some_and(|mark| !mark.is_enabled())
    }

    /// Why nothing is handed out, where that is so.
    pub fn refusal(&self) -> Option<GrantRefusal> {
        if self.deleted {
            Some(GrantRefusal::AccountDeleted)
        } else if self.disabled {
            Some(GrantRefusal::AccountDisabled)
        } else if self.client_disabled() {
            Some(GrantRefusal::ClientDisabled)
        } else {
            None
        }
    }

    /// What is left of `scope`.
    pub fn allowed(&self, scope: Scope) -> Scope {
        self.scope.map_or(scope, |most| scope.and(most))
    }

    /// What was issued at or before this, in Unix milliseconds, is over; `i64::MIN` if nothing is.
    pub fn over_until_ms(&self) -> i64 {
        [&self.ended, &self.client, &self.consent, &self.cut_off]
            .into_iter()
            .flatten()
            .map(Mark::at_ms)
            .max()
            .unwrap_or(i64::MIN)
    }
}

impl Mark {
    /// Something ended at `at_ms`.
    pub(super) fn ended(at_ms: i64) -> Self {
        Self(format!("{at_ms} {}", random_id()))
    }

    /// A client was disabled or enabled at `at_ms`. Nothing that it had before is good after either.
    pub(super) fn client(at_ms: i64, is_enabled: bool) -> Self {
        let state = if is_enabled { ENABLED } else { DISABLED };
        Self(format!("{at_ms} {} {state}", random_id()))
    }

    /// As it is kept.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Of a mark that cannot be read everything is over.
    fn at_ms(&self) -> i64 {
        let moment = self.0.split(' ').next();
        moment.and_then(|ms| ms.parse().ok()).unwrap_or(i64::MAX)
    }

    fn is_enabled(&self) -> bool {
        self.0.split(' ').nth(2) == Some(ENABLED)
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing")
            .field("deleted", &self.deleted)
            .field("disabled", &self.disabled)
            .field("roles", &self.roles)
            .field("scope", &self.scope)
            .field("own_password", &self.password.is_some())
            .field("client_disabled", &self.client_disabled())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(index: usize, value: &[u8]) -> Standing {
        let mut found = vec![None; 9];
        found[index] = Some(value.to_vec());
        Standing::read(found)
    }

    #[test]
    fn an_unreadable_standing_lets_nobody_do_anything() {
        assert_eq!(with(2, b"writer").roles, Some(Roles::NONE));
        assert_eq!(with(3, &[0xff]).allowed(Scope::ALL), Scope::NONE);
        assert_eq!(with(4, &[0xff]).password.as_deref(), Some(""));
        assert_eq!(with(5, b"?").over_until_ms(), i64::MAX);
        assert!(with(6, b"?").client_disabled());
        assert_eq!(Standing::read(vec![None; 9]), Standing::default());
    }

    #[test]
    fn each_part_is_where_its_key_is() {
        let keys = standing_keys("u", Client::App);
        for (index, key, refusal) in [
            (0, "deleted:u", Some(GrantRefusal::AccountDeleted)),
            (1, "disabled:u", Some(GrantRefusal::AccountDisabled)),
            (6, "client:app", Some(GrantRefusal::ClientDisabled)),
            (7, "consent:u app", None),
            (8, "cut-off", None),
        ] {
            assert_eq!(keys[index], key);
            let mark = Mark::client(7, false);
            assert_eq!(with(index, mark.text().as_bytes()).refusal(), refusal);
        }
    }

    #[test]
    fn no_two_marks_are_alike_and_each_says_when() {
        let (first, second) = (Mark::ended(5), Mark::ended(5));
        assert!(first != second);
        assert_eq!(with(8, first.text().as_bytes()).over_until_ms(), 5);
        let enabled = with(6, Mark::client(9, true).text().as_bytes());
        assert!(!enabled.client_disabled());
        assert_eq!((enabled.over_until_ms(), enabled.refusal()), (9, None));
    }
}

//! The seeded population: who is in it, with which roles, and what has been changed since.

use crate::roles::Roles;
use crate::store::{Store, StoreError};

/// How many in a hundred accounts may change the resource, unless a server is told otherwise.
pub const DEFAULT_WRITERS_PERCENT: u8 = 50;

/// The accounts `user-00000`, `user-00001`, … up to a number.
#[derive(Clone, Debug)]
pub struct Accounts {
    store: Store,
    count: u32,
    writers_percent: u8,
}

/// What the store says about an account: what has been changed since it was seeded.
///
/// A login is decided on one of these and committed against another: if they differ, something
/// was changed meanwhile, and the login does not count.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Whether its logins are refused.
    pub disabled: bool,
    /// Its roles, if they are not those it was seeded with.
    pub roles: Option<Roles>,
    /// The hash of its password, if that is not the population's.
    pub password: Option<String>,
}

/// Where the parts of an account's standing are. They are read by logins after they have written,
/// so they must be keys of their own, and each is written by itself: two administrators who change
/// two of them cannot undo each other.
pub fn standing_keys(account: &str) -> [String; 3] {
    [
        disabled_key(account),
        roles_key(account),
        password_key(account),
    ]
}

fn disabled_key(account: &str) -> String {
    format!("disabled:{account}")
}

fn roles_key(account: &str) -> String {
    format!("roles:{account}")
}

fn password_key(account: &str) -> String {
    format!("password:{account}")
}

impl Standing {
    /// Reads what was found under [`standing_keys`]. What cannot be read lets nobody do anything.
    pub fn read(found: Vec<Option<Vec<u8>>>) -> Self {
        let mut found = found.into_iter();
        let mut next = || found.next().flatten();
        Self {
            disabled: next().is_some(),
            roles: next().map(|json| serde_json::from_slice(&json).unwrap_or_default()),
            password: next().map(|hash| String::from_utf8(hash).unwrap_or_default()),
        }
    }
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Standing")
            .field("disabled", &self.disabled)
            .field("roles", &self.roles)
            .field("own_password", &self.password.is_some())
            .finish()
    }
}

impl Accounts {
    /// The first `count` accounts, `writers_percent` in a hundred of them writers, with what is
    /// changed kept in `store`.
    pub fn new(store: Store, count: u32, writers_percent: u8) -> Self {
        Self {
            store,
            count,
            writers_percent,
        }
    }

    /// Whether there is an account of this name.
    pub fn exist(&self, name: &str) -> bool {
        number(name).is_some_and(|number| number < self.count)
    }

    /// The standing of an account. One round trip.
    pub async fn standing(&self, name: &str) -> Result<Standing, StoreError> {
        let keys = standing_keys(name);
        let keys = keys.each_ref().map(String::as_str);
        self.store.get_all(&keys).await.map(Standing::read)
    }

    /// The roles of an account of this standing.
    pub fn roles(&self, name: &str, standing: &Standing) -> Roles {
        standing.roles.unwrap_or_else(|| {
            number(name).map_or(Roles::NONE, |number| seeded(number, self.writers_percent))
        })
    }

    /// Refuses this account's logins from now on. What it has open is the issuer's to end.
    pub async fn disable(&self, name: &str) -> Result<(), StoreError> {
        self.store.set_flag(&disabled_key(name), b"1").await
    }

    /// Accepts this account's logins again. What was ended stays ended.
    pub async fn enable(&self, name: &str) -> Result<(), StoreError> {
        self.store.delete(&[&disabled_key(name)]).await.map(drop)
    }

    /// Gives an account these roles and no others. What is in the credentials it has is the
    /// issuer's to change.
    pub async fn set_roles(&self, name: &str, roles: Roles) -> Result<(), StoreError> {
        let json = serde_json::to_vec(&roles).expect("a list of names serialises");
        self.store.set_flag(&roles_key(name), &json).await
    }

    /// Gives an account a password of its own, by its hash.
    pub async fn set_password(&self, name: &str, hash: &str) -> Result<(), StoreError> {
        self.store
            .set_flag(&password_key(name), hash.as_bytes())
            .await
    }
}

/// The number of an account. Written back, so that each has one name only: `user-1` and
/// `user-+00001` are nobody.
fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("user-")?;
    let number = digits.parse().ok()?;
    (format!("user-{number:05}") == name).then_some(number)
}

/// Writers are spread over the numbers (37 has no divisor in common with 100); every hundredth
/// account is an administrator of the application.
fn seeded(number: u32, writers_percent: u8) -> Roles {
    let is_writer = (u64::from(number) * 37) % 100 < u64::from(writers_percent);
    let writer = if is_writer {
        Roles::WRITER
    } else {
        Roles::NONE
    };
    match number % 100 {
        0 => writer.with(Roles::ADMIN),
        _ => writer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_have_one_spelling() {
        assert_eq!(number("user-00000"), Some(0));
        assert_eq!(number("user-123456"), Some(123_456));
        for name in [
            "user-1",
            "user-000001",
            "user-+0001",
            "User-00001",
            "user-00001 ",
            "user-4294967296",
            "admin",
            "",
        ] {
            assert_eq!(number(name), None, "{name}");
        }
    }

    #[test]
    fn as_many_writers_are_seeded_as_was_asked_for() {
        for percent in [0, 1, 50, 100] {
            let writers = (0..10_000)
                .filter(|number| seeded(*number, percent).cover(Roles::WRITER))
                .count();
            assert_eq!(writers, usize::from(percent) * 100);
        }
        let admins = (0..10_000).filter(|number| seeded(*number, 50).cover(Roles::ADMIN));
        assert_eq!(admins.count(), 100);
        // What tests and examples rely on.
        assert_eq!(
            [0, 1, 2].map(|number| seeded(number, 50)),
            [Roles::ALL, Roles::WRITER, Roles::NONE]
        );
    }

    #[test]
    fn an_unreadable_standing_lets_nobody_do_anything() {
        let standing = Standing::read(vec![None, Some(b"writer".to_vec()), Some(vec![0xff])]);
        assert_eq!(standing.roles, Some(Roles::NONE));
        assert_eq!(standing.password.as_deref(), Some(""));
        assert_eq!(Standing::read(vec![None; 3]), Standing::default());
    }
}

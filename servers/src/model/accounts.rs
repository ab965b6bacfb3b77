//! The seeded population: who is in it, with which roles; and what may be changed about it, about
//! clients and about everybody.

use super::standing::{
    CUT_OFF_KEY, Mark, account_keys, client_key, consent_key, deleted_key, disabled_key, ended_key,
    password_key, roles_key, scope_key, standing_keys,
};
use crate::client::{CLIENTS, Client};
use crate::revocation::Announcer;
use crate::roles::Roles;
use crate::scope::Scope;
use crate::store::{Store, StoreError};

pub use super::standing::Standing;

/// How many in a hundred accounts may change the resource, unless a server is told otherwise.
pub const DEFAULT_WRITERS_PERCENT: u8 = 50;

/// The accounts `user-00000`, `user-00001`, … up to a number.
#[derive(Clone, Debug)]
pub struct Accounts {
    store: Store,
    announcer: Announcer,
    count: u32,
    writers_percent: u8,
}

impl Accounts {
    /// The first `count` accounts, `writers_percent` in a hundred of them writers, with what is
    /// changed kept in `store`, and when in the order that `announcer` gives.
    pub fn new(store: Store, announcer: Announcer, count: u32, writers_percent: u8) -> Self {
        Self {
            store,
            announcer,
            count,
            writers_percent,
        }
    }

    /// Whether an account of this name was seeded. It may have been deleted since.
    pub fn exist(&self, name: &str) -> bool {
        number(name).is_some_and(|number| number < self.count)
    }

    /// The standing of an account for which `client` acts. One round trip.
    pub async fn standing(&self, name: &str, client: Client) -> Result<Standing, StoreError> {
        read_standing(&self.store, name, client).await
    }

    /// The part of a standing that is the account's own. One round trip.
    pub async fn own_standing(&self, name: &str) -> Result<Standing, StoreError> {
        let keys = account_keys(name);
        let keys = keys.each_ref().map(String::as_str);
        self.store.get_all(&keys).await.map(Standing::read)
    }

    /// The roles of an account of this standing.
    pub fn roles(&self, name: &str, standing: &Standing) -> Roles {
        standing.roles.unwrap_or_else(|| {
            number(name).map_or(Roles::NONE, |number| seeded(number, self.writers_percent))
        })
    }

    /// Makes logins that were decided on before not count, as what they would open is about to
    /// end.
    pub async fn mark_ended(&self, name: &str) -> Result<(), StoreError> {
        self.mark(&ended_key(name)).await
    }

    /// Refuses this account's logins from now on. What it has open is the issuer's to end.
    pub async fn disable(&self, name: &str) -> Result<(), StoreError> {
        self.store.set_flag(&disabled_key(name), b"1").await?;
        self.mark_ended(name).await
    }

    /// Accepts this account's logins again. What was ended stays ended.
    pub async fn enable(&self, name: &str) -> Result<(), StoreError> {
        self.store.delete(&[&disabled_key(name)]).await.map(drop)
    }

    /// Makes an account one that does not exist. What it has open is the issuer's to end.
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        self.store.set_flag(&deleted_key(name), b"1").await?;
        self.mark_ended(name).await
    }

    /// Brings a deleted account back as it was seeded: nothing of what it had comes with it.
    pub async fn restore(&self, name: &str) -> Result<(), StoreError> {
        let changed = [
            disabled_key(name),
            roles_key(name),
            scope_key(name),
            password_key(name),
            deleted_key(name),
        ];
        let changed = changed.each_ref().map(String::as_str);
        self.store.delete(&changed).await.map(drop)
    }

    /// Gives an account these roles and no others. What is in the credentials it has is the
    /// issuer's to change.
    pub async fn set_roles(&self, name: &str, roles: Roles) -> Result<(), StoreError> {
        let json = serde_json::to_vec(&roles).expect("a list of names serialises");
        self.store.set_flag(&roles_key(name), &json).await
    }

    /// Sets the most that any client may do on an account's behalf. What is in the credentials it
    /// has is the issuer's to change.
    pub async fn set_scope(&self, name: &str, most: Scope) -> Result<(), StoreError> {
        let text = most.to_string();
        self.store.set_flag(&scope_key(name), text.as_bytes()).await
    }

    /// Gives an account a password of its own, by its hash.
    pub async fn set_password(&self, name: &str, hash: &str) -> Result<(), StoreError> {
        self.store
            .set_flag(&password_key(name), hash.as_bytes())
            .await
    }

    /// Makes logins by which an account lets `client` act, and which were decided on before, not
    /// count. A later one is consent given anew.
    pub async fn withdraw_consent(&self, name: &str, client: Client) -> Result<(), StoreError> {
        self.mark(&consent_key(name, client)).await
    }

    /// Disables or enables a client. What it has open is the issuer's to end.
    pub async fn set_client(&self, client: Client, is_enabled: bool) -> Result<(), StoreError> {
        let mark = Mark::client(self.announcer.cut_off(), is_enabled);
        let text = mark.text().as_bytes();
        self.store.set_flag(&client_key(client), text).await
    }

    /// The clients that are disabled. One round trip.
    pub async fn disabled_clients(&self) -> Result<Vec<Client>, StoreError> {
        let keys = CLIENTS.map(client_key);
        let keys = keys.each_ref().map(String::as_str);
        let found = self.store.get_all(&keys).await?;
        let disabled = |(client, value): (Client, Option<Vec<u8>>)| {
            Standing::of_client(value?)
                .client_disabled()
                .then_some(client)
        };
        Ok(CLIENTS
            .into_iter()
            .zip(found)
            .filter_map(disabled)
            .collect())
    }

    /// Makes all logins that were decided on before not count.
    pub async fn cut_off(&self) -> Result<(), StoreError> {
        self.mark(CUT_OFF_KEY).await
    }

    async fn mark(&self, key: &str) -> Result<(), StoreError> {
        let mark = Mark::ended(self.announcer.cut_off());
        self.store.set_flag(key, mark.text().as_bytes()).await
    }
}

/// The standing of an account for which `client` acts. One round trip.
pub(super) async fn read_standing(
    store: &Store,
    account: &str,
    client: Client,
) -> Result<Standing, StoreError> {
    let keys = standing_keys(account, client);
    let keys = keys.each_ref().map(String::as_str);
    store.get_all(&keys).await.map(Standing::read)
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
}

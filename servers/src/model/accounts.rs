//! The seeded population, and which of it is disabled.

use crate::store::{Store, StoreError};

/// The accounts `user-00000`, `user-00001`, … up to a number.
#[derive(Clone, Debug)]
pub struct Accounts {
    store: Store,
    count: u32,
}

/// Where an account's flag is. It is read by logins after they have written, so it must be a key of
/// its own.
pub fn disabled_flag(account: &str) -> String {
    format!("disabled:{account}")
}

impl Accounts {
    /// The first `count` accounts, with their flags in `store`.
    pub fn new(store: Store, count: u32) -> Self {
        Self { store, count }
    }

    /// Whether there is an account of this name.
    pub fn exist(&self, name: &str) -> bool {
        is_seeded(name, self.count)
    }

    /// Whether an account is disabled.
    pub async fn is_disabled(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.store.get(&disabled_flag(name)).await?.is_some())
    }

    /// Refuses this account's logins from now on. What it has open is the issuer's to end.
    pub async fn disable(&self, name: &str) -> Result<(), StoreError> {
        self.store.set_flag(&disabled_flag(name), b"1").await
    }

    /// Accepts this account's logins again. What was ended stays ended.
    pub async fn enable(&self, name: &str) -> Result<(), StoreError> {
        self.store.delete(&[&disabled_flag(name)]).await.map(drop)
    }
}

fn is_seeded(name: &str, count: u32) -> bool {
    let number = name
        .strip_prefix("user-")
        .and_then(|digits| digits.parse::<u32>().ok());
    // Written back, so that each account has one name only: `user-1` and `user-+00001` are nobody.
    number.is_some_and(|number| number < count && format!("user-{number:05}") == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_have_one_spelling() {
        assert!(is_seeded("user-00000", 10));
        assert!(is_seeded("user-123456", 200_000));
        for name in [
            "user-00010",
            "user-1",
            "user-000001",
            "user-+0001",
            "User-00001",
            "user-00001 ",
            "admin",
            "",
        ] {
            assert!(!is_seeded(name, 10), "{name}");
        }
    }
}

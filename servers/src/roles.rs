//! Roles: what an account may do, whichever client acts for it.
//!
//! A scope says what a client was allowed on a user's behalf; a role says what the user may do at
//! all. Changing the resource needs both.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of the roles that the reference servers know: `writer` and `admin`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

const NAMES: [(Roles, &str); 2] = [(Roles::WRITER, "writer"), (Roles::ADMIN, "admin")];

impl Roles {
    /// No role: may read.
    pub const NONE: Self = Self(0);
    /// May change the resource.
    pub const WRITER: Self = Self(1);
    /// Runs the application. The reference servers only carry it.
    pub const ADMIN: Self = Self(2);
    /// Every role.
    pub const ALL: Self = Self(3);

    /// The role of this name.
    pub fn named(name: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(role, _)| *role)
    }

    /// Reads the roles of a credential. Names that mean nothing here grant nothing here.
    pub fn granted<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names
            .into_iter()
            .filter_map(Self::named)
            .fold(Self::NONE, Self::with)
    }

    /// These roles and `others`.
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These roles but for `others`.
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// The roles that are in both.
    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Whether all of `needed` are in this set.
    pub fn cover(self, needed: Self) -> bool {
        self.and(needed) == needed
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES
            .iter()
            .filter(move |(role, _)| self.cover(*role))
            .map(|(_, name)| *name)
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<Cow<'de, str>>::deserialize(deserializer)?;
        Ok(Self::granted(names.iter().map(AsRef::as_ref)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_a_list_of_names() {
        assert_eq!(
            serde_json::to_string(&Roles::ALL).expect("JSON"),
            r#"["writer","admin"]"#
        );
        assert_eq!(serde_json::to_string(&Roles::NONE).expect("JSON"), "[]");
        let read: Roles = serde_json::from_str(r#"["admin","root","Writer"]"#).expect("a list");
        assert_eq!(read, Roles::ADMIN);
        assert!(serde_json::from_str::<Roles>(r#""writer""#).is_err());
    }

    #[test]
    fn a_set_covers_what_is_in_it() {
        assert!(Roles::ALL.cover(Roles::WRITER));
        assert!(Roles::NONE.cover(Roles::NONE));
        assert!(!Roles::ADMIN.cover(Roles::ALL));
        assert_eq!(Roles::ALL.without(Roles::WRITER), Roles::ADMIN);
        assert_eq!(Roles::ADMIN.with(Roles::WRITER), Roles::ALL);
    }
}

//! Scopes: what a grant allows (RFC 6749 §3.3).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of the scopes that the reference resource server knows: `read` and `write`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Scope(u8);

const NAMES: [(Scope, &str); 2] = [(Scope::READ, "read"), (Scope::WRITE, "write")];

/// A scope was asked for that nobody can grant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope")]
pub struct UnknownScope;

impl Scope {
    /// No scope.
    pub const NONE: Self = Self(0);
    /// May read the resource.
    pub const READ: Self = Self(1);
    /// May change the resource.
    pub const WRITE: Self = Self(2);
    /// Every scope; what a login gets that asks for none in particular.
    pub const ALL: Self = Self(3);

    /// Reads a request's scope, in which an unknown name is an error (`invalid_scope`).
    pub fn requested(text: &str) -> Result<Self, UnknownScope> {
        let mut scope = Self::NONE;
        for name in names(text) {
            scope.0 |= named(name).ok_or(UnknownScope)?.0;
        }
        if scope == Self::NONE {
            Err(UnknownScope)
        } else {
            Ok(scope)
        }
    }

    /// Reads a credential's scope. Names that mean nothing here grant nothing here.
    pub fn granted(text: &str) -> Self {
        Self(
            names(text)
                .filter_map(named)
                .fold(0, |bits, scope| bits | scope.0),
        )
    }

    /// What is in both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of `needed` is in this scope.
    pub fn covers(self, needed: Self) -> bool {
        self.0 & needed.0 == needed.0
    }
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|name| !name.is_empty())
}

fn named(name: &str) -> Option<Scope> {
    NAMES
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(scope, _)| *scope)
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (_, name) in NAMES.iter().filter(|(scope, _)| self.covers(*scope)) {
            write!(f, "{separator}{name}")?;
            separator = " ";
        }
        Ok(())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer).map(|text| Self::granted(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_ask_only_for_what_exists() {
        assert_eq!(Scope::requested("read write"), Ok(Scope::ALL));
        assert_eq!(Scope::requested("read admin"), Err(UnknownScope));
        assert_eq!(Scope::requested(" "), Err(UnknownScope));
    }

    #[test]
    fn foreign_names_in_a_credential_grant_nothing() {
        assert_eq!(Scope::granted("read readwrite WRITE"), Scope::READ);
        assert!(!Scope::READ.covers(Scope::WRITE));
    }

    #[test]
    fn display_is_the_wire_form() {
        assert_eq!(Scope::ALL.to_string(), "read write");
        assert_eq!(Scope::NONE.to_string(), "");
    }
}

//! Store URLs carry a password, so they are printed masked everywhere.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::secret;

/// A `redis://` URL whose password neither `Debug` nor `Display` shows.
///
/// It serializes in full: that is how it travels over the pipe to the parent process, its only reader.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct StoreUrl(String);

impl<'de> Deserialize<'de> for StoreUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        secret::text(deserializer).map(Self)
    }
}

impl StoreUrl {
    /// Wraps a URL as it was given; whether it is one is found out when connecting.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// Whether it names a unix socket.
    pub fn is_unix(&self) -> bool {
        let scheme = self.0.split("://").next().unwrap_or_default();
        matches!(scheme, "unix" | "redis+unix" | "valkey+unix")
    }

    /// The whole URL, password included: for connecting, never for printing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(&self.0))
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

/// `url` with its password and its query replaced, fit for an error message or a log line.
///
/// What does not parse as a URL is not shown at all: a password pasted with a typing error is still a password.
pub fn mask(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return "(not a URL)".to_owned();
    };
    // Without a host, all of it is "path": `redis:/:secret@host` is one slash short.
    if !parsed.has_host() && !parsed.scheme().contains("unix") {
        return "(not a URL)".to_owned();
    }
    // Redis URLs may also carry the password as `?password=…` (the Unix-socket form).
    if parsed.query().is_some() {
        parsed.set_query(Some("***"));
    }
    // A database is a number; what else stands behind a Redis's address may be a password behind the wrong character.
    let database = parsed.path().trim_start_matches('/');
    if parsed.has_host() && !database.bytes().all(|byte| byte.is_ascii_digit()) {
        parsed.set_path("***");
    }
    if parsed.fragment().is_some() {
        parsed.set_fragment(Some("***"));
    }
    if parsed.password().is_some() && parsed.set_password(Some("***")).is_err() {
        return format!("{}://(masked)", parsed.scheme());
    }
    // `redis://secret@host` is a frequent slip for `redis://:secret@host`: the password sits in the user's place.
    if parsed.password().is_none()
        && !parsed.username().is_empty()
        && parsed.set_username("***").is_err()
    {
        return format!("{}://(masked)", parsed.scheme());
    }
    parsed.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked_wherever_they_sit() {
        for url in [
            "redis://:hunter2@127.0.0.1:6379",
            "redis://default:hunter2@127.0.0.1:6379/1",
            "redis://hunter2@127.0.0.1",
            "redis+unix:///run/redis.sock?password=hunter2",
            "redis://127.0.0.1:6379/hunter2",
            "redis:/:hunter2@127.0.0.1",
            "redis::hunter2@127.0.0.1",
            "redis://127.0.0.1:6379/0#hunter2",
            "hunter2 is not a URL",
        ] {
            let url = StoreUrl::new(url);
            assert!(!format!("{url} {url:?}").contains("hunter2"), "{url}");
        }
    }

    #[test]
    fn the_address_stays_readable() {
        assert_eq!(
            mask("redis://u:p@127.0.0.1:6390/2"),
            "redis://u:***@127.0.0.1:6390/2"
        );
        assert_eq!(mask("redis://127.0.0.1:6390"), "redis://127.0.0.1:6390");
    }
}

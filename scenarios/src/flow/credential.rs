//! What a login leaves in the hands of a user.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use super::jar::{CookieRefusal, Jar};
use super::jwt_times::JwtTimes;
use crate::target::{Account, Target};

/// One user's credential: what was captured and the cookies that were set. `Debug` shows no value.
#[derive(Clone)]
pub struct Credential {
    /// The user; absent where the target has no login.
    pub account: Option<Account>,
    /// When the response that brought the latest captured value or cookie had been received in full.
    pub issued: Instant,
    /// `iat` and `exp` of the captured JWT that the target's points present; absent for other credentials.
    pub jwt: Option<JwtTimes>,
    pub(super) captures: BTreeMap<String, String>,
    pub(super) jar: Jar,
    pub(super) refused_cookies: Vec<CookieRefusal>,
}

impl Credential {
    /// Nothing but a user: what a login begins with.
    pub(crate) fn of(account: Option<Account>) -> Self {
        Self {
            account,
            issued: Instant::now(),
            jwt: None,
            captures: BTreeMap::new(),
            jar: Jar::default(),
            refused_cookies: Vec::new(),
        }
    }

    /// A captured value.
    #[must_use]
    pub fn captured(&self, name: &str) -> Option<&str> {
        self.captures.get(name).map(String::as_str)
    }

    /// Every captured value, by name.
    pub(crate) fn captures(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = self.captures.iter();
        named.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Why cookies were not kept, in order.
    #[must_use]
    pub fn refused_cookies(&self) -> &[CookieRefusal] {
        &self.refused_cookies
    }

    /// The same user with every captured value and every cookie turned into another by `alter`.
    pub(crate) fn altered(&self, alter: impl Fn(&str) -> String) -> Self {
        let captures = self.captures.iter();
        Self {
            captures: captures
                .map(|(name, value)| (name.clone(), alter(value)))
                .collect(),
            jar: self.jar.altered(&alter),
            ..self.clone()
        }
    }

    /// The cookies set so far.
    #[must_use]
    pub fn jar(&self) -> &Jar {
        &self.jar
    }

    pub(super) fn keep(&mut self, target: &Target, name: &str, value: String) {
        if target.presents(name) {
            // A point may present more than the token, a CSRF value say, which has no times and must not hide the token's.
            self.jwt = JwtTimes::read(&value).or(self.jwt);
        }
        self.captures.insert(name.to_owned(), value);
    }

    /// Everything that must not be shown.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let password = self.account.iter().map(|account| account.password.as_str());
        password
            .chain(self.captures.values().map(String::as_str))
            .chain(self.jar.values())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let captured: Vec<&String> = self.captures.keys().collect();
        f.debug_struct("Credential")
            .field("account", &self.account)
            .field("captured", &captured)
            .field("jar", &self.jar)
            .field("jwt", &self.jwt)
            .finish_non_exhaustive()
    }
}

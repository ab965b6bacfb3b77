//! What a login leaves in the hands of a user.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use authbench_reports::run_file::LifetimeSource;
use serde::Deserialize;

use super::jar::{CookieRefusal, Jar};
use super::jwt_times::JwtTimes;
use super::lifetimes::Lifetimes;
use crate::target::Account;

/// One user's credential: what was captured and the cookies that were set. `Debug` shows no value.
#[derive(Clone)]
pub struct Credential {
    /// The user; absent where the target has no login.
    pub account: Option<Account>,
    /// When the response that brought the latest captured value or cookie had been received in full.
    pub issued: Instant,
    /// `iat` and `exp` of the captured JWT that the target's points present; absent for other credentials.
    pub jwt: Option<JwtTimes>,
    /// How long it lives from `issued`, as the token response said (`expires_in`) or the JWT does (`exp` − `iat`); absent when neither does.
    pub lifetime: Option<Duration>,
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
            lifetime: None,
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

    /// Throws the cookies away, as a client without a cookie jar does.
    pub(crate) fn drop_cookies(&mut self) {
        self.jar = Jar::default();
    }

    /// Keeps a captured value; whether it is one that a point presents. A point may present more than the token, a CSRF value say, which has
    /// no times and must not hide the token's.
    pub(super) fn keep(&mut self, is_presented: bool, name: &str, value: String) {
        if is_presented {
            self.jwt = JwtTimes::read(&value).or(self.jwt);
        }
        self.captures.insert(name.to_owned(), value);
    }

    /// Takes in how long what was just captured lives: what the response with this body says, else the JWT itself.
    pub(super) fn note_lifetime(&mut self, body: &[u8], lifetimes: Option<&Lifetimes>) {
        let stated = expires_in(body);
        let of_jwt = self.jwt.and_then(JwtTimes::lifetime);
        self.lifetime = stated.or(of_jwt);
        let named = [
            (LifetimeSource::ExpiresIn, stated),
            (LifetimeSource::Exp, of_jwt),
        ];
        for (source, lifetime) in named {
            if let Some((lifetimes, lifetime)) = lifetimes.zip(lifetime) {
                lifetimes.note(source, lifetime);
            }
        }
    }

    /// Everything that must not be shown.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let secrets = self
            .account
            .iter()
            .flat_map(|account| account.secrets.values());
        secrets
            .map(String::as_str)
            .chain(self.captures.values().map(String::as_str))
            .chain(self.jar.values())
    }
}

/// RFC 6749 §5.1: the lifetime of the access token, in seconds.
fn expires_in(body: &[u8]) -> Option<Duration> {
    #[derive(Deserialize)]
    struct TokenResponse {
        expires_in: f64,
    }
    let response: TokenResponse = serde_json::from_slice(body).ok()?;
    Duration::try_from_secs_f64(response.expires_in).ok()
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

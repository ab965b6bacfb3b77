//! What a user holds.

use crate::answer::{Answer, Outcome, check};

/// What a user holds after a login or a renewal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Login {
    access_token: Option<String>,
    cookie: Option<String>,
    csrf_token: Option<String>,
}

impl Login {
    /// What an answer hands out.
    pub(crate) fn of(answer: &Answer) -> Self {
        let cookie = answer.header("set-cookie");
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        Self {
            access_token: answer.text("access_token"),
            cookie: cookie.map(str::to_owned),
            csrf_token: answer.text("csrf_token"),
        }
    }

    /// A credential made up: `name=value` and the same as a bearer token.
    pub(crate) fn made_up(cookie: &str) -> Self {
        let value = cookie.split_once('=').map(|(_, value)| value.to_owned());
        Self {
            access_token: value,
            cookie: Some(cookie.to_owned()),
            csrf_token: None,
        }
    }

    /// The CSRF token, if the model has one.
    pub(crate) fn csrf_token(&self) -> Option<&str> {
        self.csrf_token.as_deref()
    }

    /// The access token.
    pub(crate) fn token(&self) -> &str {
        self.access_token.as_deref().expect("an access token")
    }

    /// `name=value`, as a browser sends it.
    pub(crate) fn cookie(&self) -> &str {
        self.cookie.as_deref().expect("a cookie")
    }

    /// The value of the cookie.
    pub(crate) fn cookie_value(&self) -> &str {
        self.cookie().split_once('=').expect("name=value").1
    }

    /// Everything in it that opens anything.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        let cookie = self
            .cookie
            .as_deref()
            .and_then(|cookie| cookie.split_once('='));
        let cookie = cookie.map(|(_, value)| value);
        self.access_token
            .as_deref()
            .into_iter()
            .chain(cookie)
            .collect()
    }
}

/// Two logins have handed out two credentials.
pub(crate) fn differ(one: &Login, other: &Login) -> Outcome {
    check(one != other, "the same credential twice")
}

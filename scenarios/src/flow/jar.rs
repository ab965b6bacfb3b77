//! One credential's cookies, by the rules of RFC 6265 that decide whether a cookie is kept and where it is sent.
//!
//! What is left out, and why: `SameSite` (this client stands for the application's own pages, nothing is cross-site), and cookies for a
//! whole domain (a `Domain` other than the host itself is refused). `Secure` cookies travel over https, and as browsers do, loopback counts
//! as a secure origin too: over plain HTTP they travel there and nowhere else.

use std::fmt;
use std::time::{Duration, SystemTime};

use cookie::Cookie;

use crate::target::Origin;

/// Longest name and value together, in bytes; browsers drop what is longer (draft-ietf-httpbis-rfc6265bis §5.6).
const MAX_SIZE: usize = 4096;

/// The cookies of one credential. `Debug` shows their names only.
#[derive(Clone, Default)]
pub struct Jar {
    cookies: Vec<Kept>,
}

#[derive(Clone)]
struct Kept {
    name: String,
    value: String,
    host: String,
    path: String,
    secure: bool,
    expires: Option<SystemTime>,
}

/// Why a cookie was not kept: what a browser would have dropped without a word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CookieRefusal {
    /// The header has no name and value.
    #[error("Set-Cookie does not parse")]
    Malformed,
    /// Name and value are longer than a browser keeps.
    #[error("cookie {0} is longer than 4096 bytes")]
    TooLong(String),
    /// `Domain` names another host than the one that answered.
    #[error("cookie {0} is for another domain")]
    Domain(String),
    /// `Secure`, but it came over plain HTTP from another machine.
    #[error("cookie {0} is Secure but came over plain HTTP")]
    Insecure(String),
    /// It came over plain HTTP from another machine, and would replace a `Secure` one.
    #[error("cookie {0} came over plain HTTP and would replace one that is Secure")]
    Overlay(String),
    /// A `__Host-` or `__Secure-` name without what the prefix promises.
    #[error("cookie {0} breaks the rules of its prefix")]
    Prefix(String),
}

impl Jar {
    /// Takes one `Set-Cookie` header value that `origin` sent in answer to a request for `path`. A cookie that has expired
    /// (`Max-Age=0`, a past `Expires`) removes the one it replaces. Gives the cookie's name.
    ///
    /// # Errors
    /// When the cookie must not be kept; the jar is then unchanged.
    pub fn receive(
        &mut self,
        header: &str,
        origin: &Origin,
        path: &str,
        now: SystemTime,
    ) -> Result<String, CookieRefusal> {
        let cookie = Cookie::parse(header).map_err(|_| CookieRefusal::Malformed)?;
        let name = cookie.name().to_owned();
        check(&cookie, &name, origin)?;
        let kept = Kept {
            value: cookie.value().to_owned(),
            host: origin.host.clone(),
            path: cookie_path(&cookie, path),
            secure: cookie.secure() == Some(true),
            expires: expiry(&cookie, now),
            name: name.clone(),
        };
        if !origin.is_trustworthy
            && self
                .cookies
                .iter()
                .any(|other| other.is_alive(now) && other.is_hidden_by(&kept))
        {
            return Err(CookieRefusal::Overlay(name));
        }
        self.cookies.retain(|other| {
            (&other.name, &other.host, &other.path) != (&kept.name, &kept.host, &kept.path)
        });
        if kept.is_alive(now) {
            self.cookies.push(kept);
        }
        Ok(name)
    }

    /// The `Cookie` header value for a request to `path` at `origin`; `None` when no cookie belongs there.
    pub fn header(&self, origin: &Origin, path: &str, now: SystemTime) -> Option<String> {
        let fitting = |cookie: &&Kept| {
            cookie.is_alive(now)
                && cookie.host == origin.host
                && path_matches(path, &cookie.path)
                && (!cookie.secure || origin.is_trustworthy)
        };
        let mut cookies: Vec<&Kept> = self.cookies.iter().filter(fitting).collect();
        // RFC 6265 §5.4: longer paths first; among equals the order of arrival, which the stable sort keeps.
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = cookies
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The value of the cookie that came last under this name, wherever it would be sent.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.cookies
            .iter()
            .rev()
            .find(|cookie| cookie.name == name)
            .map(|cookie| cookie.value.as_str())
    }

    /// Whether it holds none, live or expired.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    /// The same cookies with other values.
    pub(super) fn altered(&self, alter: impl Fn(&str) -> String) -> Self {
        let altered = self.cookies.iter().map(|cookie| Kept {
            value: alter(&cookie.value),
            ..cookie.clone()
        });
        Self {
            cookies: altered.collect(),
        }
    }

    /// Every value, for masking.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(|cookie| cookie.value.as_str())
    }
}

impl Kept {
    fn is_alive(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }

    /// Whether `newer` would take the place of this one, which is `Secure`, or be sent before it (draft-ietf-httpbis-rfc6265bis §5.7).
    fn is_hidden_by(&self, newer: &Self) -> bool {
        self.secure
            && (&self.name, &self.host) == (&newer.name, &newer.host)
            && path_matches(&newer.path, &self.path)
    }
}

fn check(cookie: &Cookie<'_>, name: &str, origin: &Origin) -> Result<(), CookieRefusal> {
    let secure = cookie.secure() == Some(true);
    let lower = name.to_ascii_lowercase();
    let host_bound = cookie.domain().is_none() && cookie.path() == Some("/");
    if name.len() + cookie.value().len() > MAX_SIZE {
        return Err(CookieRefusal::TooLong(name.to_owned()));
    }
    if cookie
        .domain()
        .is_some_and(|domain| !domain.eq_ignore_ascii_case(&origin.host))
    {
        return Err(CookieRefusal::Domain(name.to_owned()));
    }
    if secure && !origin.is_trustworthy {
        return Err(CookieRefusal::Insecure(name.to_owned()));
    }
    let kept_promise = match () {
        () if lower.starts_with("__host-") => secure && host_bound,
        () if lower.starts_with("__secure-") => secure,
        () => true,
    };
    kept_promise
        .then_some(())
        .ok_or_else(|| CookieRefusal::Prefix(name.to_owned()))
}

/// `Max-Age` outranks `Expires` (RFC 6265 §5.3).
fn expiry(cookie: &Cookie<'_>, now: SystemTime) -> Option<SystemTime> {
    match (cookie.max_age(), cookie.expires_datetime()) {
        (Some(age), _) => match u64::try_from(age.whole_seconds()) {
            Ok(seconds) => now.checked_add(Duration::from_secs(seconds)),
            Err(_) => Some(SystemTime::UNIX_EPOCH),
        },
        (None, Some(date)) => {
            let seconds = u64::try_from(date.unix_timestamp()).unwrap_or(0);
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
        }
        (None, None) => None,
    }
}

/// The cookie's own path, or by default the directory of the request's (RFC 6265 §5.1.4).
fn cookie_path(cookie: &Cookie<'_>, request_path: &str) -> String {
    if let Some(path) = cookie.path().filter(|path| path.starts_with('/')) {
        return path.to_owned();
    }
    match request_path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(last) => request_path[..last].to_owned(),
    }
}

/// RFC 6265 §5.1.4: `/token` covers `/token` and `/token/x`, not `/tokens`.
fn path_matches(request_path: &str, cookie_path: &str) -> bool {
    request_path
        .strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.cookies.iter().map(|cookie| &cookie.name))
            .finish()
    }
}

#[cfg(test)]
#[path = "jar_tests.rs"]
mod tests;

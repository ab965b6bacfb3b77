//! A page of another origin: what a browser asks before it sends such a page's request, and what it writes into it (WHATWG Fetch §4.8, §4.9).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::client::{ExchangeError, FlowClient};
use super::encode::{EncodeError, Rendered};
use super::jar::Jar;
use crate::target::{Origin, Target};
use crate::wire::{RequestBytes, ResponseReader};
use authbench_reports::recorder::Outcome;

/// How long a permission holds when the answer does not say, and how long at most (what Chromium keeps).
const UNSAID: Duration = Duration::from_secs(5);
const AT_MOST: Duration = Duration::from_secs(2 * 60 * 60);
/// Methods that a page may use unasked.
const SIMPLE_METHODS: [&str; 3] = ["GET", "HEAD", "POST"];
/// Headers that it may set unasked, and those that the browser writes itself; so are all that begin with `sec-`.
const SIMPLE_HEADERS: [&str; 4] = ["accept", "accept-language", "content-language", "range"];
const OF_THE_BROWSER: [&str; 6] = ["origin", "cookie", "host", "referer", "user-agent", "date"];
const SIMPLE_TYPES: [&str; 3] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
];

/// A page in a browser, in all of its tabs. Clones share what the browser remembers.
#[derive(Clone, Debug)]
pub struct Page {
    origin: Arc<str>,
    allowed_until: Arc<Mutex<HashMap<Permission, Instant>>>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Permission {
    url: String,
    method: String,
    /// Lower case, in order.
    headers: Vec<String>,
    with_cookies: bool,
}

/// Why a page's request was not sent.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// The preflight cannot be built.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// No whole answer to it came.
    #[error("preflight: {0}")]
    Exchange(#[from] ExchangeError),
    /// A browser would not send the request after this answer.
    #[error(
        "a page of {page} may not send this: the preflight was answered with {status}, and {why}"
    )]
    Refused {
        /// The page's origin.
        page: String,
        /// The status of the answer.
        status: u16,
        /// What the answer lacks.
        why: &'static str,
    },
}

impl PreflightError {
    /// How the request ended that was not sent.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Refused { status, .. } => Outcome::Unexpected(*status),
            Self::Exchange(ExchangeError::Deadline(_)) => Outcome::TimedOut,
            Self::Encode(_) | Self::Exchange(_) => Outcome::Broken,
        }
    }
}

impl Page {
    /// A page of `origin` (`scheme://host`, and a port unless it is the scheme's own), in a browser that has asked nothing yet.
    #[must_use]
    pub fn of(origin: &str) -> Self {
        Self {
            origin: origin.into(),
            allowed_until: Arc::default(),
        }
    }

    /// Somebody else sits down, at a browser of their own.
    pub fn forget(&self) {
        self.allowed().clear();
    }

    fn is_at_home(&self, to: &Origin) -> bool {
        let url = to.url("/");
        url.is_ok_and(|url| url.origin().ascii_serialization() == *self.origin)
    }

    /// Says in `request` where it comes from, as browsers do whatever the page says.
    fn mark(&self, request: &mut Rendered, to: &Origin) {
        let headers = &mut request.headers;
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("origin"));
        headers.push(("Origin".to_owned(), self.origin.to_string()));
        let own = url::Url::parse(&self.origin);
        let same_host = own.is_ok_and(|own| own.host_str() == Some(to.host.as_str()));
        let site = if same_host { "same-site" } else { "cross-site" };
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("sec-fetch-site") {
                site.clone_into(value);
            }
        }
    }

    /// What has to be asked for before `request`, unless it is known to be granted.
    fn due(&self, request: &Rendered, to: &Origin, with_cookies: bool) -> Option<Permission> {
        let mut headers: Vec<String> = request
            .headers
            .iter()
            .filter(|(name, value)| !is_simple(name, value))
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect();
        headers.sort();
        headers.dedup();
        if headers.is_empty() && SIMPLE_METHODS.contains(&request.method.as_str()) {
            return None;
        }
        let permission = Permission {
            url: format!("{}{}", to.base_url(), request.target),
            method: request.method.clone(),
            headers,
            with_cookies,
        };
        let until = self.allowed().get(&permission).copied();
        until
            .is_none_or(|until| until <= Instant::now())
            .then_some(permission)
    }

    fn allowed(&self) -> MutexGuard<'_, HashMap<Permission, Instant>> {
        let allowed = &self.allowed_until;
        allowed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_simple(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let kind = || value.split(';').next().unwrap_or_default().trim();
    match name.as_str() {
        "content-type" => SIMPLE_TYPES.contains(&kind().to_ascii_lowercase().as_str()),
        name => {
            SIMPLE_HEADERS.contains(&name)
                || OF_THE_BROWSER.contains(&name)
                || name.starts_with("sec-")
        }
    }
}

impl Permission {
    fn preflight(
        &self,
        page: &str,
        target: &str,
        to: &Origin,
    ) -> Result<RequestBytes, EncodeError> {
        let headers = self.headers.join(",");
        let mut written = vec![
            ("Origin", page),
            ("Access-Control-Request-Method", self.method.as_str()),
        ];
        if !headers.is_empty() {
            written.push(("Access-Control-Request-Headers", headers.as_str()));
        }
        Ok(RequestBytes::encode(
            "OPTIONS",
            target,
            &to.authority,
            written,
            b"",
        )?)
    }

    /// How long the answer grants it; what it lacks, if it does not.
    fn granted(
        &self,
        page: &str,
        status: u16,
        answer: &ResponseReader,
    ) -> Result<Duration, &'static str> {
        let told = |name: &str| {
            let values = answer.headers(name).into_iter();
            let texts = values.map(|value| String::from_utf8_lossy(value).trim().to_owned());
            texts.collect::<Vec<_>>().join(",")
        };
        // Where cookies go along, a star is a star and nothing else.
        let star = |text: &str| text == "*" && !self.with_cookies;
        if !(200..300).contains(&status) {
            return Err("that is no success");
        }
        let origin = told("access-control-allow-origin");
        if origin != page && !star(&origin) {
            return Err("Access-Control-Allow-Origin does not name it");
        }
        if self.with_cookies && told("access-control-allow-credentials") != "true" {
            return Err("Access-Control-Allow-Credentials does not let cookies go along");
        }
        let methods = told("access-control-allow-methods");
        let mut listed = methods.split(',').map(str::trim);
        let is_simple = SIMPLE_METHODS.contains(&self.method.as_str());
        if !is_simple && !listed.any(|method| method == self.method || star(method)) {
            return Err("Access-Control-Allow-Methods does not name the method");
        }
        let headers = told("access-control-allow-headers").to_ascii_lowercase();
        let listed: Vec<&str> = headers.split(',').map(str::trim).collect();
        let is_listed = |name: &String| {
            let by_star = name != "authorization" && listed.iter().any(|listed| star(listed));
            by_star || listed.contains(&name.as_str())
        };
        if !self.headers.iter().all(is_listed) {
            return Err("Access-Control-Allow-Headers does not name every header");
        }
        let seconds = told("access-control-max-age").parse::<i64>();
        Ok(seconds.map_or(UNSAID, |seconds| {
            Duration::from_secs(seconds.max(0) as u64).min(AT_MOST)
        }))
    }
}

impl FlowClient {
    /// Makes `request` to `to` one of this client's page, if it stands for a page of another origin; where a browser would ask first whether it
    /// may be sent, this asks, once `target` may be sent one more request.
    ///
    /// # Errors
    /// When it may not be sent, or no answer came.
    pub(super) async fn announce(
        &mut self,
        target: &Target,
        to: &Origin,
        request: &mut Rendered,
        jar: &Jar,
    ) -> Result<(), PreflightError> {
        let Some(page) = self.page().filter(|page| !page.is_at_home(to)) else {
            return Ok(());
        };
        page.mark(request, to);
        let with_cookies = match &request.cookies {
            Some(pinned) => !pinned.is_empty(),
            None => jar.header(to, request.path(), SystemTime::now()).is_some(),
        };
        let Some(permission) = page.due(request, to, with_cookies) else {
            return Ok(());
        };
        target.turns.requests.pass().await;
        let preflight = permission.preflight(&page.origin, &request.target, to)?;
        let exchange = self.exchange(&to.peer(), &preflight).await?;
        self.count_preflight(&preflight, &exchange);
        let status = exchange.head.status;
        let granted = permission.granted(&page.origin, status, self.response());
        let granted = granted.map_err(|why| PreflightError::Refused {
            page: page.origin.to_string(),
            status,
            why,
        })?;
        if !granted.is_zero() {
            page.allowed().insert(permission, exchange.done + granted);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;

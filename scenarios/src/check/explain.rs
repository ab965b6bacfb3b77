//! What a failure looks like, from what is visible from outside: status, challenge, redirect, body, cookies and the token's times.

use crate::flow::{Credential, ExchangeError, StepError, StepFailure, excerpt};
use crate::load::open_answer::OpenError;
use crate::target::Origin;
use crate::transport::ConnectError;
use crate::wire::ResponseReader;
use authbench_reports::check::Cause;
use std::time::{SystemTime, UNIX_EPOCH};

/// Words in an answer, lower case, and what they mean; the first that is there counts.
const WORDS: [(&str, Cause); 19] = [
    ("csrf", Cause::Csrf),
    ("xsrf", Cause::Csrf),
    ("forgery", Cause::Csrf),
    ("invalid_client", Cause::Client),
    ("unauthorized_client", Cause::Client),
    ("insufficient_scope", Cause::Permission),
    ("expired", Cause::Expiry),
    ("signature", Cause::Signature),
    ("audience", Cause::Audience),
    ("issuer", Cause::Audience),
    ("cross-origin", Cause::Origin),
    ("origin header", Cause::Origin),
    ("bad origin", Cause::Origin),
    ("origin not", Cause::Origin),
    ("referer", Cause::Origin),
    ("invalid_grant", Cause::Account),
    ("locked", Cause::Account),
    ("disabled", Cause::Account),
    ("invalid_request", Cause::Parameters),
];

/// So much of a body is searched for words: pages begin with much that says nothing.
const SEARCHED: usize = 16 * 1024;

/// What of an answer tells causes apart.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Credentials are masked, here and below.
    pub(super) retry_after: Option<String>,
    challenge: String,
    location: String,
    body: String,
    /// Not masked, and never shown: all of the above in lower case.
    searched: String,
}

/// What a failure looks like, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Explained {
    pub(super) cause: Cause,
    pub(super) why: String,
}

impl Answer {
    /// What `response` says; `secrets` are masked in it.
    pub(super) fn of(status: u16, response: &ResponseReader, secrets: &[&str]) -> Self {
        let masked = |bytes: &[u8]| excerpt(bytes, secrets.iter().copied());
        let header = |name: &str| response.header(name).map(masked);
        let [challenge, location] =
            ["www-authenticate", "location"].map(|name| header(name).unwrap_or_default());
        let body = response.body();
        let beginning = String::from_utf8_lossy(&body[..body.len().min(SEARCHED)]);
        Self {
            status,
            retry_after: header("retry-after"),
            searched: format!("{challenge} {location} {beginning}").to_ascii_lowercase(),
            challenge,
            location,
            body: masked(body),
        }
    }

    /// The words that the answer has for what is wrong, for people; empty where it has none.
    pub(super) fn words(&self) -> String {
        let parts = [
            ("WWW-Authenticate: ", &self.challenge),
            ("Location: ", &self.location),
            ("", &self.body),
        ];
        let given = parts.iter().filter(|(_, text)| !text.trim().is_empty());
        let given: Vec<String> = given.map(|(what, text)| format!("{what}{text}")).collect();
        given.join("; ")
    }

    fn cause_in_words(&self) -> Option<(Cause, &'static str)> {
        let found = WORDS.iter().find(|(word, _)| self.searched.contains(word));
        found.map(|(word, cause)| (*cause, *word))
    }
}

/// What a failed step looks like.
pub(super) fn of_step(
    error: &StepError,
    answer: Option<&Answer>,
    credential: &Credential,
) -> Explained {
    match (&*error.failure, answer) {
        (StepFailure::Exchange(error) | StepFailure::Redirected(error), _) => of_exchange(error),
        (StepFailure::Redirect(_), _) => explained(
            Cause::Redirect,
            "redirects are followed to hosts that the file names, and no further than follow says",
        ),
        (StepFailure::Command(_), _) => explained(Cause::Command, "see what it says"),
        (StepFailure::Status { .. } | StepFailure::Throttled { .. }, Some(answer)) => {
            of_answer(answer, credential, None)
        }
        _ if !credential.refused_cookies().is_empty() => cookies_refused(credential),
        _ => explained(
            Cause::Capture,
            "the answer lacks what the file captures: is it the answer that was meant?",
        ),
    }
}

/// What it looks like when no whole response came.
pub(super) fn of_exchange(error: &ExchangeError) -> Explained {
    match error {
        ExchangeError::Connect {
            source: ConnectError::Tls { .. },
            ..
        } => explained(
            Cause::Tls,
            "[tls] ca_file says whose certificates count; the name is the URL's host",
        ),
        _ => explained(
            Cause::Network,
            "is it running, and are host and port those of the file?",
        ),
    }
}

/// What it looks like when an answer that goes on does not begin.
pub(super) fn of_open(error: &OpenError) -> Explained {
    match error {
        OpenError::Connect(ConnectError::Tls { .. }) => explained(
            Cause::Tls,
            "[tls] ca_file says whose certificates count; the name is the URL's host",
        ),
        _ => explained(
            Cause::Network,
            "is it running, and are host and port those of the file?",
        ),
    }
}

/// What a refusal out of turn looks like; `presented_at`: host and path, where it is cookies alone that present the credential.
pub(super) fn of_answer(
    answer: &Answer,
    credential: &Credential,
    presented_at: Option<(&Origin, &str)>,
) -> Explained {
    match answer.status {
        429 => return explained(Cause::Throttling, "asked too often"),
        500.. => return explained(Cause::Server, "the server failed; its log says why"),
        404 | 405 => {
            return explained(
                Cause::Address,
                "is it the path, and the method, of the API?",
            );
        }
        _ => {}
    }
    if let Some((cause, word)) = answer.cause_in_words() {
        return explained(cause, &format!("the answer says {word:?}"));
    }
    if let Some(ago) = expired_ago(credential) {
        return explained(
            Cause::Expiry,
            &format!("the token's exp passed {ago} s ago: short lifetimes, or clocks that differ"),
        );
    }
    if let Some((origin, path)) = presented_at
        && let Some(why) = sends_no_cookie(credential, origin, path)
    {
        return explained(Cause::CookieScope, &why);
    }
    if !credential.refused_cookies().is_empty() {
        return cookies_refused(credential);
    }
    match answer.status {
        300..=399 => explained(
            Cause::Redirect,
            "expect the redirect, or let the step follow it",
        ),
        400 | 415 | 422 => explained(Cause::Parameters, "a parameter is missing or malformed"),
        401 | 403 => explained(
            Cause::Credential,
            "nothing in the answer says why: is the credential, key or CSRF token there, and may its owner do this?",
        ),
        200..=299 => explained(
            Cause::Status,
            "the file expects another; a form that comes again has often refused what was sent: is every field there, under its name, and the password right?",
        ),
        _ => explained(Cause::Status, "the file expects another"),
    }
}

/// For how many seconds the token has been expired.
fn expired_ago(credential: &Credential) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let ago = now.as_secs().checked_sub(credential.jwt?.expires_at)?;
    (ago > 0).then_some(ago)
}

fn sends_no_cookie(credential: &Credential, origin: &Origin, path: &str) -> Option<String> {
    let jar = credential.jar();
    let sends_none = jar.header(origin, path, SystemTime::now()).is_none();
    let host = &origin.authority;
    (!jar.is_empty() && sends_none).then(|| {
        format!("the login's cookies are for another host or path: none is sent to {host}{path}")
    })
}

fn cookies_refused(credential: &Credential) -> Explained {
    let reasons = credential.refused_cookies().iter().map(ToString::to_string);
    let reasons: Vec<String> = reasons.collect();
    explained(Cause::CookieScope, &reasons.join("; "))
}

fn explained(cause: Cause, why: &str) -> Explained {
    Explained {
        cause,
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, challenge: &str, body: &str) -> Answer {
        Answer {
            status,
            retry_after: None,
            challenge: challenge.to_owned(),
            location: String::new(),
            body: body.to_owned(),
            searched: format!("{challenge} {body}").to_ascii_lowercase(),
        }
    }

    #[test]
    fn causes_are_told_apart() {
        let bearer = r#"Bearer error="invalid_token", error_description="The token expired""#;
        let cases = [
            (answer(401, bearer, ""), Cause::Expiry),
            (answer(401, "", "Invalid signature"), Cause::Signature),
            (
                answer(401, "", r#"{"error":"invalid_client"}"#),
                Cause::Client,
            ),
            (
                answer(400, "", r#"{"error":"invalid_grant"}"#),
                Cause::Account,
            ),
            (answer(400, "", "what?"), Cause::Parameters),
            (answer(403, "", "CSRF verification failed"), Cause::Csrf),
            (answer(403, "", "Bad Origin"), Cause::Origin),
            (answer(403, "", "the original is gone"), Cause::Credential),
            (answer(404, "", "expired link"), Cause::Address),
            (answer(429, "", ""), Cause::Throttling),
            (answer(503, "", ""), Cause::Server),
            (answer(302, "", ""), Cause::Redirect),
            (answer(418, "", ""), Cause::Status),
        ];
        for (answer, cause) in cases {
            let explained = of_answer(&answer, &Credential::of(None), None);
            assert_eq!(
                explained.cause, cause,
                "{} {}",
                answer.status, answer.searched
            );
        }
    }
}

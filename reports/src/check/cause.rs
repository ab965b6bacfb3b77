//! What a failure looks like: the classes that login failures are told apart by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a failed call or a refusal out of turn looks like. A guess from what is visible from outside, and said as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No connection, or no answer in time.
    Network,
    /// A connection, and no TLS on it: the certificate, its name or its date.
    Tls,
    /// Wrong path or method.
    Address,
    /// A redirect that the file does not foresee.
    Redirect,
    /// The server objects to where the request comes from (`Origin`, `Referer`, `Sec-Fetch-Site`).
    Origin,
    /// A cookie that was not kept, or is not sent to that host and path (RFC 6265 §5.3, §5.4).
    CookieScope,
    /// A token against cross-site request forgery is missing or wrong.
    Csrf,
    /// The credential has expired, or clocks differ.
    Expiry,
    /// The signature does not hold: another key, another issuer, a token that was changed.
    Signature,
    /// The token is meant for somebody else (`aud`, `iss`).
    Audience,
    /// The token is good and does not suffice (RFC 6750 §3.1 `insufficient_scope`).
    Permission,
    /// The client could not authenticate itself (RFC 6749 §5.2 `invalid_client`).
    Client,
    /// The user's password, code or refresh token is not accepted (RFC 6749 §5.2 `invalid_grant`), or the account is locked.
    Account,
    /// A parameter is missing or malformed.
    Parameters,
    /// 429: too many requests (RFC 6585 §4).
    Throttling,
    /// 5xx: the server failed.
    Server,
    /// An answer with the right status that lacks what is to be captured.
    Capture,
    /// A command that did not end well.
    Command,
    /// A credential that was refused, and nothing says why.
    Credential,
    /// Nothing of the above.
    Status,
}

impl Cause {
    /// For "looks like …".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Tls => "TLS or its certificate",
            Self::Address => "path or method",
            Self::Redirect => "an unforeseen redirect",
            Self::Origin => "origin",
            Self::CookieScope => "cookie scope",
            Self::Csrf => "CSRF token",
            Self::Expiry => "expiry",
            Self::Signature => "signature",
            Self::Audience => "audience or issuer",
            Self::Permission => "permission",
            Self::Client => "client authentication",
            Self::Account => "account or grant",
            Self::Parameters => "parameters",
            Self::Throttling => "throttling",
            Self::Server => "the server's own failure",
            Self::Capture => "another answer than the file captures from",
            Self::Command => "a command that fails",
            Self::Credential => "a credential that is not accepted",
            Self::Status => "another status than expected",
        }
    }
}

//! The auth models, side by side.
//!
//! Each model's file holds both of its sides: an [`Issuer`], which the authorization server calls, and a [`Validator`],
//! which the resource server calls for every request. Reading [`no_auth`], [`session`], [`jwt`], [`opaque`] and [`hybrid`]
//! next to each other shows the only things in which the models differ; all else is shared.
//!
//! Both traits are dispatched statically: a boxed future per request would be in the figures.

pub mod accounts;
pub mod hybrid;
pub mod jwt;
pub mod no_auth;
pub mod opaque;
pub mod record;
pub mod session;

use std::fmt;
use std::future::{Future, ready};
use std::str::FromStr;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use serde::Serialize;

use crate::client::Client;
use crate::http::Presented;
use crate::metrics::LatencyHistogram;
use crate::refusal::{Reason, Unavailable};
use crate::scope::Scope;
use crate::secret::Fingerprint;
use crate::store::{Store, StoreError};

/// How an application recognises its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Model {
    /// Not at all: the control.
    #[default]
    NoAuth,
    /// A random id in a cookie; everything else is in the store.
    Session,
    /// A signed access token; the resource server asks nobody.
    Jwt,
    /// A random access token; the resource server asks the authorization server.
    Opaque,
    /// A short-lived JWT, renewed by a rotating refresh token in a cookie.
    Hybrid,
}

/// All models.
pub const MODELS: [Model; 5] = [
    Model::NoAuth,
    Model::Session,
    Model::Jwt,
    Model::Opaque,
    Model::Hybrid,
];

/// A name that is not one of the models'.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown model `{0}` (expected no_auth, session, jwt, opaque or hybrid)")]
pub struct UnknownModel(String);

/// What a user, or a client for itself, is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose authority it is: an account, or a client's id.
    pub subject: String,
    /// The client that acts.
    pub client: Client,
    /// What it may do.
    pub scope: Scope,
}

/// What is handed out for a grant.
#[derive(Debug, Default)]
pub struct Granted {
    /// An access token (RFC 6749 §5.1).
    pub access: Option<AccessToken>,
    /// A refresh token that goes into the answer's body.
    pub refresh_token: Option<String>,
    /// A `Set-Cookie` value.
    pub cookie: Option<HeaderValue>,
    /// Whose authority it is.
    pub subject: String,
}

/// An access token with what a client is told about it.
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// How long it is good for.
    pub lifetime: Duration,
    /// What it allows.
    pub scope: Scope,
}

/// Why nothing is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantRefusal {
    /// The account is disabled.
    AccountDisabled,
    /// The model has no such grant.
    UnsupportedGrantType,
    /// More scope than was granted at first.
    InvalidScope,
    /// The refresh token was never issued, or is a malformed one.
    UnknownToken,
    /// The refresh token was issued to another client.
    OtherClientsToken,
    /// The refresh token's family has ended: logged out, idle for too long, past its absolute lifetime, or replayed.
    FamilyEnded,
    /// The refresh token was used before; its family has been ended.
    Replay,
}

/// The outcome of a grant that could be judged.
pub type GrantOutcome = Result<Granted, GrantRefusal>;

/// A refresh (RFC 6749 §6).
#[derive(Clone, Copy)]
pub struct Refresh<'a> {
    /// The presented refresh token.
    pub token: &'a str,
    /// Whether it came in the cookie; the successor then goes there too.
    pub by_cookie: bool,
    /// The client, authenticated as far as it can be.
    pub client: Client,
    /// A narrower scope, if one is asked for.
    pub scope: Option<Scope>,
}

/// What an issuer says about an active token.
#[derive(Debug, PartialEq, Eq)]
pub struct ActiveGrant {
    /// The grant.
    pub grant: Grant,
    /// When the token was issued, in Unix milliseconds.
    pub issued_at_ms: i64,
    /// When it ends, in Unix milliseconds.
    pub expires_at_ms: i64,
}

/// What became of a request to revoke (RFC 7009).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The token is revoked.
    Revoked,
    /// There is no such token, which is what the caller wanted.
    Unknown,
    /// The token belongs to another client, and stays.
    OtherClients,
    /// Tokens of this kind cannot be revoked.
    Unsupported,
}

/// A logout that was done.
#[derive(Debug, Default)]
pub struct LoggedOut {
    /// Who logged out, where that is known.
    pub subject: Option<String>,
    /// The credential that is ended.
    pub credential: Option<Fingerprint>,
    /// A `Set-Cookie` value that removes the cookie.
    pub cookie: Option<HeaderValue>,
}

/// One session of an account, or whatever the model has in its place.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct SessionEntry {
    /// What names it: a hash, which is no credential.
    pub id: String,
    /// When it ends at the latest, in Unix milliseconds.
    pub expires_at_ms: i64,
}

/// The authorization server's side of a model.
///
/// The outer error of each method is the store's: nothing was decided, the caller gets a 503.
pub trait Issuer: Send + Sync + 'static {
    /// How what it hands out is presented.
    const SCHEME: Scheme;
    /// The grants of the token endpoint.
    const GRANT_TYPES: &'static [&'static str] = &[];
    /// The cookie in which a refresh token may come.
    const REFRESH_COOKIE: Option<&'static str> = None;

    /// Hands out what a login gives. `headers` are the request's: a session that it still carries ends.
    fn sign_in(
        &self,
        grant: Grant,
        headers: &HeaderMap,
    ) -> impl Future<Output = Result<GrantOutcome, StoreError>> + Send;

    /// Hands out an access token to a client that acts for itself (RFC 6749 §4.4).
    fn client_credentials(
        &self,
        _grant: Grant,
    ) -> impl Future<Output = Result<GrantOutcome, StoreError>> + Send {
        ready(Ok(Err(GrantRefusal::UnsupportedGrantType)))
    }

    /// Renews an access token.
    fn refresh(
        &self,
        _refresh: Refresh<'_>,
    ) -> impl Future<Output = Result<GrantOutcome, StoreError>> + Send {
        ready(Ok(Err(GrantRefusal::UnsupportedGrantType)))
    }

    /// Says whether a token is active (RFC 7662); a model without tokens knows none.
    fn introspect(
        &self,
        _token: &str,
    ) -> impl Future<Output = Result<Option<ActiveGrant>, StoreError>> + Send {
        ready(Ok(None))
    }

    /// Revokes a token for the client it was issued to (RFC 7009).
    fn revoke(
        &self,
        _token: &str,
        _client: Client,
    ) -> impl Future<Output = Result<Revocation, StoreError>> + Send {
        ready(Ok(Revocation::Unknown))
    }

    /// Ends the session, token or family that the request's credential belongs to.
    fn log_out(
        &self,
        presented: Presented<'_>,
    ) -> impl Future<Output = Result<Result<LoggedOut, Reason>, StoreError>> + Send;

    /// Ends all that was handed out to an account, as far as the model can; answers how many.
    fn end_all(&self, _account: &str) -> impl Future<Output = Result<usize, StoreError>> + Send {
        ready(Ok(0))
    }

    /// Lists what an account has open.
    fn sessions(
        &self,
        _account: &str,
    ) -> impl Future<Output = Result<Vec<SessionEntry>, StoreError>> + Send {
        ready(Ok(Vec::new()))
    }

    /// The public keys, as published.
    fn jwks(&self) -> String {
        r#"{"keys":[]}"#.to_owned()
    }
}

/// A caller that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated {
    /// Who it is; empty if the model does not know.
    pub subject: String,
    /// What it may do.
    pub scope: Scope,
}

/// A credential that is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Which one, if any was seen.
    pub credential: Option<Fingerprint>,
}

/// What became of a credential that could be judged.
pub type Verdict = Result<Validated, Refusal>;

/// How a resource server asks for a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Not at all.
    None,
    /// A bearer token in the `Authorization` header (RFC 6750).
    Bearer,
    /// A cookie.
    Cookie,
}

/// The resource server's side of a model: the hot path.
pub trait Validator: Send + Sync + 'static {
    /// How it asks for a credential.
    const SCHEME: Scheme;

    /// Judges the credential that a request presents. An error: it cannot be judged now.
    fn validate(
        &self,
        presented: Presented<'_>,
    ) -> impl Future<Output = Result<Verdict, Unavailable>> + Send;

    /// The store it asks, if any; for the metrics.
    fn store(&self) -> Option<&Store> {
        None
    }

    /// How long introspection took, if there is any; for the metrics.
    fn introspection_latency(&self) -> Option<&LatencyHistogram> {
        None
    }
}

impl Model {
    /// Its name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoAuth => "no_auth",
            Self::Session => "session",
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
            Self::Hybrid => "hybrid",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Model {
    type Err = UnknownModel;

    fn from_str(name: &str) -> Result<Self, UnknownModel> {
        MODELS
            .into_iter()
            .find(|model| model.name() == name)
            .ok_or_else(|| UnknownModel(name.to_owned()))
    }
}

impl GrantRefusal {
    /// Its name in the audit log.
    pub fn label(self) -> &'static str {
        match self {
            Self::AccountDisabled => "account_disabled",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::UnknownToken => "unknown_token",
            Self::OtherClientsToken => "other_clients_token",
            Self::FamilyEnded => "family_ended",
            Self::Replay => "replay",
        }
    }
}

impl Refusal {
    /// Refuses a request in which no credential was seen, or none that could be told from others.
    pub fn unseen(reason: Reason) -> Self {
        Self {
            reason,
            credential: None,
        }
    }

    /// Refuses `credential`.
    pub fn of(reason: Reason, credential: &str) -> Self {
        Self {
            reason,
            credential: Some(Fingerprint::of(credential)),
        }
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = Fingerprint::of(&self.token);
        f.debug_struct("AccessToken")
            .field("token", &token)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for model in MODELS {
            assert_eq!(model.to_string().parse(), Ok(model));
        }
        assert!("JWT".parse::<Model>().is_err());
    }
}

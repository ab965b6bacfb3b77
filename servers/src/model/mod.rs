//! The auth models, side by side.
//!
//! Each model's file holds both of its sides: an [`Issuer`], which the authorization server calls,
//! and a [`Validator`], which the resource server calls for every request. Reading [`no_auth`],
//! [`session`], [`jwt`], [`opaque`], [`hybrid`] and [`gateway`] next to each other shows the only
//! things in which the models differ; all else is shared. [`jwt_cookie`] is `jwt` by another
//! transport, [`signed_session`] is `session` with its state elsewhere.
//!
//! Both traits are dispatched statically: a boxed future per request would be in the figures.

pub mod accounts;
mod ending;
pub mod gateway;
mod grant;
pub mod hybrid;
pub mod jwt;
pub mod jwt_cookie;
pub mod no_auth;
pub mod opaque;
pub mod record;
pub mod session;
mod session_state;
pub mod signed_session;
pub mod standing;
mod transport;

use std::fmt;
use std::future::{Future, ready};
use std::str::FromStr;

use bytes::Bytes;
use hyper::HeaderMap;
use tokio::sync::broadcast;

use self::accounts::Standing;
use crate::client::Client;
use crate::http::Presented;
use crate::jwt::{Retiring, RotationError};
use crate::metrics::LatencyHistogram;
use crate::refusal::{Reason, Unavailable};
use crate::revocation::{Ended, PushFigures};
use crate::roles::Roles;
use crate::scope::Scope;
use crate::secret::Fingerprint;
use crate::store::{Store, StoreError};

pub use grant::{
    AccessToken, ActiveGrant, Grant, GrantOutcome, GrantRefusal, Granted, LoggedOut, Refresh,
    Revocation, SessionEntry, SignedIn,
};
pub use session_state::{SessionState, UnknownSessionState};
pub use transport::{Transport, UnknownTransport};

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
    /// A session cookie for a gateway, which makes a short-lived JWT of it for the services behind.
    Gateway,
}

/// All models.
pub const MODELS: [Model; 6] = [
    Model::NoAuth,
    Model::Session,
    Model::Jwt,
    Model::Opaque,
    Model::Hybrid,
    Model::Gateway,
];

/// A name that is not one of the models'.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown model `{0}` (expected no_auth, session, jwt, opaque, hybrid or gateway)")]
pub struct UnknownModel(String);

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

    /// Hands out what a login gives, if the account's standing is still the one that the login was
    /// decided on. `headers` are the request's: a session that it still carries ends.
    fn sign_in(
        &self,
        grant: Grant,
        standing: &Standing,
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

    /// Recognises the user who asks the authorization server about their own account; where that
    /// is by cookie and changes something, by all that a change needs.
    fn recognise(
        &self,
        _presented: Presented<'_>,
    ) -> impl Future<Output = Result<Result<SignedIn, Reason>, StoreError>> + Send {
        ready(Ok(Err(Reason::NoCredential)))
    }

    /// Ends one of the things that an account has open; answers whether there was such a one.
    fn end_one(
        &self,
        _account: &str,
        _handle: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        ready(Ok(false))
    }

    /// Writes an account's new roles into what it has open, as far as the model can; answers into
    /// how many.
    fn change_roles(
        &self,
        _account: &str,
        _roles: Roles,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send {
        ready(Ok(0))
    }

    /// Leaves of the scope of what an account has open what is in `most`, as far as the model can;
    /// answers of how many.
    fn narrow_scope(
        &self,
        _account: &str,
        _most: Scope,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send {
        ready(Ok(0))
    }

    /// Ends all that was handed out to an account, as far as the model can; answers how many.
    fn end_all(&self, _account: &str) -> impl Future<Output = Result<usize, StoreError>> + Send {
        ready(Ok(0))
    }

    /// Ends all that a client has open, its own and on behalf of users, as far as the model can;
    /// answers how many.
    fn end_client(
        &self,
        _client: Client,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send {
        ready(Ok(0))
    }

    /// Ends what a client has open for one account, as far as the model can; answers how many.
    fn end_consent(
        &self,
        _account: &str,
        _client: Client,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send {
        ready(Ok(0))
    }

    /// Ends everything that was handed out to anybody, as far as the model can; answers how much.
    fn end_everything(&self) -> impl Future<Output = Result<usize, StoreError>> + Send {
        ready(Ok(0))
    }

    /// Signs with a new key from now on. Tokens under the key of before are no longer good, or with
    /// `retiring` stay good for as long as one lives. Nothing to do where nothing is signed.
    fn rotate_keys(
        &self,
        _retiring: Retiring,
    ) -> impl Future<Output = Result<Result<(), RotationError>, StoreError>> + Send {
        ready(Ok(Ok(())))
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

    /// The status list, as published; `None` where there is none.
    fn status_list(&self) -> Option<Bytes> {
        None
    }
}

/// A caller that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated {
    /// Who it is; empty if the model does not know.
    pub subject: String,
    /// What the client may do on its behalf.
    pub scope: Scope,
    /// What it may do at all.
    pub roles: Roles,
    /// The client that acts, where the credential says so.
    pub client: Option<Client>,
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

    /// Tells what ends, as it happens, where there is a way to know; for open streams.
    fn news(&self) -> Option<broadcast::Receiver<Ended>> {
        None
    }

    /// What it keeps in memory of what has ended, if anything; for the metrics.
    fn revocation_figures(&self) -> Option<PushFigures> {
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
            Self::Gateway => "gateway",
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

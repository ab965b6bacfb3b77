//! What is granted, handed out, renewed and ended: the words in which the authorization server and a
//! model's issuer talk.

use std::fmt;
use std::time::Duration;

use hyper::header::HeaderValue;
use serde::Serialize;

use super::accounts::Standing;
use crate::client::Client;
use crate::roles::Roles;
use crate::scope::Scope;
use crate::secret::Fingerprint;

/// What a user, or a client for itself, is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose authority it is: an account, or a client's id.
    pub subject: String,
    /// The client that acts.
    pub client: Client,
    /// What the client may do on that authority.
    pub scope: Scope,
    /// What whoever has that authority may do at all.
    pub roles: Roles,
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
    /// The token that changes by that cookie need (see [`crate::http::csrf`]).
    pub csrf_token: Option<String>,
    /// Whose authority it is.
    pub subject: String,
}

/// An access token with what a client is told about it.
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// How long it is good for; `Duration::MAX`: for ever.
    pub lifetime: Duration,
    /// What it allows.
    pub scope: Scope,
}

/// Why nothing is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantRefusal {
    /// The account was deleted.
    AccountDeleted,
    /// The account is disabled.
    AccountDisabled,
    /// The client is disabled.
    ClientDisabled,
    /// The account, the client or everybody was changed while the grant was being decided on.
    AccountChanged,
    /// A browser would drop the cookie that it would be handed out in.
    CookieTooLarge,
    /// The model has no such grant.
    UnsupportedGrantType,
    /// More scope than was granted at first.
    InvalidScope,
    /// The refresh token was never issued, or is a malformed one.
    UnknownToken,
    /// The refresh token was issued to another client.
    OtherClientsToken,
    /// The refresh token's family has ended: logged out, idle for too long, past its absolute
    /// lifetime, or replayed.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveGrant {
    /// The grant.
    pub grant: Grant,
    /// What else is known of the account, where it was asked for.
    pub entitlements: Vec<String>,
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
    pub handle: String,
    /// The client that it was opened by.
    pub client: &'static str,
    /// When it was opened, in Unix milliseconds.
    pub created_ms: i64,
    /// When it was last used (renewed, for a refresh family), in Unix milliseconds; within the last
    /// idle time before its absolute end, the earliest that this can have been. Absent where use
    /// leaves no trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_ms: Option<i64>,
    /// When it ends at the latest, in Unix milliseconds.
    pub expires_at_ms: i64,
}

/// The user behind a request to the authorization server itself.
#[derive(Debug)]
pub struct SignedIn {
    /// What was granted at login.
    pub grant: Grant,
    /// The session, or what the model has in its place; `None` for a model that keeps none.
    pub handle: Option<String>,
    /// The token that changes by cookie need, where the model has a cookie.
    pub csrf_token: Option<String>,
    /// The credential it was recognised by.
    pub credential: Fingerprint,
}

impl GrantRefusal {
    /// Nothing to object to, if what an account is `now` is what a grant was `decided_on`.
    pub fn unless_unchanged(decided_on: &Standing, now: &Standing) -> Result<(), Self> {
        match now.refusal() {
            Some(refusal) => Err(refusal),
            None if now != decided_on => Err(Self::AccountChanged),
            None => Ok(()),
        }
    }

    /// Its name in the audit log.
    pub fn label(self) -> &'static str {
        match self {
            Self::AccountDeleted => "account_deleted",
            Self::AccountDisabled => "account_disabled",
            Self::ClientDisabled => "client_disabled",
            Self::AccountChanged => "account_changed",
            Self::CookieTooLarge => "cookie_too_large",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::UnknownToken => "unknown_token",
            Self::OtherClientsToken => "other_clients_token",
            Self::FamilyEnded => "family_ended",
            Self::Replay => "replay",
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

//! `jwt` in a cookie: the same token as [`super::jwt`], carried by the browser.
//!
//! Where the state is and how a credential travels are two things. The token is as hard to take
//! back as in a header; what the cookie adds is that the browser sends it whoever asks, so that
//! changes need what a session's changes need ([`crate::http::csrf`]). And it adds a cliff: of a
//! cookie of more than 4,096 bytes a browser keeps nothing and says nothing. A token that large is
//! refused at issue, where somebody can see why, instead of at the next request, where a user who
//! has just logged in would be asked to log in.

use bytes::Bytes;
use hyper::HeaderMap;
use tokio::sync::broadcast;

use super::accounts::Standing;
use super::jwt::{JwtIssuer, JwtValidator, signed_in};
use super::{
    ActiveGrant, Grant, GrantOutcome, GrantRefusal, Granted, Issuer, LoggedOut, Refusal,
    Revocation, Scheme, SignedIn, Validator, Verdict,
};
use crate::client::Client;
use crate::http::Presented;
use crate::http::cookie::{self, CookieShape};
use crate::http::csrf::ChangeGuard;
use crate::jwt::{Retiring, RotationError};
use crate::refusal::{Reason, Unavailable};
use crate::revocation::{Ended, PushFigures};
use crate::roles::Roles;
use crate::scope::Scope;
use crate::secret::Fingerprint;
use crate::store::{Store, StoreError};

/// The cookie.
pub const COOKIE: CookieShape = CookieShape {
    name: "__Host-access",
    attributes: "; Path=/; Secure; HttpOnly; SameSite=Lax",
};
/// Bytes of a cookie's name and value that a browser keeps at most (RFC 6265bis §5.6).
pub const COOKIE_BYTES: usize = 4_096;

/// Issues access tokens in a cookie.
#[derive(Debug)]
pub struct JwtCookieIssuer {
    tokens: JwtIssuer,
    guard: ChangeGuard,
}

/// Judges the token in each request's cookie as `jwt` does.
#[derive(Debug)]
pub struct JwtCookieValidator {
    tokens: JwtValidator,
    guard: ChangeGuard,
}

impl JwtCookieIssuer {
    /// Puts the tokens of `tokens` into cookies.
    pub fn new(tokens: JwtIssuer, guard: ChangeGuard) -> Self {
        Self { tokens, guard }
    }
}

impl Issuer for JwtCookieIssuer {
    const SCHEME: Scheme = Scheme::Cookie;

    async fn sign_in(
        &self,
        grant: Grant,
        standing: &Standing,
        headers: &HeaderMap,
    ) -> Result<GrantOutcome, StoreError> {
        let granted = match self.tokens.sign_in(grant, standing, headers).await? {
            Ok(granted) => granted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let token = granted.access.map(|access| access.token);
        let token = token.unwrap_or_default();
        if !fits(&token) {
            return Ok(Err(GrantRefusal::CookieTooLarge));
        }
        Ok(Ok(Granted {
            cookie: Some(COOKIE.set(&token)),
            csrf_token: Some(self.guard.token(&token)),
            subject: granted.subject,
            ..Granted::default()
        }))
    }

    async fn introspect(&self, token: &str) -> Result<Option<ActiveGrant>, StoreError> {
        self.tokens.introspect(token).await
    }

    async fn revoke(&self, token: &str, client: Client) -> Result<Revocation, StoreError> {
        self.tokens.revoke(token, client).await
    }

    /// The browser forgets the cookie; whoever has copied it has it still, unless there is a revocation channel.
    async fn log_out(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<LoggedOut, Reason>, StoreError> {
        let read = in_cookie(&presented).and_then(|token| Ok((self.tokens.read(token)?, token)));
        let (claims, token) = match read {
            Ok(read) => read,
            Err(reason) => return Ok(Err(reason)),
        };
        self.tokens.end(&claims).await?;
        Ok(Ok(LoggedOut {
            subject: Some(claims.subject),
            credential: Some(Fingerprint::of(token)),
            cookie: Some(COOKIE.clear()),
        }))
    }

    async fn recognise(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<SignedIn, Reason>, StoreError> {
        let token = match in_cookie(&presented) {
            Ok(token) => token,
            Err(reason) => return Ok(Err(reason)),
        };
        if let Err(reason) = self.guard.check(&presented, token) {
            return Ok(Err(reason));
        }
        let claims = self.tokens.read_active(token).await?;
        Ok(claims.and_then(|claims| {
            Ok(SignedIn {
                csrf_token: Some(self.guard.token(token)),
                ..signed_in(claims, token)?
            })
        }))
    }

    async fn change_roles(&self, account: &str, roles: Roles) -> Result<usize, StoreError> {
        self.tokens.change_roles(account, roles).await
    }

    async fn narrow_scope(&self, account: &str, most: Scope) -> Result<usize, StoreError> {
        self.tokens.narrow_scope(account, most).await
    }

    async fn end_all(&self, account: &str) -> Result<usize, StoreError> {
        self.tokens.end_all(account).await
    }

    async fn end_client(&self, client: Client) -> Result<usize, StoreError> {
        self.tokens.end_client(client).await
    }

    async fn end_consent(&self, account: &str, client: Client) -> Result<usize, StoreError> {
        self.tokens.end_consent(account, client).await
    }

    async fn end_everything(&self) -> Result<usize, StoreError> {
        self.tokens.end_everything().await
    }

    async fn rotate_keys(
        &self,
        retiring: Retiring,
    ) -> Result<Result<(), RotationError>, StoreError> {
        self.tokens.rotate_keys(retiring).await
    }

    fn jwks(&self) -> String {
        self.tokens.jwks()
    }

    fn status_list(&self) -> Option<Bytes> {
        self.tokens.status_list()
    }
}

impl JwtCookieValidator {
    /// Judges as `tokens` does.
    pub fn new(tokens: JwtValidator, guard: ChangeGuard) -> Self {
        Self { tokens, guard }
    }
}

impl Validator for JwtCookieValidator {
    const SCHEME: Scheme = Scheme::Cookie;

    async fn validate(&self, presented: Presented<'_>) -> Result<Verdict, Unavailable> {
        let token = match in_cookie(&presented) {
            Ok(token) => token,
            Err(reason) => return Ok(Err(Refusal::unseen(reason))),
        };
        if let Err(reason) = self.guard.check(&presented, token) {
            return Ok(Err(Refusal::of(reason, token)));
        }
        self.tokens.judge(token).await
    }

    fn store(&self) -> Option<&Store> {
        self.tokens.store()
    }

    fn news(&self) -> Option<broadcast::Receiver<Ended>> {
        self.tokens.news()
    }

    fn revocation_figures(&self) -> Option<PushFigures> {
        self.tokens.revocation_figures()
    }
}

fn in_cookie<'a>(presented: &Presented<'a>) -> Result<&'a str, Reason> {
    let value = cookie::value(presented.headers, COOKIE.name);
    let value = value.map_err(|_| Reason::MalformedRequest)?;
    value.ok_or(Reason::NoCredential)
}

fn fits(token: &str) -> bool {
    COOKIE.name.len() + token.len() <= COOKIE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cliff_is_at_4096_bytes_of_name_and_value() {
        let room = COOKIE_BYTES - COOKIE.name.len();
        assert!(fits(&"x".repeat(room)));
        assert!(!fits(&"x".repeat(room + 1)));
    }
}

//! `jwt`: a signed access token (RFC 9068) that the resource server judges by itself.
//!
//! No request costs a round trip, and nothing can be taken back: whatever ends (a logout, an
//! account), a token that was issued is good until it expires. The revocation lag is what is left
//! of its life, plus the leeway.

use hyper::HeaderMap;

use super::accounts::{Accounts, Standing};
use super::{
    AccessToken, ActiveGrant, Grant, GrantOutcome, GrantRefusal, Granted, Issuer, LoggedOut,
    Refusal, Revocation, Scheme, SignedIn, Validated, Validator, Verdict,
};
use crate::client::Client;
use crate::clock::Clock;
use crate::http::{Presented, bearer};
use crate::jwt::{Claims, Minter, Retiring, RotationError, Rules, Verifier, verifier};
use crate::refusal::{Reason, Unavailable};
use crate::scope::Scope;
use crate::secret::Fingerprint;
use crate::store::StoreError;

/// Issues access tokens, and reads them back.
#[derive(Debug)]
pub struct JwtIssuer {
    pub(super) minter: Minter,
    rules: Rules,
    accounts: Accounts,
    pub(super) clock: Clock,
}

/// Judges each request's token, without asking anybody.
#[derive(Debug)]
pub struct JwtValidator {
    verifier: Verifier,
    clock: Clock,
}

impl JwtIssuer {
    /// Tokens of `minter`, which are read back by `rules`.
    pub fn new(minter: Minter, rules: Rules, accounts: Accounts, clock: Clock) -> Self {
        Self {
            minter,
            rules,
            accounts,
            clock,
        }
    }

    /// Issues a token for `grant`, which was found good at `at_ms` or later; `session` becomes its
    /// `sid`.
    ///
    /// What ends a grant ends what was issued until then. So the time of issue is read before the
    /// last look at whether anything has ended, or a token could be younger than an event that this
    /// look came too early for.
    pub(super) fn access_token(
        &self,
        grant: &Grant,
        scope: Scope,
        session: Option<&str>,
        at_ms: i64,
    ) -> AccessToken {
        let narrowed = Grant {
            scope,
            ..grant.clone()
        };
        let token = self.minter.mint(&narrowed, session, at_ms);
        AccessToken {
            token,
            lifetime: self.minter.lifetime(),
            scope,
        }
    }

    /// Reads a token of ours, expired or not.
    pub(super) fn read(&self, token: &str) -> Result<Claims, Reason> {
        verifier::read(token, &self.minter.key_set(), &self.rules)
    }

    /// Reads a token of ours that is within its times, and whose account and client may still have
    /// one. Of the roles and the scope in it is left what the account still has.
    pub(super) async fn read_active(
        &self,
        token: &str,
    ) -> Result<Result<Claims, Reason>, StoreError> {
        let read = self.read(token).and_then(|claims| {
            self.rules.check_times(&claims, self.clock.now_ms())?;
            Ok(claims)
        });
        let mut claims = match read {
            Ok(claims) => claims,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(client) = Client::with_id(&claims.client_id) else {
            return Ok(Err(Reason::Inactive));
        };
        let standing = self.accounts.standing(&claims.subject, client).await?;
        if standing.refusal().is_some() {
            return Ok(Err(Reason::Inactive));
        }
        claims.roles = claims.roles.and(standing.roles.unwrap_or(claims.roles));
        claims.scope = standing.allowed(claims.scope);
        Ok(Ok(claims))
    }

    /// What a token read for a logout says. Only what others could have made up is refused.
    pub(super) fn read_presented(
        &self,
        presented: &Presented<'_>,
    ) -> Result<(Claims, Fingerprint), Reason> {
        let token = bearer::token(presented)?;
        Ok((self.read(token)?, Fingerprint::of(token)))
    }
}

impl Issuer for JwtIssuer {
    const SCHEME: Scheme = Scheme::Bearer;
    const GRANT_TYPES: &'static [&'static str] = &["client_credentials"];

    async fn sign_in(
        &self,
        grant: Grant,
        standing: &Standing,
        _headers: &HeaderMap,
    ) -> Result<GrantOutcome, StoreError> {
        let at_ms = self.clock.now_ms();
        let present = self.accounts.standing(&grant.subject, grant.client).await?;
        if let Err(refusal) = GrantRefusal::unless_unchanged(standing, &present) {
            return Ok(Err(refusal));
        }
        let access = Some(self.access_token(&grant, grant.scope, None, at_ms));
        Ok(Ok(Granted {
            access,
            subject: grant.subject,
            ..Granted::default()
        }))
    }

    async fn client_credentials(&self, grant: Grant) -> Result<GrantOutcome, StoreError> {
        let at_ms = self.clock.now_ms();
        let standing = self.accounts.standing(&grant.subject, grant.client).await?;
        if let Some(refusal) = standing.refusal() {
            return Ok(Err(refusal));
        }
        let access = Some(self.access_token(&grant, grant.scope, None, at_ms));
        Ok(Ok(Granted {
            access,
            subject: grant.subject,
            ..Granted::default()
        }))
    }

    async fn introspect(&self, token: &str) -> Result<Option<ActiveGrant>, StoreError> {
        Ok(self.read_active(token).await?.ok().and_then(active_grant))
    }

    async fn revoke(&self, token: &str, client: Client) -> Result<Revocation, StoreError> {
        Ok(match self.read(token) {
            Err(_) => Revocation::Unknown,
            Ok(claims) if claims.client_id != client.id() => Revocation::OtherClients,
            Ok(_) => Revocation::Unsupported,
        })
    }

    /// The client forgets its token; there is nothing here to end.
    async fn log_out(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<LoggedOut, Reason>, StoreError> {
        Ok(self
            .read_presented(&presented)
            .map(|(claims, credential)| LoggedOut {
                subject: Some(claims.subject),
                credential: Some(credential),
                cookie: None,
            }))
    }

    async fn recognise(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<SignedIn, Reason>, StoreError> {
        let token = match bearer::token(&presented) {
            Ok(token) => token,
            Err(reason) => return Ok(Err(reason)),
        };
        let claims = self.read_active(token).await?;
        Ok(claims.and_then(|claims| signed_in(claims, token)))
    }

    async fn rotate_keys(
        &self,
        retiring: Retiring,
    ) -> Result<Result<(), RotationError>, StoreError> {
        Ok(self.minter.rotate(retiring, &self.clock).await)
    }

    fn jwks(&self) -> String {
        self.minter.jwks(self.clock.now_ms())
    }
}

impl JwtValidator {
    /// Judges with `verifier`, by `clock`.
    pub fn new(verifier: Verifier, clock: Clock) -> Self {
        Self { verifier, clock }
    }

    /// Judges a token, wherever it was found.
    pub(super) async fn judge(&self, token: &str) -> Result<Verdict, Unavailable> {
        let judged = self.verifier.verify(token, self.clock.now_ms()).await?;
        Ok(judged
            .map(|claims| Validated {
                subject: claims.subject,
                scope: claims.scope,
                roles: claims.roles,
                client: Client::with_id(&claims.client_id),
            })
            .map_err(|reason| Refusal::of(reason, token)))
    }
}

impl Validator for JwtValidator {
    const SCHEME: Scheme = Scheme::Bearer;

    async fn validate(&self, presented: Presented<'_>) -> Result<Verdict, Unavailable> {
        match bearer::token(&presented) {
            Ok(token) => self.judge(token).await,
            Err(reason) => Ok(Err(Refusal::unseen(reason))),
        }
    }
}

/// `None` for a token of a client that is no longer known.
pub(super) fn active_grant(claims: Claims) -> Option<ActiveGrant> {
    let client = Client::with_id(&claims.client_id)?;
    Some(ActiveGrant {
        grant: Grant {
            subject: claims.subject,
            client,
            scope: claims.scope,
            roles: claims.roles,
        },
        // They stand in the token, which whoever asks about it has.
        entitlements: Vec::new(),
        issued_at_ms: claims.issued_at_ms,
        expires_at_ms: claims.expires_at_ms,
    })
}

/// The user behind a token that was read; its `sid` names what the model keeps, if anything.
pub(super) fn signed_in(claims: Claims, token: &str) -> Result<SignedIn, Reason> {
    let handle = claims.session.clone();
    let active = active_grant(claims).ok_or(Reason::Inactive)?;
    Ok(SignedIn {
        grant: active.grant,
        handle,
        csrf_token: None,
        credential: Fingerprint::of(token),
    })
}

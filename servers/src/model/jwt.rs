//! `jwt`: a signed access token (RFC 9068) that the resource server judges by itself.
//!
//! By itself no request costs a round trip, and nothing can be taken back: whatever ends (a logout, an
//! account), a token that was issued is good until it expires. The revocation lag is what is left
//! of its life, plus the leeway.
//!
//! With a revocation channel ([`crate::revocation`]) what ends is announced, and each request's token is held against that: in the
//! store, in memory, or in a list.

use std::sync::Arc;

use bytes::Bytes;
use hyper::HeaderMap;
use serde_json::Value;
use tokio::sync::broadcast;

use super::accounts::{Accounts, Standing};
use super::{
    AccessToken, ActiveGrant, Grant, GrantOutcome, GrantRefusal, Granted, Issuer, LoggedOut,
    Refusal, Revocation, Scheme, SignedIn, Validated, Validator, Verdict,
};
use crate::client::Client;
use crate::clock::Clock;
use crate::http::{Presented, bearer};
use crate::jwt::{Claims, Minter, Retiring, RotationError, Rules, Verifier, issued_ms, verifier};
use crate::refusal::{Reason, Unavailable};
use crate::revocation::{Announcer, Ended, EndedCheck, Marks, PushFigures, status_list};
use crate::roles::Roles;
use crate::scope::Scope;
use crate::secret::Fingerprint;
use crate::store::{Store, StoreError};

/// Issues access tokens, and reads them back.
#[derive(Debug)]
pub struct JwtIssuer {
    pub(super) minter: Minter,
    rules: Rules,
    accounts: Accounts,
    announcer: Announcer,
    pub(super) clock: Clock,
}

/// Judges each request's token: by itself, and then whether it was announced to have ended.
#[derive(Debug)]
pub struct JwtValidator {
    verifier: Arc<Verifier>,
    ended: EndedCheck,
    clock: Clock,
}

impl JwtIssuer {
    /// Tokens of `minter`, which are read back by `rules`; what ends is made known by `announcer`.
    pub fn new(
        minter: Minter,
        rules: Rules,
        accounts: Accounts,
        announcer: Announcer,
        clock: Clock,
    ) -> Self {
        Self {
            minter,
            rules,
            accounts,
            announcer,
            clock,
        }
    }

    /// What makes known what has ended.
    pub(super) fn announcer(&self) -> &Announcer {
        &self.announcer
    }

    /// Issues a token for `grant`; `session` becomes its `sid`. The marks were asked for before it was decided that it may be issued.
    pub(super) fn access_token(
        &self,
        grant: &Grant,
        scope: Scope,
        session: Option<&str>,
        marks: &Marks,
    ) -> AccessToken {
        let narrowed = Grant {
            scope,
            ..grant.clone()
        };
        let now_ms = self.clock.now_ms();
        let token = self.minter.mint_marked(&narrowed, session, now_ms, marks);
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

    /// Reads a token of ours that is within its times and was not ended, and whose account and client may still have one. Of the
    /// roles and the scope in it is left what the account still has.
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
        if self.announcer.covers(&claims).await? {
            return Ok(Err(Reason::Inactive));
        }
        let Some(client) = Client::with_id(&claims.client_id) else {
            return Ok(Err(Reason::Inactive));
        };
        let standing = self.accounts.standing(&claims.subject, client).await?;
        let issued_ms = issued_ms(&claims.id, claims.issued_at_ms);
        if standing.refusal().is_some() || issued_ms <= standing.over_until_ms() {
            return Ok(Err(Reason::Inactive));
        }
        claims.roles = claims.roles.and(standing.roles.unwrap_or(claims.roles));
        claims.scope = standing.allowed(claims.scope);
        Ok(Ok(claims))
    }

    /// Ends one token, where there is a way to.
    pub(super) async fn end(&self, claims: &Claims) -> Result<(), StoreError> {
        self.announcer.announce_token(claims).await
    }

    /// Ends all tokens that an account has now, where there is a way to.
    pub(super) async fn end_all_of(&self, account: &str) -> Result<(), StoreError> {
        let ended = Ended::Account {
            name: account.to_owned(),
            until_ms: self.clock.now_ms(),
        };
        self.announcer.announce(&ended).await
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
        let marks = self.announcer.marks(&grant, self.minter.lifetime()).await?;
        let present = self.accounts.standing(&grant.subject, grant.client).await?;
        if let Err(refusal) = GrantRefusal::unless_unchanged(standing, &present) {
            return Ok(Err(refusal));
        }
        let access = Some(self.access_token(&grant, grant.scope, None, &marks));
        Ok(Ok(Granted {
            access,
            subject: grant.subject,
            ..Granted::default()
        }))
    }

    async fn client_credentials(&self, grant: Grant) -> Result<GrantOutcome, StoreError> {
        let marks = self.announcer.marks(&grant, self.minter.lifetime()).await?;
        let standing = self.accounts.standing(&grant.subject, grant.client).await?;
        if let Some(refusal) = standing.refusal() {
            return Ok(Err(refusal));
        }
        let access = Some(self.access_token(&grant, grant.scope, None, &marks));
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
        match self.read(token) {
            Err(_) => Ok(Revocation::Unknown),
            Ok(claims) if claims.client_id != client.id() => Ok(Revocation::OtherClients),
            Ok(claims) if self.announcer.takes_back() => {
                self.end(&claims).await?;
                Ok(Revocation::Revoked)
            }
            Ok(_) => Ok(Revocation::Unsupported),
        }
    }

    /// The client forgets its token, and without a revocation channel that is all.
    async fn log_out(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<LoggedOut, Reason>, StoreError> {
        let (claims, credential) = match self.read_presented(&presented) {
            Ok(read) => read,
            Err(reason) => return Ok(Err(reason)),
        };
        self.end(&claims).await?;
        Ok(Ok(LoggedOut {
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

    /// A token says what the roles were when it was issued; one with the new ones takes a new login.
    async fn change_roles(&self, account: &str, _roles: Roles) -> Result<usize, StoreError> {
        self.end_all_of(account).await?;
        Ok(0)
    }

    /// As for roles.
    async fn narrow_scope(&self, account: &str, _most: Scope) -> Result<usize, StoreError> {
        self.end_all_of(account).await?;
        Ok(0)
    }

    async fn end_all(&self, account: &str) -> Result<usize, StoreError> {
        self.end_all_of(account).await?;
        Ok(0)
    }

    async fn end_client(&self, client: Client) -> Result<usize, StoreError> {
        let ended = Ended::Client {
            id: client.id().to_owned(),
            until_ms: self.clock.now_ms(),
        };
        self.announcer.announce(&ended).await?;
        Ok(0)
    }

    async fn end_consent(&self, account: &str, client: Client) -> Result<usize, StoreError> {
        let ended = Ended::Consent {
            account: account.to_owned(),
            client: client.id().to_owned(),
            until_ms: self.clock.now_ms(),
        };
        self.announcer.announce(&ended).await?;
        Ok(0)
    }

    async fn end_everything(&self) -> Result<usize, StoreError> {
        let until_ms = self.clock.now_ms();
        self.announcer
            .announce(&Ended::Everyone { until_ms })
            .await?;
        Ok(0)
    }

    /// Resource servers see it in the key set, and where there is a way to, at once.
    async fn rotate_keys(
        &self,
        retiring: Retiring,
    ) -> Result<Result<(), RotationError>, StoreError> {
        let withdrawn = match self.minter.rotate(retiring, &self.clock).await {
            Ok(withdrawn) => withdrawn,
            Err(error) => return Ok(Err(error)),
        };
        for id in withdrawn {
            self.announcer.announce(&Ended::Key { id }).await?;
        }
        Ok(Ok(()))
    }

    fn jwks(&self) -> String {
        self.minter.jwks(self.clock.now_ms())
    }

    fn status_list(&self) -> Option<Bytes> {
        let sign = |claims: &Value| self.minter.sign(status_list::TYPE, claims);
        self.announcer.status_list(sign)
    }
}

impl JwtValidator {
    /// Judges with `verifier`, by `clock`, and by what is known to have `ended`.
    pub fn new(verifier: Arc<Verifier>, ended: EndedCheck, clock: Clock) -> Self {
        Self {
            verifier,
            ended,
            clock,
        }
    }

    /// Judges a token, wherever it was found.
    pub(super) async fn judge(&self, token: &str) -> Result<Verdict, Unavailable> {
        let judged = self.verifier.verify(token, self.clock.now_ms()).await?;
        let claims = match judged {
            Ok(claims) => claims,
            Err(reason) => return Ok(Err(Refusal::of(reason, token))),
        };
        if self.ended.covers(&claims).await? {
            return Ok(Err(Refusal::of(Reason::Inactive, token)));
        }
        Ok(Ok(Validated {
            subject: claims.subject,
            scope: claims.scope,
            roles: claims.roles,
            client: Client::with_id(&claims.client_id),
        }))
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

    fn store(&self) -> Option<&Store> {
        self.ended.store()
    }

    fn news(&self) -> Option<broadcast::Receiver<Ended>> {
        self.ended.news()
    }

    fn revocation_figures(&self) -> Option<PushFigures> {
        self.ended.figures()
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

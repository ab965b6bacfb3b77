//! `session` with its state in the cookie: what [`super::session`] keeps in the store stands in the
//! cookie itself, signed.
//!
//! No request costs a round trip, and nothing can be taken back: a logout clears the browser's copy,
//! and whoever has another is let in by it until it ends. A disabled account, a role that was taken
//! away: the resource servers see none of it. That is how the signed cookies of many web frameworks
//! behave; here they are the negative control.
//!
//! The cookie is not issued anew with use, so there is no idle time-out: it ends so long after its
//! login as a session does at most. Everybody with the cookie can read what is in it; only the
//! servers can write it.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::HeaderMap;

use super::accounts::{Accounts, Standing};
use super::jwt_cookie::COOKIE_BYTES;
use super::session::COOKIE;
use super::{
    ActiveGrant, Grant, GrantOutcome, GrantRefusal, Granted, Issuer, LoggedOut, Refusal, Scheme,
    SignedIn, Validated, Validator, Verdict, record,
};
use crate::clock::{Clock, millis};
use crate::entitlements::Entitlements;
use crate::http::csrf::ChangeGuard;
use crate::http::{Presented, cookie};
use crate::refusal::{Reason, Unavailable};
use crate::secret::{Fingerprint, Secret, key_bytes};
use crate::store::StoreError;

/// Signed before what is in the cookie, so that no other HMAC under the same key could pass for
/// ours.
const CONTEXT: &[u8] = b"authbench session cookie\n";

/// The key of signed sessions cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use the session key (session_key): it must be 32 bytes in base64url without padding")]
pub struct SessionKeyError;

/// Signs what is in a session's cookie, and reads what was signed with the same key.
#[derive(Clone)]
pub struct SessionKey(hmac::Key);

/// Opens sessions that stand in their cookies.
#[derive(Debug)]
pub struct SignedSessionIssuer {
    key: SessionKey,
    guard: ChangeGuard,
    accounts: Accounts,
    clock: Clock,
    entitlements: Entitlements,
    lifetime: Duration,
}

/// Reads each request's session from its cookie, without asking anybody.
#[derive(Debug)]
pub struct SignedSessionValidator {
    key: SessionKey,
    guard: ChangeGuard,
    clock: Clock,
}

impl SessionKey {
    /// The key from 32 bytes in base64url without padding.
    pub fn new(key: Option<&Secret>) -> Result<Self, SessionKeyError> {
        let bytes = key.and_then(key_bytes).ok_or(SessionKeyError)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The value of a cookie: `content` and its signature, with a dot between them.
    fn seal(&self, content: &[u8]) -> String {
        let content = URL_SAFE_NO_PAD.encode(content);
        let signature = hmac::sign(&self.0, &signed(&content));
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What is in a cookie of this value, if it was signed with this key. The signature is compared
    /// in constant time, and before anything is made of the content.
    fn open(&self, value: &str) -> Option<Vec<u8>> {
        let (content, signature) = value.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.0, &signed(content), &signature).ok()?;
        URL_SAFE_NO_PAD.decode(content).ok()
    }

    /// The session in a cookie of this value, whether or not it has ended.
    fn session(&self, value: &str) -> Option<ActiveGrant> {
        record::read(&self.open(value)?)
    }
}

fn signed(content: &str) -> Vec<u8> {
    [CONTEXT, content.as_bytes()].concat()
}

impl SignedSessionIssuer {
    /// Sessions of `accounts` that end after `lifetime`, with `entitlements` in each.
    pub fn new(
        key: SessionKey,
        guard: ChangeGuard,
        accounts: Accounts,
        clock: Clock,
        entitlements: Entitlements,
        lifetime: Duration,
    ) -> Self {
        Self {
            key,
            guard,
            accounts,
            clock,
            entitlements,
            lifetime,
        }
    }

    /// The session in a cookie, if it is within its time, and its account and client may still have
    /// one. Of the roles and the scope in it is left what the account still has. All of this the
    /// authorization server knows, and no resource server.
    async fn live(&self, value: &str) -> Result<Result<ActiveGrant, Reason>, StoreError> {
        let mut active = match self.key.session(value) {
            None => return Ok(Err(Reason::Inactive)),
            Some(active) if active.expires_at_ms <= self.clock.now_ms() => {
                return Ok(Err(Reason::AbsoluteTimeout));
            }
            Some(active) => active,
        };
        let (account, client) = (&active.grant.subject, active.grant.client);
        let standing = self.accounts.standing(account, client).await?;
        if standing.refusal().is_some() {
            return Ok(Err(Reason::Inactive));
        }
        let roles = standing.roles.unwrap_or(active.grant.roles);
        active.grant.roles = active.grant.roles.and(roles);
        active.grant.scope = standing.allowed(active.grant.scope);
        Ok(Ok(active))
    }
}

impl Issuer for SignedSessionIssuer {
    const SCHEME: Scheme = Scheme::Cookie;

    async fn sign_in(
        &self,
        grant: Grant,
        standing: &Standing,
        _headers: &HeaderMap,
    ) -> Result<GrantOutcome, StoreError> {
        let present = self.accounts.standing(&grant.subject, grant.client).await?;
        if let Err(refusal) = GrantRefusal::unless_unchanged(standing, &present) {
            return Ok(Err(refusal));
        }
        let now_ms = self.clock.now_ms();
        let ends_ms = now_ms.saturating_add(millis(self.lifetime));
        let content = record::write(&grant, &self.entitlements, now_ms, ends_ms);
        let value = self.key.seal(&content);
        if COOKIE.name.len() + value.len() > COOKIE_BYTES {
            return Ok(Err(GrantRefusal::CookieTooLarge));
        }
        Ok(Ok(Granted {
            cookie: Some(COOKIE.set(&value)),
            csrf_token: Some(self.guard.token(&value)),
            subject: grant.subject,
            ..Granted::default()
        }))
    }

    /// The browser forgets the cookie; whoever has copied it has it still.
    async fn log_out(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<LoggedOut, Reason>, StoreError> {
        let session = in_cookie(&presented).and_then(|value| {
            let session = self.key.session(value).ok_or(Reason::Inactive)?;
            Ok((session, Fingerprint::of(value)))
        });
        Ok(session.map(|(session, credential)| LoggedOut {
            subject: Some(session.grant.subject),
            credential: Some(credential),
            cookie: Some(COOKIE.clear()),
        }))
    }

    async fn recognise(
        &self,
        presented: Presented<'_>,
    ) -> Result<Result<SignedIn, Reason>, StoreError> {
        let value = match in_cookie(&presented) {
            Ok(value) => value,
            Err(reason) => return Ok(Err(reason)),
        };
        if let Err(reason) = self.guard.check(&presented, value) {
            return Ok(Err(reason));
        }
        Ok(self.live(value).await?.map(|active| SignedIn {
            grant: active.grant,
            handle: None,
            csrf_token: Some(self.guard.token(value)),
            credential: Fingerprint::of(value),
        }))
    }
}

impl SignedSessionValidator {
    /// Reads what was signed with `key`, by `clock`.
    pub fn new(key: SessionKey, guard: ChangeGuard, clock: Clock) -> Self {
        Self { key, guard, clock }
    }

    fn judge(&self, value: &str) -> Result<Validated, Reason> {
        let session = self.key.session(value).ok_or(Reason::Inactive)?;
        if session.expires_at_ms <= self.clock.now_ms() {
            return Err(Reason::AbsoluteTimeout);
        }
        Ok(Validated {
            subject: session.grant.subject,
            scope: session.grant.scope,
            roles: session.grant.roles,
            client: Some(session.grant.client),
        })
    }
}

impl Validator for SignedSessionValidator {
    const SCHEME: Scheme = Scheme::Cookie;

    async fn validate(&self, presented: Presented<'_>) -> Result<Verdict, Unavailable> {
        let value = match in_cookie(&presented) {
            Ok(value) => value,
            Err(reason) => return Ok(Err(Refusal::unseen(reason))),
        };
        if let Err(reason) = self.guard.check(&presented, value) {
            return Ok(Err(Refusal::of(reason, value)));
        }
        Ok(self
            .judge(value)
            .map_err(|reason| Refusal::of(reason, value)))
    }
}

fn in_cookie<'a>(presented: &Presented<'a>) -> Result<&'a str, Reason> {
    let value = cookie::value(presented.headers, COOKIE.name);
    let value = value.map_err(|_| Reason::MalformedRequest)?;
    value.ok_or(Reason::NoCredential)
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(masked)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::http::origins::Origins;
    use crate::roles::Roles;
    use crate::scope::Scope;

    const ENDS_MS: i64 = 1_800_000_000_000;

    fn secret(byte: u8) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode([byte; 32]))
    }

    fn key(byte: u8) -> SessionKey {
        SessionKey::new(Some(&secret(byte))).expect("a key")
    }

    fn validator(now_ms: i64) -> SignedSessionValidator {
        let guard = ChangeGuard::new(Some(&secret(9)), Origins::default()).expect("a key");
        SignedSessionValidator::new(key(1), guard, Clock::manual(now_ms).0)
    }

    fn cookie() -> String {
        let grant = Grant {
            subject: "user-00001".into(),
            client: Client::App,
            scope: Scope::ALL,
            roles: Roles::WRITER,
        };
        let content = record::write(&grant, &Entitlements::default(), 1, ENDS_MS);
        key(1).seal(&content)
    }

    #[test]
    fn what_was_signed_is_read_until_it_ends() {
        let validated = validator(ENDS_MS - 1).judge(&cookie()).expect("good");
        assert_eq!(validated.subject, "user-00001");
        assert_eq!(validated.roles, Roles::WRITER);
        let ended = validator(ENDS_MS).judge(&cookie());
        assert_eq!(ended, Err(Reason::AbsoluteTimeout));
    }

    /// Every character of the cookie is under the signature, or is the signature.
    #[test]
    fn whatever_is_changed_is_refused() {
        let (validator, good) = (validator(0), cookie());
        for at in 0..good.len() {
            for other in ['A', 'b', '-', '.'] {
                let mut changed = good.clone();
                changed.replace_range(at..=at, &other.to_string());
                if changed != good {
                    assert_eq!(
                        validator.judge(&changed),
                        Err(Reason::Inactive),
                        "{changed}"
                    );
                }
            }
        }
    }

    #[test]
    fn whatever_is_missing_or_too_much_is_refused() {
        let (validator, good) = (validator(0), cookie());
        for end in 0..good.len() {
            assert_eq!(validator.judge(&good[..end]), Err(Reason::Inactive));
        }
        let (content, signature) = good.split_once('.').expect("two parts");
        for wrong in [
            format!("{good}A"),
            format!("{good}="),
            format!("{good}.{signature}"),
            format!(".{signature}"),
            format!("{signature}.{content}"),
            content.to_owned(),
        ] {
            assert_eq!(validator.judge(&wrong), Err(Reason::Inactive), "{wrong}");
        }
    }

    #[test]
    fn another_key_or_another_purpose_of_the_same_key_is_no_signature() {
        let good = cookie();
        assert!(key(2).session(&good).is_none());
        let (content, _) = good.split_once('.').expect("two parts");
        let same_key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        let elsewhere = hmac::sign(&same_key, content.as_bytes());
        let elsewhere = format!("{content}.{}", URL_SAFE_NO_PAD.encode(elsewhere));
        assert!(key(1).session(&elsewhere).is_none());
    }

    #[test]
    fn without_a_key_there_is_no_session() {
        for key in [None, Some(&Secret::new("short"))] {
            assert_eq!(SessionKey::new(key).err(), Some(SessionKeyError));
        }
    }
}

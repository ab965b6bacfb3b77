//! Keeping introspection answers for a while (RFC 7662 §4).

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::timeout;

use super::answer::{ActiveToken, Answer};
use super::{IntrospectionClient, IntrospectionError};
use crate::clock::Clock;
use crate::refusal::Reason;
use crate::remembered::{Keep, Remembered};
use crate::revocation::{Denials, Presentation};
use crate::secret::Fingerprint;

/// Introspection with an optional cache.
///
/// The lag bound is the TTL, counted from the moment of asking. Refusals are kept as long as
/// approvals.
///
/// Told what has ended ([`Introspection::told`]), a token that was announced to have ended is refused
/// from memory. One that an announcement about its account, its client or everyone *may* concern is
/// asked about at each request and never taken from the cache: it has ended, or what is known of it
/// has changed, and the authorization server knows which. While there is no word from the channel a
/// server that fails closed asks about every token, as if it had no cache.
#[derive(Debug)]
pub struct Introspection {
    client: IntrospectionClient,
    remembered: Option<Remembered<Answer>>,
    denials: Option<Denials>,
}

impl Introspection {
    /// Asks through `client`, and keeps answers for `ttl` (zero: asks every time).
    pub fn new(client: IntrospectionClient, clock: Clock, ttl: Duration) -> Self {
        Self {
            client,
            remembered: Remembered::new(clock, ttl),
            denials: None,
        }
    }

    /// The same, holding what is kept against `denials`.
    pub fn told(self, denials: Denials) -> Self {
        Self {
            denials: Some(denials),
            ..self
        }
    }

    /// What the authorization server says about `token`, now or a TTL ago.
    pub async fn answer(&self, token: &str) -> Result<Answer, IntrospectionError> {
        let credential = Fingerprint::of(token);
        match (&self.remembered, &self.denials) {
            (None, _) => self.client.introspect(token).await,
            (Some(remembered), None) => {
                let asking = self.client.introspect(token);
                self.recall(remembered.answer(&credential, asking, keep))
                    .await
            }
            (Some(remembered), Some(denials)) => {
                let ended = Ended {
                    denials,
                    handle: &credential.to_base64(),
                };
                self.answer_unless_ended(token, &credential, remembered, &ended)
                    .await
            }
        }
    }

    /// The client that asks.
    pub fn client(&self) -> &IntrospectionClient {
        &self.client
    }

    /// What is known to have ended, where that is told.
    pub fn denials(&self) -> Option<&Denials> {
        self.denials.as_ref()
    }

    async fn answer_unless_ended(
        &self,
        token: &str,
        credential: &Fingerprint,
        remembered: &Remembered<Answer>,
        ended: &Ended<'_>,
    ) -> Result<Answer, IntrospectionError> {
        if ended.names_the_token() {
            return Ok(Err(Reason::Inactive));
        }
        if ended.denials.check_current().is_err() {
            return self.client.introspect(token).await;
        }
        let is_fresh = AtomicBool::new(false);
        let asking = async {
            is_fresh.store(true, Relaxed);
            self.client.introspect(token).await
        };
        // An answer that an announcement has overtaken is not kept.
        let keep = |answer: &Answer| match answer {
            Ok(active) if ended.may_concern(active) => Keep::No,
            _ => keep(answer),
        };
        let answer = self.recall(remembered.answer(credential, asking, keep));
        match answer.await? {
            // It ended while the question was under way.
            Ok(_) if ended.names_the_token() => Ok(Err(Reason::Inactive)),
            Ok(active) if !is_fresh.load(Relaxed) && ended.may_concern(&active) => {
                remembered.forget(credential);
                self.client.introspect(token).await
            }
            answer => Ok(answer),
        }
    }

    /// The client's own deadline does not cover waiting for others, who may fail one after another.
    async fn recall(
        &self,
        answer: impl Future<Output = Result<Answer, IntrospectionError>>,
    ) -> Result<Answer, IntrospectionError> {
        match timeout(self.client.deadline(), answer).await {
            Ok(answer) => answer,
            Err(_) => Err(IntrospectionError::Deadline),
        }
    }
}

/// What has ended, held against one token.
struct Ended<'a> {
    denials: &'a Denials,
    /// The token's hash: by this name its end is announced.
    handle: &'a str,
}

impl Ended<'_> {
    /// Whether the end of this very token was announced.
    fn names_the_token(&self) -> bool {
        self.denials.covers(&Presentation {
            id: self.handle,
            session: Some(self.handle),
            subject: "",
            client: "",
            key: None,
            // No cut-off covers what will never have been issued.
            issued_at_ms: i64::MAX,
        })
    }

    /// Whether anything was announced that the token may have ended with. An authorization server that
    /// says only in which second a token was issued is at worst asked for nothing.
    fn may_concern(&self, active: &ActiveToken) -> bool {
        self.denials.covers(&Presentation {
            id: self.handle,
            session: Some(self.handle),
            subject: &active.subject,
            client: active.client.map_or("", |client| client.id()),
            key: None,
            issued_at_ms: active.issued_at_ms.unwrap_or(i64::MIN),
        })
    }
}

/// Never past the token's own end.
fn keep(answer: &Answer) -> Keep {
    let end_ms = answer.as_ref().ok().and_then(|active| active.expires_at_ms);
    Keep::Until(end_ms.unwrap_or(i64::MAX))
}

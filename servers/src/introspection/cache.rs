//! Keeping introspection answers for a while: fewer round trips, paid with revocation lag (RFC 7662
//! §4).

use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::time::timeout;

use super::answer::Answer;
use super::{IntrospectionClient, IntrospectionError};
use crate::clock::{Clock, millis};
use crate::secret::Fingerprint;

/// Answers kept at most.
const CAPACITY: usize = 100_000;

/// Introspection with an optional cache.
///
/// The lag bound is the TTL, *counted from the moment of asking*: an answer that took 50 ms is 50
/// ms old when it comes. Refusals are kept as long as approvals. Concurrent questions about one
/// token share one round trip, but only where there is a TTL: joining a question asked earlier is
/// caching too, and without a TTL no lag is allowed.
#[derive(Debug)]
pub struct Introspection {
    client: IntrospectionClient,
    clock: Clock,
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    ttl_ms: i64,
    // By the whole SHA-256: a shorter or weaker key would let one token answer for another.
    answers: Cache<Fingerprint, KeptAnswer>,
}

#[derive(Clone, Debug)]
struct KeptAnswer {
    answer: Answer,
    usable_until_ms: i64,
}

impl Introspection {
    /// Asks through `client`, and keeps answers for `ttl` (zero: asks every time).
    pub fn new(client: IntrospectionClient, clock: Clock, ttl: Duration) -> Self {
        let ttl_ms = millis(ttl);
        let kept = (ttl_ms > 0).then(|| Kept {
            ttl_ms,
            answers: Cache::new(CAPACITY),
        });
        Self {
            client,
            clock,
            kept,
        }
    }

    /// What the authorization server says about `token`, now or a TTL ago.
    pub async fn answer(&self, token: &str) -> Result<Answer, IntrospectionError> {
        match &self.kept {
            None => self.client.introspect(token).await,
            // The client's own deadline does not cover waiting for others, who may fail one after
            // another.
            Some(kept) => {
                match timeout(self.client.deadline(), self.kept_answer(kept, token)).await {
                    Ok(answer) => answer,
                    Err(_) => Err(IntrospectionError::Deadline),
                }
            }
        }
    }

    /// The client that asks.
    pub fn client(&self) -> &IntrospectionClient {
        &self.client
    }

    async fn kept_answer(&self, kept: &Kept, token: &str) -> Result<Answer, IntrospectionError> {
        let key = Fingerprint::of(token);
        loop {
            match kept.answers.get_value_or_guard_async(&key).await {
                Ok(found) if self.clock.now_ms() < found.usable_until_ms => return Ok(found.answer),
                Ok(_) => {
                    let now_ms = self.clock.now_ms();
                    // Conditional: somebody may have put a newer answer there by now.
                    kept.answers
                        .remove_if(&key, |stale| now_ms >= stale.usable_until_ms);
                }
                Err(mine_to_ask) => {
                    let asked_ms = self.clock.now_ms();
                    let answer = self.client.introspect(token).await?;
                    let usable_until_ms = kept.usable_until_ms(asked_ms, &answer);
                    // It fails only if the entry was evicted meanwhile, which costs one more
                    // question.
                    let _ = mine_to_ask.insert(KeptAnswer {
                        answer: answer.clone(),
                        usable_until_ms,
                    });
                    return Ok(answer);
                }
            }
        }
    }
}

impl Kept {
    fn usable_until_ms(&self, asked_ms: i64, answer: &Answer) -> i64 {
        let expires_at_ms = answer.as_ref().ok().and_then(|active| active.expires_at_ms);
        asked_ms
            .saturating_add(self.ttl_ms)
            .min(expires_at_ms.unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::introspection::answer::ActiveToken;
    use crate::refusal::Reason;
    use crate::roles::Roles;
    use crate::scope::Scope;

    #[test]
    fn an_answer_is_kept_for_its_ttl_but_never_past_the_token() {
        let kept = Kept {
            ttl_ms: 2_000,
            answers: Cache::new(1),
        };
        let expiring = |expires_at_ms| {
            Ok(ActiveToken {
                subject: String::new(),
                scope: Scope::NONE,
                roles: Roles::NONE,
                client: None,
                expires_at_ms,
            })
        };
        assert_eq!(kept.usable_until_ms(10_000, &expiring(None)), 12_000);
        assert_eq!(
            kept.usable_until_ms(10_000, &expiring(Some(50_000))),
            12_000
        );
        assert_eq!(
            kept.usable_until_ms(10_000, &expiring(Some(11_000))),
            11_000
        );
        assert_eq!(kept.usable_until_ms(10_000, &Err(Reason::Inactive)), 12_000);
    }
}

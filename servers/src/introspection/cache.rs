//! Keeping introspection answers for a while (RFC 7662 §4).

use std::time::Duration;

use tokio::time::timeout;

use super::answer::Answer;
use super::{IntrospectionClient, IntrospectionError};
use crate::clock::Clock;
use crate::remembered::{Keep, Remembered};
use crate::secret::Fingerprint;

/// Introspection with an optional cache.
///
/// The lag bound is the TTL, counted from the moment of asking. Refusals are kept as long as
/// approvals.
#[derive(Debug)]
pub struct Introspection {
    client: IntrospectionClient,
    remembered: Option<Remembered<Answer>>,
}

impl Introspection {
    /// Asks through `client`, and keeps answers for `ttl` (zero: asks every time).
    pub fn new(client: IntrospectionClient, clock: Clock, ttl: Duration) -> Self {
        Self {
            client,
            remembered: Remembered::new(clock, ttl),
        }
    }

    /// What the authorization server says about `token`, now or a TTL ago.
    pub async fn answer(&self, token: &str) -> Result<Answer, IntrospectionError> {
        let Some(remembered) = &self.remembered else {
            return self.client.introspect(token).await;
        };
        let credential = Fingerprint::of(token);
        let asking = self.client.introspect(token);
        let answer = remembered.answer(&credential, asking, keep);
        // The client's own deadline does not cover waiting for others, who may fail one after
        // another.
        match timeout(self.client.deadline(), answer).await {
            Ok(answer) => answer,
            Err(_) => Err(IntrospectionError::Deadline),
        }
    }

    /// The client that asks.
    pub fn client(&self) -> &IntrospectionClient {
        &self.client
    }
}

/// Never past the token's own end.
fn keep(answer: &Answer) -> Keep {
    let end_ms = answer.as_ref().ok().and_then(|active| active.expires_at_ms);
    Keep::Until(end_ms.unwrap_or(i64::MAX))
}

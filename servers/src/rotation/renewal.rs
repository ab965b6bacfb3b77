//! One renewal, from the token that is presented to the one that takes over.

use std::time::Duration;

use super::decision::{Decision, committed_record, decide};
use super::token::{RefreshToken, RotationKey};
use crate::client::Client;
use crate::model::record::{Ledger, read, record_key};
use crate::model::{ActiveGrant, Grant, GrantRefusal};
use crate::revocation::{Announcer, Ended};
use crate::scope::Scope;
use crate::store::{RecordStore, StoreError};

/// How refresh families live.
#[derive(Clone, Copy, Debug)]
pub struct RefreshPolicy {
    /// A family ends after so long without a renewal.
    pub idle: Duration,
    /// A family ends so long after its login; no renewal moves that (RFC 9700 §4.14.2).
    pub absolute: Duration,
    /// For so long a used token gives its successor again, until that one is used.
    pub grace: Duration,
}

/// What renews: the families, the key of their tokens, and how they live. Whatever the store is: the code that
/// serves is the code whose orders of events are explored ([`super::interleavings`]).
#[derive(Clone, Copy, Debug)]
pub struct Renewal<'a, S> {
    /// Where the families are.
    pub ledger: &'a Ledger<S>,
    /// Reads and writes their tokens.
    pub key: &'a RotationKey,
    /// How they live.
    pub policy: RefreshPolicy,
    /// Makes known that a family has ended, where there is a way to.
    pub announcer: Option<&'a Announcer>,
}

/// A family that goes on.
#[derive(Debug)]
pub struct Renewed {
    /// What was granted at its login.
    pub family: ActiveGrant,
    /// The family's handle.
    pub handle: String,
    /// The token that takes over.
    pub successor: RefreshToken,
}

impl<S: RecordStore> Renewal<'_, S> {
    /// Uses `token`, presented by `client`, perhaps for a narrower scope.
    pub async fn renew(
        &self,
        token: &str,
        client: Client,
        scope: Option<Scope>,
    ) -> Result<Result<Renewed, GrantRefusal>, StoreError> {
        let token = match self.read_token(token, client) {
            Ok(token) => token,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let handle = token.family_handle();
        if let Some(scope) = scope
            && let Err(refusal) = self.allows(&handle, scope).await?
        {
            return Ok(Err(refusal));
        }
        let now_ms = self.ledger.clock().now_ms();
        let family = self.rotate(&token, &handle, now_ms).await?;
        Ok(family.map(|family| Renewed {
            family,
            handle,
            successor: token.successor(),
        }))
    }

    fn read_token(&self, text: &str, client: Client) -> Result<RefreshToken, GrantRefusal> {
        let refused = || match self.key.belongs_to_another(text, client) {
            true => GrantRefusal::OtherClientsToken,
            false => GrantRefusal::UnknownToken,
        };
        self.key.read(text, client).ok_or_else(refused)
    }

    /// A renewal may ask for less than was granted, never for more (RFC 6749 §6). Asked before
    /// anything is committed, or a mistake in the scope would use the token up. It costs a round
    /// trip, but only where a scope is given.
    async fn allows(
        &self,
        handle: &str,
        scope: Scope,
    ) -> Result<Result<(), GrantRefusal>, StoreError> {
        Ok(match self.ledger.find(handle).await? {
            None => Err(GrantRefusal::FamilyEnded),
            Some(family) if family.grant.scope.covers(scope) => Ok(()),
            Some(_) => Err(GrantRefusal::InvalidScope),
        })
    }

    /// Before the family ends: whoever repeats a call that failed half-way finds it still there.
    async fn announce(&self, handle: &str) -> Result<(), StoreError> {
        let Some(announcer) = self.announcer else {
            return Ok(());
        };
        let handle = handle.to_owned();
        announcer.announce(&Ended::Session { handle }).await
    }

    /// Commits the rotation at `now_ms` and finds out whether the family may go on. `Ok(Ok)`: it
    /// does, this is it.
    async fn rotate(
        &self,
        token: &RefreshToken,
        handle: &str,
        now_ms: i64,
    ) -> Result<Result<ActiveGrant, GrantRefusal>, StoreError> {
        // As long as any family lives: were a rotation forgotten sooner, its token could be used a
        // second time.
        let (remembered, family_key) = (self.policy.absolute, record_key(handle));
        let (from, next) = (token.rotation_key(), token.successor().rotation_key());
        let record = committed_record(now_ms);
        let rotation = self
            .ledger
            .store()
            .rotate(&from, &record, remembered, &family_key, &next)
            .await?;
        let Some(family) = rotation.family.as_deref().and_then(read) else {
            return Ok(Err(GrantRefusal::FamilyEnded));
        };
        if decide(&rotation, now_ms, self.policy.grace) == Decision::Replayed {
            self.announce(handle).await?;
            let Grant {
                subject, client, ..
            } = &family.grant;
            self.ledger.end(handle, subject, client.id()).await?;
            return Ok(Err(GrantRefusal::Replay));
        }
        // The second look closes a race: if the family ended while this was under way, it stays
        // ended, and if it was narrowed, so is what is handed out.
        let remaining_ms = u64::try_from(family.expires_at_ms - now_ms).unwrap_or(0);
        let idle = self.policy.idle.min(Duration::from_millis(remaining_ms));
        if idle.is_zero() {
            return Ok(Err(GrantRefusal::FamilyEnded));
        }
        let family = self.ledger.touch(handle, idle).await?;
        Ok(family.ok_or(GrantRefusal::FamilyEnded))
    }
}

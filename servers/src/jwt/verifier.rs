//! All gates in a row.

use std::sync::Arc;

use super::claims::{Claims, Rules};
use super::jwks_client::{JwksClient, KeysError};
use super::keys::KeySet;
use super::parts::Parts;
use crate::refusal::Reason;

/// Where a resource server has the issuer's keys from.
#[derive(Debug)]
pub enum KeySource {
    /// It shares the issuer's secret (HS256).
    Shared(KeySet),
    /// It fetches them from the issuer.
    Published(Arc<JwksClient>),
}

/// Judges access tokens at a resource server, without asking anybody who a token belongs to.
#[derive(Debug)]
pub struct Verifier {
    rules: Rules,
    keys: KeySource,
}

/// Reads a token that must have been signed by a key of `keys`, whatever the time: the first gates,
/// for the issuer itself, which also reads its expired tokens (logout).
pub fn read(token: &str, keys: &KeySet, rules: &Rules) -> Result<Claims, Reason> {
    let parts = Parts::split(token)?;
    let key = keys.find(parts.header)?.ok_or(Reason::UnknownKey)?;
    let mut claims = rules.read(&keys.verify(&parts, key)?)?;
    claims.key = key.id();
    Ok(claims)
}

impl Verifier {
    /// A verifier by `rules`.
    pub fn new(rules: Rules, keys: KeySource) -> Self {
        Self { rules, keys }
    }

    /// Judges `token` at `now_ms`. The outer error: the keys to judge it with cannot be had.
    pub async fn verify(
        &self,
        token: &str,
        now_ms: i64,
    ) -> Result<Result<Claims, Reason>, KeysError> {
        let parts = match Parts::split(token) {
            Ok(parts) => parts,
            Err(reason) => return Ok(Err(reason)),
        };
        match &self.keys {
            KeySource::Shared(keys) => Ok(self.judge(&parts, keys, now_ms)),
            KeySource::Published(client) => {
                let keys = client.keys(now_ms).await?;
                match self.judge(&parts, &keys, now_ms) {
                    Err(Reason::UnknownKey) => {
                        self.judge_with_newer_keys(&parts, client, &keys, now_ms)
                            .await
                    }
                    judged => Ok(judged),
                }
            }
        }
    }

    /// The payload of a token of another kind that the issuer has signed: its `typ` is this, and it has `max_bytes` at most. Nothing in
    /// it is judged. The outer error: the keys to judge it with cannot be had.
    pub async fn read_signed(
        &self,
        token: &str,
        typ: &str,
        max_bytes: usize,
    ) -> Result<Result<Vec<u8>, Reason>, KeysError> {
        let parts = match Parts::split_within(token, max_bytes) {
            Ok(parts) => parts,
            Err(reason) => return Ok(Err(reason)),
        };
        let read = |keys: &KeySet| {
            let key = keys.find_typed(parts.header, typ)?;
            keys.verify_typed(&parts, key.ok_or(Reason::UnknownKey)?)
        };
        match &self.keys {
            KeySource::Shared(keys) => Ok(read(keys)),
            KeySource::Published(client) => {
                let keys = client.keys(client.now_ms()).await?;
                match read(&keys) {
                    Err(Reason::UnknownKey) => Ok(read(&*client.newer_than(&keys).await?)),
                    payload => Ok(payload),
                }
            }
        }
    }

    async fn judge_with_newer_keys(
        &self,
        parts: &Parts<'_>,
        client: &JwksClient,
        known: &Arc<KeySet>,
        now_ms: i64,
    ) -> Result<Result<Claims, Reason>, KeysError> {
        let newer = client.newer_than(known).await?;
        Ok(self.judge(parts, &newer, now_ms))
    }

    fn judge(&self, parts: &Parts<'_>, keys: &KeySet, now_ms: i64) -> Result<Claims, Reason> {
        let key = keys.find(parts.header)?.ok_or(Reason::UnknownKey)?;
        let mut claims = self.rules.read(&keys.verify(parts, key)?)?;
        claims.key = key.id();
        self.rules.check_times(&claims, now_ms)?;
        Ok(claims)
    }
}

//! A resource server that trusts keys which the test holds, and tokens to try on it.

use std::time::Duration;

use authbench_servers::clock::{Clock, ManualTime};
use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::model::Model;
use authbench_servers::resource::{self, ResourceSettings, ResourceWiring, RunningResourceServer};
use authbench_servers::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Draft;
use super::keys::{Key, Keys, keys};
use super::published::hostile_jwks;
use crate::answer::{ACCEPTED, Answer, Expected, INVALID_TOKEN};
use crate::call::Call;
use crate::fake::FakeServer;
use crate::target::START_MS;

/// The least time between two looks for new keys, in every test.
pub(crate) const COOL_DOWN: Duration = Duration::from_secs(30);

/// The issuer of every forged token: a name that does not change from run to run, unlike an
/// address.
pub(crate) const ISSUER: &str = "https://issuer.test";

/// One model, one algorithm: a fake issuer, and a resource server that takes its keys from there.
pub(crate) struct Forger {
    pub(crate) model: Model,
    pub(crate) algorithm: SigningAlgorithm,
    pub(crate) issuer: FakeServer,
    pub(crate) resource: RunningResourceServer,
    pub(crate) time: ManualTime,
    pub(crate) audit: tempfile::NamedTempFile,
}

/// A token, and what should become of it.
pub(crate) struct Forged {
    token: Vec<u8>,
    method: &'static str,
    expected: Expected,
}

impl Forger {
    pub(crate) async fn start(model: Model, algorithm: SigningAlgorithm) -> Self {
        Self::with(model, algorithm, |_| ()).await
    }

    /// The same with other settings.
    pub(crate) async fn with(
        model: Model,
        algorithm: SigningAlgorithm,
        change: impl FnOnce(&mut ResourceSettings),
    ) -> Self {
        let jwks = match algorithm.is_symmetric() {
            true => "{}".to_owned(),
            false => hostile_jwks(algorithm),
        };
        let issuer = FakeServer::start(Duration::ZERO, move |_| (200, jwks.clone())).await;
        let audit = tempfile::NamedTempFile::new().expect("a file");
        let mut settings = ResourceSettings {
            model,
            algorithm,
            issuer: Some(ISSUER.to_owned()),
            authorization_server: Some(issuer.url.clone()),
            jwks_cool_down: COOL_DOWN,
            audit_log: Some(audit.path().to_owned()),
            ..ResourceSettings::default()
        };
        change(&mut settings);
        let wiring = ResourceWiring {
            signing_secret: secret(algorithm),
            ..ResourceWiring::default()
        };
        let (clock, time) = Clock::manual(START_MS);
        let resource = resource::start(settings, wiring, clock).await;
        Self {
            model,
            algorithm,
            issuer,
            resource: resource.expect("a resource server"),
            time,
            audit,
        }
    }

    pub(crate) fn keys(&self) -> &'static Keys {
        keys(self.algorithm)
    }

    /// The time that all drafts start from, in Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        START_MS / 1_000
    }

    /// A token that is good once it is signed with the issuer's own key.
    pub(crate) fn draft(&self) -> Draft {
        // The name that the reference servers give their shared secret.
        let kid = match self.algorithm.is_symmetric() {
            true => "shared",
            false => "own",
        };
        Draft::new(self.algorithm.name(), kid, ISSUER, self.now())
    }

    /// Signs a draft as the issuer would. Takes it over: tables read better without a name for
    /// each.
    #[expect(clippy::needless_pass_by_value)]
    pub(crate) fn sign(&self, draft: Draft) -> String {
        draft.sign(&self.keys().own)
    }

    /// `GET /resource` with a token.
    pub(crate) async fn read(&self, token: impl AsRef<[u8]>) -> Answer {
        let call = Call::get(&self.resource.url, "/resource");
        call.bearer(token).send().await
    }

    /// Tries a token; what is wrong with the answer, if anything.
    pub(crate) async fn tries(&self, forged: &Forged) -> Result<(), String> {
        let call = Call::new(forged.method, &self.resource.url, "/resource");
        let answer = call.bearer(&forged.token).send().await;
        let shown = String::from_utf8_lossy(&forged.token);
        let shown: String = shown.chars().take(400).collect();
        answer.is(forged.expected, &shown).map(drop)
    }
}

impl Forged {
    /// The same for `POST /resource`.
    pub(crate) fn writing(self) -> Self {
        Self {
            method: "POST",
            ..self
        }
    }
}

/// The secret that the servers share, if the algorithm has one.
fn secret(algorithm: SigningAlgorithm) -> Option<Secret> {
    match &keys(algorithm).own {
        Key::Secret(secret) => Some(Secret::new(URL_SAFE_NO_PAD.encode(secret))),
        _ => None,
    }
}

/// Tokens with an answer of their own.
pub(crate) fn expecting<T: Into<Vec<u8>>>(
    expected: Expected,
    tokens: impl IntoIterator<Item = T>,
) -> Vec<Forged> {
    tokens
        .into_iter()
        .map(|token| Forged {
            token: token.into(),
            method: "GET",
            expected,
        })
        .collect()
}

/// Tokens that must be refused as such.
pub(crate) fn refused<T: Into<Vec<u8>>>(tokens: impl IntoIterator<Item = T>) -> Vec<Forged> {
    expecting(INVALID_TOKEN, tokens)
}

/// Tokens that are good.
pub(crate) fn accepted<T: Into<Vec<u8>>>(tokens: impl IntoIterator<Item = T>) -> Vec<Forged> {
    expecting(ACCEPTED, tokens)
}

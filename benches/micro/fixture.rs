//! What the operations work on: the grant, tokens and requests of a run.

use authbench_reports::recorder::{Outcome, Sample};
use authbench_servers::client::Client;
use authbench_servers::entitlements::Entitlements;
use authbench_servers::http::Presented;
use authbench_servers::http::csrf::ChangeGuard;
use authbench_servers::http::origins::Origins;
use authbench_servers::jwt::{Minter, Rules, SigningAlgorithm, SigningKey};
use authbench_servers::model::Grant;
use authbench_servers::roles::Roles;
use authbench_servers::scope::Scope;
use authbench_servers::secret::Secret;
use hyper::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Uri};
use std::time::{Duration, Instant};

pub(crate) const ISSUER: &str = "http://127.0.0.1:8080";
pub(crate) const AUDIENCE: &str = "https://api.authbench.test";
pub(crate) const NOW_MS: i64 = 1_800_000_000_000;

/// Claims as they come, and with two kilobytes of entitlements.
pub(crate) const SIZES: [(&str, usize); 2] = [("small", 0), ("2KB", 2_048)];

/// 32 zero bytes, base64url.
pub(crate) fn secret() -> Secret {
    Secret::new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
}

pub(crate) fn signing_key(algorithm: SigningAlgorithm) -> SigningKey {
    let secret = secret();
    let secret = Some(&secret).filter(|_| algorithm.is_symmetric());
    SigningKey::new(algorithm, secret).expect("a key")
}

pub(crate) fn minter(algorithm: SigningAlgorithm, claims_bytes: usize) -> Minter {
    let entitlements = Entitlements::of_size(claims_bytes).expect("a fit size");
    let key = signing_key(algorithm);
    Minter::new(key, ISSUER, AUDIENCE, Duration::from_secs(300)).with_entitlements(entitlements)
}

pub(crate) fn rules(algorithm: SigningAlgorithm) -> Rules {
    Rules {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        algorithm,
        leeway: Duration::ZERO,
        max_lifetime: Duration::from_secs(86_400),
        no_exp: false,
    }
}

pub(crate) fn grant() -> Grant {
    Grant {
        subject: "user-00042".to_owned(),
        client: Client::App,
        scope: Scope::ALL,
        roles: Roles::WRITER,
    }
}

pub(crate) fn guard() -> ChangeGuard {
    ChangeGuard::new(Some(&secret()), Origins::default()).expect("a key")
}

/// A request of a run: what a server looks for a credential in.
pub(crate) struct Request {
    pub(crate) method: Method,
    uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Request {
    pub(crate) fn bare() -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("127.0.0.1:8081"));
        Self {
            method: Method::GET,
            uri: Uri::from_static("/resource"),
            headers,
        }
    }

    pub(crate) fn bearer(token: &str) -> Self {
        Self::bare().with(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// With the cookies of a `Set-Cookie` value, and one of somebody else's before it.
    pub(crate) fn cookie(pair: &str) -> Self {
        let pair = pair.split(';').next().unwrap_or_default();
        Self::bare().with(COOKIE, &format!("theme=dark; {pair}"))
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("ASCII");
        self.headers.insert(name, value);
        self
    }

    pub(crate) fn presented(&self) -> Presented<'_> {
        Presented {
            method: &self.method,
            uri: &self.uri,
            headers: &self.headers,
        }
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A request that was sent 40 µs after its intended start and answered after 140.
pub(crate) fn sample() -> Sample {
    let intended = Instant::now();
    Sample {
        intended,
        free: intended,
        sent: intended + Duration::from_micros(40),
        done: intended + Duration::from_micros(140),
        outcome: Outcome::Expected,
        bytes_sent: 117,
        bytes_received: 144,
    }
}

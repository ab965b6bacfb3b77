//! RS256 access tokens: what Keycloak and Auth0 issue, and what an API in front of their users checks by itself.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::foreign::http::{Answer, Request, Site};

/// Signs and checks.
pub(crate) struct Key(RsaKeyPair);

/// An API that knows the key and nothing of sessions: it accepts a token until it expires.
pub(crate) struct Api {
    pub(crate) key: std::sync::Arc<Key>,
    pub(crate) path: &'static str,
}

impl Key {
    pub(crate) fn generate() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key"))
    }

    /// A token with these claims, and `iat` and `exp` besides.
    pub(crate) fn sign(&self, mut claims: Value, ttl_s: u64) -> String {
        claims["iat"] = now_s().into();
        claims["exp"] = (now_s() + ttl_s).into();
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "stand-in" });
        let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .expect("a signature");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims, if it is ours and has not expired.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.0.public_key());
        key.verify(signed.as_bytes(), &signature).ok()?;
        let claims = BASE64_URL_SAFE_NO_PAD
            .decode(signed.split_once('.')?.1)
            .ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        (claims["exp"].as_u64()? > now_s()).then_some(claims)
    }
}

impl Site for Api {
    fn answer(&self, request: &Request) -> Answer {
        if request.route() != ("GET", self.path) {
            return Answer::new(404);
        }
        match request.bearer().and_then(|token| self.key.verify(token)) {
            Some(claims) => Answer::json(200, &json!({ "for": claims["sub"] })),
            None => Answer::json(401, &json!({ "error": "invalid_token" })).with(
                "www-authenticate",
                "Bearer realm=\"api\", error=\"invalid_token\"",
            ),
        }
    }
}

fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

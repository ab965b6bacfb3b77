//! JWK sets, as an issuer publishes them, or should not.

use authbench_servers::jwt::SigningAlgorithm;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::curves::ORDER_8;
use super::keys::{Key, keys};
use super::rsa::RsaKey;

/// The secret that a careless issuer publishes as `oct`.
pub(crate) const PUBLISHED_SECRET: [u8; 32] = [7; 32];

/// A JWK set of just these keys.
pub(crate) fn jwks(keys: &[(&Key, &str)]) -> String {
    let keys = keys.iter().map(|(key, kid)| named(key, kid));
    json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
}

/// A JWK set with two good keys, `own` and `second`, and many that must be ignored.
pub(crate) fn hostile_jwks(algorithm: SigningAlgorithm) -> String {
    let keys = keys(algorithm);
    let own_as = |kid: &str| with(named(&keys.own, kid), "alg", algorithm.name());
    let mut published = vec![
        own_as("own"),
        named(&keys.second, "second"),
        // Two keys of one name.
        named(&keys.second, "twin"),
        named(&keys.stranger, "twin"),
        // A good key, for something else.
        with(own_as("enc"), "use", "enc"),
        with(own_as("ops"), "key_ops", json!(["encrypt"])),
        with(own_as("unheard-of"), "kty", "PQC"),
        // Bad keys.
        named(&Key::Secret(PUBLISHED_SECRET), "oct"),
        rsa("rsa-1024", &RsaKey::short()),
        curve("order-8", "OKP", "Ed25519", &ORDER_8),
        with(
            curve("off-curve", "EC", "P-256", &[0; 32]),
            "y",
            URL_SAFE_NO_PAD.encode([0; 32]),
        ),
    ];
    if let Key::Rsa(pair, _) = &keys.own {
        published.push(with(rsa("e-1", &pair.raw), "e", "AQ"));
        published.push(with(named(&keys.stranger, "ps512"), "alg", "PS512"));
    }
    json!({ "keys": published }).to_string()
}

fn named(key: &Key, kid: &str) -> Value {
    with(key.public().0, "kid", kid)
}

fn rsa(kid: &str, key: &RsaKey) -> Value {
    let text = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
    json!({"kid": kid, "kty": "RSA", "n": text(key.modulus()), "e": text(key.exponent())})
}

fn curve(kid: &str, kty: &str, crv: &str, x: &[u8]) -> Value {
    json!({"kid": kid, "kty": kty, "crv": crv, "x": URL_SAFE_NO_PAD.encode(x)})
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

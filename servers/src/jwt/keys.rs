//! The keys that tokens are verified with, parsed once (RFC 7517).

use std::sync::OnceLock;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;

use super::algorithm::SigningAlgorithm;
use super::header;
use super::parts::{Parts, decode};
use crate::refusal::Reason;

/// Bytes of an HMAC secret at least: the output of its hash (RFC 7518 §3.2).
pub const MIN_SECRET_BYTES: usize = 32;
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A document that is not a JWK set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JWK set")]
pub struct NotAKeySet;

/// The verification keys of one issuer for one algorithm.
#[derive(Debug)]
pub struct KeySet {
    algorithm: SigningAlgorithm,
    keys: Vec<VerificationKey>,
}

/// A public key, or a shared secret.
#[derive(Debug)]
pub struct VerificationKey {
    id: Option<String>,
    key: DecodingKey,
    /// The header segment of the first good token under this key. An issuer writes the same header each time, so that
    /// nearly all tokens find their key by comparing text. Only a verified token sets it.
    usual_header: OnceLock<Box<str>>,
}

/// A member of a JWK set, as far as it is read. Unknown members are ignored (RFC 7517 §4).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    public_key_use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// A set of no keys, under which no token is good.
    pub fn empty(algorithm: SigningAlgorithm) -> Self {
        Self {
            algorithm,
            keys: Vec::new(),
        }
    }

    /// The secret shared with the issuer, for HS256. The caller has checked its length.
    pub(super) fn shared_secret(id: &str, secret: &[u8]) -> Self {
        let key = VerificationKey::new(Some(id.to_owned()), DecodingKey::from_secret(secret));
        Self {
            algorithm: SigningAlgorithm::Hs256,
            keys: vec![key],
        }
    }

    /// Reads a JWK set. Keys of other kinds or for other uses are ignored, so are weak and malformed ones; of two keys
    /// with one `kid` neither is kept, because nobody could say which one is meant.
    pub fn from_jwks(json: &[u8], algorithm: SigningAlgorithm) -> Result<Self, NotAKeySet> {
        let document: Document = serde_json::from_slice(json).map_err(|_| NotAKeySet)?;
        let jwks: Vec<Jwk> = document
            .keys
            .into_iter()
            .filter_map(|key| Jwk::deserialize(key).ok())
            .collect();
        let unique = |jwk: &&Jwk| jwks.iter().filter(|other| other.kid == jwk.kid).count() == 1;
        let usable = jwks
            .iter()
            .filter(unique)
            .filter(|jwk| jwk.is_for_verifying(algorithm));
        let keys = usable
            .filter_map(|jwk| Some(VerificationKey::new(jwk.kid.clone(), jwk.key(algorithm)?)));
        Ok(Self {
            algorithm,
            keys: keys.collect(),
        })
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that a header segment asks for. `Ok(None)`: the header is fine, but its `kid` is not one of ours.
    pub fn find(&self, header: &str) -> Result<Option<&VerificationKey>, Reason> {
        if let Some(key) = self.keys.iter().find(|key| {
            key.usual_header
                .get()
                .is_some_and(|usual| **usual == *header)
        }) {
            return Ok(Some(key));
        }
        Ok(
            match (
                header::key_id(header, self.algorithm)?,
                self.keys.as_slice(),
            ) {
                (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(&id)),
                // Without a `kid` only a lone key can be meant; trying each would let the sender choose.
                (None, [only]) => Some(only),
                (None, _) => None,
            },
        )
    }

    /// Verifies the signature of a token under `key`, one of this set; answers the decoded payload.
    pub fn verify(&self, parts: &Parts<'_>, key: &VerificationKey) -> Result<Vec<u8>, Reason> {
        let algorithm = self.algorithm.in_jsonwebtoken();
        match jsonwebtoken::crypto::verify(
            parts.signature,
            parts.signed.as_bytes(),
            &key.key,
            algorithm,
        ) {
            Ok(true) => {}
            Ok(false) => return Err(Reason::Signature),
            Err(_) => return Err(Reason::MalformedToken),
        }
        key.usual_header.get_or_init(|| parts.header.into());
        decode(parts.payload)
    }
}

impl VerificationKey {
    fn new(id: Option<String>, key: DecodingKey) -> Self {
        Self {
            id,
            key,
            usual_header: OnceLock::new(),
        }
    }
}

impl Jwk {
    fn is_for_verifying(&self, algorithm: SigningAlgorithm) -> bool {
        let for_signatures = self
            .public_key_use
            .as_deref()
            .is_none_or(|purpose| purpose == "sig");
        let may_verify = self
            .key_ops
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|one| one == "verify"));
        let same_algorithm = self
            .alg
            .as_deref()
            .is_none_or(|name| name == algorithm.name());
        for_signatures && may_verify && same_algorithm
    }

    fn key(&self, algorithm: SigningAlgorithm) -> Option<DecodingKey> {
        match (algorithm, self.kty.as_str(), self.crv.as_deref()) {
            (SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256, "RSA", _) => self.rsa(),
            (SigningAlgorithm::Es256, "EC", Some("P-256")) => self.p256(),
            (SigningAlgorithm::EdDsa, "OKP", Some("Ed25519")) => self.ed25519(),
            // Notably `oct`: a secret in a public document is no secret.
            _ => None,
        }
    }

    fn rsa(&self) -> Option<DecodingKey> {
        let (n, e) = (bytes(self.n.as_ref()?)?, bytes(self.e.as_ref()?)?);
        let modulus_bits = n
            .iter()
            .position(|byte| *byte != 0)
            .map(|zeros| (n.len() - zeros) * 8 - n[zeros].leading_zeros() as usize)?;
        let exponent_is_odd_and_not_1 = e.last().is_some_and(|last| last % 2 == 1) && e != [1];
        (RSA_BITS.contains(&modulus_bits) && exponent_is_odd_and_not_1)
            .then(|| DecodingKey::from_rsa_raw_components(&n, &e))
    }

    fn p256(&self) -> Option<DecodingKey> {
        let (x, y) = (bytes(self.x.as_ref()?)?, bytes(self.y.as_ref()?)?);
        let point = [&[4][..], &x, &y].concat();
        let on_curve =
            x.len() == 32 && ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).is_ok();
        on_curve.then(|| DecodingKey::from_ec_der(&point))
    }

    fn ed25519(&self) -> Option<DecodingKey> {
        let x = bytes(self.x.as_ref()?)?;
        let usable = x.len() == 32 && !has_small_order(&x);
        usable.then(|| DecodingKey::from_ed_der(&x))
    }
}

fn bytes(base64: &String) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(base64).ok()
}

/// Whether an Ed25519 public key is one of the points whose order divides 8: under such a key somebody without the
/// private key can sign (RFC 8032 leaves the check to us). The sign bit makes no difference to the order.
fn has_small_order(key: &[u8]) -> bool {
    /// The y coordinate of two of the four points of order 8; the other two have `-y`, which is `p - y`.
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let mut y: Vec<u8> = key.to_vec();
    y[31] &= 0x7f;
    let middle_is = |byte| y[1..31].iter().all(|found| *found == byte);
    // y = 0 (order 4) and y = 1 (order 1); then y = -1 (order 2) and the non-canonical forms p and p + 1 of 0 and 1.
    let small = y[0] <= 1 && middle_is(0) && y[31] == 0;
    let near_p = (0xec..=0xee).contains(&y[0]) && middle_is(0xff) && y[31] == 0x7f;
    small || near_p || ORDER_8.iter().any(|order_8| order_8[..] == y[..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::signing::SigningKey;
    use serde_json::{Value, json};

    fn usable(algorithm: SigningAlgorithm, keys: &Value) -> usize {
        let set = KeySet::from_jwks(json!({ "keys": keys }).to_string().as_bytes(), algorithm)
            .expect("a key set");
        set.keys.len()
    }

    fn es256_jwk() -> Value {
        SigningKey::generate(SigningAlgorithm::Es256)
            .expect("a key")
            .jwk()
            .expect("a public key")
    }

    fn with(mut jwk: Value, name: &str, value: Value) -> Value {
        jwk[name] = value;
        jwk
    }

    #[test]
    fn keys_for_other_purposes_are_ignored() {
        let good = es256_jwk();
        assert_eq!(usable(SigningAlgorithm::Es256, &json!([good])), 1);
        for (name, value) in [
            ("use", json!("enc")),
            ("key_ops", json!(["encrypt"])),
            ("alg", json!("ES384")),
            ("kty", json!("RSA")),
            ("kty", json!("unheard-of")),
            ("crv", json!("P-384")),
            ("x", json!("AAAA")),
            ("y", good["x"].clone()),
            ("kid", json!(7)),
        ] {
            assert_eq!(
                usable(
                    SigningAlgorithm::Es256,
                    &json!([with(good.clone(), name, value)])
                ),
                0,
                "{name}"
            );
        }
        assert_eq!(
            usable(
                SigningAlgorithm::Hs256,
                &json!([{"kty": "oct", "k": "AAAA", "kid": "s"}])
            ),
            0
        );
    }

    #[test]
    fn of_two_keys_with_one_kid_neither_is_kept() {
        let (one, other) = (es256_jwk(), es256_jwk());
        let twin = with(other.clone(), "kid", one["kid"].clone());
        assert_eq!(
            usable(SigningAlgorithm::Es256, &json!([one, twin, other])),
            1
        );
    }

    #[test]
    fn weak_keys_are_refused() {
        let rsa = |bytes: usize, e: &str| json!([{"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(vec![0xc5; bytes]), "e": e}]);
        assert_eq!(usable(SigningAlgorithm::Rs256, &rsa(256, "AQAB")), 1);
        assert_eq!(usable(SigningAlgorithm::Rs256, &rsa(128, "AQAB")), 0);
        assert_eq!(usable(SigningAlgorithm::Rs256, &rsa(256, "AQ")), 0);
        let ed =
            |x: &[u8]| json!([{"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(x)}]);
        let good = SigningKey::generate(SigningAlgorithm::EdDsa)
            .expect("a key")
            .jwk()
            .expect("a public key");
        assert_eq!(usable(SigningAlgorithm::EdDsa, &json!([good])), 1);
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        for weak in [[0; 32], minus_one] {
            assert_eq!(usable(SigningAlgorithm::EdDsa, &ed(&weak)), 0);
        }
    }

    #[test]
    fn not_a_set_is_an_error() {
        for text in ["", "[]", "{}", "{\"keys\":{}}"] {
            assert_eq!(
                KeySet::from_jwks(text.as_bytes(), SigningAlgorithm::Rs256).err(),
                Some(NotAKeySet),
                "{text}"
            );
        }
    }
}

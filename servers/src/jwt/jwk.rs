//! Reading one published key (RFC 7517 §4, RFC 7518 §6), and refusing weak ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::algorithm::SigningAlgorithm;
use super::signature_key::SignatureKey;

const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A member of a JWK set, as far as it is read. Unknown members are ignored (RFC 7517 §4).
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    pub(super) kid: Option<String>,
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
impl Jwk {
    /// Whether its owner means it for checking signatures of this algorithm.
    pub(super) fn is_for_verifying(&self, algorithm: SigningAlgorithm) -> bool {
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

    /// The key, if it is of the right kind and strong enough.
    pub(super) fn key(&self, algorithm: SigningAlgorithm) -> Option<SignatureKey> {
        match (algorithm, self.kty.as_str(), self.crv.as_deref()) {
            (SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256, "RSA", _) => self.rsa(algorithm),
            (SigningAlgorithm::Es256, "EC", Some("P-256")) => self.p256(),
            (SigningAlgorithm::EdDsa, "OKP", Some("Ed25519")) => self.ed25519(),
            // Notably `oct`: a secret in a public document is no secret.
            _ => None,
        }
    }

    fn rsa(&self, algorithm: SigningAlgorithm) -> Option<SignatureKey> {
        let (n, e) = (bytes(self.n.as_ref()?)?, bytes(self.e.as_ref()?)?);
        let modulus_bits = n
            .iter()
            .position(|byte| *byte != 0)
            .map(|zeros| (n.len() - zeros) * 8 - n[zeros].leading_zeros() as usize)?;
        let exponent_is_odd_and_not_1 = e.last().is_some_and(|last| last % 2 == 1) && e != [1];
        (RSA_BITS.contains(&modulus_bits) && exponent_is_odd_and_not_1)
            .then(|| SignatureKey::rsa(algorithm, &n, &e))?
    }

    fn p256(&self) -> Option<SignatureKey> {
        let (x, y) = (bytes(self.x.as_ref()?)?, bytes(self.y.as_ref()?)?);
        let point = [&[4][..], &x, &y].concat();
        (x.len() == 32).then(|| SignatureKey::p256(&point))?
    }

    fn ed25519(&self) -> Option<SignatureKey> {
        let x = bytes(self.x.as_ref()?)?;
        let usable = x.len() == 32 && !has_small_order(&x);
        usable.then(|| SignatureKey::ed25519(&x))?
    }
}

fn bytes(base64: &String) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(base64).ok()
}

/// Whether an Ed25519 public key is one of the points whose order divides 8: under such a key
/// somebody without the private key can sign (RFC 8032 leaves the check to us). The sign bit makes
/// no difference to the order.
fn has_small_order(key: &[u8]) -> bool {
    /// The y coordinate of two of the four points of order 8; the other two have `-y`, which is `p
    /// - y`.
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
    // y = 0 (order 4) and y = 1 (order 1); then y = -1 (order 2) and the non-canonical forms p and
    // p + 1 of 0 and 1.
    let small = y[0] <= 1 && middle_is(0) && y[31] == 0;
    let near_p = (0xec..=0xee).contains(&y[0]) && middle_is(0xff) && y[31] == 0x7f;
    small || near_p || ORDER_8.iter().any(|order_8| order_8[..] == y[..])
}

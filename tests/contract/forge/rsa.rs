//! RSA by hand: signatures over anything, and keys that no library makes.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use num_bigint::BigUint;

use super::der;

const E: u32 = 65_537;
/// `DigestInfo` of SHA-256 before the hash (RFC 8017 §9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// The numbers of a private key.
pub(crate) struct RsaKey {
    p: BigUint,
    q: BigUint,
    e: BigUint,
}

/// A 2048-bit pair, for the library and for our own arithmetic.
pub(crate) struct RsaPair {
    pub(crate) pair: RsaKeyPair,
    pub(crate) raw: RsaKey,
}

impl RsaPair {
    pub(crate) fn generate() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
        let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("a PKCS #8 document");
        // Inside of version and algorithm: version, n, e, d, p, q (RFC 8017, appendix A.1.2).
        let (outer, _) = der::read(pkcs8.as_ref());
        let (_, rest) = der::read(outer);
        let (_, rest) = der::read(rest);
        let (inner, _) = der::read(rest);
        let (mut rest, _) = der::read(inner);
        let mut numbers = Vec::new();
        while !rest.is_empty() {
            let (number, after) = der::read(rest);
            numbers.push(BigUint::from_bytes_be(number));
            rest = after;
        }
        let [_, _, e, _, p, q, ..] = &numbers[..] else {
            panic!("a private key has nine numbers");
        };
        let raw = RsaKey {
            p: p.clone(),
            q: q.clone(),
            e: e.clone(),
        };
        Self { pair, raw }
    }
}

impl RsaKey {
    /// A key of 1024 bits, from the two largest primes of 512 bits that have such a key with `E`.
    pub(crate) fn short() -> Self {
        let below = |distance: u32| (BigUint::from(1_u32) << 512) - distance;
        Self {
            p: below(569),
            q: below(629),
            e: E.into(),
        }
    }

    pub(crate) fn modulus(&self) -> Vec<u8> {
        (&self.p * &self.q).to_bytes_be()
    }

    pub(crate) fn exponent(&self) -> Vec<u8> {
        self.e.to_bytes_be()
    }

    /// `encoded` to the private exponent: a signature over a block of our choice.
    pub(crate) fn raw_sign(&self, encoded: &[u8]) -> Vec<u8> {
        let message = BigUint::from_bytes_be(encoded);
        let half = |prime: &BigUint| {
            let order = prime - 1_u32;
            let d = self.e.modinv(&order).expect("e is prime to the order");
            (&message % prime).modpow(&d, prime)
        };
        let (of_p, of_q) = (half(&self.p), half(&self.q));
        // Chinese remainders: two exponentiations of half the size, eight times as fast.
        let inverse = self.q.modinv(&self.p).expect("two primes");
        let difference = &of_p + &self.p - (&of_q % &self.p);
        let signature = of_q + &self.q * ((difference * inverse) % &self.p);
        let bytes = signature.to_bytes_be();
        [vec![0; encoded.len() - bytes.len()], bytes].concat()
    }

    /// A good PKCS #1 v1.5 signature with SHA-256.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.raw_sign(&encode(&digest_info(message), self.modulus().len()))
    }
}

/// What PKCS #1 v1.5 signs: `00 01 FF … FF 00` and the digest (RFC 8017 §9.2).
pub(crate) fn encode(digest: &[u8], length: usize) -> Vec<u8> {
    let padding = vec![0xff; length - digest.len() - 3];
    [&[0, 1], &padding[..], &[0], digest].concat()
}

fn digest_info(message: &[u8]) -> Vec<u8> {
    [&DIGEST_INFO[..], digest(&SHA256, message).as_ref()].concat()
}

/// Blocks that only a careless reader takes for the padding of `message`, of `length` bytes each.
/// The first byte is left alone: a block above the modulus would be another block.
pub(crate) fn bad_paddings(message: &[u8], length: usize) -> Vec<Vec<u8>> {
    let good = digest_info(message);
    let hash = digest(&SHA256, message);
    let encoded = encode(&good, length);
    let flipped = (1..length - good.len()).map(|index| {
        let mut block = encoded.clone();
        block[index] ^= 1 << (index % 8);
        block
    });
    let spoilt = spoilt_digests(&good, hash.as_ref());
    let short = [
        &[0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
        &good[..],
    ]
    .concat();
    let filled = |start: &[u8]| [start, &vec![0; length - start.len()]].concat();
    let others = [
        // Bleichenbacher's forgery: a short padding, the digest, garbage (CVE-2006-4339).
        filled(&short),
        filled(&[&[0, 1, 0], &good[..]].concat()),
        [&vec![0; length - good.len()], &good[..]].concat(),
        [&vec![0; length - hash.as_ref().len()], hash.as_ref()].concat(),
        // Padding for encryption.
        [&[0, 2], &encoded[2..]].concat(),
    ];
    flipped
        .chain(spoilt.iter().map(|digest| encode(digest, length)))
        .chain(others)
        .collect()
}

/// Digests that are not exactly what RFC 8017 §9.2 demands.
fn spoilt_digests(good: &[u8], hash: &[u8]) -> Vec<Vec<u8>> {
    let replaced = |at: usize, byte: u8| {
        let mut digest = good.to_vec();
        digest[at] = byte;
        digest
    };
    let no_null = [&[0x30, 0x2f, 0x30, 0x0b], &good[4..15], &[4, 0x20], hash].concat();
    let long_length = [&[0x30, 0x81, 0x31], &good[2..]].concat();
    let trailing = [good, &[5, 0]].concat();
    let inner_trailing = [&[0x30, 0x33], &good[2..], &[5, 0]].concat();
    vec![
        no_null,
        long_length,
        trailing,
        inner_trailing,
        // SHA-384, SHA-512, SHA-224 with a hash of SHA-256; then tags and lengths that lie.
        replaced(14, 2),
        replaced(14, 3),
        replaced(14, 4),
        replaced(0, 0x31),
        replaced(1, 0x30),
        replaced(15, 4),
        replaced(16, 1),
        replaced(17, 3),
        replaced(18, 0x1f),
        hash.to_vec(),
        good[..good.len() - 1].to_vec(),
        Vec::new(),
    ]
}

/// The pairs of this test run; making one takes most of a second.
pub(crate) static PAIRS: LazyLock<[RsaPair; 3]> =
    LazyLock::new(|| std::array::from_fn(|_| RsaPair::generate()));

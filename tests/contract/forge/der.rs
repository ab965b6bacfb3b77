//! As much DER as keys and a certificate need.

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// `AlgorithmIdentifier`s: rsaEncryption, sha256WithRSAEncryption; `id-ecPublicKey` on P-256;
/// Ed25519.
const RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
const P256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07,
];
const ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];

/// One value: tag, length, content.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [head, content.to_vec()].concat()
}

/// A sequence of values.
pub(crate) fn sequence(values: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &values.concat())
}

/// A positive integer from its big-endian bytes.
pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let significant = bytes.iter().position(|byte| *byte != 0).unwrap_or(0);
    let positive = [&[0], &bytes[significant..]].concat();
    // A leading zero only where the sign bit would be taken for one.
    let from = usize::from(positive.get(1).is_some_and(|first| first & 0x80 == 0));
    tlv(INTEGER, &positive[from..])
}

/// The content of the first value in `bytes`, and what follows it.
pub(crate) fn read(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (from, length) = match bytes[1] {
        0x82 => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
        0x81 => (3, usize::from(bytes[2])),
        short => (2, usize::from(short)),
    };
    bytes[from..].split_at(length)
}

/// An RSA public key in the form of PKCS #1.
pub(crate) fn rsa_public_key(n: &[u8], e: &[u8]) -> Vec<u8> {
    sequence(&[&integer(n), &integer(e)])
}

/// A public key with its algorithm (`SubjectPublicKeyInfo`, RFC 5280 §4.1).
pub(crate) fn public_key_info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    sequence(&[algorithm, &tlv(BIT_STRING, &[&[0], key].concat())])
}

/// The same for each kind of key.
pub(crate) fn rsa_info(n: &[u8], e: &[u8]) -> Vec<u8> {
    public_key_info(RSA, &rsa_public_key(n, e))
}

/// A point of P-256, uncompressed.
pub(crate) fn p256_info(point: &[u8]) -> Vec<u8> {
    public_key_info(P256, point)
}

/// An Ed25519 key.
pub(crate) fn ed25519_info(key: &[u8]) -> Vec<u8> {
    public_key_info(ED25519, key)
}

/// A self-signed certificate without a name or extensions; `sign` signs its first part.
pub(crate) fn certificate(info: &[u8], sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let nobody = sequence(&[]);
    let from_to = [tlv(0x17, b"200101000000Z"), tlv(0x17, b"491231235959Z")].concat();
    // The algorithm of the key stands for that of the signature: no reader should get that far.
    let (content, _) = read(info);
    let (algorithm, _) = read(content);
    let algorithm = tlv(SEQUENCE, algorithm);
    let body = sequence(&[
        &integer(&[1]),
        &algorithm,
        &nobody,
        &tlv(SEQUENCE, &from_to),
        &nobody,
        info,
    ]);
    let signature = tlv(BIT_STRING, &[&[0], &sign(&body)[..]].concat());
    sequence(&[&body, &algorithm, &signature])
}

//! Ed25519 and P-256 by hand: signatures and keys that must not be accepted.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

/// The order of Ed25519's base point, little-endian (RFC 8032 §5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/// A point of order 8 on Ed25519's curve.
pub(crate) const ORDER_8: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
    0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];
/// The order of P-256, big-endian.
pub(crate) const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The same signature with S plus the group order: the same equation, another text (RFC 8032
/// §5.1.7).
pub(crate) fn with_s_past_the_order(signature: &[u8]) -> Vec<u8> {
    let mut altered = signature.to_vec();
    let mut carry = 0;
    for (byte, addend) in altered[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(addend) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    altered
}

/// The signature that the key [`ORDER_8`] has under every eighth message: R the neutral element, S
/// zero.
pub(crate) fn universal_signature() -> [u8; 64] {
    let mut signature = [0; 64];
    signature[0] = 1;
    signature
}

/// Whether [`universal_signature`] verifies for `message`, if nobody looks at the key.
pub(crate) fn is_universally_signed(message: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, ORDER_8)
        .verify(message, &universal_signature())
        .is_ok()
}

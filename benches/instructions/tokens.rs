//! Recognising a signed token: every gate by itself, and all in a row.
//!
//! HS256, because its cryptography takes the least: what is counted beside it is ours.

use crate::fixture::{NOW_MS, grant, minter, rules};
use authbench_servers::jwt::SigningAlgorithm::Hs256;
use authbench_servers::jwt::claims::{Claims, Rules};
use authbench_servers::jwt::keys::KeySet;
use authbench_servers::jwt::parts::{Parts, decode};
use authbench_servers::jwt::verifier;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gungraun::{library_benchmark, library_benchmark_group};
use serde_json::Value;
use std::hint::black_box;
use std::sync::Arc;

/// A token and what it is judged by. Never freed: the end of an operation is no part of it.
pub(crate) struct Signed {
    pub(crate) token: String,
    payload: Vec<u8>,
    keys: Arc<KeySet>,
    rules: Rules,
}

/// With claims as they come, or so many bytes of them. What is drawn at random in a real one is fixed here, so that every run reads the same bytes.
pub(crate) fn signed(claims_bytes: usize) -> &'static Signed {
    authbench_servers::install_crypto();
    let minter = minter(Hs256, claims_bytes);
    let minted = minter.mint(&grant(), None, NOW_MS);
    let parts = Parts::split(&minted).expect("a token");
    let payload = decode(parts.payload).expect("base64url");
    let mut claims: Value = serde_json::from_slice(&payload).expect("claims");
    claims["jti"] = "AAECAwQFBgcICQoLDA0ODw".into();
    let payload = claims.to_string().into_bytes();
    let message = format!("{}.{}", parts.header, URL_SAFE_NO_PAD.encode(&payload));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
    Box::leak(Box::new(Signed {
        token: format!("{message}.{signature}"),
        payload,
        keys: minter.key_set(),
        rules: rules(Hs256),
    }))
}

#[library_benchmark]
#[bench::small(signed(0))]
#[bench::with_2kb(signed(2_048))]
fn split(signed: &'static Signed) -> Parts<'static> {
    Parts::split(black_box(&signed.token)).expect("a token")
}

#[library_benchmark]
#[bench::small(signed(0))]
fn find_key(signed: &'static Signed) -> bool {
    let header = signed.token.split('.').next().unwrap_or_default();
    signed
        .keys
        .find(black_box(header))
        .is_ok_and(|key| key.is_some())
}

#[library_benchmark]
#[bench::small(signed(0))]
#[bench::with_2kb(signed(2_048))]
fn read_claims(signed: &'static Signed) -> Claims {
    let claims = signed.rules.read(black_box(&signed.payload)).expect("good");
    signed.rules.check_times(&claims, NOW_MS).expect("in time");
    claims
}

#[library_benchmark]
#[bench::small(signed(0))]
#[bench::with_2kb(signed(2_048))]
fn verify(signed: &'static Signed) -> Claims {
    verifier::read(black_box(&signed.token), &signed.keys, &signed.rules).expect("good")
}

library_benchmark_group!(
    name = tokens;
    benchmarks = split, find_key, read_claims, verify
);

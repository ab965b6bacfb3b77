//! Signing and judging an access token, beside the limit and beside the verifier of the `jsonwebtoken` crate, which parses its key each time.

use crate::fixture::{NOW_MS, SIZES, grant, minter, rules};
use crate::limit::Limit;
use authbench_servers::jwt::parts::Parts;
use authbench_servers::jwt::{SigningAlgorithm, algorithm, verifier};
use criterion::{BenchmarkId, Criterion};
use jsonwebtoken::{Algorithm, DecodingKey, crypto, jwk::Jwk};
use std::hint::black_box;

pub(crate) fn sign(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sign");
    for algorithm in algorithm::ALGORITHMS {
        for (size, bytes) in SIZES {
            let (minter, grant) = (minter(algorithm, bytes), grant());
            let token = minter.mint(&grant, None, NOW_MS);
            let message = Parts::split(&token).expect("a token").signed;
            let (limit, parameter) = (Limit::new(algorithm), format!("{algorithm}-{size}"));
            group.bench_function(BenchmarkId::new("limit", &parameter), |bencher| {
                bencher.iter(|| limit.sign(black_box(message.as_bytes())));
            });
            group.bench_function(BenchmarkId::new("access_token", &parameter), |bencher| {
                bencher.iter(|| minter.mint(black_box(&grant), None, NOW_MS));
            });
        }
    }
}

pub(crate) fn verify(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    for algorithm in algorithm::ALGORITHMS {
        for (size, bytes) in SIZES {
            let minter = minter(algorithm, bytes);
            let (token, keys, rules) = (
                minter.mint(&grant(), None, NOW_MS),
                minter.key_set(),
                rules(algorithm),
            );
            let parts = Parts::split(&token).expect("a token");
            let (limit, parameter) = (Limit::new(algorithm), format!("{algorithm}-{size}"));
            let signature = limit.sign(parts.signed.as_bytes());
            group.bench_function(BenchmarkId::new("limit", &parameter), |bencher| {
                bencher.iter(|| limit.verify(black_box(parts.signed.as_bytes()), &signature));
            });
            let key = keys.find(parts.header).expect("ours").expect("known");
            group.bench_function(BenchmarkId::new("signature", &parameter), |bencher| {
                bencher.iter(|| keys.verify(black_box(&parts), key).expect("verifies"));
            });
            let (library, name) = library(algorithm, &minter.jwks(NOW_MS));
            group.bench_function(BenchmarkId::new("jsonwebtoken", &parameter), |bencher| {
                bencher.iter(|| {
                    let message = black_box(parts.signed.as_bytes());
                    crypto::verify(parts.signature, message, &library, name).expect("verifies")
                });
            });
            group.bench_function(BenchmarkId::new("access_token", &parameter), |bencher| {
                bencher.iter(|| {
                    let claims = verifier::read(black_box(&token), &keys, &rules).expect("good");
                    rules.check_times(&claims, NOW_MS).expect("in time");
                    claims
                });
            });
        }
    }
}

/// The same key as the crate keeps it.
fn library(algorithm: SigningAlgorithm, jwks: &str) -> (DecodingKey, Algorithm) {
    let name = algorithm.name().parse().expect("an algorithm");
    if algorithm.is_symmetric() {
        return (DecodingKey::from_secret(&[0; 32]), name);
    }
    let document: serde_json::Value = serde_json::from_str(jwks).expect("JSON");
    let jwk: Jwk = serde_json::from_value(document["keys"][0].clone()).expect("a JWK");
    (DecodingKey::from_jwk(&jwk).expect("a key"), name)
}

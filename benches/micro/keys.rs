//! Reading a published key set of one key, and a shared secret: once at start, and again when keys are replaced.

use crate::fixture::{NOW_MS, minter, secret};
use authbench_servers::jwt::{KeySet, algorithm, signing::shared_key_set};
use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;

pub(crate) fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("keys");
    for algorithm in algorithm::ALGORITHMS {
        if algorithm.is_symmetric() {
            let secret = secret();
            group.bench_function(BenchmarkId::new("parse", algorithm), |bencher| {
                bencher.iter(|| shared_key_set(black_box(&secret)).expect("a key"));
            });
            continue;
        }
        let jwks = minter(algorithm, 0).jwks(NOW_MS);
        group.throughput(Throughput::Bytes(jwks.len() as u64));
        group.bench_function(BenchmarkId::new("parse", algorithm), |bencher| {
            bencher
                .iter(|| KeySet::from_jwks(black_box(jwks.as_bytes()), algorithm).expect("keys"));
        });
    }
}

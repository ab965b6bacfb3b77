//! Reading what a request brings: header fields, base64url, claims, an introspection answer.

use crate::fixture::{AUDIENCE, NOW_MS, Request, SIZES, grant, minter, rules};
use authbench_servers::http::{bearer, cookie};
use authbench_servers::introspection::answer;
use authbench_servers::jwt::SigningAlgorithm::Rs256;
use authbench_servers::jwt::parts::{Parts, decode};
use authbench_servers::model::session;
use authbench_servers::secret::random_id;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use criterion::{BenchmarkId, Criterion, Throughput};
use serde_json::json;
use std::hint::black_box;

pub(crate) fn all(criterion: &mut Criterion) {
    header_fields(criterion);
    claims(criterion);
    introspection_answer(criterion);
}

fn header_fields(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let token = minter(Rs256, 0).mint(&grant(), None, NOW_MS);
    let by_bearer = Request::bearer(&token);
    group.bench_function("authorization/access_token", |bencher| {
        bencher.iter(|| bearer::token(&black_box(by_bearer.presented())).expect("a token"));
    });
    let name = session::COOKIE.name;
    let by_cookie = Request::cookie(&format!("{name}={}", random_id()));
    group.bench_function("cookie/session", |bencher| {
        bencher.iter(|| cookie::value(black_box(&by_cookie.headers), name).expect("one"));
    });
}

fn claims(criterion: &mut Criterion) {
    for (size, bytes) in SIZES {
        let token = minter(Rs256, bytes).mint(&grant(), None, NOW_MS);
        let parts = Parts::split(&token).expect("a token");
        let payload = decode(parts.payload).expect("base64url");
        let rules = rules(Rs256);

        let mut group = criterion.benchmark_group("base64");
        group.throughput(Throughput::Bytes(payload.len() as u64));
        group.bench_function(BenchmarkId::new("encode", size), |bencher| {
            bencher.iter(|| URL_SAFE_NO_PAD.encode(black_box(&payload)));
        });
        group.bench_function(BenchmarkId::new("decode", size), |bencher| {
            bencher.iter(|| decode(black_box(parts.payload)).expect("base64url"));
        });
        group.finish();

        let mut group = criterion.benchmark_group("claims");
        group.throughput(Throughput::Bytes(token.len() as u64));
        group.bench_function(BenchmarkId::new("split", size), |bencher| {
            bencher.iter(|| Parts::split(black_box(&token)).expect("a token"));
        });
        group.throughput(Throughput::Bytes(payload.len() as u64));
        group.bench_function(BenchmarkId::new("validate", size), |bencher| {
            bencher.iter(|| {
                let claims = rules.read(black_box(&payload)).expect("good");
                rules.check_times(&claims, NOW_MS).expect("in time");
                claims
            });
        });
        group.finish();
    }
}

fn introspection_answer(criterion: &mut Criterion) {
    let entitlements = |bytes| vec!["e".repeat(30); bytes / 33];
    for (size, bytes) in SIZES {
        let mut answer = json!({
            "active": true, "sub": "user-00042", "client_id": "app", "scope": "read write", "roles": ["writer"],
            "aud": AUDIENCE, "token_type": "Bearer", "iat": NOW_MS / 1_000, "exp": NOW_MS / 1_000 + 300,
        });
        if bytes > 0 {
            answer["entitlements"] = json!(entitlements(bytes));
        }
        let answer = answer.to_string();
        let mut group = criterion.benchmark_group("introspection");
        group.throughput(Throughput::Bytes(answer.len() as u64));
        group.bench_function(BenchmarkId::new("read_answer", size), |bencher| {
            bencher.iter(|| answer::read(black_box(answer.as_bytes()), AUDIENCE).expect("active"));
        });
    }
}

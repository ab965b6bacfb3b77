//! Session ids, their hashes, and CSRF tokens.

use crate::fixture::{Request, guard};
use authbench_servers::http::csrf;
use authbench_servers::secret::{Fingerprint, random_id};
use criterion::Criterion;
use hyper::Method;
use hyper::header::ORIGIN;
use std::hint::black_box;

pub(crate) fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("secrets");
    let (id, guard) = (random_id(), guard());
    group.bench_function("session_id/generate", |bencher| bencher.iter(random_id));
    group.bench_function("session_id/hash", |bencher| {
        bencher.iter(|| Fingerprint::of(black_box(&id)).to_base64());
    });
    group.bench_function("csrf_token/make", |bencher| {
        bencher.iter(|| guard.token(black_box(&id)));
    });
    let mut request = Request::bare()
        .with(ORIGIN, "http://127.0.0.1:8081")
        .with(csrf::HEADER, &guard.token(&id));
    request.method = Method::POST;
    assert_eq!(guard.check(&request.presented(), &id), Ok(()));
    group.bench_function("csrf_token/check", |bencher| {
        bencher.iter(|| guard.check(&black_box(request.presented()), &id));
    });
}

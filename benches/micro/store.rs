//! A session check at the store: its bytes, and the whole round trip over each kind of connection.

use crate::fixture::{NOW_MS, grant, runtime};
use crate::real_store::RealStore;
use authbench_servers::entitlements::Entitlements;
use authbench_servers::model::record;
use authbench_servers::secret::{Fingerprint, random_id};
use criterion::{BenchmarkId, Criterion};
use std::hint::black_box;
use std::time::Duration;

const IDLE: Duration = Duration::from_secs(1_800);

pub(crate) fn codec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store_codec");
    let key = record::record_key(&Fingerprint::of(&random_id()).to_base64());
    group.bench_function("command/GETEX", |bencher| {
        bencher.iter(|| {
            let mut command = redis::cmd("GETEX");
            command.arg(black_box(&key)).arg("PX").arg(1_800_000);
            command.get_packed_command()
        });
    });
    for (size, bytes) in crate::fixture::SIZES {
        let entitlements = Entitlements::of_size(bytes).expect("a fit size");
        let written = record::write(&grant(), &entitlements, NOW_MS, NOW_MS + 1);
        let head = format!("${}\r\n", written.len());
        let answer = [head.as_bytes(), &written, b"\r\n"].concat();
        group.bench_function(BenchmarkId::new("answer", size), |bencher| {
            bencher.iter(|| redis::parse_redis_value(black_box(&answer)).expect("an answer"));
        });
        group.bench_function(BenchmarkId::new("read_record", size), |bencher| {
            bencher.iter(|| record::read(black_box(&written)).expect("a record"));
        });
        group.bench_function(BenchmarkId::new("write_record", size), |bencher| {
            bencher.iter(|| record::write(black_box(&grant()), &entitlements, NOW_MS, NOW_MS + 1));
        });
    }
}

pub(crate) fn round_trips(criterion: &mut Criterion, real: &RealStore) {
    let runtime = runtime();
    let stores = runtime.block_on(async {
        [
            ("shared", real.shared().await),
            ("pool=8", real.pool(8).await),
            ("unix", real.unix().await),
        ]
    });
    let record = record::write(&grant(), &Entitlements::default(), NOW_MS, NOW_MS + 1);
    let mut group = criterion.benchmark_group("store_round_trip");
    for (name, store) in stores {
        runtime
            .block_on(store.put("session", &record, IDLE))
            .expect("a store");
        group.bench_function(BenchmarkId::new("get_and_touch", name), |bencher| {
            bencher.iter(|| {
                let found = runtime.block_on(store.get_and_touch("session", IDLE));
                found.expect("a store").expect("a record")
            });
        });
    }
}

//! Whether a token has ended, with so many that have: in memory, in a list of bits, in a store.

use crate::fixture::{NOW_MS, runtime};
use crate::real_store::RealStore;
use authbench_servers::clock::Clock;
use authbench_servers::revocation::status_list::Bits;
use authbench_servers::revocation::{
    Denials, Denylist, Ended, EpochCheck, Presentation, RevocationSettings,
};
use authbench_servers::secret::random_id;
use criterion::{BenchmarkId, Criterion};
use std::hint::black_box;
use std::time::Duration;

const ENTRIES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const LIFE: Duration = Duration::from_secs(300);

fn presentation(id: &str) -> Presentation<'_> {
    Presentation {
        id,
        session: None,
        subject: "user-00042",
        client: "app",
        key: None,
        issued_at_ms: NOW_MS,
    }
}

pub(crate) fn in_memory(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("revocation");
    for entries in ENTRIES {
        let (clock, _time) = Clock::manual(NOW_MS);
        let denials = Denials::told(&RevocationSettings::default(), Duration::ZERO, clock);
        for _ in 0..entries {
            let ended = Ended::Token {
                id: random_id(),
                expires_at_ms: NOW_MS + 300_000,
            };
            denials.learn(&ended, LIFE);
        }
        let ids: Vec<String> = (0..1_024).map(|_| random_id()).collect();
        let mut next = ids.iter().cycle();
        group.bench_function(BenchmarkId::new("denylist_push", entries), |bencher| {
            bencher.iter(|| {
                next.next()
                    .map(|id| denials.covers(&black_box(presentation(id))))
            });
        });

        let mut bits = Bits::default();
        bits.reach(entries);
        (0..entries)
            .step_by(7)
            .for_each(|index| bits.write(index, true));
        let mut index = 0;
        group.bench_function(BenchmarkId::new("status_list", entries), |bencher| {
            bencher.iter(|| {
                index = (index + 7_919) % entries;
                black_box(&bits).is_set(index)
            });
        });
    }
}

/// One round trip each; what is looked up is not there, as for nearly every request.
pub(crate) fn in_store(criterion: &mut Criterion, real: &RealStore) {
    let runtime = runtime();
    let store = runtime.block_on(real.shared());
    let (denylist, epochs) = (Denylist::new(store.clone()), EpochCheck::new(store.clone()));
    let mut group = criterion.benchmark_group("revocation");
    let mut written = 0;
    for entries in ENTRIES {
        let records: Vec<(String, Vec<u8>, Duration)> = (written..entries)
            .map(|n| {
                (
                    format!("denied:token:{n}"),
                    b"9223372036854775807".to_vec(),
                    LIFE,
                )
            })
            .collect();
        for some in records.chunks(1_000) {
            runtime.block_on(store.put_all(some)).expect("a store");
        }
        written = entries;
        group.bench_function(BenchmarkId::new("denylist", entries), |bencher| {
            bencher.iter(|| {
                runtime
                    .block_on(denylist.covers(&presentation("none")))
                    .is_ok()
            });
        });
        group.bench_function(BenchmarkId::new("epoch", entries), |bencher| {
            bencher.iter(|| {
                runtime
                    .block_on(epochs.covers("user-00042", Some(1)))
                    .expect("a store")
            });
        });
    }
}

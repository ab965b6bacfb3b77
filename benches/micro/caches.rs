//! What a server remembers of a credential; the recorder and the schedule of the load side.

use crate::fixture::{runtime, sample};
use authbench_reports::recorder::Recorder;
use authbench_scenarios::load::schedule::Schedule;
use authbench_servers::clock::Clock;
use authbench_servers::remembered::{Keep, Remembered};
use authbench_servers::secret::Fingerprint;
use criterion::Criterion;
use std::convert::Infallible;
use std::hint::black_box;
use std::time::Duration;

pub(crate) fn all(criterion: &mut Criterion) {
    remembered(criterion);
    recorder(criterion);
    schedule(criterion);
}

fn remembered(criterion: &mut Criterion) {
    let runtime = runtime();
    let remembered = || Remembered::new(Clock::system(), Duration::from_secs(60)).expect("a time");
    let mut group = criterion.benchmark_group("cache");
    let (hits, credential) = (remembered(), Fingerprint::of("credential"));
    let ask = |remembered: &Remembered<u32>, credential: &Fingerprint| {
        let asking = async { Ok::<_, Infallible>(1) };
        runtime.block_on(remembered.answer(credential, asking, |_| Keep::Until(i64::MAX)))
    };
    let _ = ask(&hits, &credential);
    group.bench_function("answer/hit", |bencher| {
        bencher.iter(|| ask(&hits, black_box(&credential)));
    });
    let misses = remembered();
    let credentials: Vec<Fingerprint> = (0..200_000)
        .map(|n| Fingerprint::of(&format!("{n}")))
        .collect();
    let mut next = credentials.iter().cycle();
    // Twice as many credentials as it holds: each has been pushed out before it comes again.
    group.bench_function("answer/miss", |bencher| {
        bencher.iter(|| next.next().map(|credential| ask(&misses, credential)));
    });
}

fn recorder(criterion: &mut Criterion) {
    let sample = sample();
    let (mut recorder, mut merged) = (Recorder::default(), Recorder::default());
    let mut group = criterion.benchmark_group("recorder");
    group.bench_function("record/expected", |bencher| {
        bencher.iter(|| recorder.record(black_box(&sample)));
    });
    group.bench_function("merge/one_user", |bencher| {
        bencher.iter(|| merged.merge(black_box(&recorder)));
    });
}

fn schedule(criterion: &mut Criterion) {
    let endless = || Schedule::new(2_000.0, Duration::from_secs(1_000_000), 5, 1);
    let mut schedule = endless();
    criterion.bench_function("schedule/next_start/5_targets", |bencher| {
        bencher.iter(|| schedule.next());
    });
}

//! What recording one request costs the generator, and merging one user's samples at the end of a round.
//!
//! `cargo bench --bench recorder`

use authbench_reports::recorder::{Outcome, Recorder, Sample};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::{Duration, Instant};

fn sample() -> Sample {
    let intended = Instant::now();
    Sample {
        intended,
        free: intended,
        sent: intended + Duration::from_micros(40),
        done: intended + Duration::from_micros(140),
        outcome: Outcome::Expected,
        bytes_sent: 117,
        bytes_received: 144,
    }
}

fn record(criterion: &mut Criterion) {
    let (mut recorder, sample) = (Recorder::default(), sample());
    criterion.bench_function("recorder/record/expected", |bencher| {
        bencher.iter(|| recorder.record(black_box(&sample)));
    });
}

fn merge(criterion: &mut Criterion) {
    let (mut merged, mut one) = (Recorder::default(), Recorder::default());
    (0..1000).for_each(|_| one.record(&sample()));
    criterion.bench_function("recorder/merge/one_user", |bencher| {
        bencher.iter(|| merged.merge(black_box(&one)));
    });
}

criterion_group!(benches, record, merge);
criterion_main!(benches);

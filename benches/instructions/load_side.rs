//! What the generator does for each request: the recorder and the schedule.

use crate::fixture::sample;
use authbench_reports::recorder::{Recorder, Sample};
use authbench_scenarios::load::schedule::Schedule;
use gungraun::{library_benchmark, library_benchmark_group};
use std::hint::black_box;
use std::time::Duration;

fn recording() -> (&'static mut Recorder, Sample) {
    let sample = sample();
    let mut recorder = Recorder::default();
    recorder.record(&sample);
    (Box::leak(Box::new(recorder)), sample)
}

fn schedule() -> &'static mut Schedule {
    let mut schedule = Schedule::new(2_000.0, Duration::from_secs(1_000), 5, 1);
    schedule.next();
    Box::leak(Box::new(schedule))
}

#[library_benchmark]
#[bench::expected(recording())]
fn record((recorder, sample): (&'static mut Recorder, Sample)) {
    recorder.record(black_box(&sample));
}

// Sixteen, because every now and then one draws new randomness for many.
#[library_benchmark]
#[bench::of_5_targets(schedule())]
fn next_starts(schedule: &'static mut Schedule) -> usize {
    schedule.by_ref().take(black_box(16)).count()
}

library_benchmark_group!(
    name = load_side;
    benchmarks = record, next_starts
);

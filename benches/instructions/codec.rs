//! The bytes of a session check at the store.

use crate::fixture::{NOW_MS, grant};
use authbench_servers::entitlements::Entitlements;
use authbench_servers::model::ActiveGrant;
use authbench_servers::model::record;
use gungraun::{library_benchmark, library_benchmark_group};
use std::hint::black_box;

/// A record as it stands in the store.
fn written(claims_bytes: usize) -> &'static [u8] {
    let entitlements = Entitlements::of_size(claims_bytes).expect("a fit size");
    record::write(&grant(), &entitlements, NOW_MS, NOW_MS + 1).leak()
}

/// The store's answer with it.
fn answer(claims_bytes: usize) -> &'static [u8] {
    let written = written(claims_bytes);
    let head = format!("${}\r\n", written.len());
    [head.as_bytes(), written, b"\r\n"].concat().leak()
}

#[library_benchmark]
fn command() -> Vec<u8> {
    let mut command = redis::cmd("GETEX");
    command
        .arg(black_box(
            "session:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        ))
        .arg("PX")
        .arg(1_800_000);
    command.get_packed_command()
}

#[library_benchmark]
#[bench::small(answer(0))]
#[bench::with_2kb(answer(2_048))]
fn parse_answer(answer: &'static [u8]) -> redis::Value {
    redis::parse_redis_value(black_box(answer)).expect("an answer")
}

#[library_benchmark]
#[bench::small(written(0))]
#[bench::with_2kb(written(2_048))]
fn read_record(written: &'static [u8]) -> Option<ActiveGrant> {
    record::read(black_box(written))
}

library_benchmark_group!(
    name = store_codec;
    benchmarks = command, parse_answer, read_record
);

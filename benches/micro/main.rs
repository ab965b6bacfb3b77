//! One operation at a time: what each part of recognising a caller costs by itself.
//!
//! Ids are `group/subject/parameter`; `limit/…` is the cryptographic library alone, with keys parsed beforehand. What needs a store runs on a real
//! Redis or Valkey that is started for it, and is left out with a message where there is none. The table is in `docs/microbenchmarks.md`.
//!
//! `cargo bench --bench micro`; with `-- --test` each operation runs once.

mod caches;
mod fixture;
mod keys;
mod limit;
mod login;
mod lookups;
mod paced;
mod parsing;
mod real_store;
mod rotation;
mod secrets;
mod store;
mod tokens;
mod validators;

use authbench_scenarios::accounting::idle::KeptAwake;
use authbench_scenarios::accounting::machine;
use criterion::Criterion;
use std::time::Duration;

fn main() {
    authbench_servers::install_crypto();
    // As the targets of a run: all on one processor, which does not halt. Else a round trip takes 20 or 60 µs, as the scheduler pleases.
    let _awake = KeptAwake::request(&[]);
    if let [_, .., last] = machine::allowed_cpus()[..] {
        machine::pin_to(&[last]).expect("an allowed processor");
    }
    let mut criterion = Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(600))
        .nresamples(2_000)
        .without_plots()
        .configure_from_args();
    tokens::sign(&mut criterion);
    tokens::verify(&mut criterion);
    keys::parse(&mut criterion);
    parsing::all(&mut criterion);
    secrets::all(&mut criterion);
    login::hash(&mut criterion);
    caches::all(&mut criterion);
    lookups::in_memory(&mut criterion);
    rotation::tokens(&mut criterion);
    store::codec(&mut criterion);
    validators::without_store(&mut criterion);
    let Some(real) = real_store::start() else {
        criterion.final_summary();
        return;
    };
    store::round_trips(&mut criterion, &real);
    lookups::in_store(&mut criterion, &real);
    rotation::renewal(&mut criterion, &real);
    validators::with_store(&mut criterion, &real);
    paced::all(&mut criterion, &real);
    criterion.final_summary();
}

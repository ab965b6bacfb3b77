//! How many instructions the pure operations take: the same count in every run of one build, so that one clone more is seen.
//!
//! Old against new only. The counts say nothing about time, and nothing about one library beside another: valgrind hides the processor's
//! instructions for SHA-256, so that everything that hashes is counted in software. `docs/microbenchmarks.md` says how to compare.
//!
//! `cargo bench --bench instructions`. It needs valgrind and `gungraun-runner`, of the version of the library; where one is missing it says so, and
//! nothing is counted.

mod codec;
#[path = "../micro/fixture.rs"]
#[expect(dead_code, reason = "the other benches use the rest")]
mod fixture;
mod load_side;
mod lookups;
mod needed;
mod no_chance;
mod requests;
mod tokens;

/// The runner starts this program again for each operation, under valgrind.
mod counted {
    use super::codec::store_codec;
    use super::load_side::load_side;
    use super::lookups::lookups;
    use super::requests::requests;
    use super::tokens::tokens;
    use gungraun::{Callgrind, LibraryBenchmarkConfig};

    gungraun::main!(
        config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"]));
        library_benchmark_groups = tokens,
        requests,
        lookups,
        store_codec,
        load_side
    );

    pub(super) fn run() {
        main();
    }
}

fn main() {
    // Under valgrind it is the runner that asks.
    let by_runner = std::env::args().any(|argument| argument.starts_with("--gungraun-run"));
    if !by_runner && let Some(missing) = needed::missing() {
        eprintln!("instruction counts are left out: {missing}");
        return;
    }
    authbench_servers::install_crypto();
    counted::run();
}

//! Whether a credential has ended, or what is remembered of it. (An epoch is looked up in the store, and is no pure operation.)

use crate::fixture::{NOW_MS, runtime};
use authbench_servers::clock::Clock;
use authbench_servers::remembered::{Keep, Remembered};
use authbench_servers::revocation::status_list::Bits;
use authbench_servers::revocation::{Denials, Ended, Presentation, RevocationSettings};
use authbench_servers::secret::Fingerprint;
use gungraun::{library_benchmark, library_benchmark_group};
use std::convert::Infallible;
use std::hint::black_box;
use std::time::Duration;
use tokio::runtime::Runtime;

const LIFE: Duration = Duration::from_secs(300);

/// With so many tokens that have ended.
fn denials(entries: usize) -> &'static Denials {
    let (clock, _time) = Clock::manual(NOW_MS);
    let denials = Denials::told(&RevocationSettings::default(), Duration::ZERO, clock);
    for number in 0..entries {
        let ended = Ended::Token {
            id: format!("{number:022}"),
            expires_at_ms: NOW_MS + 300_000,
        };
        denials.learn(&ended, LIFE);
    }
    Box::leak(Box::new(denials))
}

fn bits(entries: usize) -> &'static Bits {
    let mut bits = Bits::default();
    bits.reach(entries);
    (0..entries)
        .step_by(7)
        .for_each(|index| bits.write(index, true));
    Box::leak(Box::new(bits))
}

struct Known {
    remembered: Remembered<u32>,
    credential: Fingerprint,
    runtime: Runtime,
}

impl Known {
    fn ask(&self) -> Result<u32, Infallible> {
        let asking = async { Ok::<_, Infallible>(1) };
        let answer = self
            .remembered
            .answer(&self.credential, asking, |_| Keep::Until(i64::MAX));
        self.runtime.block_on(answer)
    }
}

/// A credential that was asked for before.
fn known() -> &'static Known {
    authbench_servers::install_crypto();
    let (clock, _time) = Clock::manual(NOW_MS);
    let known = Known {
        remembered: Remembered::new(clock, Duration::from_secs(60)).expect("a time"),
        credential: Fingerprint::of("credential"),
        runtime: runtime(),
    };
    let Ok(_) = known.ask();
    let Ok(_) = known.ask();
    Box::leak(Box::new(known))
}

#[library_benchmark]
#[bench::of_1000(denials(1_000))]
#[bench::of_10000(denials(10_000))]
fn denylist_push(denials: &'static Denials) -> bool {
    denials.covers(&black_box(Presentation {
        id: "not-denied-00000000000",
        session: None,
        subject: "user-00042",
        client: "app",
        key: None,
        issued_at_ms: NOW_MS,
    }))
}

#[library_benchmark]
#[bench::of_10000(bits(10_000))]
fn status_list(bits: &'static Bits) -> Option<bool> {
    black_box(bits).is_set(black_box(7_919))
}

#[library_benchmark]
#[bench::hit(known())]
fn cache(known: &'static Known) -> Result<u32, Infallible> {
    black_box(known).ask()
}

library_benchmark_group!(
    name = lookups;
    benchmarks = denylist_push, status_list, cache
);

//! The drawn sessions over HTTP: what must hold holds, and as many are logged out and found as the explorer says.

use std::time::Duration;

use authbench_servers::install_crypto;
use authbench_servers::rotation::interleavings::drawn::{Drawn, SessionOutcome, draw};
use authbench_servers::rotation::interleavings::over_http::{Measured, OverHttp};
use authbench_servers::rotation::interleavings::timing::Timing;
use authbench_servers::store::{StartedStore, StoreKind};

const FAMILIES: u64 = 60;

async fn measured(store: StoreKind, grace: Duration) -> (Measured, Drawn) {
    let over_http = OverHttp {
        store,
        timing: Timing::laboratory(),
        grace,
        seed: 1,
        families: FAMILIES,
    };
    let measured = over_http.measure().await.expect("a server");
    let drawn = draw(&over_http.timing, grace, 1, FAMILIES, |_| true).expect("not ended");
    (measured, drawn)
}

/// Both played the same sessions, so they may differ only where two events were too close to call. Four standard
/// deviations of the binomial, which would cover even sessions drawn anew.
fn assert_close(what: &str, measured: usize, predicted: usize, of: usize) {
    let share = (predicted as f64 + 1.0) / (of as f64 + 2.0);
    let deviation = (of as f64 * share * (1.0 - share)).sqrt();
    let apart = measured.abs_diff(predicted) as f64;
    assert!(
        apart <= 4.0 * deviation,
        "{what}: {measured} measured, {predicted} predicted of {of}"
    );
}

fn count(sessions: &[SessionOutcome], which: impl Fn(&SessionOutcome) -> bool) -> usize {
    sessions.iter().filter(|one| which(one)).count()
}

fn detected(session: &SessionOutcome) -> bool {
    session
        .theft
        .is_some_and(|theft| theft.detected_after_ms.is_some())
}

#[tokio::test]
async fn families_over_http_fare_as_the_explorer_says() {
    install_crypto();
    let kinds = StartedStore::kinds_here();
    let store = kinds.last().copied().expect("the embedded one at least");
    let graces = [Duration::ZERO, Duration::from_millis(500)];
    let (none, half) = tokio::join!(measured(store, graces[0]), measured(store, graces[1]));
    for (measured, drawn) in [&none, &half] {
        let all = || measured.honest.iter().chain(&measured.thefts);
        assert_eq!(all().count() as u64, 2 * FAMILIES);
        let broken: Vec<_> = all().filter_map(|session| session.broken).collect();
        assert!(broken.is_empty(), "{broken:?} with {:?}", drawn.grace);
        let out = |one: &SessionOutcome| one.honest_out_ms.is_some();
        let of = drawn.honest.len();
        let (seen, said) = (count(&measured.honest, out), count(&drawn.honest, out));
        assert_close("logged out", seen, said, of);
        let (seen, said) = (
            count(&measured.thefts, detected),
            count(&drawn.thefts, detected),
        );
        assert_close("detected", seen, said, drawn.thefts.len());
    }
    let out = |measured: &Measured| count(&measured.honest, |one| one.honest_out_ms.is_some());
    assert!(out(&none.0) > out(&half.0));
}

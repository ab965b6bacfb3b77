//! Refresh tokens: written and read, and one whole renewal.

use crate::fixture::{grant, runtime, secret};
use crate::real_store::RealStore;
use authbench_servers::client::Client;
use authbench_servers::clock::Clock;
use authbench_servers::entitlements::Entitlements;
use authbench_servers::model::accounts::Standing;
use authbench_servers::model::record::Ledger;
use authbench_servers::rotation::renewal::Renewal;
use authbench_servers::rotation::{RefreshPolicy, RefreshToken, RotationKey};
use criterion::Criterion;
use std::hint::black_box;
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(3_600);

pub(crate) fn tokens(criterion: &mut Criterion) {
    let key = RotationKey::new(&secret()).expect("a key");
    let token = RefreshToken::first();
    let text = key.write(&token, Client::App);
    let mut group = criterion.benchmark_group("refresh");
    group.bench_function("token/write", |bencher| {
        bencher.iter(|| key.write(black_box(&token), Client::App));
    });
    group.bench_function("token/read", |bencher| {
        bencher.iter(|| key.read(black_box(&text), Client::App));
    });
}

/// Two round trips: the conditional write, and the second look at the family.
pub(crate) fn renewal(criterion: &mut Criterion, real: &RealStore) {
    let runtime = runtime();
    let store = runtime.block_on(real.shared());
    let ledger = Ledger::new(store, Clock::system(), Entitlements::default());
    let key = RotationKey::new(&secret()).expect("a key");
    let mut token = RefreshToken::first();
    let (grant, standing, handle) = (grant(), Standing::default(), token.family_handle());
    let opened = runtime.block_on(ledger.open(&grant, &standing, &handle, LIFE, LIFE));
    opened.expect("a store").expect("opened");
    let renewal = Renewal {
        ledger: &ledger,
        key: &key,
        policy: RefreshPolicy {
            idle: LIFE,
            absolute: LIFE,
            grace: Duration::from_secs(10),
        },
        announcer: None,
    };
    criterion.bench_function("refresh/renewal/store", |bencher| {
        bencher.iter(|| {
            let text = key.write(&token, Client::App);
            let renewed = runtime.block_on(renewal.renew(&text, Client::App, None));
            token = renewed.expect("a store").expect("renewed").successor;
        });
    });
}

//! The same at the rate of a run: CPU time of every process that takes part, where each operation finds them asleep.
//!
//! Repeated without a pause an operation has its code and data in the caches, and nobody has to be woken. At a few hundred per second each wakes threads, and
//! a round trip wakes another process. `paced/nothing` is waking up alone, to be subtracted.

use crate::fixture::{Request, runtime, secret};
use crate::real_store::RealStore;
use crate::validators;
use authbench_scenarios::accounting::cpu::{own_cpu_ns, process_cpu_ns};
use authbench_servers::authorization::{
    self, AUDIENCE, AuthorizationSettings, AuthorizationWiring,
};
use authbench_servers::clock::Clock;
use authbench_servers::http::upstream::Upstream;
use authbench_servers::introspection::IntrospectionClient;
use authbench_servers::introspection::cache::Introspection;
use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::model::gateway::Exchange;
use authbench_servers::model::opaque::OpaqueValidator;
use authbench_servers::model::{Model, Validator};
use authbench_servers::namespace::{self, StoreAt};
use authbench_servers::resource::{self, ResourceSettings, ResourceWiring};
use authbench_servers::revocation::EndedCheck;
use authbench_servers::secret::random_id;
use authbench_servers::store::StoreUrl;
use bytes::Bytes;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use http_body_util::Full;
use serde_json::json;
use std::hint::black_box;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Between two operations, as at 400 per second: what each of five targets gets of a stream of 2,000.
const PAUSE: Duration = Duration::from_micros(2_500);
/// What others touch meanwhile: as much as a processor keeps for itself.
const OTHERS_BYTES: usize = 1 << 20;
const DEADLINE: Duration = Duration::from_secs(2);

pub(crate) fn all(criterion: &mut Criterion, real: &RealStore) {
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut group = criterion.benchmark_group("paced");
    group.sample_size(10);
    group.warm_up_time(Duration::from_millis(20));
    group.measurement_time(Duration::from_millis(60));
    let mut bench = |name: &str, once: &mut dyn FnMut()| paced(&mut group, name, real.pid(), once);
    bench("nothing/400_per_s", &mut || ());

    let (jwt, token) = validators::jwt(SigningAlgorithm::Rs256, EndedCheck::None);
    let by_token = Request::bearer(&token);
    bench("jwt/400_per_s", &mut || {
        let verdict = runtime.block_on(jwt.validate(by_token.presented()));
        assert!(verdict.is_ok_and(|verdict| verdict.is_ok()));
    });

    let store = runtime.block_on(real.shared());
    let (sessions, cookie) = runtime.block_on(validators::session(&store));
    let by_cookie = Request::cookie(&cookie);
    bench("session/400_per_s", &mut || {
        let verdict = runtime.block_on(sessions.validate(by_cookie.presented()));
        assert!(verdict.is_ok_and(|verdict| verdict.is_ok()));
    });
    let minter = crate::fixture::minter(SigningAlgorithm::Rs256, 0);
    let exchange = Exchange::new(sessions, minter, Clock::system()).expect("a lifetime");
    bench("gateway_exchange/400_per_s", &mut || {
        let admitted = runtime.block_on(exchange.admit(&by_cookie.presented()));
        assert!(admitted.is_ok_and(|admitted| admitted.is_ok()));
    });
    bench("store_round_trip/400_per_s", &mut || {
        runtime.block_on(store.get("nothing")).expect("a store");
    });

    let (opaque, token) = opaque(real, &runtime);
    let by_token = Request::bearer(&token);
    bench("opaque/400_per_s", &mut || {
        let verdict = runtime.block_on(opaque.validate(by_token.presented()));
        assert!(verdict.is_ok_and(|verdict| verdict.is_ok()));
    });

    let upstream = Upstream::new(&no_auth(), None, DEADLINE).expect("an address");
    bench("http_hop/400_per_s", &mut || {
        let mut request = hyper::Request::new(Full::<Bytes>::default());
        *request.uri_mut() = hyper::Uri::from_static("/resource");
        runtime.block_on(upstream.ask(request)).expect("an answer");
    });
    group.finish();
}

/// CPU time of this process (servers that run in it included) and of the store, per operation.
fn paced(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, store: u32, once: &mut dyn FnMut()) {
    let used = || {
        let store = process_cpu_ns(store).expect("the store runs");
        own_cpu_ns().expect("this process runs") + store
    };
    let mut others = vec![0_u8; OTHERS_BYTES];
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|operations| {
            let (before, mut next) = (used(), Instant::now());
            for _ in 0..operations {
                walk(&mut others);
                next += PAUSE;
                thread::sleep(next.saturating_duration_since(Instant::now()));
                once();
            }
            // Never zero, by which nothing could be divided.
            Duration::from_nanos((used() - before).max(1))
        });
    });
}

/// Touches every cache line of `memory`, as the work of other targets on the same processor would. `paced/nothing` does it too.
fn walk(memory: &mut [u8]) {
    for line in memory.chunks_mut(64) {
        line[0] = line[0].wrapping_add(1);
    }
    black_box(memory);
}

/// A validator of `opaque` that asks a real authorization server, with a token that is open there.
fn opaque(real: &RealStore, runtime: &tokio::runtime::Runtime) -> (OpaqueValidator, String) {
    let token = random_id();
    let url = StoreUrl::new(real.url());
    let store = runtime.block_on(namespace::connect(
        StoreAt::shared(&url),
        None,
        Model::Opaque,
    ));
    runtime
        .block_on(validators::open(&store.expect("a store"), &token))
        .expect("a record");
    let secret = secret();
    let wiring: AuthorizationWiring = serde_json::from_value(json!({
        "store_url": real.url(), "admin_secret": "a", "population_password": "p", "service_secret": "s",
        "introspection_secret": secret.expose(),
    }))
    .expect("a wiring");
    let url = in_a_thread(async move {
        let settings = AuthorizationSettings {
            model: Model::Opaque,
            login_hash: authorization::passwords::LoginHash::Cheap,
            ..AuthorizationSettings::default()
        };
        let running = authorization::start(settings, wiring, Clock::system()).await;
        let running = running.expect("an authorization server");
        (running.url.clone(), running)
    });
    let upstream = Arc::new(Upstream::new(&url, None, DEADLINE).expect("an address"));
    let client = IntrospectionClient::new(upstream, &secret, AUDIENCE);
    let introspection = Introspection::new(client, Clock::system(), Duration::ZERO);
    (OpaqueValidator::new(introspection, Clock::system()), token)
}

/// The URL of a resource server that asks nobody anything.
fn no_auth() -> String {
    in_a_thread(async {
        let (settings, wiring) = (ResourceSettings::default(), ResourceWiring::default());
        let running = resource::start(settings, wiring, Clock::system()).await;
        let running = running.expect("a resource server");
        (running.url.clone(), running)
    })
}

/// Runs a server on a thread and a runtime of its own, for as long as this process lives; answers its URL.
fn in_a_thread<S>(start: impl Future<Output = (String, S)> + Send + 'static) -> String {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        crate::fixture::runtime().block_on(async {
            let (url, _running) = start.await;
            tell.send(url).expect("somebody waits");
            std::future::pending::<()>().await;
        });
    });
    told.recv().expect("it starts")
}

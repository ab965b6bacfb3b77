//! The whole `Validator::validate` of each variant, as a resource server calls it, with what it needs in this process or in a real store.
//!
//! Keys are shared with the issuer, so that none are fetched; whatever is remembered has been looked up before.

use crate::fixture::{self, Request, grant, guard, minter, rules, runtime};
use crate::real_store::RealStore;
use authbench_servers::clock::Clock;
use authbench_servers::entitlements::Entitlements;
use authbench_servers::jwt::{KeySet, KeySource, SigningAlgorithm, Verifier, algorithm, signing};
use authbench_servers::model::accounts::{Accounts, Standing};
use authbench_servers::model::gateway::Exchange;
use authbench_servers::model::jwt::JwtValidator;
use authbench_servers::model::jwt_cookie::{self, JwtCookieValidator};
use authbench_servers::model::no_auth::NoAuthValidator;
use authbench_servers::model::record::Ledger;
use authbench_servers::model::session::{self, SessionValidator};
use authbench_servers::model::signed_session::{
    SessionKey, SignedSessionIssuer, SignedSessionValidator,
};
use authbench_servers::model::{Issuer, Validator};
use authbench_servers::revocation::{
    Announcer, Denials, Denylist, EndedCheck, EpochCheck, RevocationSettings,
};
use authbench_servers::secret::{Fingerprint, random_id};
use authbench_servers::store::{Store, StoreError};
use criterion::{BenchmarkId, Criterion};
use hyper::HeaderMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

const LIFE: Duration = Duration::from_secs(3_600);

/// A validator of `jwt`, and a request with a token that it accepts.
pub(crate) fn jwt(algorithm: SigningAlgorithm, ended: EndedCheck) -> (JwtValidator, String) {
    let (clock, minter) = (Clock::system(), minter(algorithm, 0));
    let token = minter.mint(&grant(), None, clock.now_ms());
    let keys = if algorithm.is_symmetric() {
        signing::shared_key_set(&fixture::secret()).expect("a key")
    } else {
        KeySet::from_jwks(minter.jwks(clock.now_ms()).as_bytes(), algorithm).expect("keys")
    };
    let verifier = Verifier::new(rules(algorithm), KeySource::Shared(keys));
    (JwtValidator::new(Arc::new(verifier), ended, clock), token)
}

/// A validator of `session`, and the cookie of a session that is open.
pub(crate) async fn session(store: &Store) -> (SessionValidator, String) {
    let id = random_id();
    open(store, &id).await.expect("a store");
    let validator = SessionValidator::new(store.clone(), guard(), Clock::system(), LIFE);
    (validator, format!("{}={id}", session::COOKIE.name))
}

/// Opens a record for a credential.
pub(crate) async fn open(store: &Store, credential: &str) -> Result<(), StoreError> {
    let ledger = Ledger::new(store.clone(), Clock::system(), Entitlements::default());
    let handle = Fingerprint::of(credential).to_base64();
    let (grant, standing) = (grant(), Standing::default());
    let opened = ledger.open(&grant, &standing, &handle, LIFE, LIFE).await?;
    opened.expect("nothing has changed");
    Ok(())
}

fn bench(
    (criterion, runtime): (&mut Criterion, &Runtime),
    name: &str,
    validator: &impl Validator,
    request: &Request,
) {
    let once = || runtime.block_on(validator.validate(request.presented()));
    assert!(
        once().is_ok_and(|verdict| verdict.is_ok()),
        "{name} accepts"
    );
    let mut group = criterion.benchmark_group("validate");
    let (subject, parameter) = name.split_once('/').unwrap_or((name, "default"));
    group.bench_function(BenchmarkId::new(subject, parameter), |bencher| {
        bencher.iter(once);
    });
}

pub(crate) fn without_store(criterion: &mut Criterion) {
    let runtime = runtime();
    bench(
        (criterion, &runtime),
        "no_auth",
        &NoAuthValidator,
        &Request::bare(),
    );
    for algorithm in algorithm::ALGORITHMS {
        let (validator, token) = jwt(algorithm, EndedCheck::None);
        bench(
            (criterion, &runtime),
            &format!("jwt/{algorithm}"),
            &validator,
            &Request::bearer(&token),
        );
    }
    let (tokens, token) = jwt(SigningAlgorithm::Rs256, EndedCheck::None);
    let request = Request::cookie(&format!("{}={token}", jwt_cookie::COOKIE.name));
    bench(
        (criterion, &runtime),
        "jwt_cookie/RS256",
        &JwtCookieValidator::new(tokens, guard()),
        &request,
    );
}

pub(crate) fn with_store(criterion: &mut Criterion, real: &RealStore) {
    let runtime = runtime();
    let _entered = runtime.enter();
    let store = runtime.block_on(real.shared());
    let rs256 = SigningAlgorithm::Rs256;
    let told = Denials::told(
        &RevocationSettings::default(),
        Duration::ZERO,
        Clock::system(),
    );
    for (name, ended) in [
        ("jwt/denylist_push", EndedCheck::Push(told, store.clone())),
        (
            "jwt/epoch_refusing",
            EndedCheck::Epoch(EpochCheck::new(store.clone())),
        ),
        (
            "jwt/denylist_lost",
            EndedCheck::Denylist(Denylist::new(store.clone())),
        ),
    ] {
        let (validator, token) = jwt(rs256, ended);
        // Without their issuer the last two refuse, for the same round trip.
        if name == "jwt/denylist_push" {
            bench(
                (criterion, &runtime),
                name,
                &validator,
                &Request::bearer(&token),
            );
        } else {
            let request = Request::bearer(&token);
            criterion.bench_function(&format!("validate/{name}"), |bencher| {
                bencher.iter(|| {
                    runtime
                        .block_on(validator.validate(request.presented()))
                        .is_ok()
                });
            });
        }
    }
    let (sessions, cookie) = runtime.block_on(session(&store));
    let request = Request::cookie(&cookie);
    bench((criterion, &runtime), "session/store", &sessions, &request);
    let remembering = sessions
        .with_local_cache(Duration::from_secs(600))
        .expect("a while");
    bench(
        (criterion, &runtime),
        "session/local_cache_hit",
        &remembering,
        &request,
    );
    let (key, clock) = (
        SessionKey::new(Some(&fixture::secret())).expect("a key"),
        Clock::system(),
    );
    let cookie = runtime.block_on(signed_cookie(&store));
    let signed = SignedSessionValidator::new(key, guard(), clock.clone());
    bench(
        (criterion, &runtime),
        "session/signed_cookie",
        &signed,
        &Request::cookie(&cookie),
    );

    let (sessions, cookie) = runtime.block_on(session(&store));
    let exchange = Exchange::new(sessions, minter(rs256, 0), clock).expect("a lifetime");
    let request = Request::cookie(&cookie);
    criterion.bench_function("validate/gateway/exchange", |bencher| {
        bencher.iter(|| {
            let admitted = runtime.block_on(exchange.admit(&request.presented()));
            admitted.expect("a store").expect("admitted")
        });
    });
}

async fn signed_cookie(store: &Store) -> String {
    let (clock, key) = (Clock::system(), SessionKey::new(Some(&fixture::secret())));
    let accounts = Accounts::new(store.clone(), Announcer::none(clock.clone()), 100, 50);
    let issuer = SignedSessionIssuer::new(
        key.expect("a key"),
        guard(),
        accounts,
        clock,
        Entitlements::default(),
        LIFE,
    );
    let (standing, headers) = (Standing::default(), HeaderMap::new());
    let granted = issuer.sign_in(grant(), &standing, &headers).await;
    let granted = granted.expect("a store").expect("granted");
    let cookie = granted.cookie.expect("a cookie");
    cookie.to_str().expect("ASCII").to_owned()
}

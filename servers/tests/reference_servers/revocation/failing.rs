//! What is answered when it cannot be known what has ended, and what is refused at the start.

use std::time::Duration;

use authbench_servers::clock::Clock;
use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::model::Model;
use authbench_servers::revocation::{PushFail, Revocation};
use authbench_servers::store::{StartedStore, StoreKind};
use authbench_servers::{authorization, resource};
use hyper::Method;

use super::{own, plan};
use crate::harness::{PASSWORD, Target, get};

#[tokio::test]
async fn without_the_store_nobody_is_judged_and_nothing_is_acknowledged() {
    for channel in [
        Revocation::Denylist,
        Revocation::DenylistPush,
        Revocation::Epoch,
    ] {
        for fail in [PushFail::Closed, PushFail::Open] {
            let mut plan = plan(Model::Jwt, channel);
            plan.resource.revocation.staleness = Duration::from_millis(400);
            plan.resource.revocation.fail = fail;
            let mut target = plan.embedded().await;
            let login = target.log_in("user-00001").await;
            target.store.stop();
            let logout = own(&target, Method::POST, "/logout", &login).send().await;
            assert_eq!(logout.code(), 503, "{channel}");
            if channel == Revocation::DenylistPush && fail == PushFail::Open {
                tokio::time::sleep(Duration::from_millis(800)).await;
                assert_eq!(target.read(login.token()).await.code(), 200);
                continue;
            }
            for turn in 0.. {
                let read = target.read(login.token()).await.code();
                if read == 503 {
                    break;
                }
                // In memory, what is known is good for as long as was stated.
                let may_go_on = channel == Revocation::DenylistPush && turn < 2_000;
                assert!(read == 200 && may_go_on, "{channel} {read}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

#[tokio::test]
async fn an_epoch_that_was_lost_is_no_epoch() {
    let mut target = plan(Model::Jwt, Revocation::Epoch).embedded().await;
    let (ended, lives) = (
        target.log_in("user-00001").await,
        target.log_in("user-00002").await,
    );
    target.disable("user-00001").await;
    target.store.start_again().expect("started again");
    // It cannot be known whether they have ended: neither comes back to life.
    for login in [&ended, &lives] {
        for _ in 0..2_000 {
            match target.read(login.token()).await.code() {
                503 => tokio::time::sleep(Duration::from_millis(5)).await,
                code => {
                    assert_eq!(code, 401);
                    break;
                }
            }
        }
    }
    let again = loop {
        // The first command finds that the connection is lost.
        let answer = target.try_log_in("user-00002", PASSWORD).await;
        if answer.code() != 503 {
            break answer.login();
        }
    };
    assert_eq!(target.read(again.token()).await.code(), 200);
}

#[tokio::test]
async fn without_its_status_list_a_resource_server_fails_as_declared() {
    for (fail, expected) in [(PushFail::Closed, 503), (PushFail::Open, 200)] {
        let mut plan = plan(Model::Jwt, Revocation::StatusList);
        plan.resource.revocation.staleness = Duration::from_millis(100);
        plan.resource.revocation.fail = fail;
        let target = plan.embedded().await;
        let login = target.log_in("user-00001").await;
        let Target {
            authorization,
            resource,
            ..
        } = target;
        authorization.shut_down().await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        let read = get(&resource.url, "/resource")
            .bearer(login.token())
            .send()
            .await;
        assert_eq!(read.code(), expected, "{fail}");
    }
}

#[tokio::test]
async fn combinations_that_make_no_sense_are_refused_at_the_start() {
    let store = StartedStore::start(StoreKind::Embedded).expect("a store");
    for (model, channel, algorithm, no_exp, told) in [
        (
            Model::Session,
            Revocation::Denylist,
            "ES256",
            false,
            "denylist goes with jwt and hybrid",
        ),
        (
            Model::Hybrid,
            Revocation::Epoch,
            "ES256",
            false,
            "epoch and status-list with jwt",
        ),
        (
            Model::Jwt,
            Revocation::StatusList,
            "HS256",
            false,
            "resource servers share that secret",
        ),
        (
            Model::Jwt,
            Revocation::Denylist,
            "ES256",
            true,
            "--revocation none",
        ),
        (
            Model::Opaque,
            Revocation::None,
            "ES256",
            true,
            "--no-exp on goes with jwt",
        ),
    ] {
        let mut plan = plan(model, channel);
        let algorithm: SigningAlgorithm = algorithm.parse().expect("an algorithm");
        plan.authorization.algorithm = algorithm;
        plan.resource.algorithm = algorithm;
        plan.authorization.revocation.no_exp = no_exp;
        plan.resource.revocation.no_exp = no_exp;
        let wiring = crate::harness::wiring(&store);
        let started = authorization::start(plan.authorization, wiring, Clock::system()).await;
        let error = started.expect_err("refused").to_string();
        assert!(error.contains(told), "{error}");
        let wiring = resource::ResourceWiring::default();
        let started = resource::start(plan.resource, wiring, Clock::system()).await;
        let error = started.expect_err("refused").to_string();
        assert!(error.contains(told), "{error}");
    }
    let mut plan = plan(Model::Jwt, Revocation::Denylist);
    plan.resource.leeway = Duration::from_secs(61);
    let wiring = resource::ResourceWiring::default();
    let started = resource::start(plan.resource, wiring, Clock::system()).await;
    let error = started.expect_err("refused").to_string();
    assert!(error.contains("--leeway can be 60s at most"), "{error}");
}

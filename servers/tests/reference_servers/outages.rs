//! What callers are told while something that has to be asked is gone: a 503, never a 401 and never
//! a 200.

use std::time::Duration;

use authbench_servers::model::Model;
use hyper::Method;

use crate::fakes::FakeServer;
use crate::harness::{Call, PASSWORD, Plan};

const ANSWER_LATE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn without_the_store_nothing_is_decided() {
    let mut target = Plan::new(Model::Session).embedded().await;
    let login = target.log_in("user-00001").await;
    target.store.stop();
    let read = target.read_with_cookie(login.cookie()).await;
    assert_eq!((read.code(), read.header("retry-after")), (503, Some("1")));
    assert_eq!(target.try_log_in("user-00001", PASSWORD).await.code(), 503);
    let logout = Call::new(&target.authorization.url, Method::POST, "/logout");
    let logout = logout.header("cookie", login.cookie()).send().await;
    assert_eq!(logout.code(), 503);
    let disable = target.admin(Method::POST, "/accounts/user-00001/disable");
    assert_eq!(disable.await.code(), 503);
    // What needs no store is decided all the same.
    assert_eq!(target.read_with_cookie("other=1").await.code(), 401);
}

#[tokio::test]
async fn refreshing_without_the_store_can_be_tried_again() {
    let mut target = Plan::new(Model::Hybrid).embedded().await;
    let login = target.log_in("user-00001").await;
    target.store.stop();
    assert_eq!(target.refresh(login.cookie()).send().await.code(), 503);
    // The resource server asks nobody.
    assert_eq!(target.read(login.token()).await.code(), 200);
}

#[tokio::test]
async fn introspection_fails_through_the_whole_chain() {
    let mut target = Plan::new(Model::Opaque).embedded().await;
    let login = target.log_in("user-00001").await;
    target.store.stop();
    assert_eq!(target.read(login.token()).await.code(), 503);
    target.authorization.shut_down().await;
    let read = crate::harness::get(&target.resource.url, "/resource").bearer(login.token());
    assert_eq!(read.send().await.code(), 503);
}

#[tokio::test]
async fn an_authorization_server_that_does_not_answer_is_not_waited_for() {
    let silent = FakeServer::start("{}", ANSWER_LATE).await;
    let mut plan = Plan::new(Model::Opaque);
    plan.resource.authorization_server = Some(silent.url.clone());
    plan.resource.upstream_deadline = Duration::from_millis(50);
    let target = plan.embedded().await;
    let answer = tokio::time::timeout(ANSWER_LATE, target.read("token"));
    assert_eq!(answer.await.expect("in time").code(), 503);
}

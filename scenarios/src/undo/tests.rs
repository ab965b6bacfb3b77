//! A target that answers no more.

use super::*;
use crate::flow::scripted_server::{Answer, Server, response};

const TARGET: &str = r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[users]
count = 100
name = "user-${number}"
password = "p"
[[login]]
request = "POST http://HOST/login"
expect = 200
[[point]]
name = "api"
request = "GET http://HOST/"
accept = { status = 200 }
refuse = { status = 401 }
[[event]]
name = "disabled"
[[event.step]]
request = "POST http://HOST/disable/${user.name}"
expect = 200
[[event.undo]]
request = "POST http://HOST/enable/${user.name}"
expect = 200
"#;

const USERS: u32 = 12;

/// A target that answers like this, and a journal in which everybody is touched.
async fn touched(answer: Answer) -> (Server, Arc<Target>, Arc<Journal>, tempfile::TempDir) {
    let server = Server::start(answer).await;
    let target = Arc::new(server.target(TARGET));
    let directory = tempfile::tempdir().expect("a folder");
    let journal = Journal::of_new_run(directory.path());
    let event = target.flows.event("disabled").expect("it has one");
    let written = about_to_touch_all(&journal, &target, event, 0..USERS).await;
    assert_eq!(written.expect("written"), 1..u64::from(USERS) + 1);
    (server, target, journal, directory)
}

fn everybody() -> Vec<(u32, u64)> {
    (0..USERS).zip(1..).collect()
}

#[tokio::test]
async fn many_are_given_up_when_the_target_answers_no_more() {
    let (server, target, journal, _directory) = touched(|_| String::new()).await;
    let back = bring_many_back(&journal, &target, "disabled", everybody(), 1).await;
    assert_eq!(back, 0);
    assert_eq!(server.requests().len(), UNANSWERED_AT_MOST as usize);
    assert_eq!(journal.open().len(), USERS as usize);
}

#[tokio::test]
async fn an_answer_is_no_reason_to_give_up_whatever_it_is() {
    let (server, target, journal, _directory) = touched(|request| {
        let status = if request.contains("user-3 ") {
            200
        } else {
            500
        };
        response(status, "", "")
    })
    .await;
    let back = bring_many_back(&journal, &target, "disabled", everybody(), 1).await;
    assert_eq!((back, server.requests().len()), (1, USERS as usize));
    assert_eq!(journal.open().len(), USERS as usize - 1);
}

#[tokio::test]
async fn whoever_was_not_tried_is_named_and_stays_in_the_journal() {
    let (_server, target, journal, _directory) = touched(|_| String::new()).await;
    let left = bring_all_back(&journal, &target).await;
    let not_tried = left.iter().map(|left| left.reason.starts_with("not tried"));
    let tried = UNANSWERED_AT_MOST as usize;
    let expected = (0..USERS as usize).map(|nth| nth >= tried);
    assert!(not_tried.eq(expected), "{left:?}");
    assert_eq!(journal.open().len(), USERS as usize);
}

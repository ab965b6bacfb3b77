use super::*;
use crate::flow::scripted_server::{Server, response};
use crate::target::{Members, RemoteTargets, Target, TargetFile};
use authbench_reports::revocation::Acknowledgement;
use std::collections::BTreeMap;

const TARGET: &str = r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[users]
count = 10
name = "u"
password = "p"
[[login]]
request = "POST http://HOST/login"
expect = 200
capture = { token = { json = "/token" } }
[[point]]
name = "one"
request = "GET http://HOST/1"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }
[[point]]
name = "two"
request = "GET http://HOST/2"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }
[[point]]
name = "aside"
request = "GET http://HOST/3"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }
traffic = false
[[event]]
name = "disabled"
[[event.step]]
request = "POST http://HOST/disable"
expect = 200
"#;

/// Four accounts.
async fn crowd() -> Arc<Crowd> {
    let server = Server::start(|_| response(200, "", r#"{"token":"t"}"#)).await;
    let target: Arc<Target> = Arc::new(server.target(TARGET));
    let limit = RateLimit::new(None);
    let logged_in = crate::credentials::log_in(&target, &limit, 2..6, || ()).await;
    let crowd = Crowd::new(&target, "disabled", 1000, Duration::ZERO).expect("its event");
    crowd.fill(2, logged_in.expect("four")).expect("requests");
    crowd
}

fn asked(crowd: &Crowd) -> usize {
    crowd.next_probe().expect("somebody").nth
}

fn answered(crowd: &Crowd, nth: usize, verdict: Verdict) {
    let now = Instant::now();
    crowd.take(nth, now, now, verdict);
}

async fn acknowledged(crowd: &Crowd) -> usize {
    let next = crowd.next_call().await.expect("a call");
    assert!(crowd.is_calling(next.nth));
    let now = Instant::now();
    let called = Called {
        acknowledgement: Acknowledgement::Received,
        at: now,
        from: None,
    };
    crowd.has_called(next.nth, Some(now), called);
    next.nth
}

#[tokio::test]
async fn who_was_just_acknowledged_is_asked_about_by_turns_with_the_rest() {
    let crowd = crowd().await;
    assert!(crowd.next_probe().is_none(), "not before it is opened");
    crowd.open_probes();
    let names = |crowd: &Crowd| crowd.points().map(|it| it.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&crowd), ["one", "two"]);
    for nth in 0..4 {
        let probe = crowd.next_probe().expect("somebody");
        assert_eq!((probe.nth, probe.point), (nth, nth % 2));
        assert!(!crowd.all_were_asked());
        answered(&crowd, nth, Verdict::Accepted);
    }
    assert!(crowd.all_were_asked());
    crowd.open_calls();
    assert_eq!(asked(&crowd), 0, "nobody waits");
    answered(&crowd, 0, Verdict::Accepted);
    assert_eq!(acknowledged(&crowd).await, 0);
    let turns = [
        (
            1,
            Verdict::Accepted,
            "whoever is not called yet is not starved",
        ),
        (0, Verdict::Accepted, "just acknowledged"),
        (2, Verdict::Accepted, "in turn"),
        (0, Verdict::Refused, "still in when last asked about"),
        (3, Verdict::Accepted, "in turn"),
        (0, Verdict::Refused, "out, and in turn again"),
        (1, Verdict::Accepted, "in turn"),
    ];
    for (expected, verdict, why) in turns {
        assert_eq!(asked(&crowd), expected, "{why}");
        answered(&crowd, expected, verdict);
    }
}

#[tokio::test]
async fn nobody_is_asked_about_twice_at_once() {
    let crowd = crowd().await;
    crowd.open_probes();
    let under_way = asked(&crowd);
    crowd.open_calls();
    assert_eq!(acknowledged(&crowd).await, under_way);
    let mut others: Vec<usize> = (0..3).map(|_| asked(&crowd)).collect();
    others.sort_unstable();
    assert_eq!(others, [1, 2, 3]);
    assert!(crowd.next_probe().is_none());
    answered(&crowd, under_way, Verdict::Accepted);
    assert_eq!(asked(&crowd), under_way, "it has come back by itself");
    assert!(crowd.next_probe().is_none());
}

#[tokio::test]
async fn it_is_over_when_everybody_is_out_and_was_asked_about_again() {
    let crowd = crowd().await;
    crowd.open_probes();
    (0..4).for_each(|_| answered(&crowd, asked(&crowd), Verdict::Accepted));
    crowd.open_calls();
    for _ in 0..4 {
        assert!(!crowd.calls_are_over());
        acknowledged(&crowd).await;
    }
    assert!(crowd.calls_are_over() && !crowd.all_are_out());
    (0..4).for_each(|_| answered(&crowd, asked(&crowd), Verdict::Refused));
    assert!(!crowd.all_are_out(), "each is asked about once more");
    (0..4).for_each(|_| answered(&crowd, asked(&crowd), Verdict::Refused));
    assert!(crowd.all_are_out());
    let accounts = crowd.accounts();
    assert_eq!((accounts.len(), accounts.first_user), (4, 2));
    assert!(accounts.refused_ns.iter().all(Option::is_some));
    assert!(accounts.accepted_before.iter().all(|accepted| *accepted));
    assert_eq!((accounts.flaps, accounts.refused_early), (0, 0));
    assert_eq!(crowd.touched(), (vec![2, 3, 4, 5], vec![]));
}

#[tokio::test]
async fn what_was_not_sent_when_it_is_closed_touches_nobody() {
    let crowd = crowd().await;
    crowd.open_calls();
    acknowledged(&crowd).await;
    let waiting = crowd.next_call().await.expect("a call");
    assert!(!crowd.calls_are_over());
    crowd.close();
    assert!(!crowd.is_calling(waiting.nth));
    assert!(crowd.calls_are_over() && crowd.next_call().await.is_none());
    assert_eq!(crowd.touched(), (vec![2], vec![3, 4, 5]));
}

#[tokio::test]
async fn a_call_whose_turn_never_came_touches_nobody() {
    let crowd = crowd().await;
    crowd.open_calls();
    let next = crowd.next_call().await.expect("a call");
    let called = Called {
        acknowledgement: Acknowledgement::Refused,
        at: Instant::now(),
        from: None,
    };
    crowd.has_called(next.nth, None, called);
    let calls = crowd.calls();
    assert_eq!((calls.refused, calls.took), (1, Duration::ZERO));
    assert_eq!(crowd.called(), 1);
    assert_eq!(crowd.accounts().requested_ns, [None; 4]);
    assert_eq!(crowd.touched(), (vec![], vec![2, 3, 4, 5]));
}

#[tokio::test]
async fn the_last_answer_is_the_latest_in_whatever_order_calls_end() {
    let crowd = crowd().await;
    crowd.open_calls();
    let begun = Instant::now();
    for ms in [300, 200] {
        let next = crowd.next_call().await.expect("a call");
        assert!(crowd.is_calling(next.nth));
        let called = Called {
            acknowledgement: Acknowledgement::Received,
            at: begun + Duration::from_millis(ms),
            from: None,
        };
        crowd.has_called(next.nth, Some(begun), called);
    }
    assert!(crowd.calls().took >= Duration::from_millis(300));
}

#[test]
fn an_answer_is_fresh_for_twice_the_time_in_which_all_are_asked_about_by_half_the_probes() {
    assert_eq!(fresh_for(10_000, 2000), Duration::from_secs(21));
}

#[test]
fn only_points_that_are_watched_have_a_say_in_how_long_and_each_of_them() {
    let longest = |bounds: &str| {
        let event = format!("[[event]]\nname = \"disabled\"\nbound = {{ {bounds} }}\n");
        let text = TARGET.replace("[[event]]\nname = \"disabled\"\n", &event);
        let text = text.replace("HOST", "127.0.0.1:1");
        let file = TargetFile::parse("t.toml", &text, &BTreeMap::new()).expect("a target file");
        let target = file.bind(&Members::new(), &RemoteTargets::refused());
        let target = Arc::new(target.expect("a target"));
        let crowd = Crowd::new(&target, "disabled", 1000, Duration::ZERO).expect("its event");
        crowd.longest_bound()
    };
    let all = "one = \"1s\", two = \"2s\", aside = \"9s\"";
    assert_eq!(longest(all), Some(Duration::from_secs(2)));
    assert_eq!(longest("one = \"1s\", aside = \"9s\""), None);
}

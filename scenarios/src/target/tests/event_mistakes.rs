//! Mistakes in events and points, with the exact message for each.

use super::*;

const MORE: &str = r#"[[client]]
name = "shop"
[[client.login]]
request = "POST ${as.url}/shop"
expect = 200
capture = { token = { json = "/token" } }
[[point]]
name = "feed"
kind = "stream"
request = "GET ${as.url}/feed"
accept = { status = 200 }
refuse = { status = 401 }
events = ["logout"]
[[event]]
name = "closed"
reach = "client"
client = "shop"
goes_on = ["api"]
[[event.step]]
request = "POST ${as.url}/close"
expect = 204
"#;

fn with(from: &str, to: &str) -> Result<TargetFile, String> {
    let text = format!("{FILE}{MORE}");
    assert_eq!(text.matches(from).count(), 1, "{from}");
    read(&text.replacen(from, to, 1), &[])
}

#[test]
fn whom_an_event_puts_out_says_who_is_to_stay() {
    use authbench_reports::revocation::{EventReach, WitnessOf};
    let witnesses = |reach: &str| {
        let file = with("reach = \"client\"", reach).expect("a target");
        file.flows
            .event("closed")
            .expect("an event")
            .witnesses
            .clone()
    };
    assert_eq!(witnesses("reach = \"credential\""), [WitnessOf::SameUser]);
    assert_eq!(witnesses("reach = \"account\""), [WitnessOf::OtherUser]);
    assert_eq!(witnesses("reach = \"client\""), [WitnessOf::OtherUser]);
    assert_eq!(witnesses("reach = \"everyone\""), []);
    assert_eq!(witnesses("reach = \"client\"\nwitnesses = []"), []);
    assert_eq!(
        witnesses("witnesses = [\"same_user\"]"),
        [WitnessOf::SameUser]
    );
    let file = with("client = \"shop\"\n", "").expect("a target");
    let event = file.flows.event("closed").expect("an event");
    assert_eq!(event.reach, Some(EventReach::Client));
    assert_eq!(
        event.witnesses,
        [],
        "without a client of its own, who would be another's?"
    );
}

#[test]
fn a_stream_is_probed_where_it_says_and_gets_no_traffic() {
    let file = read(&format!("{FILE}{MORE}"), &[]).expect("a target");
    let feed = file.flows.point("feed").expect("a point");
    assert_eq!((feed.kind, feed.traffic), (PointKind::Stream, false));
    assert!(feed.is_probed_in("logout") && !feed.is_probed_in("closed"));
    let api = file.flows.point("api").expect("a point");
    assert_eq!((api.kind, api.traffic), (PointKind::Request, true));
    assert!(api.is_probed_in("closed"));
}

#[test]
fn mistakes_in_events_and_points() {
    let cases = [
        (
            "reach = \"client\"",
            "reach = \"clients\"",
            "demo.toml:61: event.closed.reach: unknown \"clients\" (allowed: credential, account, client, everyone)",
        ),
        (
            "reach = \"client\"",
            "witnesses = [\"nobody\"]",
            "demo.toml:61: event.closed.witnesses: unknown \"nobody\" (allowed: same_user, other_user)",
        ),
        (
            "reach = \"client\"",
            "reach = \"everyone\"\nwitnesses = [\"other_user\"]",
            "demo.toml:62: event.closed.witnesses: an event that hits everyone leaves nobody alone (allowed: none)",
        ),
        (
            "client = \"shop\"",
            "client = \"shoq\"",
            "demo.toml:62: event.closed.client: no client type \"shoq\" logs in by itself (allowed: shop)",
        ),
        (
            "goes_on = [\"api\"]",
            "goes_on = [\"feed\"]",
            "demo.toml:63: event.closed.goes_on: point feed is not probed in this event (point.feed.events) (allowed: api)",
        ),
        (
            "goes_on = [\"api\"]",
            "goes_on = [\"api\"]\nbound = { api = \"1s\" }",
            "demo.toml:63: event.closed.goes_on: \"api\" has a bound, or is named twice (allowed: points at which the credential is to be accepted on, each once)",
        ),
        (
            "kind = \"stream\"",
            "kind = \"streams\"",
            "demo.toml:54: point.feed.kind: unknown \"streams\" (allowed: request, stream)",
        ),
        (
            "kind = \"stream\"",
            "kind = \"stream\"\ntraffic = true",
            "demo.toml:55: point.feed.traffic: a stream is one answer that goes on: no place for requests (allowed: false)",
        ),
        (
            "events = [\"logout\"]",
            "events = [\"log_out\"]",
            "demo.toml:58: point.feed.events: no event is called \"log_out\" (allowed: logout, closed)",
        ),
        (
            "refuse = { status = 401 }\nevents",
            "refuse = { status = 401, json = { \"/a\" = 1 } }\nevents",
            "demo.toml:54: point.feed.kind: a stream has no body to look into: it is judged before it ends (allowed: status and header in accept and refuse)",
        ),
        (
            "/close\"",
            "/close/${token}\"",
            "demo.toml:65: event.closed.step[0].request: unknown ${token}",
        ),
    ];
    for (from, to, expected) in cases {
        let message = with(from, to).expect_err(to);
        assert!(message.starts_with(expected), "{expected}\n{message}");
    }
}

#[test]
fn an_element_of_a_list_is_captured_by_what_stands_in_it() {
    let captured = "token = { json = \"/token\" }";
    let text = FILE.replacen(
        captured,
        "token = { json = \"/id\", of_first = { \"/current\" = true } }",
        1,
    );
    let file = read(&text, &[]).expect("a target");
    let CaptureFrom::Json(place) = &file.flows.login[0].captures[0].from else {
        panic!("of JSON");
    };
    assert_eq!(place.of_first, [("/current".to_owned(), true.into())]);
    let text = FILE.replacen(
        captured,
        "token = { cookie = \"sid\", of_first = { \"/current\" = true } }",
        1,
    );
    let message = read(&text, &[]).expect_err("of a cookie");
    assert!(
        message.contains("login[0].capture.token: does not know what to take"),
        "{message}"
    );
}

//! A check as it is printed.

use authbench_reports::check::{
    BoundKept, Cause, CheckedEvent, CoarseLag, Entry, Expected, Finding, Moment, Outcome,
    PointAnswer, PointVerdict, SCHEMA, Severity, TargetCheck, text,
};
use authbench_reports::revocation::After;

/// One of everything.
pub(crate) fn check() -> TargetCheck {
    let answer = |verdict, status| PointAnswer { verdict, status };
    let moment = |name: &str, expected, answers: [PointAnswer; 2]| Moment {
        name: name.to_owned(),
        expected,
        answers: answers.into(),
    };
    let (accepted, refused) = (
        answer(PointVerdict::Accepted, Some(200)),
        answer(PointVerdict::Refused, Some(401)),
    );
    TargetCheck {
        schema: SCHEMA.to_owned(),
        target: "mine".to_owned(),
        outcome: Outcome::Differs,
        duration_s: 3.21,
        transcript: vec![
            Entry {
                place: "login[0]".to_owned(),
                request: "POST ${vars.base}/login?key=(masked)".to_owned(),
                host: Some("127.0.0.1:8080".to_owned()),
                status: Some(200),
                took_ms: 41.7,
                captured: vec!["access_token = eyJh…(812 bytes, sha256 1a2b3c4d)".to_owned()],
                remarks: vec!["not kept: cookie sid is for another domain".to_owned()],
            },
            Entry {
                place: "event.logout.step[0]".to_owned(),
                request: "POST ${vars.base}/logout".to_owned(),
                host: Some("127.0.0.1:8080".to_owned()),
                status: None,
                took_ms: 10_000.0,
                captured: Vec::new(),
                remarks: vec!["no response within 10s".to_owned()],
            },
        ],
        points: vec!["api".to_owned(), "introspection".to_owned()],
        moments: vec![
            moment("after login", Expected::Accepted, [accepted, accepted]),
            moment(
                "without a credential",
                Expected::Refused,
                [accepted, answer(PointVerdict::Neither, Some(400))],
            ),
            moment("after logout", Expected::Anything, [refused, accepted]),
        ],
        events: vec![CheckedEvent {
            event: "logout".to_owned(),
            user: "user-1".to_owned(),
            acknowledged: true,
            observed_ms: 2004.0,
            lags: vec![
                lag("api", Some(12.0), Some(34.0), "100ms", BoundKept::Kept),
                lag("introspection", Some(2001.0), None, "0s", BoundKept::Broken),
            ],
            refresh: Some(After::Refused),
            undone: Some(true),
            logs_in_again: Some(true),
        }],
        findings: vec![
            Finding::new(
                Severity::Wrong,
                "point.api",
                "without a credential: accepted 200",
            )
            .advising("it answers whoever asks: is it the right URL, and is it protected?"),
            Finding::new(
                Severity::Wrong,
                "event.logout",
                "event.logout.step[0]: no response within 10s",
            )
            .looking_like(Cause::Network),
            Finding::new(Severity::Note, "refresh", "none"),
        ],
    }
}

fn lag(
    point: &str,
    accepted_until_ms: Option<f64>,
    refused_by_ms: Option<f64>,
    bound: &str,
    kept: BoundKept,
) -> CoarseLag {
    CoarseLag {
        point: point.to_owned(),
        accepted_until_ms,
        refused_by_ms,
        bound: Some(bound.to_owned()),
        kept,
    }
}

#[test]
fn text_of_a_check() {
    insta::assert_snapshot!(text(&check(), false));
}

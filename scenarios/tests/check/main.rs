//! A check finds what is wrong with a server that is wrong in one thing, and nothing wrong with one that is not.

mod server;

use authbench_reports::check::{
    BoundKept, Cause, Finding, Outcome, PointVerdict, Severity, TargetCheck, text,
};
use authbench_reports::revocation::After;
use authbench_scenarios::check::{CheckError, CheckPlan, check};
use authbench_scenarios::load;
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::run::system::System;
use authbench_scenarios::target::{RemoteTargets, TargetFile};
use authbench_scenarios::undo::Journal;
use server::{PASSWORD, Wrong};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

const TARGET: &str = r#"
schema = "authbench.target/1"
name = "mine"
model = "opaque"
[vars]
password = "PASSWORD"
[users]
count = 5
name = "user-${number}"
password = "${vars.password}"
[facts]
access_ttl = "300s"
[[login]]
request = "POST http://ADDRESS/login?key=canary-key"
form = { username = "${user.name}", password = "${user.password}" }
expect = 200
capture = { access_token = { json = "/access_token" }, refresh_token = { json = "/refresh_token" } }
[[refresh]]
request = "POST http://ADDRESS/refresh"
form = { refresh_token = "${refresh_token}" }
expect = 200
capture = { access_token = { json = "/access_token" }, refresh_token = { json = "/refresh_token" } }
[[logout]]
request = "POST http://ADDRESS/logout"
expect = 204
[[point]]
name = "api"
request = "GET http://ADDRESS/api"
headers = { authorization = "Bearer ${access_token}" }
accept = { status = 200 }
refuse = { status = 401 }
[[event]]
name = "logout"
bound = { api = "0s" }
refresh_after = "refused"
[[event.step]]
request = "POST http://ADDRESS/logout"
expect = 204
"#;

fn run<T>(work: impl Future<Output = T>) -> T {
    load::runtime().expect("a runtime").block_on(work)
}

/// An administrator's event beside the logout.
const ADMINISTRATOR: &str = r#"
[[admin_login]]
request = "POST http://ADDRESS/admin/login"
expect = 200
capture = { token = { json = "/token" } }
[[event]]
name = "account_disabled"
[[event.step]]
request = "POST http://ADDRESS/admin/disable"
headers = { authorization = "Bearer ${admin.token}" }
cookies = {}
expect = 204
[[event.undo]]
request = "POST http://ADDRESS/admin/enable"
headers = { authorization = "Bearer ${admin.token}" }
cookies = {}
expect = 204
"#;

fn system(address: SocketAddr, interrupted: watch::Receiver<bool>) -> System {
    system_of(TARGET, address, interrupted)
}

fn system_of(target: &str, address: SocketAddr, interrupted: watch::Receiver<bool>) -> System {
    let text = target
        .replace("ADDRESS", &address.to_string())
        .replace("PASSWORD", PASSWORD);
    let file = TargetFile::parse("mine.toml", &text, &BTreeMap::new()).expect("a target file");
    let settings = RunSettings {
        authbench: "authbench".into(),
        store_url: None,
        redis_server: None,
        require_real_redis: false,
        dir: ".".into(),
        cpus: Vec::new(),
        allow_commands: false,
        remote: RemoteTargets::refused(),
        interrupted,
    };
    System::start(file, &settings).expect("it runs already")
}

fn plan() -> CheckPlan {
    CheckPlan {
        user: 0,
        events: Vec::new(),
        // No event here can be undone, so that it is never written.
        journal: Journal::of_new_run("nowhere".as_ref()),
    }
}

fn checked(wrong: Wrong) -> TargetCheck {
    run(async {
        let address = server::start(wrong).await;
        let (_never, interrupted) = watch::channel(false);
        let system = system(address, interrupted.clone());
        let checked = check(&system, &plan(), interrupted, &|_| ()).await;
        checked.expect("the plan fits the file")
    })
}

fn wrongs(check: &TargetCheck) -> Vec<&Finding> {
    let findings = check.findings.iter();
    findings
        .filter(|finding| finding.severity == Severity::Wrong)
        .collect()
}

#[test]
fn nothing_wrong_is_found_where_nothing_is() {
    let check = checked(Wrong::Nothing);
    assert_eq!(check.findings, []);
    assert_eq!(
        (check.outcome, check.outcome.exit_code()),
        (Outcome::Fine, 0)
    );
    let verdicts: Vec<_> = check
        .moments
        .iter()
        .map(|moment| (moment.name.as_str(), moment.answers[0].verdict))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("after login", PointVerdict::Accepted),
            ("without a credential", PointVerdict::Refused),
            ("with a changed credential", PointVerdict::Refused),
            ("after refresh", PointVerdict::Accepted),
            ("the one before the refresh", PointVerdict::Accepted),
            ("after [[logout]]", PointVerdict::Refused),
            ("before logout", PointVerdict::Accepted),
            ("after logout", PointVerdict::Refused),
        ]
    );
    let event = &check.events[0];
    assert_eq!(
        (event.user.as_str(), event.refresh),
        ("user-1", Some(After::Refused))
    );
    assert_eq!(event.lags[0].kept, BoundKept::Kept);
    assert_eq!(event.lags[0].accepted_until_ms, None);
}

#[test]
fn what_is_shown_of_a_credential_is_of_no_use() {
    let check = checked(Wrong::Nothing);
    let shown = format!(
        "{}{}",
        text(&check, false),
        serde_json::to_string(&check).expect("JSON")
    );
    for secret in [PASSWORD, "canary-key", "canary-token"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let login = &check.transcript[0];
    assert_eq!(login.place, "login[0]");
    assert!(
        login.request.ends_with("/login?key=(masked)"),
        "{}",
        login.request
    );
    assert!(
        login.captured[0].starts_with("access_token = cana…(40 bytes, sha256 "),
        "{:?}",
        login.captured
    );
}

#[test]
fn the_administrators_calls_are_made_shown_and_undone() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Journal::of_new_run(folder.path());
    let check = run(async {
        let address = server::start(Wrong::Nothing).await;
        let (_never, interrupted) = watch::channel(false);
        let target = format!("{TARGET}{ADMINISTRATOR}");
        let system = system_of(&target, address, interrupted.clone());
        let plan = CheckPlan {
            events: vec!["account_disabled".to_owned()],
            journal: Arc::clone(&journal),
            ..plan()
        };
        let checked = check(&system, &plan, interrupted, &|_| ()).await;
        checked.expect("the plan fits the file")
    });
    let places: Vec<_> = check
        .transcript
        .iter()
        .map(|entry| entry.place.as_str())
        .collect();
    for place in [
        "admin_login[0]",
        "event.account_disabled.step[0]",
        "event.account_disabled.undo[0]",
    ] {
        assert!(places.contains(&place), "{place} in {places:?}");
    }
    let event = &check.events[0];
    assert_eq!(check.events.len(), 1, "the other event was not asked for");
    assert_eq!(
        (event.undone, event.logs_in_again),
        (Some(true), Some(true))
    );
    assert_eq!(event.lags[0].kept, BoundKept::NoBound);
    assert_eq!(check.outcome, Outcome::Fine, "{:#?}", check.findings);
    assert_eq!(journal.open(), []);
    let shown = format!(
        "{}{}",
        text(&check, false),
        serde_json::to_string(&check).expect("JSON")
    );
    assert!(!shown.contains("canary-admin-token"), "{shown}");
}

#[test]
fn what_is_wrong_is_found_and_nothing_else() {
    let cases = [
        (
            Wrong::Open,
            "point.api",
            "without a credential: accepted 200",
        ),
        (
            Wrong::Gullible,
            "point.api",
            "with a changed credential: accepted 200",
        ),
        (
            Wrong::LogoutDoesNothing,
            "event.logout.bound.api",
            "accepted after the bound (0s)",
        ),
        (
            Wrong::ExpiresIn,
            "facts.access_ttl",
            "expires_in says 3600 s, and facts.access_ttl is 300 s",
        ),
        (
            Wrong::RefreshOutlives,
            "event.logout.refresh_after",
            "still worked",
        ),
    ];
    for (wrong, about, says) in cases {
        let check = checked(wrong);
        assert_eq!(check.outcome, Outcome::Differs, "{wrong:?}");
        let found = wrongs(&check);
        let is_it = |finding: &&&Finding| finding.about == about && finding.says.contains(says);
        assert!(
            found.iter().any(|finding| is_it(&finding)),
            "{wrong:?}: {found:#?}"
        );
    }
    // One mistake may show in several places; these do not.
    for wrong in [Wrong::ExpiresIn, Wrong::RefreshOutlives] {
        assert_eq!(wrongs(&checked(wrong)).len(), 1, "{wrong:?}");
    }
}

#[test]
fn what_a_run_would_stumble_over_is_warned_of() {
    let throttled = checked(Wrong::Throttles);
    let warned = |check: &TargetCheck, says: &str| {
        let warnings = check.findings.iter();
        let mut warnings = warnings.filter(|finding| finding.severity == Severity::Warning);
        warnings.any(|finding| finding.says.contains(says))
    };
    assert!(
        warned(&throttled, "429, too many requests (Retry-After: 30)"),
        "{:#?}",
        throttled.findings
    );
    assert_eq!(
        throttled.moments[0].answers[0].verdict,
        PointVerdict::Throttled
    );
    let cookie = checked(Wrong::CookieScope);
    assert!(
        warned(&cookie, "cookie sid is for another domain"),
        "{:#?}",
        cookie.findings
    );
    assert_eq!(
        cookie.outcome,
        Outcome::Fine,
        "nothing presents that cookie"
    );
    let odd = checked(Wrong::OddRefusal);
    let notes = odd
        .findings
        .iter()
        .filter(|finding| finding.says.contains("not what refuse says"));
    assert_eq!(notes.count(), 3, "{:#?}", odd.findings);
}

/// Neither the bound nor the event is to blame where the file does not know how the point refuses.
#[test]
fn a_refusal_that_the_file_does_not_know_is_wrong_after_an_event() {
    let check = checked(Wrong::OddRefusal);
    let found = wrongs(&check);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].about, "point.api");
    assert!(
        found[0].says.contains("after logout: neither 400"),
        "{found:#?}"
    );
    assert_eq!(check.events[0].lags[0].kept, BoundKept::Unknown);
}

#[test]
fn a_login_that_fails_is_explained() {
    let check = checked(Wrong::Client);
    let found = wrongs(&check);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].about.as_str(), found[0].looks_like),
        ("login", Some(Cause::Client))
    );
    assert_eq!(check.transcript[0].status, Some(401));
    assert_eq!(check.outcome.exit_code(), 1);
}

#[test]
fn a_target_that_is_not_there_is_told_from_one_that_is_wrong() {
    let check = run(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let (_never, interrupted) = watch::channel(false);
        let system = system(address, interrupted.clone());
        check(&system, &plan(), interrupted, &|_| ())
            .await
            .expect("the plan fits the file")
    });
    assert_eq!(
        (check.outcome, check.outcome.exit_code()),
        (Outcome::Unreachable, 2)
    );
    assert_eq!(check.findings[0].looks_like, Some(Cause::Network));
}

#[test]
fn a_plan_that_the_file_does_not_know_is_refused() {
    run(async {
        let address = server::start(Wrong::Nothing).await;
        let (_never, interrupted) = watch::channel(false);
        let system = system(address, interrupted.clone());
        let of = |user, event: &str| CheckPlan {
            user,
            events: vec![event.to_owned()],
            ..plan()
        };
        let unknown = check(&system, &of(0, "lgout"), interrupted.clone(), &|_| ()).await;
        assert!(
            matches!(unknown, Err(CheckError::NoEvent { .. })),
            "{unknown:?}"
        );
        let nobody = check(&system, &of(5, "logout"), interrupted, &|_| ()).await;
        assert!(
            matches!(nobody, Err(CheckError::NoUser { .. })),
            "{nobody:?}"
        );
    });
}

//! Both servers with planted lags: checked, loaded and revoked, through their target files and nothing else.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use authbench_reports::revocation::{After, Lag, Trial};
use authbench_reports::run_file::{EventRecord, RunFile};
use serde_json::Value;

use super::form_site::{self, FormSite};
use super::http::Server;
use super::oauth::{self, Api, AuthorizationServer};
use super::tls::Identity;
use crate::program::{Workspace, json, stderr};

const STEADY: &str = include_str!("scenarios/steady.toml");
const REVOCATION: &str = include_str!("scenarios/revocation.toml");
const REVOCATIONS: usize = 16;

/// Secrets of both, as the environment has them.
const SECRETS: [(&str, &str); 3] = [
    ("FORM_SITE_PASSWORD", form_site::PASSWORD),
    ("OAUTH_PASSWORD", oauth::PASSWORD),
    ("OAUTH_CLIENT_SECRET", oauth::CLIENT.1),
];

#[test]
fn a_site_with_forms_is_measured_and_its_lag_is_found() {
    let site = Server::start(FormSite::new);
    let target = include_str!("targets/form_site.toml").replace("http://site.test", &site.url);
    let workspace = Workspace::new();
    check(&workspace, &target);
    let run = measured(
        &workspace,
        &target,
        &["logout", "account_disabled"],
        Bounds::Kept,
    );

    for trial in &event(&run, "logout").trials {
        assert_holds(trial, "home", form_site::AFTER_LOGOUT);
    }
    for trial in &event(&run, "account_disabled").trials {
        assert!(
            matches!(trial.lag("home"), Lag::NeverAccepted { .. }),
            "{trial:?}"
        );
    }
}

#[test]
fn a_promise_that_the_site_does_not_keep_is_told() {
    let site = Server::start(FormSite::new);
    let target = include_str!("targets/form_site.toml").replace("http://site.test", &site.url);
    let target = target.replace("after_logout = \"150ms\"", "after_logout = \"10ms\"");
    measured(&Workspace::new(), &target, &["logout"], Bounds::Broken);
}

#[test]
fn tokens_over_tls_behind_a_cached_introspection_are_measured_and_the_lag_is_found() {
    let workspace = Workspace::new();
    let state = AuthorizationServer::new();
    let identities = ["server.pem", "api.pem"].map(|file| {
        let identity = Identity::generate();
        workspace.write(file, &identity.pem);
        identity
    });
    let server = Server::secured(|_| Arc::clone(&state), &identities[0]);
    let api = Server::secured(|_| Arc::new(Api(Arc::clone(&state))), &identities[1]);
    let target = include_str!("targets/oauth.toml")
        .replace("https://server.test", &server.url)
        .replace("https://api.test", &api.url);
    check(&workspace, &target);
    let run = measured(&workspace, &target, &["logout"], Bounds::Kept);

    let truth: HashMap<String, Duration> = state.ended();
    let trials = &event(&run, "logout").trials;
    for trial in trials {
        let user = format!("person {:03}", trial.user);
        assert_holds(trial, "api", truth[&user]);
        assert!(
            matches!(trial.lag("introspection"), Lag::NeverAccepted { .. }),
            "{trial:?}"
        );
        assert_eq!(trial.refresh_after, Some(After::Refused));
    }
    let longest = trials
        .iter()
        .map(|trial| trial.lag("api").at_least_ns())
        .max();
    assert!(
        longest.is_some_and(|ns| ns > 0),
        "no cached answer was seen: {trials:?}"
    );
}

/// The walk through every flow finds nothing wrong.
fn check(workspace: &Workspace, target: &str) {
    let file = workspace.write("target.toml", target);
    let mut command = workspace.authbench(&["check", "--target", &file, "--quiet"]);
    let output = command.envs(SECRETS).output().expect("the program starts");
    let transcript = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{transcript}{}",
        stderr(&output)
    );
    assert_no_secret(transcript.as_bytes(), "the transcript");
}

/// What is to become of the target's promises.
#[derive(Clone, Copy, PartialEq)]
enum Bounds {
    Kept,
    Broken,
}

/// Loads the target and makes its `events` happen.
fn measured(workspace: &Workspace, target: &str, events: &[&str], bounds: Bounds) -> RunFile {
    let file = workspace.write("target.toml", target);
    let names: Vec<String> = events.iter().map(|name| format!("{name:?}")).collect();
    let revocation = REVOCATION
        .replace("EVENTS", &names.join(", "))
        .replace("REVOCATIONS", &REVOCATIONS.to_string());
    let steady = workspace.write("steady.toml", STEADY);
    let revocation = workspace.write("revocation.toml", &revocation);
    let mut command = workspace.authbench(&[
        "run",
        "--target",
        &file,
        "--scenario",
        &steady,
        "--scenario",
        &revocation,
        "--out",
        "run",
        "--quiet",
    ]);
    let output = command.envs(SECRETS).output().expect("the program starts");
    // 4: on a machine that does something else meanwhile a run may rightly call itself invalid.
    let code = output.status.code();
    let expected = if bounds == Bounds::Kept { 0 } else { 1 };
    assert!(
        code == Some(expected) || code == Some(4),
        "{code:?}: {}",
        stderr(&output)
    );
    let broke_off = stderr(&output).contains("broke off");
    assert!(!broke_off, "{}", stderr(&output));
    assert_no_secret(&output.stderr, "standard error");

    let summary = json(&workspace.path("run/summary.json"));
    let name = name_in(target);
    let measured = summary["targets"].as_array().expect("targets");
    let measured = measured
        .iter()
        .find(|row| row["name"] == name)
        .expect("the target");
    assert_eq!(measured["unexpected"], 0, "{measured:#}");
    assert!(
        measured["requests"].as_u64().is_some_and(|n| n > 50),
        "{measured:#}"
    );
    assert_breaches(measured, bounds);
    for entry in std::fs::read_dir(workspace.path("run")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            assert_no_secret(
                &std::fs::read(&path).expect("a file"),
                &path.display().to_string(),
            );
        }
    }
    read(&workspace.path("run/run.json"))
}

fn read(path: &Path) -> RunFile {
    serde_json::from_slice(&std::fs::read(path).expect("a run file")).expect("a run file")
}

fn name_in(target: &str) -> &str {
    let line = target
        .lines()
        .find_map(|line| line.strip_prefix("name = \""));
    line.expect("a name").trim_end_matches('"')
}

fn assert_breaches(target: &Value, bounds: Bounds) {
    let rows = target["revocation"].as_array().expect("rows");
    let breached = rows.iter().any(|row| row["breaches"] != 0);
    assert_eq!(breached, bounds == Bounds::Broken, "{rows:#?}");
    assert!(
        rows.iter()
            .all(|row| row["n"] == REVOCATIONS && row["unknown"] == 0),
        "{rows:#?}"
    );
}

fn event<'a>(run: &'a RunFile, name: &str) -> &'a EventRecord {
    let records = run
        .scenarios
        .iter()
        .filter_map(|scenario| scenario.revocation.as_ref());
    let mut events = records.flat_map(|record| &record.events);
    events.find(|event| event.event == name).expect("the event")
}

/// The interval that was measured contains the truth. The server went on accepting for `truth` from the moment it handled the call, which lies
/// between its being sent and t0: seen from t0 the truth is shorter, by no more than the call took. This holds on any machine, however slow.
fn assert_holds(trial: &Trial, point: &str, truth: Duration) {
    let truth_ns = truth.as_nanos() as u64;
    let took_ns = trial.answered_ns - trial.requested_ns;
    let (after_ns, until_ns) = match trial.lag(point) {
        Lag::Interval { after_ns, until_ns } => (after_ns, until_ns),
        Lag::NeverAccepted { until_ns } => (0, until_ns),
        other => panic!("{other:?} of {trial:?}"),
    };
    assert!(
        after_ns <= truth_ns,
        "accepted after {after_ns} ns, the truth is {truth:?}"
    );
    assert!(
        until_ns + took_ns >= truth_ns,
        "refused by {until_ns} ns, the truth is {truth:?}"
    );
}

fn assert_no_secret(bytes: &[u8], place: &str) {
    for (name, secret) in SECRETS {
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{name} stands in {place}");
    }
}

//! What docs/targets.md goes through: its tutorial and the committed file, against the application that they are about.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::program::{Workspace, stderr};

const ENVIRONMENT: [(&str, &str); 2] = [
    ("GUEST_PASSWORD", "canary-of-guests"),
    ("GUEST_ADMIN_KEY", "canary-of-an-administrator"),
];

/// Where the committed file expects the application.
const ADDRESS: &str = "http://127.0.0.1:8000";

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    let path = repository(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The guestbook, ended with the test.
struct Guestbook(Child);

impl Guestbook {
    /// Starts it, and says where. `None` where there is no Python: that is said, and no failure but where everything must be tested.
    fn start() -> Option<(Self, String)> {
        let started = Command::new("python3")
            .arg(repository("scenarios/examples/guestbook/guestbook.py"))
            .arg("0")
            .envs(ENVIRONMENT)
            .stdout(Stdio::piped())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                let must = std::env::var_os("AUTHBENCH_REQUIRE_REDIS").is_some();
                assert!(!must, "python3: {error}");
                eprintln!("skipped: there is no python3 ({error})");
                return None;
            }
        };
        let mut url = String::new();
        let said = child.stdout.take().expect("is piped");
        let read = BufReader::new(said).read_line(&mut url);
        assert!(read.expect("a line") > 0, "the guestbook does not start");
        Some((Self(child), url.trim().to_owned()))
    }
}

impl Drop for Guestbook {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `check` says of a target file, as JSON.
fn checked(text: &str) -> (Option<i32>, Value) {
    let workspace = Workspace::new();
    let file = workspace.write("guestbook.toml", text);
    let mut command = workspace.authbench(&["check", "--target", &file, "--format", "json"]);
    let output = command.envs(ENVIRONMENT).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    for (name, secret) in ENVIRONMENT {
        assert!(!said.contains(secret), "{name}: {said}");
    }
    let json = serde_json::from_str(&said);
    (
        output.status.code(),
        json.unwrap_or_else(|error| panic!("{error}: {}", stderr(&output))),
    )
}

/// How long each event's caller was let in for, at least.
fn lags_ms(check: &Value) -> Vec<(&str, f64)> {
    let events = check["events"].as_array().expect("events");
    events
        .iter()
        .map(|event| {
            let lag = &event["lags"][0];
            assert_eq!(lag["kept"], "kept", "{check:#}");
            let accepted = lag["accepted_until_ms"].as_f64();
            (
                event["event"].as_str().expect("a name"),
                accepted.expect("somebody was let in"),
            )
        })
        .collect()
}

#[test]
fn the_guestbook_does_what_its_file_says_and_lets_callers_in_for_a_while() {
    let Some((_guestbook, url)) = Guestbook::start() else {
        return;
    };
    let committed = read("scenarios/examples/guestbook/guestbook.toml");
    assert!(committed.contains(ADDRESS));
    let tutorial = blocks("## From nothing to a checked file").join("\n");
    for text in [committed, tutorial] {
        let (code, check) = checked(&text.replace(ADDRESS, &url));
        assert_eq!(
            (code, &check["outcome"]),
            (Some(0), &"fine".into()),
            "{check:#}"
        );
        let lags = lags_ms(&check);
        let events: Vec<&str> = lags.iter().map(|(event, _)| *event).collect();
        assert_eq!(events, ["logout", "account_disabled"]);
        // What is remembered of a session was looked up before the event, perhaps just before it ran out.
        assert!(lags.iter().any(|(_, lag)| *lag > 0.0), "{lags:?}");
    }
}

/// The mistakes that the tutorial speaks of are told as it says.
#[test]
fn the_tutorials_mistakes_are_found() {
    let Some((_guestbook, url)) = Guestbook::start() else {
        return;
    };
    let text = read("scenarios/examples/guestbook/guestbook.toml").replace(ADDRESS, &url);
    let refuse =
        "refuse = { status = 303, header = { name = \"location\", contains = \"/login\" } }";
    let cases = [
        (
            "name = \"${user.name}\",",
            "user = \"${user.name}\",",
            "login",
            "expected status 303, got 200",
        ),
        (
            refuse,
            "refuse = { status = 401 }",
            "point.book",
            "after logout: neither 303",
        ),
        (
            "{ cookie = \"sid\" }",
            "{ cookie = \"session\" }",
            "login",
            "the response sets no cookie session",
        ),
        (
            "\"1500ms\"",
            "\"0s\"",
            "event.logout.bound.book",
            "accepted after the bound (session_cache = 0 ms)",
        ),
    ];
    for (right, wrong, about, says) in cases {
        assert!(text.contains(right), "{right}");
        let (code, check) = checked(&text.replace(right, wrong));
        assert_eq!(code, Some(1), "{wrong}: {check:#}");
        let mut findings = check["findings"].as_array().expect("findings").iter();
        let is_it = |finding: &&Value| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default();
            text("severity") == "wrong" && text("about") == about && text("says").contains(says)
        };
        assert!(
            findings.any(|finding| is_it(&finding)),
            "{wrong}: {check:#}"
        );
    }
}

/// The TOML under a heading of docs/targets.md.
fn blocks(heading: &str) -> Vec<String> {
    let page = read("docs/targets.md");
    let (_, section) = page.split_once(heading).expect("the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("\n```toml\n").skip(1);
    blocks
        .map(|block| block.split("\n```").next().unwrap_or_default().to_owned() + "\n")
        .collect()
}

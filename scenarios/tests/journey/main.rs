//! Sessions at servers that end them in a known way: exactly what was planted is counted, whatever the machine does meanwhile.

mod server;

use self::server::{GOOD_FOR, Script};
use authbench_reports::run_file::{JourneyRecord, JourneySlice, SessionCounts};
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::run::{Plan, run};
use authbench_scenarios::scenario_file::{Profile, Scenario};
use authbench_scenarios::target::{RemoteTargets, TargetFile};
use authbench_scenarios::undo::Journal;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::sync::watch;

/// Requests of a session of the type `stubborn`, and of any other.
const STUBBORN: u32 = 10;
const OTHERS: u64 = 4;

const HEAD: &str = r#"
schema = "authbench.scenario/1"
name = "planted"
kind = "journey"
question = "Is what was planted what is counted?"
targets = ["given-by-the-test"]
[journey]
sessions_per_s = 60
renew_before = "0ms"

[[client]]
type = "stubborn"
weight = 20
presents = ["header"]
requests_per_session = 10
think = "10ms"
renew = "when_refused"
"#;

/// Loads its page anew after each request, so that each request but the first needs a renewal.
const RELOADING: &str = r#"
[[client]]
type = "NAME"
weight = 20
presents = [PRESENTS]
requests_per_session = 4
reload_every = 1
think = "1ms"
"#;

const PROFILE: &str = "rounds = 1\nslice = \"500ms\"\nwarm_up = \"50ms\"\n";

const TARGET: &str = r#"
schema = "authbench.target/1"
name = "NAME"
model = "scripted"
[users]
count = 1000
name = "user-${number}"
password = "unused"
FACTS
[[login]]
request = "POST http://ADDRESS/login"
expect = 200
capture = { token = { json = "/token" } }
[[point]]
name = "resource"
request = "GET http://ADDRESS/resource"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }
"#;

const REFRESH: &str = r#"
[[refresh]]
request = "POST http://ADDRESS/refresh"
expect = 200
capture = { token = { json = "/token" } }
"#;

/// One test, because goose allows one attack at a time in a process.
#[tokio::test]
async fn what_was_planted_is_what_is_counted() {
    let record = measure().await;
    let forgotten = u64::from((STUBBORN - 1) / GOOD_FOR);

    // Every third request is the last that a token is good for, and nothing renews it.
    for (target, unexpected) in [("told", 0), ("untold", forgotten)] {
        let (sessions, counts) = counted(&record, target, "stubborn");
        let each = |count: u64| count as f64 / sessions as f64;
        assert_eq!(each(counts.visible_refusals), forgotten as f64, "{target}");
        assert_eq!(each(counts.repeated_logins), forgotten as f64, "{target}");
        assert_eq!(
            each(counts.unexpected_refusals),
            unexpected as f64,
            "{target}"
        );
        let answered = u64::from(STUBBORN) + forgotten;
        assert_eq!(each(counts.requests), answered as f64, "{target}");
        assert_eq!(counts.abandoned, 0, "{target}");
    }

    // Without mistakes, nobody is logged out.
    let (sessions, counts) = counted(&record, "rotates", "careful");
    let renewals = (OTHERS - 1) * sessions;
    assert_eq!((counts.refreshes, counts.false_logouts), (renewals, 0));
    assert_eq!((counts.reloads, counts.repeated_logins), (renewals, 0));

    // Each renewal is made by both tabs at once: one of them is a replay, which ends the family; the next renewal finds it ended.
    let (sessions, counts) = counted(&record, "rotates", "tabs");
    assert_eq!(
        (counts.false_logouts, counts.repeated_logins),
        (sessions, sessions)
    );
    assert_eq!(
        (counts.refreshes, counts.two_tabs),
        (2 * sessions, sessions)
    );

    // The first answer to each renewal is lost: its repetition is a replay.
    let (sessions, counts) = counted(&record, "rotates", "lossy");
    assert_eq!(
        (counts.refreshes, counts.false_logouts),
        (0, renewals_of(sessions))
    );
    assert_eq!(counts.repeated_logins, renewals_of(sessions));
    let calls = OTHERS + OTHERS + renewals_of(sessions) / sessions;
    assert_eq!(counts.lost_responses, calls * sessions);

    // The refresh token is a cookie.
    let (sessions, counts) = counted(&record, "rotates", "jarless");
    assert_eq!(
        (counts.refreshes, counts.repeated_logins),
        (0, renewals_of(sessions))
    );

    // Of ten accepted requests nine are followed by one that is not.
    let (sessions, counts) = counted(&record, "throttles", "stubborn");
    assert_eq!(counts.throttled, u64::from(STUBBORN - 1) * sessions);
    assert_eq!((counts.refusals, counts.abandoned), (0, 0));
}

fn renewals_of(sessions: u64) -> u64 {
    (OTHERS - 1) * sessions
}

/// All slices together, which must agree with the schedule and each other.
fn counted(record: &JourneyRecord, target: &str, client: &str) -> (u64, SessionCounts) {
    let mut counts = SessionCounts::default();
    let mut alone = 0;
    for slice in &record.slices {
        let parts = JourneySlice::parts(slice);
        for (_, part) in parts.filter(|(name, part)| *name == target && part.client == client) {
            assert_eq!((part.unsent, part.intended), (0, part.counts.sessions));
            assert_eq!(part.start_lag.count(), part.intended);
            assert_eq!(part.login.count(), part.counts.logins);
            assert!(part.bytes_sent > 0 && part.bytes_received > 0);
            let unexpected = part.outcomes.unexpected_status.values().sum::<u64>();
            assert_eq!(unexpected, part.counts.unexpected_refusals);
            counts.merge(&part.counts);
            if slice.client.is_some() {
                assert_eq!(slice.client.as_deref(), Some(client));
                alone += 1;
            }
        }
    }
    assert_eq!(alone, 1, "{client} is alone in one slice of the one round");
    assert!(counts.sessions > 0, "{client} at {target}");
    (counts.sessions, counts)
}

async fn measure() -> JourneyRecord {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = Scenario::parse("planted.toml", &scenario()).expect("a scenario");
    let forgets = server::start(Script::Forgets).to_string();
    let target = |name: &str, address: &str, facts: &str, more: &str| {
        let text = format!("{TARGET}{more}").replace("FACTS", facts);
        let text = text.replace("NAME", name).replace("ADDRESS", address);
        TargetFile::parse(name, &text, &BTreeMap::new()).expect("a target")
    };
    // Half of that life is certain, and a client thinks for as long before its second request.
    let told = "[facts]\naccess_ttl = \"10ms\"";
    let rotates = server::start(Script::Rotates).to_string();
    let throttles = server::start(Script::Throttles).to_string();
    let targets = vec![
        target("told", &forgets, told, ""),
        target("untold", &forgets, "", ""),
        target("rotates", &rotates, "", REFRESH),
        target("throttles", &throttles, "", ""),
    ];
    let (_stop, interrupted) = watch::channel(false);
    let plan = Plan {
        scenarios: vec![(scenario, targets)],
        profile: Profile::Quick,
        settings: settings(folder.path(), interrupted.clone()),
        seed: 1,
        goose_reports: None,
        journal: Journal::of_new_run(folder.path()),
    };
    let mut measured = run(plan, interrupted, &|_| ()).await.expect("it runs");
    let record = measured.scenarios.pop().expect("one scenario");
    record.journey.expect("of sessions")
}

fn scenario() -> String {
    let kinds = [
        ("careful", r#""cookie", "header""#, ""),
        ("tabs", r#""cookie", "header""#, "two_tabs_share = 1\n"),
        (
            "lossy",
            r#""cookie", "header""#,
            "lost_response_share = 1\n",
        ),
        ("jarless", r#""header""#, ""),
    ];
    let clients = kinds.map(|(name, presents, more)| {
        let client = RELOADING.replace("NAME", name);
        format!("{}{more}", client.replace("PRESENTS", presents))
    });
    let profiles = ["quick", "standard", "full"].map(|name| format!("[profile.{name}]\n{PROFILE}"));
    format!("{HEAD}{}{}", clients.concat(), profiles.concat())
}

/// Nothing is started, so most of it is not used.
fn settings(folder: &Path, interrupted: watch::Receiver<bool>) -> RunSettings {
    RunSettings {
        authbench: PathBuf::new(),
        store_url: None,
        redis_server: None,
        require_real_redis: false,
        dir: folder.to_owned(),
        cpus: Vec::new(),
        remote: RemoteTargets::refused(),
        allow_commands: false,
        interrupted,
    }
}

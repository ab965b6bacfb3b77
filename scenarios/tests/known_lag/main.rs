//! The prober against servers whose lag is known: what it says of each revocation must contain the truth.
//!
//! The servers tell the truth on their own clock, from the moment at which they revoked. The prober counts from the acknowledgement, which
//! arrives later, by the revoking call's round trip at most: that much, and not a guess at the machine's speed, is the tolerance.

mod server;

use self::server::{Script, Server};
use authbench_reports::revocation::{Acknowledgement, After, Lag, Trial, Verdict};
use authbench_reports::run_file::{EventRecord, RevocationRecord};
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::run::{Plan, run};
use authbench_scenarios::scenario_file::{Profile, Scenario};
use authbench_scenarios::target::{RemoteTargets, TargetFile};
use authbench_scenarios::undo::Journal;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;

const TRIALS: usize = 24;
const CACHE: Duration = Duration::from_millis(300);

const SCRIPTS: [(&str, Script); 8] = [
    ("at-once", Script::Lags(Duration::ZERO)),
    ("after-40-ms", Script::Lags(Duration::from_millis(40))),
    ("after-137-ms", Script::Lags(Duration::from_millis(137))),
    ("never", Script::Never),
    (
        "flaps",
        Script::Flaps(Duration::from_millis(60), Duration::from_millis(140)),
    ),
    (
        "outage",
        Script::Outage(Duration::from_millis(40), Duration::from_millis(120)),
    ),
    ("lost", Script::LosesAcknowledgement),
    ("cached", Script::Caches(CACHE)),
];

const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "known-lag"
kind = "revocation"
question = "Does the prober find the lag that is there?"
targets = ["given-by-the-test"]

[load]
rate_per_s = 80
connections_per_target = 1
credentials_per_target = 2

[revocation]
events = ["revoked"]
probe_every = "5ms"
tail = "200ms"
slots_per_target = 12

[profile.quick]
revocations = 24
warm_up = "100ms"

[profile.standard]
revocations = 24
warm_up = "100ms"

[profile.full]
revocations = 24
warm_up = "100ms"
"#;

const TARGET: &str = r#"
schema = "authbench.target/1"
name = "NAME"
model = "scripted"

[users]
count = 26
name = "user-${number}"
password = "unused"

[[login]]
request = "POST http://ADDRESS/login/${user.name}"
expect = 200
capture = { token = { json = "/token" } }

[[refresh]]
request = "POST http://ADDRESS/refresh"
headers = { authorization = "Bearer ${token}" }
expect = 200

[[point]]
name = "resource"
request = "GET http://ADDRESS/resource"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }

[[event]]
name = "revoked"
bound = { resource = "0s" }

[[event.step]]
request = "POST http://ADDRESS/revoke"
headers = { authorization = "Bearer ${token}" }
expect = 200
"#;

/// One test, because goose allows one attack at a time in a process.
#[tokio::test]
async fn what_the_prober_says_contains_the_truth() {
    let servers = SCRIPTS.map(|(name, script)| (name, Server::start(script)));
    let record = measure(&servers).await;
    for (name, server) in &servers {
        let trials = trials(&record, name);
        assert_eq!(trials.len(), TRIALS, "{name}");
        for trial in trials {
            check(name, server, trial);
        }
    }
    some_interval_is_narrow(trials(&record, "after-137-ms"));
    some_trial_sees(trials(&record, "flaps"), |trial| {
        trial.flaps("resource") == 1
    });
    some_trial_sees(trials(&record, "outage"), |trial| {
        let mut segments = trial.points["resource"].iter();
        segments.any(|segment| segment.verdict == Verdict::Gap)
    });
    lags_spread_over_the_caches_lifetime(trials(&record, "cached"));
    assert_eq!(record.background.unsent, 0);
    for outcomes in record.background.outcomes.values() {
        assert_eq!(outcomes.expected, outcomes.total());
    }
}

async fn measure(servers: &[(&str, Server)]) -> RevocationRecord {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("known-lag.toml");
    std::fs::write(&path, SCENARIO).expect("writes");
    let scenario = Scenario::load(&path.to_string_lossy()).expect("a scenario");
    let targets = servers.iter().map(|(name, server)| {
        let text = TARGET
            .replace("NAME", name)
            .replace("ADDRESS", &server.address.to_string());
        TargetFile::parse(name, &text, &BTreeMap::new()).expect("a target")
    });
    let (_stop, interrupted) = watch::channel(false);
    let plan = Plan {
        scenarios: vec![(scenario, targets.collect())],
        profile: Profile::Quick,
        settings: settings(folder.path(), interrupted.clone()),
        seed: 1,
        goose_reports: None,
        journal: Journal::of_new_run(folder.path()),
    };
    let mut measured = run(plan, interrupted, &|_| ()).await.expect("it runs");
    let record = measured.scenarios.pop().expect("one scenario");
    record.revocation.expect("of revocations")
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
        allow_commands: false,
        remote: RemoteTargets::refused(),
        interrupted,
    }
}

fn trials<'a>(record: &'a RevocationRecord, target: &str) -> &'a [Trial] {
    let found = record.events.iter().find(|event| event.target == target);
    found.map_or(&[], |event: &EventRecord| &event.trials)
}

fn check(name: &str, server: &Server, trial: &Trial) {
    let lag = trial.lag("resource");
    let story = format!("{name}: {lag:?} in {trial:?}");
    match name {
        "never" => assert!(matches!(lag, Lag::Censored { .. }), "{story}"),
        "lost" => {
            assert_eq!(trial.acknowledgement, Acknowledgement::Unknown, "{story}");
            assert_eq!((lag, trial.refresh_after), (Lag::Unknown, None), "{story}");
        }
        "at-once" => {
            assert!(matches!(lag, Lag::NeverAccepted { .. }), "{story}");
            assert_eq!(trial.refresh_after, Some(After::Refused), "{story}");
        }
        // Between two acceptances or before the second it cannot be told from one that stopped at once.
        "flaps" if trial.flaps("resource") == 0 => {
            assert!(matches!(lag, Lag::NeverAccepted { .. }), "{story}");
        }
        _ => {
            let truth = server.truth(&format!("user-{}", trial.user));
            assert!(contains(trial, lag, truth), "{truth:?}: {story}");
        }
    }
}

/// Whether `truth`, counted from the revocation, lies in the interval, which is counted from the acknowledgement.
fn contains(trial: &Trial, lag: Lag, truth: Duration) -> bool {
    let truth_ns = truth.as_nanos() as u64;
    let round_trip_ns = trial.answered_ns - trial.requested_ns;
    match lag {
        Lag::Interval { after_ns, until_ns } => {
            after_ns < truth_ns && truth_ns <= until_ns + round_trip_ns
        }
        Lag::NeverAccepted { until_ns } => truth_ns <= until_ns + round_trip_ns,
        Lag::Censored { .. } | Lag::Unknown => false,
    }
}

/// A prober that misses much of an interval would contain any truth.
fn some_interval_is_narrow(trials: &[Trial]) {
    some_trial_sees(trials, |trial| match trial.lag("resource") {
        Lag::Interval { after_ns, until_ns } => until_ns - after_ns < 40_000_000,
        _ => false,
    });
}

fn some_trial_sees(trials: &[Trial], what: impl Fn(&Trial) -> bool) {
    assert!(trials.iter().any(what), "{trials:?}");
}

/// A prober that begins to use a credential just before it revokes it finds the whole lifetime of the cache each time.
fn lags_spread_over_the_caches_lifetime(trials: &[Trial]) {
    let third = (CACHE / 3).as_nanos() as u64;
    some_trial_sees(trials, |trial| match trial.lag("resource") {
        Lag::Interval { until_ns, .. } | Lag::NeverAccepted { until_ns } => until_ns < third,
        Lag::Censored { .. } | Lag::Unknown => false,
    });
    some_trial_sees(trials, |trial| {
        trial.lag("resource").at_least_ns() > 2 * third
    });
}

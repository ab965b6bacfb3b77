//! Events that put out more than one credential, against servers of which it is known whom they put out, and when: what is said of each revocation,
//! of those who should have been left alone, and of a stream that was open, must be the truth.

mod server;

use self::server::{PutsOut, Script, Server};
use authbench_reports::revocation::{EventReach, Lag, Trial, Verdict, Witness, WitnessOf};
use authbench_reports::run_file::{EventRecord, RevocationRecord};
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::run::{Plan, run};
use authbench_scenarios::scenario_file::{Profile, Scenario};
use authbench_scenarios::target::{RemoteTargets, TargetFile};
use authbench_scenarios::undo::Journal;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

const LAG: Duration = Duration::from_millis(120);
const TRIALS: u32 = 9;

const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "reach"
kind = "revocation"
question = "Whom does an event put out, and when?"
targets = ["given-by-the-test"]

[load]
rate_per_s = 40
connections_per_target = 1
credentials_per_target = 2

[revocation]
events = ["account_ended", "cut_off"]
occurrences = 3
probe_every = "5ms"
resolution = 0.1
tail = "100ms"
slots_per_target = 6

[profile.quick]
revocations = 9
warm_up = "100ms"

[profile.standard]
revocations = 9
warm_up = "100ms"

[profile.full]
revocations = 9
warm_up = "100ms"
"#;

const TARGET: &str = r#"
schema = "authbench.target/1"
name = "NAME"
model = "scripted"

[users]
count = 40
name = "user-${number}"
password = "unused"

[[login]]
request = "POST http://ADDRESS/login/${user.name}"
expect = 200
capture = { token = { json = "/token" } }

[[point]]
name = "resource"
request = "GET http://ADDRESS/resource"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }

[[point]]
name = "events"
kind = "stream"
request = "GET http://ADDRESS/events"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }

[[event]]
name = "account_ended"
reach = "account"
witnesses = ["same_user", "other_user"]
bound = { resource = "1s", events = "1s" }

[[event.step]]
request = "POST http://ADDRESS/revoke"
headers = { authorization = "Bearer ${token}" }
expect = 204

[[event]]
name = "cut_off"
reach = "everyone"
bound = { resource = "1s", events = "1s" }

[[event.step]]
request = "POST http://ADDRESS/cut-off"
expect = 204
"#;

/// One test, because goose allows one attack at a time in a process.
#[tokio::test]
async fn what_is_said_of_events_with_a_reach_is_the_truth() {
    let lagging = Server::start(Script {
        puts_out: PutsOut::Account,
        lag: LAG,
        another_login: Duration::ZERO,
    });
    let clumsy = Server::start(Script {
        puts_out: PutsOut::Everybody,
        lag: Duration::ZERO,
        another_login: Duration::ZERO,
    });
    let slow = Server::start(Script {
        puts_out: PutsOut::Account,
        lag: LAG,
        another_login: Duration::from_secs(1),
    });
    let servers = [("lagging", &lagging), ("clumsy", &clumsy), ("slow", &slow)];
    let record = measure(&servers).await;
    lags_are_the_planted_one(&record);
    streams_end_when_they_do(&record);
    one_event_ends_several(&record, &lagging);
    collateral_is_found_where_it_is(&record);
    no_event_waits_for_its_witnesses(&record);
}

async fn measure(servers: &[(&str, &Server)]) -> RevocationRecord {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = Scenario::parse("reach.toml", SCENARIO).expect("a scenario");
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
        settings: RunSettings {
            authbench: PathBuf::new(),
            store_url: None,
            redis_server: None,
            require_real_redis: false,
            dir: folder.path().to_owned(),
            cpus: Vec::new(),
            allow_commands: false,
            remote: RemoteTargets::refused(),
            interrupted: interrupted.clone(),
        },
        seed: 1,
        goose_reports: None,
        journal: Journal::of_new_run(folder.path()),
    };
    let mut measured = run(plan, interrupted, &|_| ()).await.expect("it runs");
    let record = measured.scenarios.pop().expect("one scenario");
    record.revocation.expect("of revocations")
}

fn of<'a>(record: &'a RevocationRecord, target: &str, event: &str) -> &'a EventRecord {
    let mut events = record.events.iter();
    let found = events.find(|found| found.target == target && found.event == event);
    let found = found.expect("was measured");
    assert_eq!(found.trials.len(), TRIALS as usize, "{target}, {event}");
    found
}

/// Whether the lag that was planted lies in the interval: the server counts from the event, the prober from its acknowledgement.
fn holds_the_planted(trial: &Trial, point: &str) {
    let planted = LAG.as_nanos() as u64;
    let round_trip_ns = trial.answered_ns - trial.requested_ns;
    match trial.lag(point) {
        Lag::Interval { after_ns, until_ns } => {
            let holds = after_ns < planted && planted <= until_ns + round_trip_ns;
            assert!(holds, "{point}: ({after_ns}, {until_ns}] in {trial:?}");
        }
        lag => panic!("{point}: {lag:?} in {trial:?}"),
    }
}

fn lags_are_the_planted_one(record: &RevocationRecord) {
    for event in ["account_ended", "cut_off"] {
        let trials = &of(record, "lagging", event).trials;
        trials
            .iter()
            .for_each(|trial| holds_the_planted(trial, "resource"));
    }
}

fn streams_end_when_they_do(record: &RevocationRecord) {
    for event in ["account_ended", "cut_off"] {
        for trial in &of(record, "lagging", event).trials {
            holds_the_planted(trial, "events");
            let last = trial.points["events"].last().expect("something was seen");
            assert_eq!(last.verdict, Verdict::Refused, "{trial:?}");
            assert_eq!(trial.flaps("events"), 0, "an end is an end");
        }
    }
}

fn one_event_ends_several(record: &RevocationRecord, server: &Server) {
    let cut_off = of(record, "lagging", "cut_off");
    assert_eq!(cut_off.reach, Some(EventReach::Everyone));
    let occurrences = cut_off.trials.iter().map(|trial| trial.occurrence);
    let numbers: BTreeSet<_> = occurrences.clone().collect();
    assert_eq!(numbers, BTreeSet::from([Some(0), Some(1), Some(2)]));
    for number in numbers {
        let members = occurrences.clone().filter(|of| *of == number);
        assert_eq!(members.count(), 3, "{number:?}");
    }
    let ended = of(record, "lagging", "account_ended");
    assert!(ended.trials.iter().all(|trial| trial.occurrence.is_none()));
    assert_eq!(server.events(), TRIALS + 3, "made once for each occurrence");
}

fn collateral_is_found_where_it_is(record: &RevocationRecord) {
    let heard = |target, of_whom| {
        let trials = &of(record, target, "account_ended").trials;
        let witnesses = trials.iter().flat_map(|trial| &trial.witnesses);
        let verdicts = witnesses.filter(|witness| witness.of == of_whom);
        verdicts
            .inspect(|Witness { point, .. }| assert_eq!(point, "resource", "no stream"))
            .map(|witness| witness.verdict)
            .collect::<Vec<_>>()
    };
    let others = heard("lagging", WitnessOf::OtherUser);
    assert_eq!(others, [Verdict::Accepted; TRIALS as usize]);
    // The event ends the account, its user's other session included.
    let same = heard("lagging", WitnessOf::SameUser);
    assert_eq!(same, [Verdict::Refused; TRIALS as usize]);
    let others = heard("clumsy", WitnessOf::OtherUser);
    assert!(others.contains(&Verdict::Refused), "{others:?}");
    assert!(
        of(record, "lagging", "cut_off")
            .trials
            .iter()
            .all(|trial| trial.witnesses.is_empty())
    );
}

/// The first witness, a second login of the same user, takes longer than there is time.
fn no_event_waits_for_its_witnesses(record: &RevocationRecord) {
    for trial in &of(record, "slow", "account_ended").trials {
        assert!(trial.witnesses.is_empty(), "{trial:?}");
        holds_the_planted(trial, "resource");
    }
}

//! The changes.

use super::super::samples;
use crate::fixture::{answered_after, background, event, stream};
use authbench_reports::histogram::Histogram;
use authbench_reports::revocation::{
    Acknowledgement, EventReach, Segment, Trial, Verdict as Said, Witness, WitnessOf,
};
use authbench_reports::run_file::{
    Clocks, Counters, EventRecord, LifetimeRecord, LifetimeSource, RunFile, Status,
};
use authbench_reports::validity::{Check, Verdict};

/// A change, how large it must be to be found, how large it may be without, and what it makes of the run.
pub(super) struct Case {
    pub(super) check: Check,
    pub(super) verdict: Verdict,
    pub(super) what: &'static str,
    pub(super) spoil: fn(&mut RunFile, f64),
    pub(super) found_at: f64,
    pub(super) fine_at: f64,
}

const fn case(
    check: Check,
    verdict: Verdict,
    what: &'static str,
    [fine_at, found_at]: [f64; 2],
    spoil: fn(&mut RunFile, f64),
) -> Case {
    Case {
        check,
        verdict,
        what,
        spoil,
        found_at,
        fine_at,
    }
}

use Verdict::{Degraded, Invalid};

/// In the order of the documentation's table. The numbers are the thresholds, from both sides.
pub(super) const CASES: &[Case] = &[
    case(
        Check::AchievedRate,
        Invalid,
        "answers missing in each round of one target",
        [24.0, 25.0],
        |run, missing| {
            for round in &mut stream(run).rounds {
                round.targets[0].outcomes.expected -= missing as u64;
            }
        },
    ),
    case(
        Check::AchievedRate,
        Invalid,
        "rate of the background load",
        [495.0, 494.0],
        |run, rate| background(run).achieved_per_s = rate,
    ),
    case(
        Check::UnsentStarts,
        Invalid,
        "unsent starts",
        [0.0, 1.0],
        |run, unsent| stream(run).rounds[0].targets[1].unsent = unsent as u64,
    ),
    case(
        Check::SendLag,
        Invalid,
        "send lag in ms, of response times of 1 ms",
        [0.24, 0.26],
        |run, ms| {
            for round in &mut stream(run).rounds {
                round.targets[2].send_lag = samples(ms, 2400);
                round.targets[2].response = samples(1.0, 2400);
            }
        },
    ),
    case(
        Check::SendLag,
        Degraded,
        "send lag of the background load in ms",
        [0.19, 5.0],
        |run, ms| background(run).send_lag = samples(ms, 2400),
    ),
    case(
        Check::GeneratorSaturated,
        Invalid,
        "share of the generator's processor in one round of 6 s",
        [0.89, 0.91],
        |run, share| stream(run).rounds[1].generator_cpu_ns = (share * 6e9) as u64,
    ),
    case(
        Check::GeneratorSaturated,
        Invalid,
        "the same, of a generator that may use all eight processors",
        [0.89, 0.91],
        |run, share| {
            run.manifest.generator_cpus.clear();
            run.manifest.cores = 8;
            stream(run).rounds[1].generator_cpu_ns = (share * 6e9) as u64;
        },
    ),
    case(
        Check::Concurrency,
        Invalid,
        "service time in ms: 400 requests/s on 12 connections",
        [26.0, 28.0],
        set_service,
    ),
    case(
        Check::Concurrency,
        Invalid,
        "the same, more than the connections can carry",
        [26.0, 60.0],
        set_service,
    ),
    case(
        Check::UnexpectedOutcomes,
        Invalid,
        "refused although they should not be",
        [0.0, 2.0],
        |run, times| set_status(run, 401, times),
    ),
    case(
        Check::InfrastructureErrors,
        Invalid,
        "answers that throttle",
        [0.0, 1.0],
        |run, times| stream(run).rounds[0].targets[1].outcomes.throttled = times as u64,
    ),
    case(
        Check::InfrastructureErrors,
        Invalid,
        "answered with 503",
        [0.0, 2.0],
        |run, times| set_status(run, 503, times),
    ),
    case(
        Check::InfrastructureErrors,
        Invalid,
        "timed out in the background",
        [0.0, 1.0],
        |run, times| {
            let outcomes = background(run).outcomes.get_mut("jwt");
            outcomes.expect("the fixture has it").timed_out = times as u64;
        },
    ),
    case(
        Check::Steal,
        Degraded,
        "stolen share of one round",
        [0.009, 0.011],
        |run, share| stream(run).rounds[0].steal_share = Some(share),
    ),
    case(
        Check::Steal,
        Invalid,
        "stolen share of every round",
        [0.009, 0.11],
        |run, share| {
            for round in &mut stream(run).rounds {
                round.steal_share = Some(share);
            }
        },
    ),
    case(
        Check::Canary,
        Degraded,
        "median of one reading, of 500 µs",
        [550_000.0, 600_000.0],
        |run, ns| stream(run).rounds[3].canary[1].median_ns = ns as u64,
    ),
    case(
        Check::Canary,
        Invalid,
        "the same, more than twice as long",
        [550_000.0, 1_010_000.0],
        |run, ns| stream(run).rounds[3].canary[1].median_ns = ns as u64,
    ),
    case(
        Check::Canary,
        Degraded,
        "figures of the machine that are missing: stolen time alone, then the readings as well",
        [1.0, 2.0],
        |run, missing| {
            for round in &mut stream(run).rounds {
                round.steal_share = None;
                if missing > 1.0 {
                    round.canary.clear();
                }
            }
        },
    ),
    case(
        Check::Canary,
        Degraded,
        "the same the other way round",
        [1.0, 2.0],
        |run, missing| {
            for round in &mut stream(run).rounds {
                round.canary.clear();
                if missing > 1.0 {
                    round.steal_share = None;
                }
            }
        },
    ),
    case(
        Check::ClockSteps,
        Degraded,
        "step of the wall clock in ms, while revocations are made",
        [1.0, 2.0],
        |run, ms| background(run).clocks = stepped(ms),
    ),
    case(
        Check::ClockSteps,
        Degraded,
        "step of the wall clock in ms, in a stream",
        [999.0, 1001.0],
        |run, ms| stream(run).rounds[2].clocks = stepped(ms),
    ),
    case(
        Check::ClockSteps,
        Invalid,
        "suspended, in ms",
        [9.0, 11.0],
        |run, ms| {
            stream(run).rounds[2].clocks = Some(Clocks {
                suspended_ns: (ms * 1e6) as u64,
                ..Clocks::default()
            });
        },
    ),
    case(
        Check::WarmUp,
        Degraded,
        "response times of the first round, in ms; later ones are 0.17",
        [0.175, 0.19],
        |run, ms| stream(run).rounds[0].targets[1].response = samples(ms, 2400),
    ),
    case(
        Check::WarmUp,
        Degraded,
        "CPU of the first round, as a multiple",
        [1.05, 1.2],
        |run, times| {
            for process in &mut stream(run).rounds[0].targets[3].processes {
                process.cpu_ns = (process.cpu_ns as f64 * times) as u64;
            }
        },
    ),
    case(
        Check::ConnectionChurn,
        Degraded,
        "reconnects in 12,000 requests",
        [119.0, 120.0],
        |run, times| stream(run).rounds[4].targets[2].reconnects = Some(times as u64),
    ),
    case(
        Check::CredentialReuse,
        Degraded,
        "credentials of each target",
        [100.0, 99.0],
        |run, credentials| stream(run).credentials_per_target = credentials as u32,
    ),
    case(
        Check::CredentialReuse,
        Degraded,
        "credentials of each target on 200 connections",
        [200.0, 199.0],
        |run, credentials| {
            let stream = stream(run);
            stream.connections_per_target = 200;
            stream.credentials_per_target = credentials as u32;
        },
    ),
    case(
        Check::FactsContradicted,
        Degraded,
        "seconds that tokens say they live, where 300 are stated",
        [300.0, 301.0],
        |run, seconds| run.scenarios[0].lifetimes = vec![lifetime(299.0, seconds)],
    ),
    case(
        Check::FactsContradicted,
        Degraded,
        "seconds that one token says it lives, where 300 are stated",
        [299.0, 298.0],
        |run, seconds| run.scenarios[1].lifetimes = vec![lifetime(seconds, 300.0)],
    ),
    case(
        Check::StoreEvictions,
        Invalid,
        "keys thrown away in one round",
        [0.0, 1.0],
        |run, keys| {
            let counters = stream(run).rounds[2].targets[1].counters.as_mut();
            counters.expect("the fixture counts").store_evictions = Some(keys as u64);
        },
    ),
    case(
        Check::StoreEvictions,
        Invalid,
        "writes refused for want of memory while revocations are made",
        [0.0, 1.0],
        |run, writes| {
            let counters = Counters {
                store_out_of_memory: Some(writes as u64),
                ..Counters::default()
            };
            background(run)
                .counters
                .insert("session".to_owned(), counters);
        },
    ),
    case(
        Check::TooFewSamples,
        Degraded,
        "rounds",
        [5.0, 4.0],
        |run, rounds| stream(run).rounds.truncate(rounds as usize),
    ),
    case(
        Check::TooFewSamples,
        Degraded,
        "requests to one target",
        [2000.0, 1999.0],
        |run, requests| {
            // In one round, at the response time of the others: only their number changes.
            for round in &mut stream(run).rounds {
                round.targets[1].response = Histogram::default();
            }
            stream(run).rounds[1].targets[1].response = samples(0.17, requests as u32);
        },
    ),
    case(
        Check::TooFewSamples,
        Degraded,
        "revocations of one event",
        [30.0, 29.0],
        |run, trials| event(run, "jwt", "logout").trials.truncate(trials as usize),
    ),
    case(
        Check::UnknownRevocations,
        Degraded,
        "revocations without an acknowledgement, of 100",
        [5.0, 6.0],
        |run, lost| {
            for trial in &mut event(run, "session", "logout").trials[..lost as usize] {
                trial.acknowledgement = Acknowledgement::Unknown;
            }
        },
    ),
    case(
        Check::TooFewOccurrences,
        Degraded,
        "separate events that ended everybody's credentials",
        [5.0, 4.0],
        |run, events| {
            let event = reaching(run, EventReach::Everyone);
            for (trial, number) in event.trials.iter_mut().zip(0u32..) {
                trial.occurrence = Some(number % events as u32);
            }
        },
    ),
    case(
        Check::WitnessesMissing,
        Degraded,
        "an event that ends one account's sessions, without witnesses",
        [0.0, 1.0],
        |run, missing| {
            let event = reaching(run, EventReach::Account);
            event.event = "password_changed".to_owned();
            if missing == 0.0 {
                event.trials[0].witnesses.push(Witness {
                    of: WitnessOf::OtherUser,
                    point: "resource-1".to_owned(),
                    verdict: Said::Accepted,
                });
            }
        },
    ),
    case(
        Check::HeadlineCells,
        Degraded,
        "revocations by logout in a matrix",
        [300.0, 299.0],
        |run, trials| {
            let watched = Witness {
                of: WitnessOf::SameUser,
                point: "resource-1".to_owned(),
                verdict: Said::Accepted,
            };
            // What makes it a matrix.
            let other = event(run, "session", "account_disabled");
            other.event = "password_changed".to_owned();
            other.reach = Some(EventReach::Credential);
            other.trials[0].witnesses.push(watched.clone());
            let event = reaching(run, EventReach::Credential);
            event.trials[0].witnesses.push(watched);
            event.trials = [event.trials.as_slice(); 3].concat();
            event.trials.truncate(trials as usize);
        },
    ),
    case(
        Check::ControlWithoutFailure,
        Degraded,
        "a negative control that accepts nobody again after a refusal, or one",
        [1.0, 0.0],
        |run, accepted_again| {
            let target = run.targets.iter_mut().find(|one| one.name == "session");
            target.expect("the fixture has it").control = Some("for a test".to_owned());
            if accepted_again > 0.0 {
                accept_again(&mut event(run, "session", "logout").trials[0]);
            }
        },
    ),
    case(
        Check::StreamWithoutEvents,
        Degraded,
        "connections of 100 that brought nothing before the revocation",
        [5.0, 6.0],
        |run, silent| {
            let event = event(run, "session", "logout");
            for (trial, number) in event.trials.iter_mut().zip(0u32..) {
                let segments = trial.points["resource-1"].clone();
                let from = usize::from(f64::from(number) < silent);
                trial
                    .points
                    .insert("events-1".to_owned(), segments[from..].to_vec());
            }
        },
    ),
    case(
        Check::DebugBuild,
        Degraded,
        "a debug build",
        [0.0, 1.0],
        |run, debug| {
            if debug > 0.0 {
                run.manifest.build = "debug".to_owned();
            }
        },
    ),
    case(
        Check::Interrupted,
        Degraded,
        "interrupted",
        [0.0, 1.0],
        |run, interrupted| {
            if interrupted > 0.0 {
                run.status = Status::Interrupted;
            }
        },
    ),
];

/// An event of `session` as one of a matrix.
fn reaching(run: &mut RunFile, reach: EventReach) -> &mut EventRecord {
    let event = event(run, "session", "logout");
    event.reach = Some(reach);
    if reach == EventReach::Everyone {
        event.event = "global_cut_off".to_owned();
    }
    event
}

/// After the refusals a request is accepted, and then refused again.
fn accept_again(trial: &mut Trial) {
    let t0 = trial.answered_ns;
    let at = |verdict, ms: u64| Segment {
        verdict,
        probes: 1,
        first_sent_ns: t0 + ms * 1_000_000,
        first_done_ns: t0 + ms * 1_000_000 + 1,
        last_sent_ns: t0 + ms * 1_000_000,
        last_done_ns: t0 + ms * 1_000_000 + 1,
    };
    let said = [
        at(Said::Refused, 1),
        at(Said::Accepted, 2),
        at(Said::Refused, 3),
    ];
    answered_after(trial, "resource-1", &said);
}

fn lifetime(shortest_s: f64, longest_s: f64) -> LifetimeRecord {
    LifetimeRecord {
        target: "jwt".to_owned(),
        source: LifetimeSource::ExpiresIn,
        n: 100,
        shortest_s,
        longest_s,
        stated_s: Some(300.0),
    }
}

fn set_service(run: &mut RunFile, ms: f64) {
    for round in &mut stream(run).rounds {
        round.targets[4].service = samples(ms, 2400);
    }
}

fn set_status(run: &mut RunFile, status: u16, times: f64) {
    let outcomes = &mut stream(run).rounds[0].targets[1].outcomes;
    outcomes.expected -= times as u64;
    outcomes.unexpected_status.insert(status, times as u64);
}

fn stepped(ms: f64) -> Option<Clocks> {
    Some(Clocks {
        realtime_stepped_ns: (ms * 1e6) as u64,
        ..Clocks::default()
    })
}

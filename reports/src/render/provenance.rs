//! Where and with what a run was measured: what stands under every table. No version, no measurement.

use crate::number::{count, exact, percent, significant, span};
use crate::run_file::{JourneyRecord, LoginRecord, MassRecord, RunFile, Status};
use crate::selftest::Citation;
use crate::validity::{self, Unjudged};

/// One line: machine, versions, store, seed.
#[must_use]
pub fn line(run: &RunFile) -> String {
    facts(run)
        .into_iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect::<Vec<_>>()
        .join(" · ")
}

/// The same, as pairs of name and value.
#[must_use]
pub fn facts(run: &RunFile) -> Vec<(&'static str, String)> {
    let manifest = &run.manifest;
    let revision = manifest.git_revision.as_deref().unwrap_or("no revision");
    let libraries: Vec<String> = manifest
        .libraries
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let mut facts = vec![
        (
            "machine",
            format!(
                "{}, {} processors, {} GiB, {}",
                manifest.cpu,
                manifest.cores,
                exact(manifest.memory_bytes as f64 / 1_073_741_824.0),
                manifest.kernel
            ),
        ),
        (
            "authbench",
            format!(
                "{} ({revision}, {} build), {}",
                manifest.authbench_version, manifest.build, manifest.rustc
            ),
        ),
        ("instrument", instrument(run)),
        ("seed", run.seed.to_string()),
        ("pinning", pinning(run)),
    ];
    if let Some(store) = &run.store {
        let whose = if store.started_by == "user" {
            "given by --store-url"
        } else {
            "started by authbench"
        };
        facts.push((
            "store",
            format!(
                "{} over {}, persistence {}, {whose}",
                store.label(),
                store.transport,
                store.persistence
            ),
        ));
    }
    if !libraries.is_empty() {
        facts.push(("libraries", libraries.join(", ")));
    }
    facts
}

/// One line under the title: which run this is and what it did.
#[must_use]
pub fn headline(run: &RunFile) -> String {
    let status = match run.status {
        Status::Complete => String::new(),
        Status::Interrupted => " · interrupted".to_owned(),
        Status::Failed => " · broke off".to_owned(),
    };
    format!(
        "run {} · profile {}{status} · {} · {} {} in {} s · {}",
        run.run_id,
        run.profile,
        run.started_at,
        count(run.targets.len() as u64),
        match run.targets.len() {
            1 => "target",
            _ => "targets",
        },
        significant(run.duration_s),
        run.store.as_ref().map_or_else(
            || "no store".to_owned(),
            |store| format!("store: {}", store.label())
        )
    )
}

/// What each scenario asked and did: `steady: question (how)`. Last, which checks could not be made: they have not passed.
#[must_use]
pub fn scenarios(run: &RunFile) -> Vec<(String, String)> {
    let unjudged = validity::unjudged(run);
    let unjudged =
        (!unjudged.is_empty()).then(|| ("not judged".to_owned(), unjudged_checks(&unjudged)));
    let scenarios = run
        .scenarios
        .iter()
        .map(|scenario| {
            let steady = scenario.steady.as_ref().map(|steady| {
                format!(
                    "{} requests/s over all targets in one mixed open-loop stream, {} rounds, {} connections and {} credentials per target",
                    significant(steady.offered_per_s),
                    steady.rounds.len(),
                    count(u64::from(steady.connections_per_target)),
                    count(u64::from(steady.credentials_per_target))
                )
            });
            let revocation = scenario.revocation.as_ref().map(|revocation| {
                format!(
                    "each credential probed every {} under {} of {} requests/s of background load, plus {} probes/s",
                    span(revocation.probe_every_ms),
                    significant(revocation.background.achieved_per_s),
                    significant(revocation.background.offered_per_s),
                    significant(revocation.background.probes_per_s)
                )
            });
            let capacity = scenario.capacity.as_ref().map(|capacity| {
                format!(
                    "each target alone, {} searches of {} probes in {} rounds, {} measured after {} of warm-up, {} connections and {} credentials per target",
                    capacity.searches.len(),
                    capacity.searches.iter().map(|search| search.probes.len()).sum::<usize>(),
                    capacity.rounds,
                    span(capacity.slice_s * 1e3),
                    span(capacity.warm_up_s * 1e3),
                    count(u64::from(capacity.connections_per_target)),
                    count(u64::from(capacity.credentials_per_target))
                )
            });
            let sweep = scenario.sweep.as_ref().map(|sweep| {
                format!(
                    "each target alone, {} steps in {} rounds, {} measured after {} of warm-up, {} connections and {} credentials per target",
                    sweep.steps.len(),
                    sweep.rounds,
                    span(sweep.slice_s * 1e3),
                    span(sweep.warm_up_s * 1e3),
                    count(u64::from(sweep.connections_per_target)),
                    count(u64::from(sweep.credentials_per_target))
                )
            });
            let login = scenario.login.as_ref().map(storms);
            let mass = scenario.mass.as_ref().map(mass_event);
            let journey = scenario.journey.as_ref().map(sessions);
            let how: Vec<String> = [steady, revocation, capacity, sweep, login, mass, journey]
                .into_iter()
                .flatten()
                .collect();
            (
                scenario.name.clone(),
                format!("{} ({})", scenario.question, how.join("; ")),
            )
        });
    scenarios.chain(unjudged).collect()
}

/// At which rates logins were made, and beside what.
fn storms(login: &LoginRecord) -> String {
    let rates: Vec<String> = login.rates_per_s.iter().map(|rate| exact(*rate)).collect();
    format!(
        "one target at a time, {} logins/s in an open loop on {} connections in turn with none, beside {} requests/s on its other routes, {} slices of {} in {} rounds",
        rates.join(", "),
        count(u64::from(login.login_connections)),
        significant(login.background_per_s),
        login.slices.len(),
        span(login.slice_s * 1e3),
        login.rounds
    )
}

/// To how many the event happened, and beside what.
fn mass_event(mass: &MassRecord) -> String {
    format!(
        "one target at a time, {} for {} accounts by {} calls at a time, beside {} requests/s of others, {} probes/s, each credential at most every {}, observed for up to {}",
        mass.event,
        count(u64::from(mass.accounts)),
        mass.calls_at_once,
        significant(mass.background_per_s),
        significant(mass.probes_per_s),
        span(mass.probe_every_ms),
        span(mass.observe_at_most_ms)
    )
}

/// How sessions were begun: at which rate, and which mix.
fn sessions(journey: &JourneyRecord) -> String {
    let mix: Vec<String> = journey
        .mix
        .iter()
        .filter(|client| client.share > 0.0)
        .map(|client| format!("{} {}", client.client, percent(client.share)))
        .collect();
    format!(
        "{} sessions/s over all targets in an open loop, each client type alone and all mixed ({}), {} slices in {} rounds",
        significant(journey.sessions_per_s),
        mix.join(", "),
        journey.slices.len(),
        journey.rounds
    )
}

/// `store_evictions (…), canary (…)`.
fn unjudged_checks(unjudged: &[Unjudged]) -> String {
    let listed: Vec<String> = unjudged
        .iter()
        .map(|one| format!("{} ({})", one.check.name(), one.why))
        .collect();
    listed.join(", ")
}

/// Whether the instrument was checked before it measured.
fn instrument(run: &RunFile) -> String {
    let cited = run.manifest.selftest.as_ref();
    cited.map_or_else(
        || "not checked: authbench selftest checks it".to_owned(),
        Citation::sentence,
    )
}

fn pinning(run: &RunFile) -> String {
    let on = |cpus: &[usize]| {
        let cpus: Vec<String> = cpus.iter().map(usize::to_string).collect();
        if cpus.is_empty() {
            "not pinned".to_owned()
        } else {
            format!("on processor {}", cpus.join(", "))
        }
    };
    format!(
        "generator {}, targets {}, {}; pacer {}",
        on(&run.manifest.generator_cpus),
        on(&run.manifest.target_cpus),
        run.manifest.idling(),
        run.manifest.pacer
    )
}

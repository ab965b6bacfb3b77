//! `authbench run`: reads the files, pins the processors, measures, writes the run directory, prints the report.

mod citation;
pub(crate) mod manifest;
pub(crate) mod pinning;
pub(crate) mod progress;

use crate::cli::measuring::MeasuringArguments;
use crate::cli::{Format, RunArguments};
use crate::interrupt::{self, Interrupted};
use crate::report;
use crate::settings::standing_alone;
use crate::undo::{self, LEFT};
use anyhow::{Context, Result, bail};
use authbench_reports::expectation::exit_code;
use authbench_reports::run_directory::RunDirectory;
use authbench_reports::run_file::{RunFile, SCHEMA, Status};
use authbench_scenarios::load;
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::run::{Measured, Plan, RunError, run};
use authbench_scenarios::scenario_file::{self, Scenario};
use authbench_scenarios::target::TargetFile;
use authbench_scenarios::undo::Journal;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// The target that is measured whatever else is.
const CONTROL: &str = "no_auth";
/// Exit code of a run that could not be measured to its end.
pub(crate) const UNFIT: u8 = 4;
/// Where the standard error of every process goes, inside the run directory.
pub(crate) const LOGS: &str = "logs";
/// Where runs go that are not told where.
pub(crate) const RUNS: &str = "authbench-runs";

/// Runs the command; its exit code.
pub(crate) fn execute(arguments: &RunArguments) -> Result<u8> {
    let runtime = load::runtime()?;
    let run_id = manifest::run_id();
    let path = arguments
        .out
        .clone()
        .unwrap_or_else(|| Path::new(RUNS).join(&run_id));
    undo::advise_of_earlier(path.parent());
    let journal = Journal::of_new_run(&path);
    // Everything runs on the main thread: the parent-death signal of a child follows the thread that created it.
    let code = runtime.block_on(measure_and_report(arguments, run_id, &path, &journal));
    if journal.open().is_empty() {
        return code;
    }
    undo::advise(&journal);
    code.map(|code| code.max(LEFT))
}

async fn measure_and_report(
    arguments: &RunArguments,
    run_id: String,
    path: &Path,
    journal: &Arc<Journal>,
) -> Result<u8> {
    let interrupted = interrupt::watch().context("watch for ctrl-c")?;
    let scenarios = load(arguments)?;
    let selftest = citation::selftest(arguments)?;
    let microbenchmarks = citation::microbenchmarks(arguments)?;
    let (started_at, began) = (manifest::now(), Instant::now());
    let directory = RunDirectory::create(path)?;
    let discard = |directory: RunDirectory| {
        // Whoever is to be brought back must be found.
        if journal.open().is_empty() {
            directory.discard();
        }
    };
    let pinning = pinning::apply(!arguments.measuring.no_pin).awake(!arguments.measuring.let_idle);
    let plan = plan(arguments, scenarios, journal, &pinning, interrupted.clone())?;
    let profile = plan.profile;
    let progress = progress::Display::new(arguments.measuring.quiet);
    let outcome = run(plan, interrupted.clone(), &|step| progress.show(&step)).await;
    progress.finish();
    let (measured, status) = match outcome {
        Ok(measured) if measured.interrupted => (measured, Status::Interrupted),
        Ok(measured) => (measured, Status::Complete),
        Err(error) => {
            if *interrupted.borrow() {
                discard(directory);
                eprintln!("interrupted before anything was measured");
                return Ok(interrupt::EXIT_CODE);
            }
            match given_up(error, directory.path()) {
                // Nothing was measured; an empty directory would only stand in the way of the next try.
                GivenUp::BadInput(error) => {
                    discard(directory);
                    return Err(error);
                }
                GivenUp::NothingMeasured => return Ok(UNFIT),
                GivenUp::Partly(measured) => (*measured, Status::Failed),
            }
        }
    };
    let record = RunFile {
        schema: SCHEMA.to_owned(),
        run_id,
        status,
        profile: profile.name().to_owned(),
        seed: arguments.measuring.seed,
        started_at,
        duration_s: began.elapsed().as_secs_f64(),
        manifest: manifest::citing(
            (selftest.as_ref(), microbenchmarks.as_ref()),
            &pinning,
            arguments,
            profile,
        ),
        store: measured.store.clone(),
        targets: measured.targets.clone(),
        scenarios: measured.scenarios.clone(),
    };
    let written = directory.write(&record)?;
    print!(
        "{}",
        report::rendered(&record, &written.summary, arguments.format)
    );
    if arguments.format == Format::Text && !arguments.measuring.quiet {
        eprintln!(
            "\n{} (open {} in a browser)",
            path.display(),
            path.join("report.html").display()
        );
    }
    Ok(match status {
        Status::Complete => exit_code(&written.summary),
        Status::Interrupted => interrupt::EXIT_CODE,
        Status::Failed => UNFIT,
    })
}

/// What is left of a run that failed.
enum GivenUp {
    /// It could never have worked.
    BadInput(anyhow::Error),
    /// It broke off before a scenario had been measured; the logs stay.
    NothingMeasured,
    /// Some scenarios had been measured.
    Partly(Box<Measured>),
}

/// Says why the run failed, unless that is bad input.
fn given_up(error: RunError, directory: &Path) -> GivenUp {
    match error {
        RunError::Measure {
            source, measured, ..
        } if measured.scenarios.is_empty() && source.is_bad_input() => {
            GivenUp::BadInput(source.into())
        }
        RunError::Measure {
            scenario,
            source,
            measured,
        } => {
            let logs = directory.join(LOGS);
            eprintln!(
                "error: scenario {scenario} broke off: {source} (the processes' own words are in {})",
                logs.display()
            );
            match measured.scenarios.is_empty() {
                true => GivenUp::NothingMeasured,
                false => GivenUp::Partly(measured),
            }
        }
        error => GivenUp::BadInput(error.into()),
    }
}

/// The scenarios and their targets, read and checked.
fn load(arguments: &RunArguments) -> Result<Vec<(Scenario, Vec<TargetFile>)>> {
    let mut loaded: Vec<(Scenario, Vec<TargetFile>)> = Vec::new();
    let mut names = BTreeSet::new();
    let mut mixed = false;
    for name in scenario_names(arguments) {
        let mut scenario = Scenario::load(&name)?;
        if let Some(mix) = &arguments.mix {
            let has_one = scenario.remix(mix);
            mixed |= has_one.with_context(|| format!("--mix, scenario {}", scenario.name))?;
        }
        if !names.insert(scenario.name.clone()) {
            bail!("scenario {} was named twice", scenario.name);
        }
        let files = match arguments.targets.as_slice() {
            [] => scenario.load_targets()?,
            targets => scenario.load_in_their_place(&chosen(&scenario, targets))?,
        };
        if !files.is_empty() {
            loaded.extend(scenario.into_parts(files, &arguments.targets)?);
        } else if arguments.scenarios.is_empty() {
            eprintln!(
                "scenario {} is left out: no target has any of its events ({})",
                scenario.name,
                scenario.events().join(", ")
            );
        } else {
            bail!(
                "scenario {}: no target has any of its events (allowed: an [[event]] called {})",
                scenario.name,
                scenario.events().join(" or ")
            );
        }
    }
    if arguments.mix.is_some() && !mixed {
        bail!(
            "--mix belongs to journeys, and no scenario of this run is one (allowed: with --scenario journey)"
        );
    }
    Ok(loaded)
}

fn scenario_names(arguments: &RunArguments) -> Vec<String> {
    match arguments.scenarios.as_slice() {
        [] => scenario_file::DEFAULT.map(str::to_owned).to_vec(),
        named => named.to_vec(),
    }
}

/// The profile asked for, or the longest that a scenario means where none is.
fn profile(
    arguments: &RunArguments,
    scenarios: &[(Scenario, Vec<TargetFile>)],
) -> scenario_file::Profile {
    let meant = scenarios
        .iter()
        .map(|(scenario, _)| scenario.default_profile);
    let asked = arguments.profile.map(scenario_file::Profile::from);
    asked
        .or(meant.max())
        .unwrap_or(scenario_file::Profile::Quick)
}

/// The targets asked for; the control first, where the scenario has it.
fn chosen(scenario: &Scenario, targets: &[String]) -> Vec<String> {
    let control = scenario
        .targets
        .iter()
        .filter(|target| *target == CONTROL && !targets.contains(target));
    control.chain(targets).cloned().collect()
}

/// The user's store: what was said, before what lies about in the environment.
fn store_url(asked: &MeasuringArguments) -> Option<String> {
    let from_environment = || {
        std::env::var("REDIS_URL")
            .ok()
            .filter(|url| !url.is_empty())
    };
    match (&asked.store_url, &asked.redis_server) {
        (Some(url), _) => Some(url.clone()),
        (None, Some(_)) => None,
        (None, None) => from_environment(),
    }
}

fn plan(
    arguments: &RunArguments,
    scenarios: Vec<(Scenario, Vec<TargetFile>)>,
    journal: &Arc<Journal>,
    pinning: &pinning::Pinning,
    interrupted: Interrupted,
) -> Result<Plan> {
    // The journal of a run is in its directory.
    let directory = journal.path().parent().unwrap_or(Path::new("."));
    let logs = directory.join(LOGS);
    std::fs::create_dir(&logs).with_context(|| format!("create {}", logs.display()))?;
    let asked = &arguments.measuring;
    let profile = profile(arguments, &scenarios);
    Ok(Plan {
        scenarios,
        profile,
        settings: RunSettings {
            store_url: store_url(asked),
            redis_server: asked.redis_server.clone(),
            require_real_redis: asked.require_real_redis,
            cpus: pinning.targets.clone(),
            allow_commands: asked.reach.allow_commands,
            remote: asked.reach.hosts(),
            ..standing_alone(logs, interrupted)?
        },
        seed: arguments.measuring.seed,
        goose_reports: arguments.goose_report.then(|| directory.to_owned()),
        journal: Arc::clone(journal),
    })
}

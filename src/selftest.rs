//! `authbench selftest`: measures the known truths, writes the file, prints the table.

mod progress;

use crate::cli::{SelftestArguments, SelftestFormat};
use crate::interrupt;
use crate::repeat::Repeat;
use crate::run::UNFIT;
use crate::run::manifest;
use crate::run::pinning::{self, Pinning};
use crate::settings::standing_alone;
use anyhow::{Context, Result, bail};
use authbench_reports::selftest::{Overall, SCHEMA, Scope, SelftestFile, markdown, text, write};
use authbench_scenarios::load;
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::selftest::error_rates::Repetitions;
use authbench_scenarios::selftest::{Bench, Outcome, SelftestError, Truth, run};
use std::io::IsTerminal;
use std::time::Instant;

/// Widest table that is printed, in columns.
const WIDTH: usize = 120;

/// Runs the command; its exit code.
pub(crate) fn execute(arguments: &SelftestArguments) -> Result<u8> {
    let truths = truths(arguments)?;
    // Everything runs on the main thread: the parent-death signal of a child follows the thread that created it.
    load::runtime()?.block_on(measure_and_report(arguments, &truths))
}

async fn measure_and_report(arguments: &SelftestArguments, truths: &[Truth]) -> Result<u8> {
    let interrupted = interrupt::watch().context("watch for ctrl-c")?;
    let logs = tempfile::tempdir().context("make a folder for the logs")?;
    let (started_at, began) = (manifest::now(), Instant::now());
    let pinning = pinning::apply(true).awake(!arguments.let_idle);
    let settings = RunSettings {
        cpus: pinning.targets.clone(),
        ..standing_alone(logs.path().to_owned(), interrupted)?
    };
    let bench = Bench::new(settings, arguments.seed, scope(arguments), arguments.inject)
        .repeating(repetitions(arguments));
    let display = progress::Display::new(arguments.quiet);
    let outcome = run(&bench, truths, &|step| display.show(step)).await;
    display.finish();
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(SelftestError::Interrupted) => {
            eprintln!("interrupted: nothing was written");
            return Ok(interrupt::EXIT_CODE);
        }
        Err(error) => {
            eprintln!("error: the self-test could not be made: {error}");
            return Ok(UNFIT);
        }
    };
    let selftest = SelftestFile {
        started_at,
        duration_s: began.elapsed().as_secs_f64(),
        ..file(arguments, &pinning, outcome)
    };
    write(arguments.out(), &selftest)?;
    print!("{}", rendered(&selftest, arguments.format)?);
    if arguments.format == SelftestFormat::Text && !arguments.quiet {
        eprintln!("\n{}", arguments.out().display());
    }
    Ok(selftest.verdict.exit_code())
}

fn scope(arguments: &SelftestArguments) -> Scope {
    match (arguments.quick, arguments.compare) {
        (true, _) => Scope::Quick,
        (_, true) => Scope::Compare,
        _ => Scope::Full,
    }
}

fn repetitions(arguments: &SelftestArguments) -> Repetitions {
    Repetitions {
        suites: arguments.suites,
        comparisons: arguments.aa,
        plants: arguments.plants,
    }
}

/// Those asked for, in the order in which they are always measured, each once. What belongs to `--compare` goes with nothing else.
fn truths(arguments: &SelftestArguments) -> Result<Vec<Truth>> {
    let apart = |truth: &Truth| truth.is_of(Scope::Compare);
    let misplaced = |truth: &&Truth| apart(truth) != arguments.compare;
    if let Some(truth) = arguments.only.iter().find(misplaced) {
        let belongs = if arguments.compare {
            "does not belong"
        } else {
            "belongs"
        };
        let right = Truth::ALL
            .iter()
            .filter(|truth| apart(truth) == arguments.compare);
        let right: Vec<&str> = right.map(|truth| truth.name()).collect();
        bail!(
            "--only {truth}: that group {belongs} to --compare (those that can be asked for here are {})",
            right.join(", ")
        );
    }
    let asked = |truth: &Truth| match arguments.only.as_slice() {
        [] => truth.is_of(scope(arguments)),
        only => only.contains(truth),
    };
    Ok(Truth::ALL.into_iter().filter(asked).collect())
}

/// Without its times.
fn file(arguments: &SelftestArguments, pinning: &Pinning, outcome: Outcome) -> SelftestFile {
    SelftestFile {
        schema: SCHEMA.to_owned(),
        started_at: String::new(),
        duration_s: 0.0,
        manifest: manifest::collect(pinning, command(arguments)),
        scope: scope(arguments),
        seed: arguments.seed,
        only: arguments.only.iter().map(Truth::to_string).collect(),
        injected: arguments.inject.map(|fault| fault.to_string()),
        quiet: outcome.noise.iter().all(|noise| noise.is_quiet()),
        noise: outcome.noise,
        verdict: Overall::of(&outcome.rows),
        rows: outcome.rows,
    }
}

fn command(arguments: &SelftestArguments) -> Vec<String> {
    let mut repeat = Repeat::of("selftest");
    repeat.flag("quick", arguments.quick);
    repeat.flag("compare", arguments.compare);
    if arguments.compare {
        repeat
            .option("suites", arguments.suites)
            .option("aa", arguments.aa)
            .option("plants", arguments.plants);
    }
    let only: Vec<&str> = arguments.only.iter().map(|truth| truth.name()).collect();
    repeat
        .flag("let-idle", arguments.let_idle)
        .option("seed", arguments.seed)
        .given("only", (!only.is_empty()).then(|| only.join(",")))
        .given("inject", arguments.inject);
    repeat.words()
}

fn rendered(selftest: &SelftestFile, format: SelftestFormat) -> Result<String> {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    Ok(match format {
        SelftestFormat::Text => text(selftest, WIDTH, colour),
        SelftestFormat::Md => markdown(selftest),
        SelftestFormat::Json => serde_json::to_string_pretty(selftest)? + "\n",
    })
}

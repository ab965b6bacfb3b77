//! `authbench compare`: whether a change made a target slower, more expensive, or slower to put callers out.

mod arms;
mod measure;
mod output;
mod program;
mod repository;
mod stored;

use crate::cli::compare::CompareArguments;
use crate::interrupt;
use crate::run::UNFIT;
use anyhow::{Context, Result, bail};
use authbench_scenarios::compare::CompareError;
use authbench_scenarios::load;

/// Runs the command; its exit code.
pub(crate) fn execute(arguments: &CompareArguments) -> Result<u8> {
    let comparison = match arguments.runs.as_slice() {
        [base, candidate] => Some(stored::compare(arguments, base, candidate)?),
        [_] => {
            bail!("compare takes two runs, the base first, or --base REV, or --base-target FILE")
        }
        _ => {
            // Everything runs on the main thread: the parent-death signal of a child follows the thread that created it.
            let runtime = load::runtime()?;
            let interrupted = {
                let _inside = runtime.enter();
                interrupt::watch().context("watch for ctrl-c")?
            };
            match runtime.block_on(measure::measure(arguments, interrupted)) {
                Err(error) if broke_off(&error) => {
                    eprintln!("error: the comparison broke off: {error:#}");
                    return Ok(UNFIT);
                }
                measured => measured?,
            }
        }
    };
    let Some(comparison) = comparison else {
        return Ok(interrupt::EXIT_CODE);
    };
    output::exports(arguments, &comparison)?;
    print!("{}", output::rendered(&comparison, arguments.format)?);
    Ok(comparison.outcome.exit_code(arguments.strict))
}

/// Whether what was asked for makes sense, and could not be measured all the same.
fn broke_off(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<CompareError>();
    error.is_some_and(|error| !error.is_bad_input())
}

/// The command that repeats the comparison: without any value that could hold a password.
fn command(arguments: &CompareArguments) -> Vec<String> {
    let mut words = vec!["authbench".to_owned(), "compare".to_owned()];
    let mut option =
        |name: &str, value: &str| words.extend([format!("--{name}"), value.to_owned()]);
    let named = [
        ("base", &arguments.base),
        ("candidate", &arguments.candidate),
        ("base-target", &arguments.base_target),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            option(name, value);
        }
    }
    arguments
        .targets
        .iter()
        .for_each(|target| option("target", target));
    arguments
        .remote_targets
        .iter()
        .for_each(|host| option("allow-remote-target", host));
    if arguments.runs.is_empty() {
        option("rounds", &arguments.rounds.to_string());
        option("seed", &arguments.seed.to_string());
    }
    if arguments.store_url.is_some() {
        option("store-url", "…");
    }
    if let Some(server) = &arguments.redis_server {
        option("redis-server", &server.to_string_lossy());
    }
    let flags = [
        ("alternate", arguments.alternate),
        ("no-revocations", arguments.no_revocations),
        ("accept-looser-bounds", arguments.accept_looser_bounds),
        ("strict", arguments.strict),
        ("reference-only", arguments.reference_only),
        ("require-real-redis", arguments.require_real_redis),
        ("allow-commands", arguments.allow_commands),
        ("no-pin", arguments.no_pin),
        ("let-idle", arguments.let_idle),
    ];
    let given = flags.iter().filter(|(_, given)| *given);
    words.extend(given.map(|(name, _)| format!("--{name}")));
    let runs = arguments.runs.iter().map(|run| run.display().to_string());
    words.extend(runs);
    words
}

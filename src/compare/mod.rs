//! `authbench compare`: whether a change made a target slower, more expensive, or slower to put callers out.

mod arms;
mod measure;
mod output;
mod program;
mod repository;
mod stored;

use crate::cli::compare::CompareArguments;
use crate::interrupt;
use crate::repeat::Repeat;
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

/// The command that repeats the comparison.
fn command(arguments: &CompareArguments) -> Vec<String> {
    let mut repeat = Repeat::of("compare");
    repeat
        .given("base", arguments.base.as_ref())
        .given("candidate", arguments.candidate.as_ref())
        .given("base-target", arguments.base_target.as_ref())
        .each("target", &arguments.targets);
    if arguments.runs.is_empty() {
        repeat.option("rounds", arguments.rounds);
        arguments.measuring.repeat(&mut repeat);
    }
    repeat
        .flag("alternate", arguments.alternate)
        .flag("no-revocations", arguments.no_revocations)
        .flag("accept-looser-bounds", arguments.accept_looser_bounds)
        .flag("strict", arguments.strict)
        .flag("reference-only", arguments.reference_only);
    for run in &arguments.runs {
        repeat.value(run.display());
    }
    repeat.words()
}

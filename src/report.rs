//! `authbench report`: the report of a run, made again from its run file, or the target that meets a requirement.

use crate::cli::Format;
use crate::cli::report::ReportArguments;
use anyhow::{Result, bail};
use authbench_reports::expectation::exit_code;
use authbench_reports::render::{self, TextOptions};
use authbench_reports::requirement::{Choice, Requirement};
use authbench_reports::run_directory::read_run;
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;
use std::io::IsTerminal;

/// Widest text that is printed, in columns.
const WIDTH: usize = 120;

/// Runs the command; its exit code, the same as the run's, or that of the answer.
pub(crate) fn execute(arguments: &ReportArguments) -> Result<u8> {
    if arguments.revoke_within.is_some() && arguments.format == Format::Html {
        bail!("--revoke-within answers as text, md or json, and not as html");
    }
    let run = read_run(&arguments.run)?;
    let summary = Summary::of(&run);
    if let Some(within) = arguments.revoke_within {
        let requirement = Requirement {
            within_ms: within.as_secs_f64() * 1e3,
            rate_per_s: arguments.rate.map(f64::from),
        };
        let choice = Choice::of(&summary, requirement);
        print!("{}", answered(&choice, arguments.format));
        return Ok(choice.exit_code());
    }
    print!("{}", rendered(&run, &summary, arguments.format));
    Ok(exit_code(&summary))
}

/// The answer in the form asked for.
fn answered(choice: &Choice, format: Format) -> String {
    match format {
        Format::Json => json(choice),
        Format::Md => render::requirement_markdown(choice),
        Format::Text | Format::Html => render::requirement_text(choice, text_options()),
    }
}

/// The report in the form asked for.
pub(crate) fn rendered(run: &RunFile, summary: &Summary, format: Format) -> String {
    match format {
        Format::Text => render::text(run, summary, text_options()),
        Format::Md => render::markdown(run, summary),
        Format::Html => render::html(run, summary),
        Format::Json => json(summary),
    }
}

fn text_options() -> TextOptions {
    TextOptions {
        width: WIDTH,
        colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    }
}

/// Plain numbers and text under text keys, which JSON can always hold.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).map_or_else(|error| error.to_string(), |json| json + "\n")
}

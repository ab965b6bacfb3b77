//! `authbench report`: the report of a run, made again from its run file.

use crate::cli::{Format, ReportArguments};
use anyhow::Result;
use authbench_reports::expectation::exit_code;
use authbench_reports::render::{self, TextOptions};
use authbench_reports::run_directory::read_run;
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;
use std::io::IsTerminal;

/// Widest text that is printed, in columns.
const WIDTH: usize = 120;

/// Runs the command; its exit code, the same as the run's.
pub(crate) fn execute(arguments: &ReportArguments) -> Result<u8> {
    let run = read_run(&arguments.run)?;
    let summary = Summary::of(&run);
    print!("{}", rendered(&run, &summary, arguments.format));
    Ok(exit_code(&summary))
}

/// The report in the form asked for.
pub(crate) fn rendered(run: &RunFile, summary: &Summary, format: Format) -> String {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    match format {
        Format::Text => render::text(
            run,
            summary,
            TextOptions {
                width: WIDTH,
                colour,
            },
        ),
        Format::Md => render::markdown(run, summary),
        Format::Html => render::html(run, summary),
        // A summary is plain numbers and text under text keys, which JSON can always hold.
        Format::Json => serde_json::to_string_pretty(summary)
            .map_or_else(|error| error.to_string(), |json| json + "\n"),
    }
}

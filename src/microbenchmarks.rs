//! `authbench microbenchmarks`: collects what `cargo bench --bench micro` measured, writes the file, prints the tables.

use crate::cli::microbenchmarks::MicrobenchmarksArguments;
use crate::run::{manifest, pinning};
use anyhow::{Context, Result};
use authbench_reports::microbenchmarks::{
    MicrobenchmarksFile, SCHEMA, markdown, of_criterion, write,
};

/// Runs the command; its exit code.
pub(crate) fn execute(arguments: &MicrobenchmarksArguments) -> Result<u8> {
    let (operations, written) = of_criterion(&arguments.results)?;
    let written = jiff::Timestamp::try_from(written).context("read when they were measured")?;
    let command = vec!["authbench".to_owned(), "microbenchmarks".to_owned()];
    let file = MicrobenchmarksFile {
        schema: SCHEMA.to_owned(),
        measured_at: written.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        manifest: manifest::collect(&pinning::apply(false), command),
        operations,
    };
    write(&arguments.out, &file)?;
    print!("{}", markdown(&file));
    eprintln!("\n{}", arguments.out.display());
    Ok(0)
}

//! The command line of authbench: parse, call one library, print. It measures nothing itself and knows no auth model.

mod check;
mod cli;
mod compare;
mod doctor;
mod explore;
mod interrupt;
mod list;
mod microbenchmarks;
mod migrate;
mod repeat;
mod report;
mod run;
mod schema;
mod selftest;
mod serve;
mod settings;
mod target;
mod undo;

use clap::{CommandFactory, Parser};
use cli::{Cli, Command};
use std::process::ExitCode;

/// Exit code of bad input: usage, files, addresses.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(arguments) => run::execute(&arguments),
        Command::Check(arguments) => check::execute(&arguments),
        Command::Undo(arguments) => undo::execute(&arguments),
        Command::Target(command) => target::execute(&command),
        Command::Report(arguments) => report::execute(&arguments),
        Command::Compare(arguments) => compare::execute(&arguments),
        Command::Selftest(arguments) => selftest::execute(&arguments),
        Command::Microbenchmarks(arguments) => microbenchmarks::execute(&arguments),
        Command::Doctor(arguments) => doctor::execute(&arguments),
        Command::Explore(command) => explore::execute(&command),
        Command::Schema { format } => schema::execute(format.as_deref()),
        Command::Migrate(arguments) => migrate::execute(&arguments),
        Command::List => list::execute(),
        Command::Serve(process) => serve::execute(process),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "authbench",
                &mut std::io::stdout(),
            );
            Ok(0)
        }
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {}", told(&error));
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// The error and its causes, each said once: some messages already end in their cause.
fn told(error: &anyhow::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .fold(String::new(), |told, cause| {
            if told.contains(&cause) {
                told
            } else if told.is_empty() {
                cause
            } else {
                format!("{told}: {cause}")
            }
        })
}

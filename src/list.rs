//! `authbench list`: what comes with the program.

use anyhow::Result;
use authbench_scenarios::scenario_file::{self, Scenario};
use authbench_scenarios::target;

/// Prints the built-in scenarios, with the question each answers, and the built-in targets.
pub(crate) fn execute() -> Result<u8> {
    println!("scenarios (--scenario NAME, or the path of a .toml file)");
    let width = scenario_file::names().map(str::len).max().unwrap_or(0);
    for name in scenario_file::names() {
        println!("  {name:<width$}  {}", Scenario::load(name)?.question);
    }
    println!("targets (--target NAME, or the path of a .toml file)");
    for name in target::names() {
        println!("  {name}");
    }
    Ok(0)
}

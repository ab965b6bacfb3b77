//! `authbench undo`: brings back the users whom a killed run left as its events had made them.

use crate::cli::undo::UndoArguments;
use crate::interrupt;
use anyhow::{Context, Result};
use authbench_scenarios::load;
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::run::system::System;
use authbench_scenarios::target::{RemoteTargets, TargetFile};
use authbench_scenarios::undo::{Journal, bring_all_back};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Exit code when somebody was not brought back.
pub(crate) const LEFT: u8 = 1;

/// Runs the command; its exit code.
pub(crate) fn execute(arguments: &UndoArguments) -> Result<u8> {
    load::runtime()?.block_on(undo(arguments))
}

/// Says how those whom `journal` has left are brought back.
pub(crate) fn advise(journal: &Journal, target: Option<&str>) {
    let target = target.unwrap_or("FILE");
    let directory = journal.path().parent().unwrap_or(journal.path()).display();
    for (_, touched) in journal.open() {
        eprintln!(
            "{} of user {} at target {} could not be undone",
            touched.event, touched.user, touched.target
        );
    }
    eprintln!("bring them back with: authbench undo {directory} --target {target}");
}

/// Says of every directory in `runs` whose run left somebody to be brought back.
pub(crate) fn advise_of_earlier(runs: Option<&Path>) {
    let named = runs.filter(|runs| !runs.as_os_str().is_empty());
    let runs = named.unwrap_or(Path::new("."));
    let directories = std::fs::read_dir(runs).into_iter().flatten().flatten();
    for directory in directories.map(|entry| entry.path()) {
        // What is no journal is none of this run's business.
        let Ok(journal) = Journal::of_earlier_run(&directory) else {
            continue;
        };
        let targets: BTreeSet<String> = journal
            .open()
            .into_iter()
            .map(|(_, touched)| touched.target)
            .collect();
        for target in targets {
            let directory = directory.strip_prefix(".").unwrap_or(&directory).display();
            eprintln!(
                "an earlier run left users of target {target} as its events had made them: bring them back with authbench undo {directory} --target FILE"
            );
        }
    }
}

async fn undo(arguments: &UndoArguments) -> Result<u8> {
    let interrupted = interrupt::watch().context("watch for ctrl-c")?;
    let journal = Journal::of_earlier_run(&arguments.run)?;
    let file = TargetFile::load(&arguments.target, &BTreeMap::new())?;
    let name = file.about.name.clone();
    let (here, elsewhere): (Vec<_>, Vec<_>) = journal
        .open()
        .into_iter()
        .partition(|(_, touched)| touched.target == name);
    for (_, touched) in &elsewhere {
        eprintln!(
            "user {} of target {} is left to be brought back with that target's file",
            touched.user, touched.target
        );
    }
    if here.is_empty() {
        println!("target {name}: nobody is left to be brought back");
        return Ok(0);
    }
    let logs = tempfile::tempdir().context("create a folder for the processes' logs")?;
    let settings = RunSettings {
        authbench: std::env::current_exe().context("find this program")?,
        store_url: None,
        redis_server: None,
        require_real_redis: false,
        dir: logs.path().to_owned(),
        cpus: Vec::new(),
        allow_commands: arguments.allow_commands,
        remote: RemoteTargets::allowing(arguments.remote_targets.iter().cloned()),
        interrupted,
    };
    let system = System::start(file, &settings)?;
    let left = bring_all_back(&journal, system.target()).await;
    system.stop();
    println!(
        "target {name}: {} of {} users brought back",
        here.len() - left.len(),
        here.len()
    );
    for left in &left {
        let (user, event) = (&left.touched.user, &left.touched.event);
        eprintln!(
            "error: {event} of user {user} could not be undone: {}",
            left.reason
        );
    }
    Ok(if left.is_empty() { 0 } else { LEFT })
}

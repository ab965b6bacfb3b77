//! `authbench undo`: brings back the users whom a killed run left as its events had made them.

use crate::cli::undo::UndoArguments;
use crate::interrupt;
use crate::settings::standing_alone;
use anyhow::{Context, Result, bail};
use authbench_scenarios::load;
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::run::system::System;
use authbench_scenarios::scenario_file::Scenario;
use authbench_scenarios::target::{Loaded, TargetFile};
use authbench_scenarios::undo::{Journal, Left, Touched, bring_all_back};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Exit code when somebody was not brought back.
pub(crate) const LEFT: u8 = 1;

/// Runs the command; its exit code.
pub(crate) fn execute(arguments: &UndoArguments) -> Result<u8> {
    load::runtime()?.block_on(undo(arguments))
}

/// Says how those whom `journal` has left are brought back.
pub(crate) fn advise(journal: &Journal) {
    let directory = journal.path().parent().unwrap_or(journal.path()).display();
    let mut commands = BTreeSet::new();
    let open: Vec<Touched> = journal.open().into_iter().map(|(_, it)| it).collect();
    for together in open.chunk_by(is_same) {
        let (event, target) = (&together[0].event, &together[0].target);
        for users in named(together) {
            eprintln!("{event} of {users} at target {target} could not be undone");
        }
    }
    for touched in open {
        let scenario = match touched.loaded.withheld.is_empty() {
            true => "",
            false => " --scenario FILE",
        };
        let file = touched.loaded.file;
        commands.insert(format!(
            "authbench undo {directory} --target {file}{scenario}"
        ));
    }
    for command in commands {
        eprintln!("bring them back with: {command}");
    }
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
    let name = TargetFile::load(&arguments.target, &BTreeMap::new())?;
    let name = name.about.name.clone();
    let scenario = arguments.scenario.as_deref().map(Scenario::load);
    let scenario = scenario.transpose()?;
    let (here, elsewhere): (Vec<_>, Vec<_>) = journal
        .open()
        .into_iter()
        .map(|(_, touched)| touched)
        .partition(|touched| touched.name_in_file() == name);
    for touched in &elsewhere {
        eprintln!(
            "user {} of target {} is left to be brought back with that target's file ({})",
            touched.user, touched.target, touched.loaded.file
        );
    }
    for line in journal.unreadable() {
        eprintln!(
            "error: {}:{line}: cannot be read; whoever it names is not brought back",
            journal.path().display()
        );
    }
    let is_all = elsewhere.is_empty() && journal.unreadable().is_empty();
    if here.is_empty() {
        println!("target {name}: nobody is left to be brought back");
        return Ok(if is_all { 0 } else { LEFT });
    }
    let logs = tempfile::tempdir().context("create a folder for the processes' logs")?;
    let mut left = 0;
    for (number, form) in forms(&here).into_iter().enumerate() {
        let file = match load(&arguments.target, &form, scenario.as_ref()) {
            Ok(file) => file,
            Err(error) => {
                let of_this_form = here.iter().filter(|touched| form.is_of(touched));
                left += of_this_form.count();
                eprintln!("error: target {}: {error:#}", form.target);
                continue;
            }
        };
        let dir = logs.path().join(number.to_string());
        std::fs::create_dir(&dir).context("create a folder for the processes' logs")?;
        let settings = RunSettings {
            allow_commands: arguments.reach.allow_commands,
            remote: arguments.reach.hosts(),
            ..standing_alone(dir, interrupted.clone())?
        };
        let system = System::start(file, &settings)?;
        let not_brought_back = bring_all_back(&journal, system.target()).await;
        system.stop();
        left += not_brought_back.len();
        let is_one = |one: &Left, other: &Left| {
            one.reason == other.reason && is_same(&one.touched, &other.touched)
        };
        for together in not_brought_back.chunk_by(is_one) {
            let (reason, event) = (&together[0].reason, &together[0].touched.event);
            let touched: Vec<&Touched> = together.iter().map(|left| &left.touched).collect();
            for users in named(&touched) {
                eprintln!("error: {event} of {users} could not be undone: {reason}");
            }
        }
    }
    println!(
        "target {name}: {} of {} users brought back",
        here.len() - left,
        here.len()
    );
    Ok(if left == 0 && is_all { 0 } else { LEFT })
}

fn is_same(one: &Touched, other: &Touched) -> bool {
    (&one.target, &one.event) == (&other.target, &other.event)
}

/// Users of whom the same is to be said: each in a line of its own, or thousands in one.
fn named(users: &[impl Borrow<Touched>]) -> Vec<String> {
    const EACH_AT_MOST: usize = 20;
    let mut names = users.iter().map(|touched| &touched.borrow().user);
    match (names.next(), names.next_back()) {
        (Some(first), Some(last)) if users.len() > EACH_AT_MOST => {
            vec![format!("{} users ({first} … {last})", users.len())]
        }
        _ => {
            let names = users.iter().map(|touched| &touched.borrow().user);
            names.map(|user| format!("user {user}")).collect()
        }
    }
}

/// One form in which a target was measured: as its file says, or with other variables, or under another name.
struct Form {
    target: String,
    loaded: Loaded,
}

impl Form {
    fn is_of(&self, touched: &Touched) -> bool {
        self.target == touched.target && self.loaded.is_same_form(&touched.loaded)
    }
}

fn forms(touched: &[Touched]) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for touched in touched {
        if !forms.iter().any(|form| form.is_of(touched)) {
            forms.push(Form {
                target: touched.target.clone(),
                loaded: touched.loaded.clone(),
            });
        }
    }
    forms
}

/// The target of `name_or_path` in this form.
fn load(name_or_path: &str, form: &Form, scenario: Option<&Scenario>) -> Result<TargetFile> {
    let mut vars = form.loaded.vars.clone();
    for name in &form.loaded.withheld {
        let value = scenario.and_then(|scenario| {
            let variant = scenario.variants.get(&form.target);
            let own = variant.and_then(|variant| variant.vars.get(name));
            own.or_else(|| scenario.vars.get(name))
        });
        let Some(value) = value else {
            bail!(
                "the run's scenario set {name}, which may be a credential and is in no journal: name that scenario with --scenario"
            );
        };
        vars.insert(name.clone(), value.clone());
    }
    let file = TargetFile::load(name_or_path, &vars)?;
    Ok(match &form.loaded.variant_of {
        Some(_) => file.as_variant(&form.target, &vars),
        None => file,
    })
}

//! Measures every subject, and writes what came of it.

use super::arms::{Sides, Subject, sides};
use super::{command, output};
use crate::cli::compare::CompareArguments;
use crate::interrupt::Interrupted;
use crate::run::pinning::{self, Pinning};
use crate::run::progress;
use crate::run::{LOGS, RUNS, manifest};
use crate::settings::standing_alone;
use crate::undo;
use anyhow::{Context, Result};
use authbench_reports::comparison::file::{
    self, ComparisonFile, Method, Outcome, SCHEMA, SubjectFinding,
};
use authbench_reports::comparison::promises;
use authbench_reports::comparison::rows::Row;
use authbench_reports::run_directory::RunDirectory;
use authbench_reports::run_file::{
    self, Manifest, RunFile, ScenarioRecord, Status, StoreInfo, TargetRecord,
};
use authbench_scenarios::compare::{
    Comparing, Timed, revocation_variables, revocations, stream_variables, timing,
};
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::scenario_file::Profile;
use authbench_scenarios::undo::Journal;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The comparison, beside the runs that it was made from.
const COMPARISON_FILE: &str = "comparison.json";
const MARKDOWN_FILE: &str = "comparison.md";

/// What was found out about one subject.
struct Found {
    subject: file::Subject,
    rows: Vec<Row>,
    findings: Vec<SubjectFinding>,
    store: Option<StoreInfo>,
}

/// Compares what was asked for; `None` when it was interrupted.
pub(super) async fn measure(
    arguments: &CompareArguments,
    interrupted: Interrupted,
) -> Result<Option<ComparisonFile>> {
    let scratch = tempfile::tempdir().context("make a folder for copies of the repository")?;
    let sides = sides(arguments, scratch.path())?;
    let directory = directory(arguments)?;
    let pinning = pinning::apply(!arguments.measuring.no_pin).awake(!arguments.measuring.let_idle);
    let laboratory = Laboratory {
        arguments,
        directory: &directory,
        journal: Journal::of_new_run(&directory),
        subjects: sides.subjects.len(),
        settings: settings(arguments, &directory, &pinning, interrupted)?,
        manifest: manifest::collect(&pinning, command(arguments)),
        display: progress::Display::new(arguments.measuring.quiet),
    };
    let compared = laboratory.compare(sides).await;
    laboratory.display.finish();
    laboratory.journal.remove_when_done();
    if !laboratory.journal.open().is_empty() {
        undo::advise(&laboratory.journal);
    }
    let Some(comparison) = compared? else {
        eprintln!(
            "interrupted: nothing is concluded; what was measured is in {}",
            directory.display()
        );
        return Ok(None);
    };
    file::write(&directory.join(COMPARISON_FILE), &comparison)?;
    output::write(
        &directory.join(MARKDOWN_FILE),
        &output::markdown(&comparison),
    )?;
    if !arguments.measuring.quiet {
        eprintln!("\n{}", directory.join(COMPARISON_FILE).display());
    }
    Ok(Some(comparison))
}

struct Laboratory<'a> {
    arguments: &'a CompareArguments,
    directory: &'a Path,
    journal: Arc<Journal>,
    subjects: usize,
    settings: RunSettings,
    manifest: Manifest,
    display: progress::Display,
}

impl Laboratory<'_> {
    async fn compare(&self, mut sides: Sides) -> Result<Option<ComparisonFile>> {
        let (started_at, began) = (manifest::now(), Instant::now());
        let mut comparison = ComparisonFile {
            schema: SCHEMA.to_owned(),
            started_at,
            duration_s: 0.0,
            seed: self.arguments.measuring.seed,
            manifest: self.manifest.clone(),
            method: match self.arguments.alternate {
                true => Method::Alternating,
                false => Method::Mixed,
            },
            base: sides.base.clone(),
            candidate: sides.candidate.clone(),
            store: None,
            subjects: Vec::new(),
            findings: Vec::new(),
            rows: Vec::new(),
            outcome: Outcome::Inconclusive,
            looser_bounds_accepted: self.arguments.accept_looser_bounds,
            reproduce: command(self.arguments).join(" "),
        };
        for subject in &mut sides.subjects {
            match self.subject(subject).await {
                Ok(found) => {
                    comparison.store = comparison.store.or(found.store);
                    comparison.subjects.push(found.subject);
                    comparison.rows.extend(found.rows);
                    comparison.findings.extend(found.findings);
                }
                Err(_) if *self.settings.interrupted.borrow() => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        comparison.duration_s = began.elapsed().as_secs_f64();
        Ok(Some(comparison.concluded()))
    }

    async fn subject(&self, subject: &mut Subject) -> Result<Found> {
        let comparing = Comparing {
            settings: self.settings.clone(),
            seed: self.arguments.measuring.seed,
            most_rounds: self.arguments.rounds as usize,
            subjects: self.subjects,
            mixed: !self.arguments.alternate,
            journal: Arc::clone(&self.journal),
            progress: &|step| self.display.show(&step),
        };
        let [base, candidate] = subject.files(&BTreeMap::new())?;
        let mut rows = promises::rows(
            subject.name(),
            &authbench_scenarios::compare::promises(&base),
            &authbench_scenarios::compare::promises(&candidate),
        );
        let stream = subject.pair(&stream_variables())?.build(&self.settings)?;
        subject.built();
        let timed = timing(&stream, &comparing).await?;
        rows.extend(timed.rows.clone());
        let mut parts = Parts::of(&timed);
        if !self.arguments.no_revocations {
            let pair = subject.pair(&revocation_variables())?;
            if let Some((lags, targets, record)) = revocations(&pair, &comparing).await? {
                rows.extend(lags);
                parts.add(targets, record);
            }
        }
        Ok(Found {
            findings: self.written(subject.name(), parts, &timed)?,
            rows,
            store: timed.store.clone(),
            subject: file::Subject {
                name: subject.name().to_owned(),
                offered_per_s: Some(timed.offered_per_s),
                planned_rounds: Some(timed.planned_rounds),
                rounds: timed.rounds,
                spawns: Some(timed.spawns),
                contradiction: timed.contradiction,
            },
        })
    }

    /// Writes the run directories of one subject; what their audits found.
    fn written(&self, subject: &str, parts: Parts, timed: &Timed) -> Result<Vec<SubjectFinding>> {
        let mut findings = Vec::new();
        let several = parts.records.len() > 1;
        for (number, record) in (1..).zip(parts.records) {
            let name = match several {
                true => format!("{subject}-{number}"),
                false => subject.to_owned(),
            };
            let run = self.run(&name, &parts.targets, timed.store.clone(), record);
            let written = RunDirectory::create(self.directory.join(&name))?.write(&run)?;
            let of_subject = |finding| SubjectFinding {
                subject: subject.to_owned(),
                finding,
            };
            findings.extend(
                written
                    .summary
                    .validity
                    .findings
                    .into_iter()
                    .map(of_subject),
            );
        }
        Ok(findings)
    }

    fn run(
        &self,
        name: &str,
        targets: &[TargetRecord],
        store: Option<StoreInfo>,
        scenarios: Vec<ScenarioRecord>,
    ) -> RunFile {
        let measured = |target: &&TargetRecord| {
            scenarios
                .iter()
                .any(|scenario| scenario.settings.contains_key(&target.name))
        };
        RunFile {
            schema: run_file::SCHEMA.to_owned(),
            run_id: format!("{}-{name}", manifest::run_id()),
            status: Status::Complete,
            profile: Profile::Quick.name().to_owned(),
            seed: self.arguments.measuring.seed,
            started_at: manifest::now(),
            duration_s: 0.0,
            manifest: self.manifest.clone(),
            store,
            targets: targets.iter().filter(measured).cloned().collect(),
            scenarios,
        }
    }
}

/// What was measured of one subject, as the runs that it is written as.
struct Parts {
    targets: Vec<TargetRecord>,
    records: Vec<Vec<ScenarioRecord>>,
}

impl Parts {
    fn of(timed: &Timed) -> Self {
        Self {
            targets: timed.targets.clone(),
            records: timed
                .records
                .iter()
                .map(|record| vec![record.clone()])
                .collect(),
        }
    }

    /// The revocations go with the first stream.
    fn add(&mut self, targets: Vec<TargetRecord>, record: ScenarioRecord) {
        for target in targets {
            if !self.targets.iter().any(|known| known.name == target.name) {
                self.targets.push(target);
            }
        }
        match self.records.first_mut() {
            Some(first) if first.iter().all(|stream| stream.settings.len() > 1) => {
                first.push(record);
            }
            _ => self.records.push(vec![record]),
        }
    }
}

fn settings(
    arguments: &CompareArguments,
    directory: &Path,
    pinning: &Pinning,
    interrupted: Interrupted,
) -> Result<RunSettings> {
    let logs = directory.join(LOGS);
    fs::create_dir(&logs).with_context(|| format!("create {}", logs.display()))?;
    let absolute = |path: &PathBuf| {
        let found = std::path::absolute(path);
        found.with_context(|| format!("find {}", path.display()))
    };
    let asked = &arguments.measuring;
    Ok(RunSettings {
        store_url: asked.store_url.clone(),
        redis_server: asked.redis_server.as_ref().map(absolute).transpose()?,
        require_real_redis: asked.require_real_redis,
        cpus: pinning.targets.clone(),
        allow_commands: asked.reach.allow_commands,
        remote: asked.reach.hosts(),
        ..standing_alone(logs, interrupted)?
    })
}

/// The new directory, by a path that means the same in every copy of the repository.
fn directory(arguments: &CompareArguments) -> Result<PathBuf> {
    let path = arguments
        .out
        .clone()
        .unwrap_or_else(|| Path::new(RUNS).join(format!("compare-{}", manifest::run_id())));
    let path = std::path::absolute(&path).with_context(|| format!("find {}", path.display()))?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("create {}", parent.display()))?;
    }
    fs::create_dir(&path).with_context(|| {
        format!(
            "create {}: results are never overwritten; name another directory with --out",
            path.display()
        )
    })?;
    Ok(path)
}

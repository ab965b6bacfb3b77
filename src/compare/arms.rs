//! What is held against what: the forms of each target, and where their commands run.

use super::program;
use super::repository::{Checkout, Repository};
use crate::cli::compare::CompareArguments;
use anyhow::{Context, Result, bail};
use authbench_reports::comparison::file::Arm;
use authbench_scenarios::compare::Pair;
use authbench_scenarios::scenario_file::Scenario;
use authbench_scenarios::target::{self, TargetFile};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The built-in targets, in their repository.
const BUILT_IN: &str = "scenarios/targets";

/// What follows the commit of a working tree whose files are not those of the commit.
const DIRTY: &str = "-dirty";

/// Both sides, and every subject that they have.
pub(super) struct Sides {
    pub(super) base: Arm,
    pub(super) candidate: Arm,
    pub(super) subjects: Vec<Subject>,
    /// Gone with this.
    _checkouts: Vec<Checkout>,
}

/// One target on both sides.
pub(super) struct Subject {
    name: String,
    base: Side,
    candidate: Side,
}

/// One target on one side.
#[derive(Clone)]
struct Side {
    file: String,
    checkout: Option<target::Checkout>,
}

impl Subject {
    /// Its name in every table.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Both arms, with `variables` in the place of the files' own.
    pub(super) fn pair(&self, variables: &BTreeMap<String, String>) -> Result<Pair> {
        let [base, candidate] = self.files(variables)?;
        Ok(Pair::new(&self.name, base, candidate))
    }

    /// Both files under their own names, the base's first.
    pub(super) fn files(&self, variables: &BTreeMap<String, String>) -> Result<[TargetFile; 2]> {
        Ok([self.base.load(variables)?, self.candidate.load(variables)?])
    }

    /// Their builds have been run.
    pub(super) fn built(&mut self) {
        for side in [&mut self.base, &mut self.candidate] {
            if let Some(checkout) = &mut side.checkout {
                checkout.built = true;
            }
        }
    }
}

impl Side {
    fn load(&self, variables: &BTreeMap<String, String>) -> Result<TargetFile> {
        let file = TargetFile::load(&self.file, variables)?;
        Ok(match &self.checkout {
            Some(checkout) => file.in_checkout(checkout.clone()),
            None => file,
        })
    }
}

/// The sides that were asked for; copies of the repository and built programs go to `scratch`.
pub(super) fn sides(arguments: &CompareArguments, scratch: &Path) -> Result<Sides> {
    match (&arguments.base, &arguments.base_target) {
        (Some(base), _) => of_revisions(arguments, base, scratch),
        (None, Some(base)) => of_deployments(arguments, base),
        (None, None) => bail!(
            "compare what with what? --base REV (a revision of the repository), --base-target FILE with --target FILE (two deployments), \
             or two stored runs"
        ),
    }
}

fn of_deployments(arguments: &CompareArguments, base: &str) -> Result<Sides> {
    let [candidate] = arguments.targets.as_slice() else {
        bail!("--base-target goes with one --target: the candidate's file");
    };
    let side = |file: &str| Side {
        file: file.to_owned(),
        checkout: None,
    };
    let arm = |file: &str| Arm {
        what: file.to_owned(),
        revision: None,
    };
    let name = TargetFile::load(candidate, &BTreeMap::new())?
        .about
        .name
        .clone();
    Ok(Sides {
        base: arm(base),
        candidate: arm(candidate),
        subjects: vec![Subject {
            name,
            base: side(base),
            candidate: side(candidate),
        }],
        _checkouts: Vec::new(),
    })
}

fn of_revisions(arguments: &CompareArguments, base: &str, scratch: &Path) -> Result<Sides> {
    let here = std::env::current_dir().context("find the current folder")?;
    let names = match arguments.targets.as_slice() {
        [] => Scenario::load("steady")?.targets,
        named => named.to_vec(),
    };
    let first = Path::new(&names[0]);
    let inside = match is_path(&names[0]).then(|| first.parent()).flatten() {
        Some(folder) if !folder.as_os_str().is_empty() => here.join(folder),
        _ => here.clone(),
    };
    let repository = Repository::of(&inside)?;
    let base_commit = repository.commit(base)?;
    let base_copy = repository.check_out(&base_commit, scratch.join("base"))?;
    let (candidate, candidate_copy) = match &arguments.candidate {
        Some(revision) => {
            let commit = repository.commit(revision)?;
            let copy = repository.check_out(&commit, scratch.join("candidate"))?;
            (named(revision, &commit), Some(copy))
        }
        None => (working_tree(&repository)?, None),
    };
    let folders = [
        base_copy.folder().to_owned(),
        candidate_copy
            .as_ref()
            .map_or(repository.root(), Checkout::folder)
            .to_owned(),
    ];
    let mut subjects = subjects(&names, &here, &repository, &folders)?;
    let commits = [Some(base_commit.as_str()), clean_commit(&candidate)];
    give_programs(&mut subjects, &repository, (&folders, commits), scratch)?;
    Ok(Sides {
        base: named(base, &base_commit),
        candidate,
        subjects,
        _checkouts: std::iter::once(base_copy).chain(candidate_copy).collect(),
    })
}

fn named(revision: &str, commit: &str) -> Arm {
    let short = &commit[..commit.len().min(12)];
    Arm {
        what: match commit.starts_with(revision) {
            true => short.to_owned(),
            false => format!("{revision} ({short})"),
        },
        revision: Some(commit.to_owned()),
    }
}

fn working_tree(repository: &Repository) -> Result<Arm> {
    let commit = repository.commit("HEAD")?;
    let short = &commit[..commit.len().min(12)];
    let (what, dirty) = match repository.has_changes() {
        true => (format!("the working tree: {short} with changes"), DIRTY),
        false => (format!("the working tree: {short}"), ""),
    };
    Ok(Arm {
        what,
        revision: Some(format!("{commit}{dirty}")),
    })
}

/// Each of `names` in both folders. A path is that of the working tree, and the same one in the copies; a built-in target is where its file is in
/// this program's repository.
fn subjects(
    names: &[String],
    here: &Path,
    repository: &Repository,
    folders: &[PathBuf; 2],
) -> Result<Vec<Subject>> {
    let root = repository.root();
    let relative = here.strip_prefix(root).unwrap_or(Path::new(""));
    let mut subjects: Vec<Subject> = Vec::new();
    let mut known = BTreeSet::new();
    for name in names {
        let within = match is_path(name) {
            true => {
                let path = here.join(name);
                let path = path
                    .canonicalize()
                    .with_context(|| format!("find {name}"))?;
                let within = path.strip_prefix(root).map(Path::to_owned);
                within.with_context(|| {
                    format!("{name} is not in the repository {}", root.display())
                })?
            }
            false => Path::new(BUILT_IN).join(format!("{name}.toml")),
        };
        let side = |folder: &PathBuf| -> Result<Side> {
            let file = folder.join(&within);
            if !file.exists() {
                bail!(
                    "{} has no {} (a target is named by its path, or as `authbench list` has it, inside authbench's own repository)",
                    folder.display(),
                    within.display()
                );
            }
            Ok(Side {
                file: file.to_string_lossy().into_owned(),
                checkout: Some(target::Checkout {
                    folder: folder.join(relative),
                    authbench: std::env::current_exe().context("find this program")?,
                    built: false,
                }),
            })
        };
        let [base, candidate] = folders;
        let (base, candidate) = (side(base)?, side(candidate)?);
        let name = candidate.load(&BTreeMap::new())?.about.name.clone();
        if !known.insert(name.clone()) {
            bail!("target {name} was named twice");
        }
        subjects.push(Subject {
            name,
            base,
            candidate,
        });
    }
    Ok(subjects)
}

/// The commit that `arm` is, unless its files have changed since.
fn clean_commit(arm: &Arm) -> Option<&str> {
    let revision = arm.revision.as_deref()?;
    (!revision.ends_with(DIRTY)).then_some(revision)
}

/// Where a target starts this program, either side gets the one that its folder builds.
fn give_programs(
    subjects: &mut [Subject],
    repository: &Repository,
    (folders, commits): (&[PathBuf; 2], [Option<&str>; 2]),
    scratch: &Path,
) -> Result<()> {
    let mut wanted = false;
    for subject in &*subjects {
        let files = subject.files(&BTreeMap::new())?;
        wanted |= files.iter().any(TargetFile::starts_authbench);
    }
    if !wanted {
        return Ok(());
    }
    let kept = repository.root().join("target").join("compare");
    let build = |side: usize, name: &str| {
        program::build(&folders[side], &kept, commits[side], scratch.join(name))
    };
    let programs = [
        build(0, "authbench-base")?,
        build(1, "authbench-candidate")?,
    ];
    for subject in subjects {
        for (side, program) in [&mut subject.base, &mut subject.candidate]
            .into_iter()
            .zip(&programs)
        {
            if let Some(checkout) = &mut side.checkout {
                checkout.authbench.clone_from(program);
            }
        }
    }
    Ok(())
}

fn is_path(name: &str) -> bool {
    name.contains('/') || name.ends_with(".toml")
}

//! The git repository of a target, and copies of it at other revisions.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository with a working tree.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    root: PathBuf,
}

/// The repository at some revision, in a folder of its own, until it is dropped.
#[derive(Debug)]
pub(super) struct Checkout {
    repository: Repository,
    folder: PathBuf,
}

impl Repository {
    /// The one that `inside` (a folder) belongs to.
    pub(super) fn of(inside: &Path) -> Result<Self> {
        let root = git(inside, &["rev-parse", "--show-toplevel"]).with_context(|| {
            format!(
                "find the git repository of {}: --base compares revisions, so the target must be in a repository",
                inside.display()
            )
        })?;
        Ok(Self {
            root: PathBuf::from(root),
        })
    }

    /// Its uppermost folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that `revision` names.
    pub(super) fn commit(&self, revision: &str) -> Result<String> {
        // What begins with a dash would be taken for an option.
        let named = format!("{revision}^{{commit}}");
        git(&self.root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &named]).with_context(|| {
            format!(
                "{} has no revision {revision:?} (a branch, tag or commit; a shallow clone has only the last)",
                self.root.display()
            )
        })
    }

    /// Whether tracked files differ from the last commit.
    pub(super) fn has_changes(&self) -> bool {
        let changes = git(
            &self.root,
            &["status", "--porcelain", "--untracked-files=no"],
        );
        changes.is_ok_and(|changes| !changes.is_empty())
    }

    /// A copy of `commit` at `folder`, which must not exist.
    pub(super) fn check_out(&self, commit: &str, folder: PathBuf) -> Result<Checkout> {
        let path = folder.to_string_lossy().into_owned();
        git(
            &self.root,
            &["worktree", "add", "--detach", "--quiet", &path, commit],
        )
        .with_context(|| format!("check {commit} out at {path}"))?;
        Ok(Checkout {
            repository: self.clone(),
            folder,
        })
    }
}

impl Checkout {
    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let path = self.folder.to_string_lossy().into_owned();
        let removed = git(
            &self.repository.root,
            &["worktree", "remove", "--force", &path],
        );
        if let Err(error) = removed {
            eprintln!("warning: {path} is still there: {error:#}");
        }
    }
}

/// What git answers, without the line feed at its end.
fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        // Set while a hook of another repository runs; then git would look there.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .context("start git")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("git {}: {}", arguments.first().unwrap_or(&""), said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn repository() -> (tempfile::TempDir, Repository) {
        let folder = tempfile::tempdir().expect("a folder");
        let run = |arguments: &[&str]| git(folder.path(), arguments).expect("git");
        run(&["init", "--quiet", "--initial-branch", "main"]);
        for text in ["one", "two"] {
            fs::write(folder.path().join("file"), text).expect("a file");
            run(&["add", "file"]);
            run(&[
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example.org",
                "commit",
                "--quiet",
                "-m",
                text,
            ]);
        }
        let repository = Repository::of(folder.path()).expect("a repository");
        (folder, repository)
    }

    #[test]
    fn a_copy_is_of_its_revision_and_gone_afterwards() {
        let (folder, repository) = repository();
        let commit = repository.commit("main~1").expect("a commit");
        let beside = tempfile::tempdir().expect("a folder");
        let checkout = repository
            .check_out(&commit, beside.path().join("base"))
            .expect("a copy");
        let text = fs::read_to_string(checkout.folder().join("file")).expect("the file");
        assert_eq!(text, "one");
        let path = checkout.folder().to_owned();
        drop(checkout);
        assert!(!path.exists());
        assert_eq!(
            git(folder.path(), &["worktree", "list"])
                .expect("git")
                .lines()
                .count(),
            1
        );
    }

    #[test]
    fn changes_are_seen_and_what_git_does_not_know_is_none() {
        let (folder, repository) = repository();
        fs::write(folder.path().join("other"), "").expect("a file");
        assert!(!repository.has_changes());
        fs::write(folder.path().join("file"), "three").expect("a file");
        assert!(repository.has_changes());
    }

    #[test]
    fn what_is_no_revision_is_named_and_never_taken_for_an_option() {
        let (_folder, repository) = repository();
        for wrong in ["nowhere", "--all", ""] {
            let error = repository.commit(wrong).expect_err("none").to_string();
            assert!(error.contains(&format!("{wrong:?}")), "{error}");
        }
        let outside = tempfile::tempdir().expect("a folder");
        let error = Repository::of(outside.path())
            .expect_err("none")
            .to_string();
        assert!(error.contains("must be in a repository"), "{error}");
    }
}

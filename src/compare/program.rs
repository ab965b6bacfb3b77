//! This program, built from a copy of its own repository: what is compared where a target starts `${authbench}`.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name of the package and of its program.
const NAME: &str = "authbench";

/// Builds the program in `folder`, with what is compiled kept in `kept`, and copies it to `to`. Both arms share `kept`, so that libraries are
/// compiled once and by the same compiler with the same options. What was built of a `commit` before is that of every later time.
pub(super) fn build(
    folder: &Path,
    kept: &Path,
    commit: Option<&str>,
    to: PathBuf,
) -> Result<PathBuf> {
    if !is_ours(folder) {
        bail!(
            "the target starts ${{authbench}}, but {} is not authbench's repository: its own commands can be compared, or name --base-target",
            folder.display()
        );
    }
    let of_commit = commit.map(|commit| kept.join("programs").join(commit));
    if let Some(known) = of_commit.as_ref().filter(|known| known.exists()) {
        copy(known, &to)?;
        return Ok(to);
    }
    eprintln!(
        "building {} (the first time takes minutes)",
        folder.display()
    );
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args([
            "build",
            "--release",
            "--locked",
            "--quiet",
            "--package",
            NAME,
            "--bin",
            NAME,
        ])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", kept);
    let status = command
        .status()
        .context("start cargo, to build both revisions")?;
    if !status.success() {
        bail!("cargo build failed in {}", folder.display());
    }
    let built = kept.join("release").join(NAME);
    copy(&built, &to)?;
    if let Some(of_commit) = of_commit {
        // Under another name first: a copy that was broken off is no program.
        let half = of_commit.with_extension("half");
        fs::create_dir_all(kept.join("programs")).context("keep the program")?;
        copy(&to, &half)?;
        fs::rename(&half, &of_commit).context("keep the program")?;
    }
    Ok(to)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn is_ours(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    manifest
        .lines()
        .any(|line| line.trim() == format!("name = \"{NAME}\""))
}

//! `authbench target init`: a first target file from a system's own description.

use crate::cli::target::{InitArguments, TargetCommand};
use anyhow::{Context, Result, bail};
use authbench_scenarios::load;
use authbench_scenarios::target::RemoteTargets;
use authbench_scenarios::target_init::{Known, discover, target_file};
use authbench_scenarios::transport::Trust;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Runs the command; its exit code.
pub(crate) fn execute(command: &TargetCommand) -> Result<u8> {
    match command {
        TargetCommand::Init(arguments) => init(arguments),
    }
}

fn init(arguments: &InitArguments) -> Result<u8> {
    let policy = RemoteTargets::allowing(arguments.remote_targets.iter().cloned());
    let mut ca_files = Vec::new();
    for file in &arguments.ca_files {
        // The target file may be anywhere, and relative names would begin there.
        let whole = std::fs::canonicalize(file);
        ca_files.push(whole.with_context(|| format!("read {}", file.display()))?);
    }
    let trust = Trust::new(ca_files.clone(), ca_files.is_empty());
    let discovered = load::runtime()?.block_on(discover(&arguments.discovery, &policy, &trust));
    let (metadata, found_at) = discovered?;
    let known = Known {
        name: arguments.name.clone(),
        client_id: arguments.client_id.clone(),
        grant: arguments.grant.map(Into::into),
        ca_files: ca_files
            .iter()
            .map(|file| file.display().to_string())
            .collect(),
    };
    let text = target_file(&metadata, &known)?;
    let Some(path) = &arguments.out else {
        print!("{text}");
        return Ok(0);
    };
    write_new(path, &text)?;
    let path = path.display();
    eprintln!(
        "{path}: made from {found_at}; read its comments, then: authbench check --target {path}"
    );
    Ok(0)
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match file {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!(
                "{} exists already: name another file with --out",
                path.display()
            )
        }
        file => file.with_context(|| format!("write {}", path.display()))?,
    };
    file.write_all(text.as_bytes())
        .with_context(|| format!("write {}", path.display()))
}

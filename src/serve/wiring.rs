//! Addresses and secrets of a process: from standard input, the environment or files, never from its command line.

use crate::cli::Wired;
use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::io::ErrorKind;
use std::path::Path;

/// Before each member's name, in capitals, in the environment.
const PREFIX: &str = "AUTHBENCH_";

/// One JSON line on standard input, or each of `members` from the environment or from its file in the folder of secrets.
pub(super) fn read<T: DeserializeOwned>(wired: &Wired, members: &[&str]) -> Result<T> {
    if wired.wired {
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .context("read the wiring from standard input")?;
        // The decoder's message names members and positions, never values.
        return serde_json::from_str(&line)
            .context("the first line of standard input is not the wiring");
    }
    let environment = |variable: &str| std::env::var(variable).ok();
    let given = gather(members, wired.secrets.as_deref(), &environment)?;
    serde_json::from_value(Value::Object(given)).with_context(|| {
        format!(
            "neither the environment (variables {PREFIX}…) nor --secrets DIR has all that is needed; \
             with --wired it comes on standard input"
        )
    })
}

fn gather(
    members: &[&str],
    folder: Option<&Path>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Map<String, Value>> {
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        bail!("--secrets {}: there is no such folder", folder.display());
    }
    let mut given = Map::new();
    for member in members {
        let variable = format!("{PREFIX}{}", member.to_uppercase());
        let in_file = folder.map_or(Ok(None), |folder| read_file(&folder.join(member)))?;
        let value = match (environment(&variable), in_file) {
            // Which of the two was meant is not for us to guess: the other may be a stale password.
            (Some(_), Some(_)) => bail!(
                "{member} is given twice: by {variable} in the environment and by a file in --secrets"
            ),
            (value, None) | (None, value) => value,
        };
        if let Some(value) = value {
            given.insert((*member).to_owned(), Value::String(value));
        }
    }
    Ok(given)
}

/// What the file holds, without the line break that editors and `echo` leave at its end; `None` where there is no file.
fn read_file(path: &Path) -> Result<Option<String>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
    };
    match text.trim_end_matches(['\r', '\n']) {
        "" => bail!("{} is empty", path.display()),
        value => Ok(Some(value.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const MEMBERS: &[&str] = &["store_url", "admin_secret"];

    fn gathered(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<Value, String> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let environment = |wanted: &str| {
            let mut variables = variables.iter();
            let found = variables.find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        };
        gather(MEMBERS, Some(folder.path()), &environment)
            .map(Value::Object)
            .map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn each_member_comes_from_its_file_or_its_variable() {
        let given = gathered(
            &[("admin_secret", "hunter2\n"), ("someone_elses", "…")],
            &[("AUTHBENCH_STORE_URL", "redis://redis"), ("PATH", "/bin")],
        );
        let expected =
            serde_json::json!({ "admin_secret": "hunter2", "store_url": "redis://redis" });
        assert_eq!(given, Ok(expected));
    }

    #[test]
    fn what_is_given_twice_or_empty_is_refused_without_being_shown() {
        let twice = gathered(
            &[("admin_secret", "hunter2")],
            &[("AUTHBENCH_ADMIN_SECRET", "hunter3")],
        );
        let told = twice.expect_err("which of them?");
        assert!(told.contains("AUTHBENCH_ADMIN_SECRET"), "{told}");
        assert!(!told.contains("hunter"), "{told}");
        let told = gathered(&[("admin_secret", "\n")], &[]).expect_err("no secret");
        assert!(told.contains("admin_secret is empty"), "{told}");
    }

    #[test]
    fn a_folder_that_is_not_there_or_a_file_that_is_not_text_is_named() {
        let missing = gather(MEMBERS, Some(Path::new("/nowhere")), &|_| None);
        let told = missing.expect_err("nothing is there").to_string();
        assert!(told.contains("/nowhere"), "{told}");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("store_url"), [0xff, 0xfe]).expect("a file");
        let unreadable = gather(MEMBERS, Some(folder.path()), &|_| None);
        let told = unreadable.expect_err("not UTF-8").to_string();
        assert!(told.contains("store_url"), "{told}");
    }
}

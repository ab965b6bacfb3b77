//! Which stores and load generators are installed.

use authbench_reports::doctor::Program;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(5);
/// What else can load a server, and how it is asked for its version.
const TOOLS: [(&str, &str); 3] = [("wrk", "-v"), ("oha", "--version"), ("k6", "version")];

/// Servers that could be the store, in the order in which a run looks for them.
pub(super) fn stores() -> Vec<Program> {
    ["valkey-server", "redis-server"]
        .into_iter()
        .filter_map(|name| program(name, "--version"))
        .collect()
}

/// Other load generators.
pub(super) fn tools() -> Vec<Program> {
    let found = TOOLS
        .into_iter()
        .filter_map(|(name, ask)| program(name, ask));
    found.collect()
}

fn program(name: &str, ask: &str) -> Option<Program> {
    let path = on_path(name)?;
    Some(Program {
        name: name.to_owned(),
        version: said(&path, ask).as_deref().and_then(version),
    })
}

fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// What the program prints when asked; `None` when it does not end in time. It may exit with an error: wrk does.
fn said(path: &Path, ask: &str) -> Option<String> {
    let mut child = Command::new(path)
        .arg(ask)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let until = Instant::now() + PATIENCE;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > until {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(POLL);
    }
    // Versions are a line or a screen: less than a pipe holds, so it could end before anybody read.
    let output = child.wait_with_output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first word that begins like a version: digits and a dot, an introducing `v` or `v=` aside.
fn version(text: &str) -> Option<String> {
    let bare = |word: &'_ str| -> String {
        // Debian's wrk calls itself `debian/4.1.0-3`.
        let word = word.rsplit('/').next().unwrap_or(word);
        let word = word.strip_prefix('v').unwrap_or(word);
        let word = word.strip_prefix('=').unwrap_or(word);
        word.trim_end_matches(',').to_owned()
    };
    let like_a_version = |word: &String| {
        let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < word.len() && rest.starts_with('.')
    };
    text.split_whitespace().map(bare).find(like_a_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (said, expected) in [
            (
                "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64",
                "7.0.15",
            ),
            ("Valkey server v=8.0.1 sha=0", "8.0.1"),
            ("wrk 4.1.0 [epoll] Copyright (C) 2012 Will Glozer", "4.1.0"),
            (
                "wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012",
                "4.1.0-3+b2",
            ),
            ("oha 1.4.5", "1.4.5"),
            ("k6 v0.49.0 (commit/go1.21.6, linux/amd64)", "0.49.0"),
        ] {
            assert_eq!(version(said).as_deref(), Some(expected), "{said}");
        }
        assert_eq!(version("usage: wrk 100 <url>"), None);
    }

    #[test]
    fn a_program_that_does_not_answer_is_ended() {
        let sleep = on_path("sleep").expect("every system has it");
        let began = Instant::now();
        assert_eq!(said(&sleep, "60"), None);
        assert!(began.elapsed() < Duration::from_secs(30));
        assert_eq!(on_path("no-such-program-anywhere"), None);
    }
}

//! Starts the program under test in a folder of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder for one test, removed with it.
pub(crate) struct Workspace(TempDir);

impl Workspace {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and returns its path as an argument.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).expect("a writable folder");
        path.to_string_lossy().into_owned()
    }

    /// The program, in this folder, with no store in its environment.
    pub(crate) fn authbench(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authbench"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("REDIS_URL")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.authbench(arguments)
            .output()
            .expect("the program starts")
    }
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// JSON in a file.
pub(crate) fn json(path: &Path) -> serde_json::Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A process, by number and start time: a number alone may be given to another process.
pub(crate) type Identity = (u32, String);

/// All descendants of `pid` that run now.
pub(crate) fn descendants(pid: u32) -> BTreeSet<Identity> {
    let mut found = BTreeSet::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))
            .unwrap_or_default();
        for child in children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
        {
            if let Some(started) = start_time(child) {
                found.insert((child, started));
                parents.push(child);
            }
        }
    }
    found
}

/// Those of them that do something: not those that only keep a processor awake.
pub(crate) fn at_work(pid: u32) -> BTreeSet<Identity> {
    let name = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let mut processes = descendants(pid);
    processes.retain(|(pid, _)| name(pid).trim() != "authbench-awake");
    processes
}

/// Which of `processes` still run, after giving them up to `limit` to end.
pub(crate) fn still_running(processes: &BTreeSet<Identity>, limit: Duration) -> Vec<Identity> {
    let until = Instant::now() + limit;
    loop {
        let alive = |(pid, started): &&Identity| start_time(*pid).as_ref() == Some(started);
        let left: Vec<_> = processes.iter().filter(alive).cloned().collect();
        if left.is_empty() || Instant::now() > until {
            return left;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Field 22 of `/proc/PID/stat`; `None` for a process that is gone or a zombie.
fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = &stat[stat.rfind(')')? + 2..];
    let fields: Vec<&str> = after_name.split(' ').collect();
    (fields[0] != "Z").then(|| fields[19].to_owned())
}

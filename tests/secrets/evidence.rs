//! Everything that a run leaves: what it printed, what it wrote, and the command lines of all its processes.

use crate::canary::Canary;
use crate::program::{Workspace, descendants};
use crate::search::Search;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// How often command lines are looked at while a run goes on.
const LOOK: Duration = Duration::from_millis(50);

/// Runs that go on side by side: they wait more than they work.
const AT_ONCE: usize = 4;

/// Bytes, each with where they come from.
#[derive(Default)]
pub(crate) struct Evidence {
    pieces: Vec<(String, Vec<u8>)>,
}

impl Evidence {
    /// What `gather` finds in each of `cases`, which have nothing to do with one another.
    pub(crate) fn of_each<T: Sync>(cases: &[T], gather: impl Fn(&T, &mut Self) + Sync) -> Self {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut own = Self::default();
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                gather(case, &mut own);
            }
            own.pieces
        };
        let pieces = thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            let found = workers.into_iter().map(|worker| worker.join());
            found
                .flat_map(|pieces| pieces.expect("no case failed"))
                .collect()
        });
        Self { pieces }
    }

    /// Runs the program with these environment variables, to its end, and keeps what it printed.
    pub(crate) fn run(
        &mut self,
        workspace: &Workspace,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Output {
        self.run_and(workspace, arguments, variables, |_| ())
    }

    /// The same; `meanwhile` is told the program's process.
    pub(crate) fn run_and(
        &mut self,
        workspace: &Workspace,
        arguments: &[&str],
        variables: &[(&str, &str)],
        meanwhile: impl FnOnce(u32) + Send,
    ) -> Output {
        let mut command = workspace.authbench(arguments);
        command
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        let (pid, over) = (child.id(), AtomicBool::new(false));
        let (output, lines) = thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut lines = BTreeSet::new();
                while !over.load(Ordering::Relaxed) {
                    lines.extend(command_lines(pid));
                    thread::sleep(LOOK);
                }
                lines
            });
            scope.spawn(move || meanwhile(pid));
            let output = child.wait_with_output().expect("it ends");
            over.store(true, Ordering::Relaxed);
            (output, watch.join().expect("looks on"))
        });
        let called = arguments.first().copied().unwrap_or_default();
        self.keep(&format!("stdout of {called}"), &output.stdout);
        self.keep(&format!("stderr of {called}"), &output.stderr);
        self.keep("command lines", &Vec::from_iter(lines).concat());
        output
    }

    /// Keeps every file in `folder` and below it, and their names.
    pub(crate) fn folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.display().to_string();
            self.keep("file names", name.as_bytes());
            if path.is_dir() {
                self.folder(&path);
            } else {
                self.keep(&name, &fs::read(&path).expect("a file"));
            }
        }
    }

    /// Keeps other bytes.
    pub(crate) fn keep(&mut self, origin: &str, bytes: &[u8]) {
        self.pieces.push((origin.to_owned(), bytes.to_vec()));
    }

    /// Which canaries sing, where.
    pub(crate) fn hits(&self, canaries: &[Canary]) -> Vec<String> {
        let search = Search::new(canaries);
        let of_piece = |(origin, bytes): &(String, Vec<u8>)| {
            let hits = search.hits(bytes);
            hits.into_iter()
                .map(|hit| format!("{origin}: {hit}"))
                .collect::<Vec<_>>()
        };
        self.pieces.iter().flat_map(of_piece).collect()
    }

    /// Whether `text` was kept: that something is not there means little where nothing is.
    pub(crate) fn has(&self, text: &str) -> bool {
        let mut pieces = self.pieces.iter();
        pieces.any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(text))
    }

    /// Asserts that no canary sings.
    pub(crate) fn assert_silent(&self, canaries: &[Canary]) {
        let mut hits = self.hits(canaries);
        let total = hits.len();
        hits.truncate(20);
        assert!(hits.is_empty(), "{total} hits:\n{}", hits.join("\n"));
    }
}

/// The command lines of all descendants of `pid`. One that has not replaced its parent's yet says what its user wrote there, and nothing of ours.
fn command_lines(pid: u32) -> Vec<Vec<u8>> {
    let line = |pid| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let own = line(pid);
    descendants(pid)
        .into_iter()
        .map(|(child, _)| line(child))
        .filter(|line| *line != own)
        .collect()
}

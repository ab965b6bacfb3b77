//! One child process, from its start to its end.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::attach::attach;
use super::error::ProcessFailure;
use super::ready::ReadyLine;
use crate::flow::without_secrets;

/// Longest ready line, in bytes.
const MAX_READY_LINE: u64 = 64 * 1024;
/// How much of standard error an error message quotes, in bytes.
const STDERR_TAIL: u64 = 2_000;
/// How far the exit of a process may be behind the end of its output.
const EXIT_AFTER_OUTPUT: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(5);
/// How long a wait for a ready line may go on after an interruption.
const LOOK_UP: Duration = Duration::from_millis(50);

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this status.
    Code(i32),
    /// This signal ended it.
    Signal(Signal),
    /// Nobody can tell any more.
    Unknown,
}

/// What to start.
pub(super) struct Launch<'a> {
    pub(super) target: &'a str,
    pub(super) name: &'a str,
    pub(super) command: Vec<String>,
    /// Besides the environment of this process.
    pub(super) env: Vec<(String, String)>,
    pub(super) input: String,
    /// What it knows and an error must not quote.
    pub(super) secrets: Vec<String>,
    pub(super) stdout: Stdout,
    pub(super) log: PathBuf,
    pub(super) cpus: &'a [usize],
    /// Where it runs; `None`: where this process does.
    pub(super) folder: Option<&'a Path>,
    /// What it gets when its parent is gone.
    pub(super) parent_death: Signal,
}

/// Where standard output goes.
#[derive(Clone, Copy)]
pub(super) enum Stdout {
    /// To this process, which reads a ready line from it.
    Ours,
    /// To the log, with standard error.
    Log,
}

/// A running child. Dropping it kills its process group and reaps it.
pub(super) struct Child {
    pub(super) target: String,
    pub(super) name: String,
    process: std::process::Child,
    input: Option<ChildStdin>,
    log: PathBuf,
    secrets: Vec<String>,
}

impl Child {
    /// Starts the program and hands over its input line; the input stays open.
    pub(super) fn spawn(launch: Launch<'_>) -> Result<Self, ProcessFailure> {
        let log_failed = |source| ProcessFailure::Log {
            path: launch.log.display().to_string(),
            source,
        };
        let log = File::create(&launch.log).map_err(log_failed)?;
        let (program, arguments) = launch
            .command
            .split_first()
            .map_or(("", &[][..]), |(first, rest)| (first, rest));
        let spawn_failed = |source| ProcessFailure::Spawn {
            program: program.to_owned(),
            source,
        };
        let stdout = match launch.stdout {
            Stdout::Ours => Stdio::piped(),
            Stdout::Log => log.try_clone().map_err(log_failed)?.into(),
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(launch.env)
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(log);
        if let Some(folder) = launch.folder {
            command.current_dir(folder);
        }
        attach(&mut command, launch.cpus, launch.parent_death).map_err(spawn_failed)?;
        let mut process = command.spawn().map_err(spawn_failed)?;
        let mut input = process.stdin.take();
        if let Some(pipe) = &mut input {
            // A child that has ended already, or closed its input, shows as what it is when its ready line is waited for.
            let _ = pipe.write_all(launch.input.as_bytes());
        }
        Ok(Self {
            target: launch.target.to_owned(),
            name: launch.name.to_owned(),
            process,
            input,
            log: launch.log,
            secrets: launch.secrets,
        })
    }

    /// Waits for the ready line. What the child prints after it is read and dropped, so that it never blocks on a full pipe.
    /// Gives up when `interrupted`.
    pub(super) fn wait_ready(
        &mut self,
        deadline: Duration,
        interrupted: &watch::Receiver<bool>,
    ) -> Result<ReadyLine, ProcessFailure> {
        let (line_found, first_line) = mpsc::sync_channel(1);
        if let Some(output) = self.process.stdout.take() {
            thread::spawn(move || drain(output, &line_found));
        }
        let stderr = || self.stderr_tail();
        match receive(&first_line, Instant::now() + deadline, interrupted)? {
            Ok(line) => ReadyLine::parse(&line)
                .ok_or_else(|| ProcessFailure::NotAReadyLine { stderr: stderr() }),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(self.too_late(deadline)),
            // Its output ended without a line: most likely it ends, but its exit may be a moment behind.
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                self.wait_until(Instant::now() + EXIT_AFTER_OUTPUT);
                Err(match self.exit() {
                    Some(exit) => self.ended(exit),
                    None => ProcessFailure::NotAReadyLine { stderr: stderr() },
                })
            }
        }
    }

    /// Waits until `is_ready`. Gives up when it ends, or when `interrupted`.
    pub(super) fn wait_until_it(
        &self,
        is_ready: impl Fn() -> bool,
        within: Duration,
        interrupted: &watch::Receiver<bool>,
    ) -> Result<(), ProcessFailure> {
        let deadline = Instant::now() + within;
        loop {
            match self.exit() {
                Some(exit) => return Err(self.ended(exit)),
                None if *interrupted.borrow() => return Err(ProcessFailure::Interrupted),
                None if is_ready() => return Ok(()),
                None if Instant::now() > deadline => return Err(self.too_late(within)),
                None => thread::sleep(LOOK_UP),
            }
        }
    }

    /// Waits until it has exited with status 0. Gives up when `interrupted`.
    pub(super) fn wait_for_success(
        &self,
        within: Duration,
        interrupted: &watch::Receiver<bool>,
    ) -> Result<(), ProcessFailure> {
        match (
            self.wait_until_it(|| false, within, interrupted),
            self.exit(),
        ) {
            (_, Some(Exit::Code(0))) => Ok(()),
            (outcome, _) => outcome,
        }
    }

    fn ended(&self, exit: Exit) -> ProcessFailure {
        ProcessFailure::Ended {
            exit,
            stderr: self.stderr_tail(),
        }
    }

    fn too_late(&self, deadline: Duration) -> ProcessFailure {
        ProcessFailure::Deadline {
            deadline,
            stderr: self.stderr_tail(),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// How it ended; `None` while it runs. Leaves it unreaped, so that its id, and its group's, cannot become another's.
    pub(super) fn exit(&self) -> Option<Exit> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        match waitid(Id::Pid(self.group()), flags) {
            Ok(WaitStatus::StillAlive) => None,
            Ok(WaitStatus::Exited(_, code)) => Some(Exit::Code(code)),
            Ok(WaitStatus::Signaled(_, signal, _)) => Some(Exit::Signal(signal)),
            Ok(_) | Err(_) => Some(Exit::Unknown),
        }
    }

    /// Closes its input: the sign to exit.
    pub(super) fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits until it has ended, or `deadline`.
    pub(super) fn wait_until(&self, deadline: Instant) {
        while self.exit().is_none() && Instant::now() < deadline {
            thread::sleep(POLL);
        }
    }

    /// Sends SIGTERM to its group, if it still runs.
    pub(super) fn terminate(&self) {
        if self.exit().is_none() {
            // Fails only when the group has just ended by itself.
            let _ = killpg(self.group(), Signal::SIGTERM);
        }
    }

    /// The end of what it wrote to standard error, from a line's beginning, without the secrets it was told.
    pub(super) fn stderr_tail(&self) -> String {
        let secrets = self.secrets.iter().map(String::as_str);
        without_secrets(&tail(&self.log).unwrap_or_default(), secrets)
    }

    fn group(&self) -> Pid {
        Pid::from_raw(self.process.id() as i32)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.close_input();
        // The child is not reaped before this line, so the group's id is still its own, even if only a grandchild is left in it.
        let _ = killpg(self.group(), Signal::SIGKILL);
        let _ = self.process.wait();
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("name", &self.name)
            .field("pid", &self.process.id())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with status {code}"),
            Self::Signal(signal) => write!(f, "ended by {signal}"),
            Self::Unknown => f.write_str("ended"),
        }
    }
}

/// What comes before `deadline`, looking up now and then to see whether anybody still wants it.
fn receive(
    lines: &mpsc::Receiver<String>,
    deadline: Instant,
    interrupted: &watch::Receiver<bool>,
) -> Result<Result<String, mpsc::RecvTimeoutError>, ProcessFailure> {
    loop {
        if *interrupted.borrow() {
            return Err(ProcessFailure::Interrupted);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left.min(LOOK_UP)) {
            Err(mpsc::RecvTimeoutError::Timeout) if left > LOOK_UP => {}
            received => return Ok(received),
        }
    }
}

/// Sends the first line, without its line break, then reads to the end. Drops the sender when there is no whole line.
fn drain(output: ChildStdout, line_found: &mpsc::SyncSender<String>) {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    let read = output.by_ref().take(MAX_READY_LINE).read_line(&mut line);
    if read.is_err() || !line.ends_with('\n') {
        return;
    }
    // Nobody listens any more when the deadline has passed; the output is drained all the same.
    let _ = line_found.send(line.trim_end().to_owned());
    let _ = io::copy(&mut output, &mut io::sink());
}

fn tail(log: &PathBuf) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    let skipped = length.saturating_sub(STDERR_TAIL);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole_lines = if skipped == 0 {
        &*text
    } else {
        text.split_once('\n').map_or("", |(_, rest)| rest)
    };
    Ok(whole_lines.trim_end().to_owned())
}

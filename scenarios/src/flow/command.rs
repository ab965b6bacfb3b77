//! Runs the command of a step: no shell, a deadline, and nothing of what it prints shown as it stands.

use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::encode::{EncodeError, Values};
use super::mask;
use crate::target::CommandLine;

/// How much of its output is read, in bytes.
const MAX_OUTPUT: usize = 1024 * 1024;
/// How long the rest of its output is waited for once it has exited.
const PIPES_AFTER_EXIT: Duration = Duration::from_millis(200);

/// A command that ended well.
pub(super) struct Ran {
    /// Just before it was started.
    pub(super) started: Instant,
    /// Just after it had exited.
    pub(super) exited: Instant,
    /// What it printed.
    pub(super) output: Vec<u8>,
}

/// Why a command did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("running {program}: {source}")]
    Spawn {
        /// The program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It did not end in time, and was killed.
    #[error("not done within {0:?}")]
    Deadline(Duration),
    /// It exited with something else than 0.
    #[error("{status}: {stderr}")]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The beginning of its standard error, credentials masked.
        stderr: String,
    },
}

/// Runs `command`; `secrets` are masked in what an error quotes.
pub(super) async fn run<'s>(
    command: &CommandLine,
    values: &Values<'_>,
    secrets: impl Iterator<Item = &'s str>,
) -> Result<Result<Ran, CommandError>, EncodeError> {
    let mut argv = Vec::new();
    for word in &command.argv {
        argv.push(values.text(word)?);
    }
    let (program, arguments) = argv
        .split_first()
        .map_or(("", &[][..]), |(program, rest)| (program, rest));
    let stdin = match &command.stdin {
        Some(text) => values.text(text)?,
        None => String::new(),
    };
    let mut process = Command::new(program);
    process
        .args(arguments)
        .envs(values.all(&command.env)?)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let started = Instant::now();
    let mut child = match process.spawn() {
        Ok(child) => child,
        Err(source) => {
            let program = program.to_owned();
            return Ok(Err(CommandError::Spawn { program, source }));
        }
    };
    let group = Group(child.id());
    let ended = timeout(command.within, finish(&mut child, stdin)).await;
    let Ok((status, exited, output, stderr)) = ended else {
        return Ok(Err(CommandError::Deadline(command.within)));
    };
    group.has_ended();
    Ok(match status {
        Some(status) if status.success() => Ok(Ran {
            started,
            exited,
            output,
        }),
        Some(status) => Err(CommandError::Failed {
            status,
            stderr: mask::excerpt(&stderr, secrets),
        }),
        None => Err(CommandError::Deadline(command.within)),
    })
}

/// Hands over the input, reads the output and waits for the end, all at once: none may block another. What the command has started and left
/// running may hold the pipes open; its own output is there when it exits.
async fn finish(
    child: &mut Child,
    stdin: String,
) -> (Option<ExitStatus>, Instant, Vec<u8>, Vec<u8>) {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut input) = input {
            // A command that does not read its input has ended, or does not want it.
            let _ = input.write_all(stdin.as_bytes()).await;
        }
    };
    let (mut printed, mut complained) = (Vec::new(), Vec::new());
    let (status, exited) = {
        let pipes = async {
            tokio::join!(
                write,
                read(output, &mut printed),
                read(errors, &mut complained)
            )
        };
        let mut pipes = pin!(pipes);
        tokio::select! {
            status = child.wait() => {
                let exited = Instant::now();
                // Whether the rest came in time does not matter: what came is judged.
                let _ = timeout(PIPES_AFTER_EXIT, pipes).await;
                (status.ok(), exited)
            }
            _ = &mut pipes => (child.wait().await.ok(), Instant::now()),
        }
    };
    (status, exited, printed, complained)
}

async fn read(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    // What was read until an error is all there is to judge.
    while into.len() < MAX_OUTPUT && pipe.read_buf(into).await.is_ok_and(|read| read > 0) {}
}

/// A command's process group. Dropped while the command runs, because it took too long or nobody waits any more, it ends the command and what
/// that has started itself.
struct Group(Option<u32>);

impl Group {
    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Fails only when the group has just ended by itself.
            let _ = killpg(Pid::from_raw(group as i32), Signal::SIGKILL);
        }
    }
}

//! Another load generator on this machine: found on `PATH`, run for one round, its CPU time taken from its whole life.

use super::spread::CostRound;
use super::tool_output::{self, Counts};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// A tool that ends this much later than told is ended: it hangs.
const GRACE: Duration = Duration::from_secs(10);

/// A closed-loop HTTP load generator that many people know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// [wrk](https://github.com/wg/wrk), one thread.
    Wrk,
    /// [oha](https://github.com/hatoo/oha), with as many threads as it has processors.
    Oha,
}

/// Why another tool gave no figures.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It could not be started or waited for.
    #[error("run {program}: {source}")]
    Run {
        /// The program.
        program: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// It failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it said on its standard error.
        said: String,
    },
    /// It did not end.
    #[error("{program} did not end within {} s of its time", GRACE.as_secs())]
    Hangs {
        /// The program.
        program: &'static str,
    },
    /// Its output is not what this version of authbench can read.
    #[error("{program} printed no {missing}")]
    Output {
        /// The program.
        program: &'static str,
        /// What was looked for.
        missing: &'static str,
    },
}

impl Tool {
    /// Its program.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Wrk => "wrk",
            Self::Oha => "oha",
        }
    }

    /// Name and version as it says itself; `None` where it is not on `PATH`.
    pub async fn version(self) -> Option<String> {
        let flag = match self {
            Self::Wrk => "-v",
            Self::Oha => "--version",
        };
        // wrk prints its version with exit code 1, and `-v` on its standard output or error by build.
        let mut command = self.command([flag.into()]);
        let Ok(output) = tokio::time::timeout(GRACE, command.output()).await else {
            // It is there, and its first round will show what is wrong with it.
            return Some(self.program().to_owned());
        };
        let output = output.ok()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let first = said.lines().find(|line| !line.trim().is_empty())?;
        Some(tool_output::version(first))
    }

    /// Runs it for `length` with `connections` against `GET /` of `server`, on the processors of the calling thread.
    ///
    /// # Errors
    /// [`ToolError`]; the process is ended in every case.
    pub(super) async fn round(
        self,
        server: SocketAddr,
        connections: usize,
        length: Duration,
    ) -> Result<CostRound, ToolError> {
        let program = self.program();
        let failed = |source| ToolError::Run { program, source };
        let before = children_cpu().map_err(failed)?;
        let mut command = self.command(self.arguments(server, connections, length));
        let ended = tokio::time::timeout(length + GRACE, command.output()).await;
        let output = ended
            .map_err(|_| ToolError::Hangs { program })?
            .map_err(failed)?;
        let cpu = children_cpu().map_err(failed)? - before;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(ToolError::Failed { program, said });
        }
        let counts = self
            .counts(&String::from_utf8_lossy(&output.stdout))
            .map_err(|missing| ToolError::Output { program, missing })?;
        Ok(CostRound {
            requests: counts.requests,
            errors: counts.errors,
            cpu,
            wall: length,
        })
    }

    fn counts(self, output: &str) -> Result<Counts, &'static str> {
        match self {
            Self::Wrk => tool_output::wrk(output),
            Self::Oha => tool_output::oha(output),
        }
    }

    fn arguments(self, server: SocketAddr, connections: usize, length: Duration) -> Vec<OsString> {
        let (url, seconds) = (format!("http://{server}/"), length.as_secs().max(1));
        let text = match self {
            Self::Wrk => format!("-t1 -c{connections} -d{seconds}s {url}"),
            Self::Oha => {
                format!("-z {seconds}s -c {connections} --no-tui --output-format json {url}")
            }
        };
        text.split(' ').map(OsString::from).collect()
    }

    fn command(self, arguments: impl IntoIterator<Item = OsString>) -> Command {
        let mut command = Command::new(self.program());
        command
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

/// CPU time of all children that have ended and been waited for. Nothing else of ours ends while a tool runs, so the difference is the
/// tool's: all of its threads, in user and kernel mode, from its first instruction to its last.
fn children_cpu() -> std::io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let used = usage.user_time() + usage.system_time();
    Ok(Duration::from_micros(
        used.num_microseconds().unsigned_abs(),
    ))
}

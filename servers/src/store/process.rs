//! A real Redis or Valkey, started for one run and gone after it.

use std::fs::{self, File, Permissions};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::address::StoreUrl;
use super::description::{InspectError, StartedBy, StoreDescription, inspect};
use super::parent_death::die_with_parent;

/// How long a server may take to listen.
const START_DEADLINE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);
/// How long a server may take to end after `SIGTERM`; it has nothing to save.
const STOP_DEADLINE: Duration = Duration::from_secs(1);
/// A free port may be taken between choosing and binding it; taken so often in a row it is something else.
const PORT_ATTEMPTS: usize = 5;
const LOG: &str = "log";
/// The unix socket, in the private directory: whoever may not enter that cannot reach it.
pub(super) const SOCKET: &str = "socket";

/// Where a store listens and what opens it. Both are kept when a store is started again in its old place.
#[derive(Clone)]
pub(super) struct Place {
    /// The port; `None`: any that is free.
    pub(super) port: Option<u16>,
    pub(super) password: String,
}

/// Why a server was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It is not installed.
    #[error("start a store: {0} is not on PATH")]
    NotInstalled(&'static str),
    /// No private directory or log file for it.
    #[error("start a store: no private directory for it")]
    Directory(#[source] io::Error),
    /// The program could not be run.
    #[error("start {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No port to listen on.
    #[error("start a store: no free port on 127.0.0.1")]
    Port(#[source] io::Error),
    /// It ended before it listened.
    #[error("start {}: it ended at once ({status}){}", program.display(), said(log))]
    Ended {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// The last lines it wrote.
        log: String,
    },
    /// It runs, and does not answer as it should.
    #[error("start {}: {source}", program.display())]
    Unfit {
        /// The program.
        program: PathBuf,
        /// What is wrong.
        source: InspectError,
    },
    /// This process could not set up what runs the store.
    #[error("start a store: no runtime for it")]
    Runtime(#[source] io::Error),
}

/// A running server that this process started. Dropping it kills it.
pub(super) struct ServerProcess {
    child: Child,
    pid: u32,
    pub(super) url: StoreUrl,
    pub(super) unix_url: StoreUrl,
    pub(super) port: u16,
    pub(super) description: StoreDescription,
    // Removed when dropped, hence after the child: fields are dropped in order.
    _directory: TempDir,
}

impl Place {
    /// Any free port, and a password of 256 random bits.
    pub(super) fn random() -> Self {
        let mut secret = [0; 32];
        // The generator only fails when the system has no randomness at all; nothing here is safe to run then.
        rand::fill(&mut secret).expect("the system has randomness");
        Self {
            port: None,
            password: URL_SAFE_NO_PAD.encode(secret),
        }
    }

    pub(super) fn url(&self, port: u16) -> StoreUrl {
        StoreUrl::new(format!("redis://:{}@127.0.0.1:{port}", self.password))
    }

    pub(super) fn unix_url(&self, directory: &Path) -> StoreUrl {
        let socket = directory.join(SOCKET);
        StoreUrl::new(format!(
            "redis+unix://{}?pass={}",
            socket.display(),
            self.password
        ))
    }
}

impl ServerProcess {
    /// Starts `program` with nothing kept on disk, listening on loopback only, and waits until it answers.
    ///
    /// The calling thread must outlive the server (see `parent_death`).
    pub(super) async fn start(program: &Path, place: &Place) -> Result<Self, StartError> {
        let mut attempts = PORT_ATTEMPTS;
        loop {
            attempts -= 1;
            match Self::attempt(program, place).await {
                Err(StartError::Ended { log, .. })
                    if attempts > 0 && place.port.is_none() && port_was_taken(&log) => {}
                outcome => return outcome,
            }
        }
    }

    /// The server's own process, whose CPU time is the store's.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the server ends by itself.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks the server to end, then makes it.
    pub(super) async fn stop(mut self) {
        // Once it was waited for, its number may be another process's already, and the child has none any more.
        if let Some(pid) = self.child.id() {
            // Fails only if it has just ended; the wait tells.
            let _ = kill(Pid::from_raw(pid as i32), Signal::SIGTERM);
        }
        if timeout(STOP_DEADLINE, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }

    async fn attempt(program: &Path, place: &Place) -> Result<Self, StartError> {
        let directory = private_directory().map_err(StartError::Directory)?;
        let port = place
            .port
            .map_or_else(free_port, Ok)
            .map_err(StartError::Port)?;
        let mut child = spawn(program, &directory)?;
        let spawned = |source| StartError::Spawn {
            program: program.to_owned(),
            source,
        };
        let pid = child
            .id()
            .ok_or_else(|| spawned(io::ErrorKind::NotFound.into()))?;
        configure(&mut child, port, &place.password, directory.path())
            .await
            .map_err(spawned)?;
        let url = place.url(port);
        let description = ready(&mut child, program, directory.path(), &url).await?;
        Ok(Self {
            child,
            pid,
            url,
            unix_url: place.unix_url(directory.path()),
            port,
            description,
            _directory: directory,
        })
    }
}

/// A directory that only this user may enter.
pub(super) fn private_directory() -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix("authbench-store-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
}

/// A port that was free a moment ago. Redis cannot be told to choose one: its port 0 means no TCP at all.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

fn port_was_taken(log: &str) -> bool {
    log.contains("Address already in use")
}

fn spawn(program: &Path, directory: &TempDir) -> Result<Child, StartError> {
    let log = File::create(directory.path().join(LOG)).map_err(StartError::Directory)?;
    let spawned = |source| StartError::Spawn {
        program: program.to_owned(),
        source,
    };
    // Absolute, because the child starts in another directory.
    let mut command = std::process::Command::new(std::path::absolute(program).map_err(spawned)?);
    command
        .arg("-")
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(log.try_clone().map_err(StartError::Directory)?)
        .stderr(log)
        .process_group(0);
    die_with_parent(&mut command);
    Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .map_err(spawned)
}

/// Hands the configuration over by pipe: on a command line, everyone on the machine could read the password.
async fn configure(
    child: &mut Child,
    port: u16,
    password: &str,
    directory: &Path,
) -> io::Result<()> {
    let socket = directory.join(SOCKET);
    let configuration = format!(
        "bind 127.0.0.1\nport {port}\nunixsocket \"{}\"\nunixsocketperm 700\nrequirepass {password}\nsave \"\"\n\
         appendonly no\nloglevel warning\n",
        socket.display()
    );
    let mut stdin = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    match stdin.write_all(configuration.as_bytes()).await {
        // It ended without reading; why is in its log, which is read next.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Waits until the server answers, or has ended.
async fn ready(
    child: &mut Child,
    program: &Path,
    directory: &Path,
    url: &StoreUrl,
) -> Result<StoreDescription, StartError> {
    let program = || program.to_owned();
    tokio::select! {
        answered = answering(url) => answered.map_err(|source| StartError::Unfit { program: program(), source }),
        ended = child.wait() => {
            let status = ended.map_err(|source| StartError::Spawn { program: program(), source })?;
            Err(StartError::Ended { program: program(), status, log: last_words(&directory.join(LOG)) })
        }
    }
}

/// Asks until the server answers to our password: somebody else's on that port would not.
async fn answering(url: &StoreUrl) -> Result<StoreDescription, InspectError> {
    let start = Instant::now();
    loop {
        match inspect(url.expose(), StartedBy::Authbench).await {
            Err(InspectError::Connect(_)) if start.elapsed() < START_DEADLINE => sleep(POLL).await,
            outcome => return outcome,
        }
    }
}

/// The last lines of a log: Redis says why it gave up in the one before the last.
fn last_words(log: &Path) -> String {
    const LINES: usize = 3;
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines[lines.len().saturating_sub(LINES)..].join(" / ")
}

fn said(log: &str) -> String {
    if log.is_empty() {
        String::new()
    } else {
        format!(", saying: {log}")
    }
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::super::find::on_path;
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_recognised_so_that_another_can_be_tried() {
        let Some(program) = on_path("redis-server", env::var_os("PATH").as_deref()) else {
            return eprintln!("skipped: redis-server is not on PATH");
        };
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = taken.local_addr().expect("its address").port();
        let place = Place {
            port: Some(port),
            ..Place::random()
        };
        let error = ServerProcess::start(&program, &place)
            .await
            .err()
            .expect("the port is taken");
        let StartError::Ended { log, .. } = &error else {
            panic!("{error}")
        };
        assert!(port_was_taken(log), "{error}");
    }

    #[test]
    fn passwords_are_not_repeated() {
        assert_ne!(Place::random().password, Place::random().password);
    }
}

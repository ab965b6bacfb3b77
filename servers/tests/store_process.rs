//! The store process: what it says, and that nothing outlives it.
//!
//! The process is this test program again, told by the environment to be the store process.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use authbench_servers::store::{self, REQUIRE_REDIS, StartedStore, Store, StoreKind, StoreOptions};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(10);

/// Not a test: the store process of the tests below.
#[test]
#[ignore = "run by the tests beside it, as a process of its own"]
fn store_process() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the wiring");
    let wiring = serde_json::from_str(&line).expect("valid wiring");
    if let Err(error) = store::serve(wiring, true) {
        eprintln!("{error}");
        std::process::exit(2);
    }
}

#[tokio::test]
async fn without_any_redis_the_embedded_store_serves_and_says_so() {
    let mut process = StoreProcess::start(&json!({}), Some(Path::new("/nowhere")));
    let ready = process.ready();
    assert_eq!(ready["ready"], "store");
    assert_eq!(ready["pid"], process.child.id());
    assert_eq!(
        ready["store"],
        json!({"kind": "embedded", "product": "authbench embedded store", "version": env!("CARGO_PKG_VERSION"),
               "persistence": "none", "transport": "tcp", "started_by": "embedded"})
    );
    usable(&ready).await;
    process.close_stdin();
    assert!(process.child.wait().expect("it ends").success());
    assert!(process.said().contains("valkey-server is not on PATH"));
}

#[tokio::test]
async fn a_redis_on_path_is_started_described_and_ended_with_its_supervisor() {
    if !real_redis() {
        return;
    }
    for end in [
        End::ParentGone,
        End::Signal(Signal::SIGTERM),
        End::Signal(Signal::SIGINT),
    ] {
        let mut process = StoreProcess::start(&json!({"require_real_redis": true}), None);
        let ready = process.ready();
        let pid = pid_of(&ready);
        assert_ne!(ready["pid"], process.child.id(), "CPU is the server's own");
        assert_eq!(
            (
                &ready["store"]["persistence"],
                &ready["store"]["started_by"]
            ),
            (&json!("none"), &json!("authbench"))
        );
        assert!(
            !command_line(pid).contains(password(&ready)),
            "{}",
            command_line(pid)
        );
        assert_eq!(process.private_directories(), 1);
        usable(&ready).await;
        match end {
            End::ParentGone => process.close_stdin(),
            End::Signal(signal) => kill(process.pid(), signal).expect("signalled"),
        }
        assert!(process.child.wait().expect("it ends").success());
        assert!(!runs(pid));
        assert_eq!(process.private_directories(), 0);
    }
}

#[test]
fn a_killed_supervisor_takes_its_redis_along() {
    if !real_redis() {
        return;
    }
    let mut process = StoreProcess::start(&json!({}), None);
    let pid = pid_of(&process.ready());
    process.child.kill().expect("killed");
    process.child.wait().expect("it ends");
    let gone = eventually(|| !runs(pid));
    if !gone {
        // Not even a failing test leaves it behind.
        kill(pid, Signal::SIGKILL).expect("killed");
    }
    assert!(gone, "it runs on");
}

#[test]
fn the_death_of_the_redis_ends_its_supervisor_with_an_error() {
    if !real_redis() {
        return;
    }
    let mut process = StoreProcess::start(&json!({}), None);
    kill(pid_of(&process.ready()), Signal::SIGKILL).expect("killed");
    assert_eq!(process.child.wait().expect("it ends").code(), Some(2));
    assert!(process.said().contains("keep the store running: it ended"));
    assert_eq!(process.private_directories(), 0);
}

#[tokio::test]
async fn a_url_of_the_user_is_used_as_it_is() {
    for kind in StartedStore::kinds_here() {
        let theirs = StartedStore::start(kind).expect("the store starts");
        let mut process = StoreProcess::start(&json!({"store_url": theirs.url()}), None);
        let ready = process.ready();
        assert_eq!(ready["url"], theirs.url());
        assert_eq!(ready["store"]["started_by"], "user");
        assert_eq!(
            ready["store"]["kind"],
            serde_json::to_value(kind).expect("a name")
        );
        assert_eq!(ready.get("pid"), None, "its CPU may be anybody's");
        process.close_stdin();
        assert!(process.child.wait().expect("it ends").success());
        usable(&ready).await;
    }
}

#[test]
fn an_unreachable_url_of_the_user_is_an_error_and_nothing_is_started_instead() {
    let mut process =
        StoreProcess::start(&json!({"store_url": "redis://:hunter2@127.0.0.1:1"}), None);
    assert_eq!(process.child.wait().expect("it ends").code(), Some(2));
    let said = process.said();
    assert!(
        said.contains("127.0.0.1:1") && said.contains("connection refused"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(process.private_directories(), 0);
}

#[test]
fn a_program_that_is_no_redis_is_an_error_with_its_last_words() {
    let tools = TempDir::new().expect("a directory");
    let fake = tools.path().join("redis-server");
    fs::write(&fake, "#!/bin/sh\necho cannot do that\nexit 3\n").expect("written");
    let executable = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    fs::set_permissions(&fake, executable).expect("executable");
    let mut process = StoreProcess::start(&json!({"redis_server": fake}), None);
    assert_eq!(process.child.wait().expect("it ends").code(), Some(2));
    let said = process.said();
    assert!(
        said.contains("it ended at once (exit status: 3), saying: cannot do that"),
        "{said}"
    );
}

enum End {
    ParentGone,
    Signal(Signal),
}

struct StoreProcess {
    child: Child,
    /// Apart from the child, whose `wait` would close it and so end the process.
    stdin: Option<ChildStdin>,
    /// Where the process makes its private directories.
    temporary: TempDir,
}

impl StoreProcess {
    fn start(wiring: &Value, path: Option<&Path>) -> Self {
        let temporary = TempDir::new().expect("a directory");
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command
            .args([
                "--exact",
                "store_process",
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let mut child = command.spawn().expect("spawned");
        let mut stdin = child.stdin.take().expect("piped");
        writeln!(stdin, "{wiring}").expect("wired");
        Self {
            child,
            stdin: Some(stdin),
            temporary,
        }
    }

    /// The ready line, which stands among what the test harness prints.
    fn ready(&mut self) -> Value {
        let lines = BufReader::new(self.child.stdout.as_mut().expect("piped")).lines();
        let line = lines
            .map_while(Result::ok)
            .find_map(|line| line.find('{').map(|start| line[start..].to_owned()));
        serde_json::from_str(&line.expect("a ready line")).expect("JSON")
    }

    fn close_stdin(&mut self) {
        drop(self.stdin.take());
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// All that the ended process wrote to standard error.
    fn said(&mut self) -> String {
        std::io::read_to_string(self.child.stderr.take().expect("piped")).expect("text")
    }

    fn private_directories(&self) -> usize {
        fs::read_dir(self.temporary.path())
            .expect("readable")
            .count()
    }
}

impl Drop for StoreProcess {
    fn drop(&mut self) {
        // Both fail only when it has ended already, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn real_redis() -> bool {
    let real = StartedStore::kinds_here()
        .into_iter()
        .any(|kind| kind != StoreKind::Embedded);
    if !real {
        eprintln!("skipped: needs a real Redis ({REQUIRE_REDIS}=1 makes this a failure)");
    }
    real
}

async fn usable(ready: &Value) {
    let url = ready["url"].as_str().expect("a URL");
    let options = StoreOptions {
        deadline: PATIENCE,
        response_timeout: PATIENCE,
        ..StoreOptions::default()
    };
    let store = Store::connect(url, options).await.expect("connected");
    store.put("k", b"v", PATIENCE).await.expect("put");
    assert_eq!(store.get("k").await, Ok(Some(b"v".to_vec())));
}

fn pid_of(ready: &Value) -> Pid {
    Pid::from_raw(ready["pid"].as_i64().expect("a process") as i32)
}

fn password(ready: &Value) -> &str {
    let url = ready["url"]
        .as_str()
        .expect("a URL")
        .trim_start_matches("redis://:");
    url.split_once('@').expect("a password").0
}

fn command_line(pid: Pid) -> String {
    fs::read_to_string(PathBuf::from(format!("/proc/{pid}/cmdline"))).unwrap_or_default()
}

fn runs(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH)
}

/// Whether `condition` comes true in good time.
fn eventually(mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if condition() {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}

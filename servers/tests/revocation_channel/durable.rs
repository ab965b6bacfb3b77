//! A Redis that keeps its data on disk, and can be killed and started again. It writes before it answers and leaves the rest to the kernel,
//! which is enough when the process dies and the machine does not.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// Kept in a folder of its own.
pub(crate) struct DurableRedis {
    pub(crate) url: String,
    port: u16,
    folder: TempDir,
    server: Child,
}

impl DurableRedis {
    /// `None` where there is no Redis.
    pub(crate) async fn start() -> Option<Self> {
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = free.local_addr().expect("bound").port();
        drop(free);
        let folder = tempfile::tempdir().expect("a folder");
        let server = spawn(port, &folder)?;
        let redis = Self {
            url: format!("redis://127.0.0.1:{port}"),
            port,
            folder,
            server,
        };
        redis.listens().await;
        Some(redis)
    }

    /// As the kernel does when there is no memory left: without a word.
    pub(crate) async fn kill(&mut self) {
        self.server.kill().await.expect("killed");
    }

    /// With the data that it had.
    pub(crate) async fn start_again(&mut self) {
        self.server = spawn(self.port, &self.folder).expect("it was there before");
        self.listens().await;
    }

    async fn listens(&self) {
        for _ in 0..1_000 {
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not listen");
    }
}

fn spawn(port: u16, folder: &TempDir) -> Option<Child> {
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "yes", "--appendfsync", "no"])
        .args(["--dir", folder.path().to_str().expect("UTF-8")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    match command.spawn() {
        Ok(child) => Some(child),
        Err(error) => {
            let required = std::env::var_os(authbench_servers::store::REQUIRE_REDIS);
            assert!(required.is_none_or(|value| value != "1"), "{error}");
            eprintln!("skipped: redis-server is not on PATH");
            None
        }
    }
}

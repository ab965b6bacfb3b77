//! A server that goes on accepting a revoked credential for a time that is known.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a credential after its revocation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Script {
    /// Accepts it for this much longer.
    Lags(Duration),
    /// Accepts it for ever.
    Never,
    /// Refuses it, then accepts it once more from `.0` to `.1` after the revocation.
    Flaps(Duration, Duration),
    /// Accepts it up to `.0` after the revocation, answers 503 up to `.1`, then refuses it.
    Outage(Duration, Duration),
    /// Revokes it at once, but closes the connection without an answer to the revoking call.
    LosesAcknowledgement,
    /// Looks a credential up at its first use and believes the answer for this long.
    Caches(Duration),
}

/// A running server: where it listens, and what it knows.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    users: Users,
}

type Users = Arc<Mutex<HashMap<String, User>>>;

#[derive(Default)]
struct User {
    revoked: Option<Instant>,
    cached_until: Option<Instant>,
    truth: Duration,
}

impl Server {
    /// Starts one on a thread of its own, so that it does not wait for the prober.
    pub(super) fn start(script: Script) -> Self {
        let users = Users::default();
        let (tell, told) = std::sync::mpsc::channel();
        let state = Arc::clone(&users);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
                tell.send(listener.local_addr().expect("has an address"))
                    .expect("somebody listens");
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, script, Arc::clone(&state)));
                }
            });
        });
        let address = told.recv().expect("the server started");
        Self { address, users }
    }

    /// How long after its revocation `user` could still have been accepted, on the server's own clock.
    pub(super) fn truth(&self, user: &str) -> Duration {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.get(user).expect("a user that was revoked").truth
    }
}

async fn serve(mut stream: TcpStream, script: Script, users: Users) {
    stream.set_nodelay(true).expect("a TCP socket");
    let mut request = Vec::new();
    // No request here has a body, so one ends with its head.
    while let Ok(1..) = stream.read_buf(&mut request).await {
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        request.clear();
        let Some(answer) = answer(&text, script, &users) else {
            return;
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// `None`: the connection is closed without a word.
fn answer(request: &str, script: Script, users: &Users) -> Option<String> {
    let path = request.split(' ').nth(1).unwrap_or_default();
    if let Some(name) = path.strip_prefix("/login/") {
        let body = format!("{{\"token\":\"{name}\"}}");
        let length = body.len();
        return Some(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"
        ));
    }
    let mut users = users.lock().unwrap_or_else(PoisonError::into_inner);
    let user = users.entry(bearer(request).to_owned()).or_default();
    let status = match path {
        "/resource" => user.ask(script),
        "/refresh" if user.revoked.is_none() => 200,
        "/refresh" => 401,
        "/revoke" => {
            user.revoke(script);
            if matches!(script, Script::LosesAcknowledgement) {
                return None;
            }
            200
        }
        _ => 404,
    };
    Some(format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n"))
}

fn bearer(request: &str) -> &str {
    let token = request.split("Bearer ").nth(1).unwrap_or_default();
    token.split("\r\n").next().unwrap_or_default()
}

impl User {
    fn revoke(&mut self, script: Script) {
        let now = Instant::now();
        self.revoked = Some(now);
        self.truth = match script {
            Script::Lags(lag) => lag,
            Script::Flaps(_, until) | Script::Outage(until, _) => until,
            Script::Caches(_) => self
                .cached_until
                .map_or(Duration::ZERO, |until| until.saturating_duration_since(now)),
            Script::Never => Duration::MAX,
            Script::LosesAcknowledgement => Duration::ZERO,
        };
    }

    /// The status for a use of the credential now.
    fn ask(&mut self, script: Script) -> u16 {
        let now = Instant::now();
        let since = self.revoked.map(|revoked| now.duration_since(revoked));
        let accepted = match (script, since) {
            (Script::Caches(lifetime), _) => self.ask_cache(lifetime, now),
            (_, None) | (Script::Never, _) => true,
            (Script::Outage(from, to), Some(since)) if (from..to).contains(&since) => return 503,
            (Script::Lags(until) | Script::Outage(until, _), Some(since)) => since < until,
            (Script::Flaps(from, to), Some(since)) => (from..to).contains(&since),
            (Script::LosesAcknowledgement, Some(_)) => false,
        };
        if accepted { 200 } else { 401 }
    }

    fn ask_cache(&mut self, lifetime: Duration, now: Instant) -> bool {
        if self.cached_until.is_some_and(|until| now < until) {
            return true;
        }
        let active = self.revoked.is_none();
        self.cached_until = active.then(|| now + lifetime);
        active
    }
}

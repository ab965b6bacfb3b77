//! A server whose events put out whom they are told to, for a time that is known.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The distance of two events of a stream.
const EVENT_EVERY: Duration = Duration::from_millis(10);

/// Whom `POST /revoke` puts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PutsOut {
    /// All tokens of its user.
    Account,
    /// Everybody, whatever was promised.
    Everybody,
}

/// What a server does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    pub(super) puts_out: PutsOut,
    /// Tokens are accepted for so long after the event, and open streams go on.
    pub(super) lag: Duration,
    /// How long a login takes of a user who has a token already.
    pub(super) another_login: Duration,
}

/// A running server.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    script: Script,
    tokens: Mutex<HashMap<String, Token>>,
    events: Mutex<u32>,
}

struct Token {
    user: String,
    ended: Option<Instant>,
}

impl Server {
    /// Starts one on a thread of its own, so that it does not wait for the prober.
    pub(super) fn start(script: Script) -> Self {
        let state = Arc::new(State {
            script,
            tokens: Mutex::default(),
            events: Mutex::default(),
        });
        let (tell, told) = std::sync::mpsc::channel();
        let serving = Arc::clone(&state);
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
                    tokio::spawn(serve(stream, Arc::clone(&serving)));
                }
            });
        });
        let address = told.recv().expect("the server started");
        Self { address, state }
    }

    /// How often an event was made.
    pub(super) fn events(&self) -> u32 {
        let events = self.state.events.lock();
        *events.unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).expect("a TCP socket");
    let mut request = Vec::new();
    // No request here has a body, so one ends with its head.
    while let Ok(1..) = stream.read_buf(&mut request).await {
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        request.clear();
        if text.starts_with("GET /events ") {
            return go_on(stream, &state, bearer(&text)).await;
        }
        if state.knows(&text) {
            tokio::time::sleep(state.script.another_login).await;
        }
        let answer = state.answer(&text);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A stream that ends when its token is no longer accepted.
async fn go_on(mut stream: TcpStream, state: &State, token: &str) {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    const EVENT: &[u8] = b"9\r\ndata: x\n\n\r\n";
    if stream.write_all(HEAD).await.is_err() {
        return;
    }
    while state.accepts(token) {
        if stream.write_all(EVENT).await.is_err() {
            return;
        }
        tokio::time::sleep(EVENT_EVERY).await;
    }
    // Nobody may be there any more to hear it.
    let _ = stream.write_all(b"0\r\n\r\n").await;
}

impl State {
    fn tokens(&self) -> MutexGuard<'_, HashMap<String, Token>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accepts(&self, token: &str) -> bool {
        let tokens = self.tokens();
        let ended = tokens.get(token).map(|token| token.ended);
        ended.is_some_and(|ended| ended.is_none_or(|at| at.elapsed() < self.script.lag))
    }

    /// Whether it is the login of a user who has a token.
    fn knows(&self, request: &str) -> bool {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let user = path.strip_prefix("/login/");
        self.tokens()
            .values()
            .any(|token| Some(&*token.user) == user)
    }

    fn answer(&self, request: &str) -> String {
        let path = request.split(' ').nth(1).unwrap_or_default();
        if let Some(user) = path.strip_prefix("/login/") {
            return self.log_in(user);
        }
        let token = bearer(request);
        let status = match path {
            "/resource" if self.accepts(token) => 200,
            "/resource" => 401,
            "/revoke" => {
                let user = self.tokens().get(token).map(|token| token.user.clone());
                let everybody = self.script.puts_out == PutsOut::Everybody;
                self.end(|token| everybody || Some(&token.user) == user.as_ref());
                204
            }
            "/cut-off" => {
                self.end(|_| true);
                204
            }
            _ => 404,
        };
        format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n")
    }

    fn log_in(&self, user: &str) -> String {
        let mut tokens = self.tokens();
        let name = format!("{user}-{}", tokens.len());
        let body = format!("{{\"token\":\"{name}\"}}");
        let user = user.to_owned();
        tokens.insert(name, Token { user, ended: None });
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}")
    }

    fn end(&self, which: impl Fn(&Token) -> bool) {
        let now = Instant::now();
        let mut tokens = self.tokens();
        let hit = tokens.values_mut().filter(|token| which(token));
        hit.for_each(|token| _ = token.ended.get_or_insert(now));
        *self.events.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }
}

fn bearer(request: &str) -> &str {
    let token = request.split("Bearer ").nth(1).unwrap_or_default();
    token.split("\r\n").next().unwrap_or_default()
}

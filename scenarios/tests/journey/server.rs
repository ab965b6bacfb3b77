//! Servers that end sessions after a known number of requests, or because of a known mistake of the client.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Requests for which a token of [`Script::Forgets`] is good.
pub(super) const GOOD_FOR: u32 = 3;

/// What the server does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Script {
    /// Accepts a token [`GOOD_FOR`] times and no more.
    Forgets,
    /// Rotates refresh tokens, which come as a cookie, without any grace: one that comes twice ends its family. Access tokens are good for ever.
    Rotates,
    /// Answers every second request with 429.
    Throttles,
}

#[derive(Default)]
struct State {
    issued: u32,
    /// Uses of each token.
    uses: HashMap<String, u32>,
    /// The refresh token of each family that is good; none when the family has ended.
    families: HashMap<String, Option<String>>,
}

/// Starts one on a thread of its own; where it listens.
pub(super) fn start(script: Script) -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let state = Arc::new(Mutex::new(State::default()));
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
            tell.send(listener.local_addr().expect("has an address"))
                .expect("somebody listens");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script, Arc::clone(&state)));
            }
        });
    });
    told.recv().expect("the server started")
}

async fn serve(mut stream: TcpStream, script: Script, state: Arc<Mutex<State>>) {
    stream.set_nodelay(true).expect("a TCP socket");
    let mut request = Vec::new();
    // No request here has a body, so one ends with its head.
    while let Ok(1..) = stream.read_buf(&mut request).await {
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        request.clear();
        let answer = state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .answer(&text, script);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

impl State {
    fn answer(&mut self, request: &str, script: Script) -> String {
        match request.split(' ').nth(1).unwrap_or_default() {
            "/login" => {
                let family = format!("family-{}", self.new_number());
                self.tokens(&family)
            }
            "/refresh" => self.refresh(request),
            _ => self.resource(between(request, "Bearer ", "\r\n"), script),
        }
    }

    fn refresh(&mut self, request: &str) -> String {
        let presented = between(request, "refresh=", "\r\n").to_owned();
        let family = presented.split('.').next().unwrap_or_default().to_owned();
        match self.families.get_mut(&family) {
            Some(Some(current)) if *current == presented => self.tokens(&family),
            Some(current) => {
                // Used before: whoever holds its successor may have stolen it, or this one.
                *current = None;
                status(400, "")
            }
            None => status(400, ""),
        }
    }

    fn tokens(&mut self, family: &str) -> String {
        let refresh = format!("{family}.{}", self.new_number());
        self.families
            .insert(family.to_owned(), Some(refresh.clone()));
        let body = format!("{{\"token\":\"token-{}\"}}", self.new_number());
        format!(
            "HTTP/1.1 200 -\r\nset-cookie: refresh={refresh}; Path=/refresh\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn resource(&mut self, token: &str, script: Script) -> String {
        let uses = self.uses.entry(token.to_owned()).or_default();
        *uses += 1;
        match script {
            Script::Forgets if *uses > GOOD_FOR => status(401, ""),
            Script::Throttles if uses.is_multiple_of(2) => status(429, "retry-after: 0\r\n"),
            _ => status(200, ""),
        }
    }

    fn new_number(&mut self) -> u32 {
        self.issued += 1;
        self.issued
    }
}

fn status(status: u16, header: &str) -> String {
    format!("HTTP/1.1 {status} -\r\n{header}content-length: 0\r\n\r\n")
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split(from).nth(1).unwrap_or_default();
    rest.split(to).next().unwrap_or_default()
}

//! Somebody's server: its tokens are canaries, and its answers repeat whatever it was sent, as talkative servers do.

use crate::canary::Canary;
use crate::provider::{OfProvider, Provider};
use crate::search::Search;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::collections::{BTreeSet, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the server gives out; each login gets its own, with these in front.
pub(crate) struct Issued {
    access_token: Canary,
    jwt_id: Canary,
    refresh_token: Canary,
    session: Canary,
    pub(crate) provider: OfProvider,
}

impl Issued {
    /// All of it.
    pub(crate) fn canaries(&self) -> Vec<Canary> {
        let all = [
            &self.access_token,
            &self.jwt_id,
            &self.refresh_token,
            &self.session,
        ];
        [&all.map(Clone::clone)[..], &self.provider.canaries()].concat()
    }
}

/// A server that runs until the test's process ends.
pub(crate) struct Server {
    /// `http://127.0.0.1:port`.
    pub(crate) url: String,
    pub(crate) issued: Issued,
    logins: AtomicUsize,
    ended: Mutex<HashSet<String>>,
    /// Everything that it was sent.
    heard: Mutex<Vec<u8>>,
    pub(crate) provider: Mutex<Provider>,
}

impl Server {
    pub(crate) fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let server = Arc::new(Self {
            url: format!("http://{address}"),
            issued: Issued {
                access_token: Canary::token("access token"),
                jwt_id: Canary::token("jti of the access token"),
                refresh_token: Canary::token("refresh token"),
                session: Canary::password("session id, as its owner sends it"),
                provider: OfProvider::new(),
            },
            logins: AtomicUsize::default(),
            ended: Mutex::default(),
            heard: Mutex::default(),
            provider: Mutex::default(),
        });
        let accepting = Arc::clone(&server);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&accepting);
                thread::spawn(move || server.serve(stream));
            }
        });
        server
    }

    /// Answers one request after another, until the other side has no more.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut writer = stream;
        loop {
            let request = read(&mut reader)?;
            let mut heard = self.heard.lock().expect("whole");
            heard.extend_from_slice(request.as_bytes());
            drop(heard);
            writer.write_all(self.answer(&request).as_bytes()).ok()?;
        }
    }

    /// The places of those of `canaries` that it was sent, in whatever form.
    pub(crate) fn was_sent(&self, canaries: &[Canary]) -> BTreeSet<String> {
        Search::new(canaries).places(&self.heard.lock().expect("whole"))
    }

    fn answer(&self, request: &str) -> String {
        let (method, path) = {
            let mut words = request.split(' ');
            (words.next(), words.next().unwrap_or_default())
        };
        let path = path.split('?').next().unwrap_or_default();
        let logins = self.logins.fetch_add(1, Ordering::Relaxed);
        match (method, path) {
            (Some("POST"), "/login") => self.credential(logins),
            // Says no, and repeats the request in every encoding it can think of.
            (_, "/refused") => reply(400, "", &repeated(request)),
            // Has made a credential by the time it fails, and tells.
            (_, "/broken") => reply(500, "", &self.tokens(logins)),
            // Makes a credential that is not where it is looked for.
            (_, "/elsewhere") => reply(200, "", &format!("[{}]", self.tokens(logins))),
            (Some("POST"), "/logout") => {
                let token = bearer(request).unwrap_or_default();
                self.ended.lock().expect("whole").insert(token);
                reply(204, "", "")
            }
            (Some("POST"), "/admin") => {
                // Whoever is meant is named by the token that goes with the call.
                let token = request.split("token=").nth(1).unwrap_or_default();
                self.ended.lock().expect("whole").insert(token.to_owned());
                reply(204, "", "")
            }
            (Some("GET"), "/api") => {
                let known = |token: &String| !self.ended.lock().expect("whole").contains(token);
                let status = if bearer(request).filter(known).is_some() {
                    200
                } else {
                    401
                };
                reply(status, "", &repeated(request))
            }
            _ => {
                let answer = self.as_provider(request, logins);
                answer.unwrap_or_else(|| reply(404, "", &repeated(request)))
            }
        }
    }

    fn credential(&self, number: usize) -> String {
        let session: String = self
            .issued
            .session
            .text
            .bytes()
            .map(|byte| match byte {
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect();
        let cookie = format!("set-cookie: sid={session}{number:06}; Path=/; HttpOnly\r\n");
        reply(200, &cookie, &self.tokens(number))
    }

    /// Whether the bearer token was ended by name.
    pub(crate) fn has_ended(&self, token: &str) -> bool {
        self.ended.lock().expect("whole").contains(token)
    }

    /// A token response. The access token has the shape of a JWT, so that whoever reads into it has something to find.
    pub(crate) fn tokens(&self, number: usize) -> String {
        let part = |text: String| URL_SAFE_NO_PAD.encode(text);
        let header = part(r#"{"alg":"RS256","typ":"at+jwt"}"#.to_owned());
        let claims = part(format!(
            r#"{{"jti":"{}","exp":4102444800,"n":{number}}}"#,
            self.issued.jwt_id.text
        ));
        let signature = format!("{}{number:06}", self.issued.access_token.text);
        let refresh = format!("{}{number:06}", self.issued.refresh_token.text);
        format!(r#"{{"access_token":"{header}.{claims}.{signature}","refresh_token":"{refresh}"}}"#)
    }
}

/// One request, head and body; `None` at the end of the connection.
fn read(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if reader.read_line(&mut request).ok()? == 0 {
            return None;
        }
    }
    let length = request
        .to_ascii_lowercase()
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.push_str(&String::from_utf8_lossy(&body));
    Some(request)
}

pub(crate) fn bearer(request: &str) -> Option<String> {
    let rest = request.split("Bearer ").nth(1)?;
    Some(rest.split("\r\n").next()?.to_owned())
}

/// The request's credentials as an error page might show them. Short, so that no excerpt cuts all of it off.
pub(crate) fn repeated(request: &str) -> String {
    let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
    let header = |name: &str| {
        let line = request.lines().find(|line| line.starts_with(name));
        line.unwrap_or_default().to_owned()
    };
    let headers = ["authorization", "cookie", "x-"].map(header).join(" ");
    let is_form = request.contains("application/x-www-form-urlencoded");
    let read = match is_form {
        true => decoded(&format!("{headers} {body}")),
        false => format!("{headers} {body}"),
    };
    // Rotates, so that each form comes first now and then.
    static TURN: AtomicUsize = AtomicUsize::new(0);
    match TURN.fetch_add(1, Ordering::Relaxed) % 4 {
        0 => format!("no: {read}"),
        1 => format!("no: {headers} {body}"),
        2 => format!("no: {}", STANDARD.encode(read)),
        _ => serde_json::json!({ "error": "refused", "sent": read }).to_string(),
    }
}

/// What a form decoder makes of it.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.unwrap_or(b'0'));
                let digits = String::from_utf8_lossy(&digits).into_owned();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) fn reply(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

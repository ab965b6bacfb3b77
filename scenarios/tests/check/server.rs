//! A server of tokens, with one thing wrong with it or nothing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What no output may hold.
pub(crate) const PASSWORD: &str = "canary-password-1";

/// What the administrator's login gives.
const ADMIN_TOKEN: &str = "canary-admin-token-of-forty-characters-1";

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Nothing,
    /// The API answers whoever asks.
    Open,
    /// The API looks at the beginning of a token only.
    Gullible,
    /// A logout is acknowledged and does nothing.
    LogoutDoesNothing,
    /// Tokens are said to live for another time than the file's.
    ExpiresIn,
    /// The client is not known.
    Client,
    /// The API is asked too often.
    Throttles,
    /// The login sets a cookie for another domain.
    CookieScope,
    /// A refresh works after the logout.
    RefreshOutlives,
    /// The API answers a refusal that the file does not know.
    OddRefusal,
}

#[derive(Default)]
struct State {
    issued: u32,
    /// Tokens, and whether they are good.
    tokens: BTreeMap<String, bool>,
}

/// Starts the server; its address.
pub(crate) async fn start(wrong: Wrong) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let state = Arc::new(Mutex::new(State::default()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, wrong, Arc::clone(&state)));
        }
    });
    address
}

async fn serve(mut stream: TcpStream, wrong: Wrong, state: Arc<Mutex<State>>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        // Requests here are small, and each is written at once.
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let answer = answer(&request, wrong, &state);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(request: &str, wrong: Wrong, state: &Mutex<State>) -> String {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let token = request.split("Bearer ").nth(1).unwrap_or_default();
    let token = token.split("\r\n").next().unwrap_or_default();
    match path.split('?').next().unwrap_or_default() {
        "/login" if wrong == Wrong::Client => response(401, "", r#"{"error":"invalid_client"}"#),
        "/login" if !request.contains(PASSWORD) => response(401, "", "who?"),
        "/login" | "/refresh" if path == "/refresh" && !refreshes(&state, request, wrong) => {
            response(400, "", r#"{"error":"invalid_grant"}"#)
        }
        "/login" | "/refresh" => {
            state.issued += 1;
            let number = state.issued;
            let token = format!("canary-token-of-forty-characters-{number:07}");
            state.tokens.insert(token.clone(), true);
            let cookie = match wrong {
                Wrong::CookieScope => "Set-Cookie: sid=1; Domain=example.com\r\n",
                _ => "",
            };
            let seconds = if wrong == Wrong::ExpiresIn { 3600 } else { 300 };
            let body = format!(
                r#"{{"access_token":"{token}","refresh_token":"{token}-r","expires_in":{seconds}}}"#
            );
            response(200, cookie, &body)
        }
        "/admin/login" => response(200, "", &format!(r#"{{"token":"{ADMIN_TOKEN}"}}"#)),
        "/admin/disable" | "/admin/enable" if token != ADMIN_TOKEN => response(403, "", ""),
        "/admin/enable" => response(204, "", ""),
        "/logout" | "/admin/disable" => {
            if wrong != Wrong::LogoutDoesNothing {
                // Everybody's: there is one user at a time here.
                state.tokens.values_mut().for_each(|good| *good = false);
            }
            response(204, "", "")
        }
        "/api" if wrong == Wrong::Throttles => response(429, "Retry-After: 30\r\n", "slow down"),
        "/api" if accepts(&state, token, wrong) => response(200, "", "hello"),
        "/api" if wrong == Wrong::OddRefusal => response(400, "", "no"),
        "/api" => response(401, "WWW-Authenticate: Bearer\r\n", ""),
        _ => response(404, "", ""),
    }
}

fn refreshes(state: &State, request: &str, wrong: Wrong) -> bool {
    let good = |(token, good): (&String, &bool)| {
        (*good || wrong == Wrong::RefreshOutlives) && request.contains(&format!("{token}-r"))
    };
    state.tokens.iter().any(good)
}

fn accepts(state: &State, token: &str, wrong: Wrong) -> bool {
    match wrong {
        Wrong::Open => true,
        Wrong::Gullible => token.starts_with("canary"),
        _ => state.tokens.get(token).is_some_and(|good| *good),
    }
}

fn response(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    match status {
        204 => format!("HTTP/1.1 204 X\r\n{headers}\r\n"),
        _ => format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}"),
    }
}

//! An authorization server: a sign-in page reached through a redirect, authorization code with PKCE, tokens that mean nothing elsewhere,
//! rotation of refresh tokens, revocation, introspection. Beside it an API that introspects, and keeps what it was told for [`CACHE`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::foreign::http::{Answer, Request, Site, escaped};
use crate::foreign::secret;

/// The planted lag: at most this long, and never for the introspection endpoint itself.
pub(crate) const CACHE: Duration = Duration::from_millis(400);
pub(crate) const ACCESS_TTL: Duration = Duration::from_secs(3);
pub(crate) const CLIENT: (&str, &str) = ("shop", "s:hop secret/%");
pub(crate) const PASSWORD: &str = "p&ss wörd";
const REDIRECT: &str = "http://127.0.0.1/signed-in";

pub(crate) struct AuthorizationServer {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Sign-ins under way: ticket → what the client asked for.
    tickets: HashMap<String, Asked>,
    codes: HashMap<String, Asked>,
    access: HashMap<String, Access>,
    /// Refresh token → user; one that was used stays, to be recognised.
    refresh: HashMap<String, Refresh>,
    /// When each user's token was revoked, and how long the API went on accepting it.
    ended: HashMap<String, Duration>,
    cached: HashMap<String, Instant>,
}

#[derive(Clone, Default)]
struct Asked {
    user: String,
    state: String,
    challenge: String,
}

struct Access {
    user: String,
    expires: Instant,
    revoked: bool,
}

struct Refresh {
    user: String,
    used: bool,
}

impl AuthorizationServer {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
        })
    }

    /// How long the API went on accepting each user's token after its revocation: the truth.
    pub(crate) fn ended(&self) -> HashMap<String, Duration> {
        self.state().ended.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }
}

impl Site for AuthorizationServer {
    fn answer(&self, request: &Request) -> Answer {
        let mut state = self.state();
        match request.route() {
            ("GET", "/authorize") => state.authorize(request),
            ("GET", "/sign-in") => sign_in_page(request),
            ("POST", "/sign-in") => state.sign_in(request),
            ("POST", "/token") => by_client(request, || state.token(request)),
            ("POST", "/introspect") => by_client(request, || state.introspect(request)),
            ("POST", "/revoke") => by_client(request, || state.revoke(request)),
            _ => Answer::new(404),
        }
    }
}

fn by_client(request: &Request, answer: impl FnOnce() -> Answer) -> Answer {
    match request.basic() {
        Some((id, secret)) if (id.as_str(), secret.as_str()) == CLIENT => answer(),
        _ => Answer::json(401, &json!({ "error": "invalid_client" }))
            .with("www-authenticate", "Basic realm=\"clients\""),
    }
}

impl State {
    /// Two redirects lead to the sign-in page: one of them is not enough for a client that follows only one.
    fn authorize(&mut self, request: &Request) -> Answer {
        let asked = |name| request.query(name).unwrap_or_default();
        if asked("hop").is_empty() {
            let fine = asked("response_type") == "code"
                && asked("client_id") == CLIENT.0
                && asked("redirect_uri") == REDIRECT
                && asked("code_challenge_method") == "S256";
            if !fine {
                return Answer::new(400);
            }
            let ticket = secret();
            let asked = Asked {
                user: String::new(),
                state: asked("state"),
                challenge: asked("code_challenge"),
            };
            self.tickets.insert(ticket.clone(), asked);
            return Answer::found(&format!("/authorize?hop=2&ticket={ticket}"));
        }
        Answer::found(&format!("/sign-in?ticket={}", asked("ticket")))
    }

    fn sign_in(&mut self, request: &Request) -> Answer {
        let field = |name| request.form(name).unwrap_or_default();
        let Some(mut asked) = self.tickets.remove(&field("ticket")) else {
            return Answer::new(400);
        };
        if field("password") != PASSWORD {
            return Answer::new(403);
        }
        asked.user = field("login");
        let code = secret();
        let location = format!("{REDIRECT}?state={}&code={code}", asked.state);
        self.codes.insert(code, asked);
        Answer::found(&location)
    }

    fn token(&mut self, request: &Request) -> Answer {
        let field = |name| request.form(name).unwrap_or_default();
        let user = match field("grant_type").as_str() {
            "authorization_code" => {
                let asked = self.codes.remove(&field("code"));
                let proof = digest(&SHA256, field("code_verifier").as_bytes());
                let proof = BASE64_URL_SAFE_NO_PAD.encode(proof);
                asked
                    .filter(|asked| asked.challenge == proof && field("redirect_uri") == REDIRECT)
                    .map(|asked| asked.user)
            }
            "refresh_token" => self.rotate(&field("refresh_token")),
            _ => return Answer::json(400, &json!({ "error": "unsupported_grant_type" })),
        };
        match user {
            Some(user) => Answer::json(200, &self.issue(user)),
            None => Answer::json(400, &json!({ "error": "invalid_grant" })),
        }
    }

    /// Each refresh token works once; one that comes twice ends all of its user's (RFC 9700 §4.14.2).
    fn rotate(&mut self, token: &str) -> Option<String> {
        let refresh = self.refresh.get_mut(token)?;
        let user = refresh.user.clone();
        if std::mem::replace(&mut refresh.used, true) {
            self.refresh.retain(|_, refresh| refresh.user != user);
            return None;
        }
        Some(user)
    }

    fn issue(&mut self, user: String) -> Value {
        let (access, refresh) = (secret(), secret());
        let answer = json!({
            "access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": ACCESS_TTL.as_secs(),
        });
        let expires = Instant::now() + ACCESS_TTL;
        self.refresh.insert(
            refresh,
            Refresh {
                user: user.clone(),
                used: false,
            },
        );
        self.access.insert(
            access,
            Access {
                user,
                expires,
                revoked: false,
            },
        );
        answer
    }

    fn active(&self, token: &str) -> Option<&Access> {
        let access = self.access.get(token)?;
        (!access.revoked && Instant::now() < access.expires).then_some(access)
    }

    fn introspect(&mut self, request: &Request) -> Answer {
        let body = match self.active(&request.form("token").unwrap_or_default()) {
            Some(access) => json!({ "active": true, "username": access.user }),
            None => json!({ "active": false }),
        };
        Answer::json(200, &body)
    }

    /// Ends the access token, and the user's refresh tokens with it. Always 200 (RFC 7009 §2.2).
    fn revoke(&mut self, request: &Request) -> Answer {
        let token = request.form("token").unwrap_or_default();
        if let Some(access) = self.access.get_mut(&token).filter(|access| !access.revoked) {
            access.revoked = true;
            let user = access.user.clone();
            self.refresh.retain(|_, refresh| refresh.user != user);
            let cached_until = self.cached.get(&token);
            let lag = cached_until.map(|until| until.saturating_duration_since(Instant::now()));
            self.ended.insert(user, lag.unwrap_or_default());
        }
        Answer::new(200)
    }

    /// What the API makes of a token: what it was told up to [`CACHE`] ago, else what it is told now.
    fn accepted(&mut self, token: &str) -> bool {
        let now = Instant::now();
        if self.cached.get(token).is_some_and(|until| now < *until) {
            return true;
        }
        let active = self.active(token).is_some();
        if active {
            self.cached.insert(token.to_owned(), now + CACHE);
        }
        active
    }
}

fn sign_in_page(request: &Request) -> Answer {
    let ticket = escaped(&request.query("ticket").unwrap_or_default());
    Answer::html(format!(
        r#"<!doctype html><form method="post" action="/sign-in"><input type="hidden" name="ticket" value="{ticket}"></form>"#
    ))
}

/// The API. It shares the authorization server's memory in the place of a connection to it.
pub(crate) struct Api(pub(crate) Arc<AuthorizationServer>);

impl Site for Api {
    fn answer(&self, request: &Request) -> Answer {
        match (request.route(), request.bearer()) {
            (("GET", "/orders"), Some(token)) if self.0.state().accepted(token) => {
                Answer::json(200, &json!({ "orders": [] }))
            }
            (("GET", "/orders"), _) => {
                Answer::new(401).with("www-authenticate", "Bearer error=\"invalid_token\"")
            }
            _ => Answer::new(404),
        }
    }
}

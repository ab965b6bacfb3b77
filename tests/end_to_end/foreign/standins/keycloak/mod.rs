//! A realm of Keycloak, as far as `scenarios/examples/keycloak.toml` goes: the login page with its form, the token endpoint, introspection,
//! user info and logout, and of the admin REST API looking a user up, logging out and disabling.

mod admin;
mod login;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::jwt::Key;
use crate::foreign::http::{Answer, Request, Site};
use crate::foreign::secret;

pub(crate) const PASSWORD: &str = "keycloak-user-password";
pub(crate) const CLIENT: (&str, &str) = ("my-app", "keycloak-client-secret");
pub(crate) const ADMIN: (&str, &str) = ("load-test-admin", "keycloak-admin-secret");
const REALM: &str = "/realms/my-realm";
const ADMIN_REALM: &str = "/admin/realms/my-realm/users";
const ACCESS_TTL_S: u64 = 300;

pub(crate) struct Keycloak {
    url: String,
    pub(crate) key: Arc<Key>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Authentication sessions: `session_code` → what the client asked for.
    logging_in: HashMap<String, Asked>,
    codes: HashMap<String, Asked>,
    /// `sid` → user name.
    sessions: HashMap<String, String>,
    /// Refresh token → `sid`.
    refresh: HashMap<String, String>,
    disabled: HashSet<String>,
}

#[derive(Clone)]
struct Asked {
    user: String,
    redirect: String,
    state: String,
    challenge: String,
}

impl Keycloak {
    pub(crate) fn new(url: &str) -> Arc<Self> {
        Arc::new(Self {
            url: url.to_owned(),
            key: Arc::new(Key::generate()),
            state: Mutex::default(),
        })
    }
}

impl Site for Keycloak {
    fn answer(&self, request: &Request) -> Answer {
        let mut state = self.state.lock().expect("not poisoned");
        let (method, path) = request.route();
        if let Some(rest) = path.strip_prefix(ADMIN_REALM) {
            return self.admin(&mut state, request, method, rest);
        }
        let Some(path) = path.strip_prefix(REALM) else {
            return Answer::json(404, &json!({ "error": "Realm does not exist" }));
        };
        match (method, path) {
            ("GET", "/protocol/openid-connect/auth") => self.login_page(&mut state, request),
            ("POST", "/login-actions/authenticate") => login::authenticate(&mut state, request),
            ("POST", "/protocol/openid-connect/token") => self.token(&mut state, request),
            ("POST", "/protocol/openid-connect/token/introspect") => {
                self.introspect(&state, request)
            }
            ("GET", "/protocol/openid-connect/userinfo") => self.user_info(&state, request),
            ("POST", "/protocol/openid-connect/logout") => logout(&mut state, request),
            _ => Answer::json(404, &json!({ "error": "HTTP 404 Not Found" })),
        }
    }
}

impl Keycloak {
    /// Both ways in: the code of a browser's login, and direct access grants; and the service account of the administrator.
    fn token(&self, state: &mut State, request: &Request) -> Answer {
        let field = |name| request.form(name).unwrap_or_default();
        let client = client(request);
        if client == ADMIN && field("grant_type") == "client_credentials" {
            let token = self
                .key
                .sign(json!({ "azp": ADMIN.0, "typ": "Bearer" }), 60);
            return Answer::json(
                200,
                &json!({ "access_token": token, "expires_in": 60, "refresh_expires_in": 0, "token_type": "Bearer", "not-before-policy": 0, "scope": "profile" }),
            );
        }
        if client != CLIENT {
            return Answer::json(
                401,
                &json!({ "error": "unauthorized_client", "error_description": "Invalid client or Invalid client credentials" }),
            );
        }
        let sid = match field("grant_type").as_str() {
            "authorization_code" => {
                let asked = state.codes.remove(&field("code"));
                let proof = digest(&SHA256, field("code_verifier").as_bytes());
                let proof = BASE64_URL_SAFE_NO_PAD.encode(proof);
                let fine = |asked: &Asked| {
                    asked.challenge == proof && asked.redirect == field("redirect_uri")
                };
                asked.filter(fine).map(|asked| state.begin(asked.user))
            }
            "password" => {
                let user = field("username");
                let fine = field("password") == PASSWORD && !state.disabled.contains(&user);
                if !fine {
                    return Answer::json(
                        401,
                        &json!({ "error": "invalid_grant", "error_description": "Invalid user credentials" }),
                    );
                }
                Some(state.begin(user))
            }
            // Rotation is a setting of the realm (Revoke Refresh Token); here it is on.
            "refresh_token" => {
                let sid = state.refresh.remove(&field("refresh_token"));
                sid.filter(|sid| state.is_alive(sid))
            }
            _ => return Answer::json(400, &json!({ "error": "unsupported_grant_type" })),
        };
        match sid {
            Some(sid) => Answer::json(200, &self.tokens(state, &sid)),
            None => Answer::json(
                400,
                &json!({ "error": "invalid_grant", "error_description": "Session not active" }),
            ),
        }
    }

    fn tokens(&self, state: &mut State, sid: &str) -> Value {
        let claims = json!({
            "iss": format!("{}{REALM}", self.url), "sub": id_of(&state.sessions[sid]), "azp": CLIENT.0, "typ": "Bearer", "sid": sid,
            "jti": secret(), "scope": "openid profile", "preferred_username": state.sessions[sid],
        });
        let refresh = secret();
        state.refresh.insert(refresh.clone(), sid.to_owned());
        json!({
            "access_token": self.key.sign(claims, ACCESS_TTL_S), "expires_in": ACCESS_TTL_S, "refresh_expires_in": 1800, "refresh_token": refresh,
            "token_type": "Bearer", "not-before-policy": 0, "session_state": sid, "scope": "openid profile",
        })
    }

    /// Whether the token is ours, its session runs and its user is enabled.
    fn active(&self, state: &State, token: &str) -> Option<Value> {
        let claims = self.key.verify(token)?;
        state.is_alive(claims["sid"].as_str()?).then_some(claims)
    }

    fn introspect(&self, state: &State, request: &Request) -> Answer {
        if client(request) != CLIENT {
            return Answer::json(
                401,
                &json!({ "error": "invalid_request", "error_description": "Authentication failed." }),
            );
        }
        match self.active(state, &request.form("token").unwrap_or_default()) {
            Some(mut claims) => {
                claims["active"] = true.into();
                Answer::json(200, &claims)
            }
            None => Answer::json(200, &json!({ "active": false })),
        }
    }

    fn user_info(&self, state: &State, request: &Request) -> Answer {
        match request.bearer().and_then(|token| self.active(state, token)) {
            Some(claims) => Answer::json(200, &json!({ "sub": claims["sub"], "preferred_username": claims["preferred_username"] })),
            None => Answer::json(401, &json!({ "error": "invalid_token", "error_description": "Token verification failed" }))
                .with("www-authenticate", "Bearer realm=\"my-realm\", error=\"invalid_token\", error_description=\"Token verification failed\""),
        }
    }
}

impl State {
    fn begin(&mut self, user: String) -> String {
        let sid = secret();
        self.sessions.insert(sid.clone(), user);
        sid
    }

    fn is_alive(&self, sid: &str) -> bool {
        let user = self.sessions.get(sid);
        user.is_some_and(|user| !self.disabled.contains(user))
    }
}

fn logout(state: &mut State, request: &Request) -> Answer {
    let sid = state
        .refresh
        .remove(&request.form("refresh_token").unwrap_or_default());
    match sid {
        Some(sid) if client(request) == CLIENT => {
            state.sessions.remove(&sid);
            Answer::new(204)
        }
        _ => Answer::json(
            400,
            &json!({ "error": "invalid_grant", "error_description": "Invalid refresh token" }),
        ),
    }
}

/// `client_id` and `client_secret` of the form, or the Authorization header's.
fn client(request: &Request) -> (&'static str, &'static str) {
    let of_form = request.form("client_id").zip(request.form("client_secret"));
    let given = request.basic().or(of_form);
    let given = given
        .as_ref()
        .map(|(id, secret)| (id.as_str(), secret.as_str()));
    [CLIENT, ADMIN]
        .into_iter()
        .find(|known| given == Some(*known))
        .unwrap_or_default()
}

fn id_of(user: &str) -> String {
    format!("user-{user}")
}

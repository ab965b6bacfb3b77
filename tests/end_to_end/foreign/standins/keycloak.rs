//! A realm of Keycloak, as far as `scenarios/examples/keycloak.toml` goes: the login page with its form, the token endpoint, introspection,
//! user info and logout, and of the admin REST API looking a user up, logging out and disabling.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::jwt::Key;
use crate::foreign::http::{Answer, Request, Site, decoded, escaped};
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
            ("POST", "/login-actions/authenticate") => authenticate(&mut state, request),
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
    /// The form's action is an absolute URL whose query says which login it belongs to.
    fn login_page(&self, state: &mut State, request: &Request) -> Answer {
        let asked = |name| request.query(name).unwrap_or_default();
        if asked("client_id") != CLIENT.0 || asked("response_type") != "code" {
            return Answer::new(400);
        }
        let session_code = secret();
        let action = format!(
            "{}{REALM}/login-actions/authenticate?session_code={session_code}&execution=4f1c-77&client_id={}&tab_id=Q-x_1&client_data=eyJydSI",
            self.url, CLIENT.0
        );
        let asked = Asked {
            user: String::new(),
            redirect: asked("redirect_uri"),
            state: asked("state"),
            challenge: asked("code_challenge"),
        };
        let cookie = format!(
            "AUTH_SESSION_ID={session_code}; Path={REALM}/; Secure; HttpOnly; SameSite=None"
        );
        state.logging_in.insert(session_code, asked);
        Answer::html(format!(
            r#"<!DOCTYPE html><html class="login-pf"><form id="kc-form-login" onsubmit="login.disabled = true; return true;" action="{}" method="post">
<input id="username" name="username" value="" type="text"/><input id="password" name="password" type="password"/>
<input type="hidden" id="id-hidden-input" name="credentialId"/><input name="login" id="kc-login" type="submit" value="Sign In"/></form>"#,
            escaped(&action)
        ))
        .set_cookie(&cookie)
    }

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

    fn admin(&self, state: &mut State, request: &Request, method: &str, path: &str) -> Answer {
        let by_admin = request
            .bearer()
            .and_then(|token| self.key.verify(token))
            .is_some_and(|claims| claims["azp"] == ADMIN.0);
        if !by_admin {
            return Answer::json(401, &json!({ "error": "HTTP 401 Unauthorized" }));
        }
        let path = decoded(path);
        match (method, path.trim_start_matches('/').split_once('/')) {
            ("GET", None)
                if path.is_empty() && request.query("exact").as_deref() == Some("true") =>
            {
                let name = request.query("username").unwrap_or_default();
                Answer::json(
                    200,
                    &json!([{ "id": id_of(&name), "username": name, "enabled": !state.disabled.contains(&name) }]),
                )
            }
            ("POST", Some((id, "logout"))) => {
                state.sessions.retain(|_, user| id_of(user) != id);
                Answer::new(204)
            }
            ("PUT", None) => match (path.strip_prefix("/user-"), request.json("/enabled")) {
                (Some(user), Some(Value::Bool(enabled))) => {
                    if enabled {
                        state.disabled.remove(user);
                    } else {
                        state.disabled.insert(user.to_owned());
                    }
                    Answer::new(204)
                }
                _ => Answer::json(404, &json!({ "error": "User not found" })),
            },
            _ => Answer::json(404, &json!({ "error": "HTTP 404 Not Found" })),
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

fn authenticate(state: &mut State, request: &Request) -> Answer {
    let code = request.query("session_code").unwrap_or_default();
    let cookie_fits = request.cookie("AUTH_SESSION_ID") == Some(&code);
    let complete = ["execution", "client_id", "tab_id"]
        .iter()
        .all(|name| request.query(name).is_some());
    let user = request.form("username").unwrap_or_default();
    let known =
        request.form("password").as_deref() == Some(PASSWORD) && !state.disabled.contains(&user);
    match state.logging_in.remove(&code) {
        Some(mut asked) if cookie_fits && complete && known => {
            asked.user = user;
            let code = secret();
            let location = format!(
                "{}?state={}&session_state=s&iss=i&code={code}",
                asked.redirect, asked.state
            );
            state.codes.insert(code, asked);
            Answer::found(&location).set_cookie(&format!(
                "KEYCLOAK_IDENTITY=x; Path={REALM}/; Secure; HttpOnly; SameSite=None"
            ))
        }
        _ => {
            Answer::html("<span id=\"input-error\">Invalid username or password.</span>".to_owned())
        }
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

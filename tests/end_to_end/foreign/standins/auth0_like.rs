//! A tenant of Auth0 or an API like it, as far as `scenarios/examples/auth0-like.toml` goes: JSON in and out, the password-realm grant,
//! rotating refresh tokens, revocation of refresh tokens only, and of the Management API blocking a user.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::jwt::Key;
use crate::foreign::http::{Answer, Request, Site};
use crate::foreign::secret;

pub(crate) const PASSWORD: &str = "tenant-user-password";
pub(crate) const CLIENT: (&str, &str) = ("app-client-id", "app-client-secret");
pub(crate) const MANAGEMENT: (&str, &str) = ("management-client-id", "management-client-secret");
const AUDIENCE: &str = "https://api.example.com/";
const ACCESS_TTL_S: u64 = 600;
const PASSWORD_REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

pub(crate) struct Tenant {
    url: String,
    pub(crate) key: Arc<Key>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Refresh token → its user, and whether it was exchanged already.
    refresh: HashMap<String, (String, bool)>,
    blocked: HashSet<String>,
}

impl Tenant {
    pub(crate) fn new(url: &str) -> Arc<Self> {
        Arc::new(Self {
            url: url.to_owned(),
            key: Arc::new(Key::generate()),
            state: Mutex::default(),
        })
    }
}

impl Site for Tenant {
    fn answer(&self, request: &Request) -> Answer {
        let mut state = self.state.lock().expect("not poisoned");
        match request.route() {
            ("POST", "/oauth/token") => self.token(&mut state, request),
            ("POST", "/oauth/revoke") => revoke(&mut state, request),
            ("PATCH", path) => match path.strip_prefix("/api/v2/users/") {
                Some(id) => self.patch_user(&mut state, request, id),
                None => Answer::new(404),
            },
            _ => Answer::new(404),
        }
    }
}

impl Tenant {
    fn token(&self, state: &mut State, request: &Request) -> Answer {
        let grant = text(request, "/grant_type");
        if grant == "client_credentials" {
            return self.management_token(request);
        }
        if client(request) != CLIENT {
            return Answer::json(
                401,
                &json!({ "error": "access_denied", "error_description": "Unauthorized" }),
            );
        }
        let user = match grant.as_str() {
            PASSWORD_REALM => {
                let fine = text(request, "/password") == PASSWORD
                    && text(request, "/realm") == "Username-Password-Authentication"
                    && text(request, "/audience") == AUDIENCE
                    && text(request, "/scope").contains("offline_access");
                let user = text(request, "/username");
                if !fine {
                    return refused("Wrong email or password.");
                }
                user
            }
            "refresh_token" => match state.exchange(&text(request, "/refresh_token")) {
                Some(user) => user,
                None => return refused("Unknown or invalid refresh token."),
            },
            _ => {
                return Answer::json(
                    403,
                    &json!({ "error": "unauthorized_client", "error_description": "Grant type not allowed" }),
                );
            }
        };
        if state.blocked.contains(&user) {
            return Answer::json(
                401,
                &json!({ "error": "unauthorized", "error_description": "user is blocked" }),
            );
        }
        let refresh = secret();
        let claims = json!({ "iss": format!("{}/", self.url), "sub": format!("auth0|{user}"), "aud": AUDIENCE, "azp": CLIENT.0, "scope": "openid offline_access" });
        let body = json!({
            "access_token": self.key.sign(claims, ACCESS_TTL_S), "refresh_token": refresh, "id_token": "x.y.z",
            "scope": "openid offline_access", "expires_in": ACCESS_TTL_S, "token_type": "Bearer",
        });
        state.refresh.insert(refresh, (user, false));
        Answer::json(200, &body)
    }

    fn management_token(&self, request: &Request) -> Answer {
        let audience = format!("{}/api/v2/", self.url);
        if client(request) != MANAGEMENT || text(request, "/audience") != audience {
            return Answer::json(
                401,
                &json!({ "error": "access_denied", "error_description": "Unauthorized" }),
            );
        }
        let token = self
            .key
            .sign(json!({ "aud": audience, "scope": "update:users" }), 86_400);
        Answer::json(
            200,
            &json!({ "access_token": token, "scope": "update:users", "expires_in": 86_400, "token_type": "Bearer" }),
        )
    }

    /// The id's `|` comes percent-encoded.
    fn patch_user(&self, state: &mut State, request: &Request, id: &str) -> Answer {
        let allowed = request
            .bearer()
            .and_then(|token| self.key.verify(token))
            .is_some_and(|claims| claims["scope"] == "update:users");
        if !allowed {
            return Answer::json(
                401,
                &json!({ "statusCode": 401, "error": "Unauthorized", "message": "Invalid token", "errorCode": "invalid_token" }),
            );
        }
        match (id.strip_prefix("auth0%7C"), request.json("/blocked")) {
            (Some(user), Some(Value::Bool(blocked))) => {
                // Real ids say nothing of the address; here one can be told from the other.
                let user = format!("{user}@example.com");
                if blocked {
                    state.blocked.insert(user);
                } else {
                    state.blocked.remove(&user);
                }
                Answer::json(200, &json!({ "user_id": id, "blocked": blocked }))
            }
            _ => Answer::json(
                404,
                &json!({ "statusCode": 404, "error": "Not Found", "message": "The user does not exist.", "errorCode": "inexistent_user" }),
            ),
        }
    }
}

impl State {
    /// Each works once; one that comes twice ends the family.
    fn exchange(&mut self, token: &str) -> Option<String> {
        let (user, used) = self.refresh.get_mut(token)?;
        let user = user.clone();
        if std::mem::replace(used, true) {
            self.refresh.retain(|_, (owner, _)| *owner != user);
            return None;
        }
        Some(user)
    }
}

/// Always 200 for a known client, whatever the token is.
fn revoke(state: &mut State, request: &Request) -> Answer {
    if client(request) != CLIENT {
        return Answer::json(
            401,
            &json!({ "error": "access_denied", "error_description": "Unauthorized" }),
        );
    }
    if let Some((user, _)) = state.refresh.remove(&text(request, "/token")) {
        state.refresh.retain(|_, (owner, _)| *owner != user);
    }
    Answer::new(200)
}

fn refused(description: &str) -> Answer {
    Answer::json(
        403,
        &json!({ "error": "invalid_grant", "error_description": description }),
    )
}

fn client(request: &Request) -> (&'static str, &'static str) {
    let (id, secret) = (text(request, "/client_id"), text(request, "/client_secret"));
    let known = [CLIENT, MANAGEMENT].into_iter();
    known
        .into_iter()
        .find(|known| (id.as_str(), secret.as_str()) == *known)
        .unwrap_or_default()
}

fn text(request: &Request, pointer: &str) -> String {
    let value = request.json(pointer).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

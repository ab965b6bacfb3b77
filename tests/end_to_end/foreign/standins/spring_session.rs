//! A Spring Boot application with Spring Security's form login, Spring Session and the actuator's `sessions` endpoint, as far as
//! `scenarios/examples/spring-session.toml` goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::foreign::http::{Answer, Request, Site, escaped};
use crate::foreign::secret;

pub(crate) const PASSWORD: &str = "spring-user-password";
pub(crate) const ACTUATOR: (&str, &str) = ("ops", "actuator-password");

pub(crate) struct Spring {
    url: String,
    state: Mutex<HashMap<String, Session>>,
}

struct Session {
    /// Absent before the login: even the login page has a session, which holds the CSRF token.
    user: Option<String>,
    csrf: String,
}

impl Spring {
    pub(crate) fn new(url: &str) -> Arc<Self> {
        Arc::new(Self {
            url: url.to_owned(),
            state: Mutex::default(),
        })
    }
}

impl Site for Spring {
    fn answer(&self, request: &Request) -> Answer {
        let mut sessions = self.state.lock().expect("not poisoned");
        let id = id(request);
        let (method, path) = request.route();
        if path.starts_with("/actuator/sessions") {
            return actuator(&mut sessions, request, method, path);
        }
        if method == "POST" && !csrf_holds(&sessions, &id, request) {
            return Answer::json(
                403,
                &json!({ "status": 403, "error": "Forbidden", "path": path }),
            );
        }
        match (method, path) {
            ("GET", "/login") => login_page(&mut sessions),
            ("POST", "/login") => self.login(&mut sessions, &id, request),
            ("GET", "/home") => match sessions.get(&id).filter(|session| session.user.is_some()) {
                Some(session) => page("/logout", &session.csrf),
                // With the host, as Spring Security writes it by default before version 7.
                None => Answer::found(&format!("{}/login", self.url)),
            },
            ("POST", "/logout") => {
                sessions.remove(&id);
                Answer::found("/login?logout")
                    .set_cookie("SESSION=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
            }
            _ => Answer::new(404),
        }
    }
}

impl Spring {
    /// The session gets a new id (protection against fixation) and a new CSRF token.
    fn login(
        &self,
        sessions: &mut HashMap<String, Session>,
        old: &str,
        request: &Request,
    ) -> Answer {
        if request.form("password").as_deref() != Some(PASSWORD) {
            return Answer::found(&format!("{}/login?error", self.url));
        }
        sessions.remove(old);
        let (id, session) = (
            secret(),
            Session {
                user: request.form("username"),
                csrf: secret(),
            },
        );
        sessions.insert(id.clone(), session);
        Answer::found(&format!("{}/", self.url)).set_cookie(&cookie(&id))
    }
}

/// What the actuator says of a user's sessions, and the end of one of them.
fn actuator(
    sessions: &mut HashMap<String, Session>,
    request: &Request,
    method: &str,
    path: &str,
) -> Answer {
    let by = request.basic();
    if by
        .as_ref()
        .map(|(name, password)| (name.as_str(), password.as_str()))
        != Some(ACTUATOR)
    {
        return Answer::new(401).with("www-authenticate", "Basic realm=\"Realm\"");
    }
    match (method, path.strip_prefix("/actuator/sessions/")) {
        ("GET", None) => {
            let of = request.query("username");
            let theirs = sessions
                .iter()
                .filter(|(_, session)| session.user.is_some() && session.user == of);
            let listed: Vec<_> = theirs
                .map(|(id, _)| json!({ "id": id, "maxInactiveInterval": 1800, "expired": false }))
                .collect();
            Answer::json(200, &json!({ "sessions": listed }))
        }
        ("DELETE", Some(id)) => {
            sessions.remove(id);
            Answer::new(204)
        }
        _ => Answer::new(404),
    }
}

fn login_page(sessions: &mut HashMap<String, Session>) -> Answer {
    let (id, session) = (
        secret(),
        Session {
            user: None,
            csrf: secret(),
        },
    );
    let answer = page("/login", &session.csrf).set_cookie(&cookie(&id));
    sessions.insert(id, session);
    answer
}

fn page(action: &str, csrf: &str) -> Answer {
    Answer::html(format!(
        r#"<!DOCTYPE html><html><body><form class="login-form" method="post" action="{action}">
<input name="_csrf" type="hidden" value="{}" /><button type="submit" class="primary">Go</button></form></body></html>"#,
        escaped(csrf)
    ))
}

fn csrf_holds(sessions: &HashMap<String, Session>, id: &str, request: &Request) -> bool {
    let session = sessions.get(id);
    session.is_some_and(|session| request.form("_csrf").as_ref() == Some(&session.csrf))
}

/// Spring Session's default cookie: the id in Base64.
fn cookie(id: &str) -> String {
    format!(
        "SESSION={}; Path=/; HttpOnly; SameSite=Lax",
        BASE64_STANDARD.encode(id)
    )
}

fn id(request: &Request) -> String {
    let decoded = request
        .cookie("SESSION")
        .and_then(|value| BASE64_STANDARD.decode(value).ok());
    decoded
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

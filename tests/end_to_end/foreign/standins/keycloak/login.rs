//! The login page, and what its form leads to.

use super::{Asked, CLIENT, Keycloak, PASSWORD, REALM, State};
use crate::foreign::http::{Answer, Request, escaped};
use crate::foreign::secret;

impl Keycloak {
    /// The form's action is an absolute URL whose query says which login it belongs to.
    pub(super) fn login_page(&self, state: &mut State, request: &Request) -> Answer {
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
}

pub(super) fn authenticate(state: &mut State, request: &Request) -> Answer {
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

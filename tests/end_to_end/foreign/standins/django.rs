//! A Django site, as far as `scenarios/examples/django.toml` goes: the forms of `django.contrib.auth` and of the admin site, with masked CSRF
//! tokens, a new CSRF secret at login, and sessions behind a cookie.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use crate::foreign::http::{Answer, Request, Site};
use crate::foreign::secret;

pub(crate) const PASSWORD: &str = "django-user-password";
pub(crate) const ADMIN: (&str, &str) = ("admin", "django-admin-password");

#[derive(Default)]
pub(crate) struct Django {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// `sessionid` → user name.
    sessions: HashMap<String, String>,
    inactive: HashSet<String>,
}

impl Django {
    pub(crate) fn new(_url: &str) -> Arc<Self> {
        Arc::default()
    }
}

impl Site for Django {
    fn answer(&self, request: &Request) -> Answer {
        let mut state = self.state.lock().expect("not poisoned");
        let (method, path) = request.route();
        if method == "POST" && !csrf_holds(request) {
            return Answer::new(403);
        }
        match (method, path) {
            ("GET", "/accounts/login/" | "/admin/login/") => login_page(request),
            ("POST", "/accounts/login/") => state.login(request, "/account/"),
            ("POST", "/admin/login/") => state.login(request, "/admin/"),
            ("GET", "/account/") => match state.user(request) {
                Some(_) => form(request, "/accounts/logout/"),
                None => Answer::found("/accounts/login/?next=/account/"),
            },
            ("POST", "/accounts/logout/") => state.logout(request),
            ("POST", path) if path.starts_with("/admin/auth/user/") => state.change(request, path),
            _ => Answer::new(404),
        }
    }
}

impl State {
    fn user(&self, request: &Request) -> Option<&String> {
        let user = self.sessions.get(request.cookie("sessionid")?)?;
        (!self.inactive.contains(user)).then_some(user)
    }

    /// A form that fails is shown again, with 200.
    fn login(&mut self, request: &Request, then: &str) -> Answer {
        let user = request.form("username").unwrap_or_default();
        let password = request.form("password").unwrap_or_default();
        let right = if user == ADMIN.0 { ADMIN.1 } else { PASSWORD };
        if password != right || self.inactive.contains(&user) {
            return login_page(request);
        }
        let session = secret();
        let answer = Answer::found(then)
            .set_cookie(&csrf_cookie(&new_csrf_secret()))
            .set_cookie(&format!(
                "sessionid={session}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"
            ));
        self.sessions.insert(session, user);
        answer
    }

    fn logout(&mut self, request: &Request) -> Answer {
        if let Some(session) = request.cookie("sessionid") {
            self.sessions.remove(session);
        }
        Answer::found("/accounts/login/")
            .set_cookie("sessionid=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax")
    }

    /// The change form of the admin site: a box that is not ticked is not sent.
    fn change(&mut self, request: &Request, path: &str) -> Answer {
        if self.user(request).map(String::as_str) != Some(ADMIN.0) {
            return Answer::found(&format!("/admin/login/?next={path}"));
        }
        let required = ["username", "date_joined_0", "date_joined_1"];
        let missing = required
            .iter()
            .any(|name| request.form(name).is_none_or(|text| text.is_empty()));
        let number = path
            .strip_prefix("/admin/auth/user/")
            .and_then(|rest| rest.strip_suffix("/change/"));
        match request.form("username") {
            Some(user)
                if !missing && number.is_some_and(|number| number.parse::<u32>().is_ok()) =>
            {
                if request.form("is_active").as_deref() == Some("on") {
                    self.inactive.remove(&user);
                } else {
                    self.inactive.insert(user);
                }
                Answer::found("/admin/auth/user/")
            }
            _ => form(request, path),
        }
    }
}

/// The token of the form, masked or as it stands, must hold the secret of the cookie.
fn csrf_holds(request: &Request) -> bool {
    let token = request.form("csrfmiddlewaretoken").unwrap_or_default();
    let sent = if token.len() == 64 {
        unmasked(&token)
    } else {
        token
    };
    request
        .cookie("csrftoken")
        .is_some_and(|secret| secret.len() == 32 && secret == sent)
}

fn login_page(request: &Request) -> Answer {
    form(request, "")
}

fn form(request: &Request, action: &str) -> Answer {
    let secret = request
        .cookie("csrftoken")
        .map_or_else(new_csrf_secret, str::to_owned);
    Answer::html(format!(
        "<!doctype html>\n<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"{}\"></form>",
        masked(&secret)
    ))
    .set_cookie(&csrf_cookie(&secret))
    .with("vary", "Cookie")
}

fn csrf_cookie(secret: &str) -> String {
    format!("csrftoken={secret}; Max-Age=31449600; Path=/; SameSite=Lax")
}

fn new_csrf_secret() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A mask, then the secret under it: here each of its digits shifted by the mask's.
fn masked(secret: &str) -> String {
    let mask = new_csrf_secret();
    let hidden = secret
        .chars()
        .zip(mask.chars())
        .map(|(digit, mask)| shifted(digit, mask, 16));
    mask.chars().chain(hidden.collect::<Vec<_>>()).collect()
}

fn unmasked(token: &str) -> String {
    let (mask, hidden) = token.split_at(32);
    let digits = hidden
        .chars()
        .zip(mask.chars())
        .map(|(digit, mask)| shifted(digit, mask, 0));
    digits.collect()
}

/// `digit + mask` (from 16) or `digit − mask` (from 0), as hexadecimal digits.
fn shifted(digit: char, mask: char, from: u32) -> char {
    let value = |c: char| c.to_digit(16).unwrap_or(0);
    let sum = if from == 0 {
        16 + value(digit) - value(mask)
    } else {
        value(digit) + value(mask)
    };
    char::from_digit(sum % 16, 16).unwrap_or('0')
}

//! A server-rendered site: a login form with a hidden token, 302 and a cookie, a cookie sent anew with every page, a logout that wants a token
//! from a page. It goes on accepting a cookie for [`AFTER_LOGOUT`] after the logout, and for no moment after an account was disabled.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::foreign::http::{Answer, Request, Site, decoded, escaped};
use crate::foreign::secret;

/// The planted lag.
pub(crate) const AFTER_LOGOUT: Duration = Duration::from_millis(150);
/// Everybody's.
pub(crate) const PASSWORD: &str = "correct horse & battery = staple";
/// May open `/manage`.
pub(crate) const ADMIN: &str = "root";

#[derive(Default)]
pub(crate) struct FormSite {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Visitors who were shown the login form: cookie → the token in their form.
    visitors: HashMap<String, String>,
    /// Cookie → session.
    sessions: HashMap<String, Session>,
    disabled: HashSet<String>,
}

struct Session {
    user: String,
    /// The token in this session's forms.
    token: String,
    ends: Option<Instant>,
}

impl FormSite {
    pub(crate) fn new(_url: &str) -> Arc<Self> {
        Arc::default()
    }
}

impl Site for FormSite {
    fn answer(&self, request: &Request) -> Answer {
        let mut state = self.state.lock().expect("not poisoned");
        match request.route() {
            ("GET", "/login") => state.form(""),
            ("POST", "/login") => state.login(request),
            ("GET", "/home") => state.home(request),
            ("POST", "/logout") => state.logout(request),
            ("GET", "/manage") => state.manage_page(request),
            ("POST", path) => match path
                .strip_prefix("/manage/")
                .and_then(|rest| rest.rsplit_once('/'))
            {
                Some((user, verb)) => state.manage(request, &decoded(user), verb),
                None => Answer::new(404),
            },
            _ => Answer::new(404),
        }
    }
}

impl State {
    fn form(&mut self, problem: &str) -> Answer {
        let (visitor, token) = (secret(), token());
        let page = format!(
            r#"<!doctype html><title>Log in</title><p>{problem}<form action="/search"><input name="q"></form>
<form action="/login" method="post"><input type="hidden" name="authenticity" value="{}"><input name="user"><input name="pass" type="password"></form>"#,
            escaped(&token)
        );
        let cookie = format!("visitor={visitor}; Path=/login; HttpOnly");
        self.visitors.insert(visitor, token);
        Answer::html(page).set_cookie(&cookie)
    }

    /// A form that is not accepted is shown again with 200, as most sites do.
    fn login(&mut self, request: &Request) -> Answer {
        let shown = request
            .cookie("visitor")
            .and_then(|visitor| self.visitors.remove(visitor));
        if shown.is_none() || shown != request.form("authenticity") {
            return Answer::new(403);
        }
        let user = request.form("user").unwrap_or_default();
        if request.form("pass").as_deref() != Some(PASSWORD) || self.disabled.contains(&user) {
            return self.form("That did not work");
        }
        let id = secret();
        let answer = Answer::found("/home").set_cookie(&cookie(&id));
        let session = Session {
            user,
            token: token(),
            ends: None,
        };
        self.sessions.insert(id, session);
        answer.set_cookie("visitor=; Path=/login; Max-Age=0")
    }

    fn home(&self, request: &Request) -> Answer {
        match self.session(request) {
            Some((id, session)) => page(session).set_cookie(&cookie(id)),
            None => Answer::found("/login?next=%2Fhome"),
        }
    }

    fn manage_page(&self, request: &Request) -> Answer {
        match self.session(request) {
            Some((_, session)) if session.user == ADMIN => page(session),
            _ => Answer::new(403),
        }
    }

    fn logout(&mut self, request: &Request) -> Answer {
        let Some((id, session)) = self.session(request) else {
            return Answer::found("/login");
        };
        if request.form("authenticity").as_deref() != Some(&session.token) {
            return Answer::new(403);
        }
        let id = id.to_owned();
        if let Some(session) = self.sessions.get_mut(&id) {
            session.ends = Some(Instant::now() + AFTER_LOGOUT);
        }
        Answer::new(303)
            .with("location", "/login")
            .set_cookie("sid=; Path=/; Max-Age=0")
    }

    fn manage(&mut self, request: &Request, user: &str, verb: &str) -> Answer {
        let by_admin = self.session(request).is_some_and(|(_, session)| {
            session.user == ADMIN && request.form("authenticity").as_deref() == Some(&session.token)
        });
        match (by_admin, verb) {
            (true, "disable") => {
                self.disabled.insert(user.to_owned());
                let now = Instant::now();
                let theirs = self
                    .sessions
                    .values_mut()
                    .filter(|session| session.user == user);
                theirs.for_each(|session| session.ends = Some(now));
            }
            (true, "enable") => _ = self.disabled.remove(user),
            _ => return Answer::new(403),
        }
        Answer::found("/manage")
    }

    /// The session of the cookie, while it is accepted.
    fn session<'a>(&'a self, request: &'a Request) -> Option<(&'a str, &'a Session)> {
        let id = request.cookie("sid")?;
        let session = self.sessions.get(id)?;
        let over = session.ends.is_some_and(|ends| Instant::now() >= ends);
        (!over).then_some((id, session))
    }
}

fn page(session: &Session) -> Answer {
    let (user, token) = (escaped(&session.user), escaped(&session.token));
    Answer::html(format!(
        r#"<!doctype html><title>{user}</title><form action="/search"><input type="hidden" name="authenticity" value="another"></form>
<form id="leave" action="/logout" method="post"><input type="hidden" name="authenticity" value="{token}"></form>"#
    ))
}

fn cookie(id: &str) -> String {
    format!("sid={id}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax")
}

/// With characters that HTML, a form and a URL each write in another way.
fn token() -> String {
    format!("<{}&amp;+\"'/=%20é", secret())
}

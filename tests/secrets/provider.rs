//! The same server as a provider of identities: a sign-in page reached through redirects, authorization codes with PKCE, clients that
//! authenticate, and an administrator who has a session.

use crate::canary::Canary;
use crate::server::{Server, bearer, repeated, reply};
use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::{Duration, Instant};

/// What the provider gives out besides tokens.
pub(crate) struct OfProvider {
    csrf: Canary,
    nonce: Canary,
    code: Canary,
    admin_token: Canary,
    admin_session: Canary,
}

impl OfProvider {
    pub(crate) fn new() -> Self {
        Self {
            csrf: Canary::password("a token in a form of a page"),
            nonce: Canary::token("a text in a page"),
            code: Canary::token("an authorization code"),
            admin_token: Canary::token("the administrator's session, as a token"),
            admin_session: Canary::token("the administrator's session, as a cookie"),
        }
    }

    pub(crate) fn canaries(&self) -> Vec<Canary> {
        let all = [
            &self.csrf,
            &self.nonce,
            &self.code,
            &self.admin_token,
            &self.admin_session,
        ];
        all.map(Clone::clone).to_vec()
    }
}

/// What the provider knows.
#[derive(Default)]
pub(crate) struct Provider {
    /// Everything that clients proved a code with, and what they announced it by.
    proofs: Vec<Canary>,
    /// By the number at the end of their tokens.
    users: HashMap<String, String>,
    disabled: HashSet<String>,
    /// Whether an account can be enabled again.
    pub(crate) keeps_disabled: bool,
}

impl Provider {
    pub(crate) fn proofs(&self) -> Vec<Canary> {
        self.proofs.clone()
    }
}

impl Server {
    /// Waits until somebody is disabled.
    pub(crate) fn wait_for_a_victim(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        while self.provider().disabled.is_empty() {
            assert!(Instant::now() < until, "nobody was disabled");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// How many are disabled now.
    pub(crate) fn disabled(&self) -> usize {
        self.provider().disabled.len()
    }

    fn provider(&self) -> std::sync::MutexGuard<'_, Provider> {
        self.provider.lock().expect("whole")
    }

    /// The answer to a request below `/id/`, the `number`th of all; `None` where there is nothing.
    pub(crate) fn as_provider(&self, request: &str, number: usize) -> Option<String> {
        let mut words = request.split(' ');
        let (method, url) = (words.next()?, words.next()?);
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
        let issued = &self.issued.provider;
        let number = format!("{number:06}");
        let answer = match (method, path) {
            ("GET", "/id/authorize") => {
                let challenge = field(query, "code_challenge");
                self.prove("a PKCE challenge", &challenge);
                let to = format!("Location: /id/consent?ticket={number}\r\n");
                reply(302, &to, "")
            }
            ("GET", "/issuer/.well-known/openid-configuration") => reply(200, "", &self.metadata()),
            ("OPTIONS", path) if path.starts_with("/id/") => {
                let allowed = "Access-Control-Allow-Origin: http://127.0.0.1:3000\r\nAccess-Control-Allow-Headers: authorization, content-type\r\n";
                reply(204, allowed, "")
            }
            ("GET", "/id/consent") => reply(200, "", &page(issued, query)),
            ("POST", "/id/consent") => {
                let user = field(body, "username");
                self.provider().users.insert(number.clone(), user);
                let code = format!("{}{number}", issued.code.text);
                let to = format!("Location: http://127.0.0.1:1/cb?state=s&code={code}\r\n");
                reply(302, &to, "")
            }
            ("POST", "/id/token") => {
                self.prove("a PKCE verifier", &field(body, "code_verifier"));
                let presented = [field(body, "code"), field(body, "refresh_token")].concat();
                reply(200, "", &self.tokens(last_digits(&presented).parse().ok()?))
            }
            ("POST", "/id/client-token") => reply(200, "", &self.tokens(number.parse().ok()?)),
            ("POST", "/id/admin-login") => {
                let cookie = format!(
                    "set-cookie: admin={}; Path=/\r\n",
                    issued.admin_session.text
                );
                let body = format!(r#"{{"token":"{}"}}"#, issued.admin_token.text);
                reply(200, &cookie, &body)
            }
            ("GET" | "POST", "/id/api" | "/id/write") => {
                let status = if self.lets_in(request) { 200 } else { 401 };
                reply(status, "", &repeated(request))
            }
            ("POST", path) => {
                let mut provider = self.provider();
                if let Some(user) = path.strip_prefix("/id/disable/") {
                    provider.disabled.insert(user.to_owned());
                } else if provider.keeps_disabled {
                    return Some(reply(500, "", &repeated(request)));
                } else {
                    provider.disabled.remove(path.strip_prefix("/id/enable/")?);
                }
                reply(204, "", "")
            }
            _ => return None,
        };
        Some(answer)
    }

    fn metadata(&self) -> String {
        let url = &self.url;
        format!(
            r#"{{"issuer":"{url}/issuer","authorization_endpoint":"{url}/id/authorize","token_endpoint":"{url}/id/token",
            "grant_types_supported":["authorization_code","refresh_token"],"token_endpoint_auth_methods_supported":["client_secret_basic"]}}"#
        )
    }

    fn prove(&self, place: &str, text: &str) {
        if !text.is_empty() {
            self.provider().proofs.push(Canary::known(place, text));
        }
    }

    fn lets_in(&self, request: &str) -> bool {
        let Some(token) = bearer(request).filter(|token| !self.has_ended(token)) else {
            return false;
        };
        let number = last_digits(&token);
        let issued = number.parse().map(|number| self.tokens(number));
        let provider = self.provider();
        let user = provider.users.get(number);
        issued.is_ok_and(|issued| issued.contains(&token))
            && user.is_none_or(|user| !provider.disabled.contains(user))
    }
}

fn last_digits(text: &str) -> &str {
    &text[text.len().saturating_sub(6)..]
}

/// A field of a form or a query, as it stands there.
fn field(text: &str, name: &str) -> String {
    let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(key, _)| *key == name);
    found.map_or_else(String::new, |(_, value)| value.to_owned())
}

fn page(issued: &OfProvider, query: &str) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
    };
    format!(
        "<html><p id=\"nonce\"> {} </p><form method=\"post\" action=\"/id/consent?{query}\"><input name=\"csrf\" value=\"{}\"></form></html>",
        issued.nonce.text,
        escape(&issued.csrf.text)
    )
}

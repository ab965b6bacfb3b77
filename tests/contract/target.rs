//! A target of one model (store, authorization server, resource server), and what its users,
//! clients and administrators do.

use std::cell::RefCell;
use std::time::Duration;

use authbench_servers::authorization::{self, AuthorizationWiring, RunningAuthorizationServer};
use authbench_servers::clock::{Clock, ManualTime};
use authbench_servers::model::{Model, Transport};
use authbench_servers::store::{StartedStore, StoreKind, StoreUrl};
use tempfile::NamedTempFile;

use crate::answer::{
    ACCEPTED, DONE, Expected, INVALID_GRANT, INVALID_SESSION, INVALID_TOKEN, OK, Outcome,
};
use crate::call::Call;
use crate::credential::Login;
use crate::entrance::Entrance;
use crate::plan::{Plan, wiring};
use crate::tap::Tap;

/// When every clock of a test starts (Unix milliseconds): a whole second, on which an `exp` can
/// fall exactly.
pub(crate) const START_MS: i64 = 1_800_000_000_000;
/// The life of an access token, unless a row says otherwise.
pub(crate) const ACCESS_TTL: Duration = Duration::from_secs(300);
/// The password of every account.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// The account that most rows use.
pub(crate) const USER: &str = "user-00001";
/// Short enough to wait for where the store's own expiry is what is tested.
pub(crate) const SHORT_IDLE: Duration = Duration::from_secs(1);

/// A running target. Its clock is manual, and one for both servers.
pub(crate) struct Target {
    pub(crate) model: Model,
    /// Whether the resource server's credential is a cookie.
    pub(crate) by_cookie: bool,
    pub(crate) store: RefCell<StartedStore>,
    pub(crate) tap: Tap,
    pub(crate) authorization: RunningAuthorizationServer,
    pub(crate) resource: Entrance,
    pub(crate) time: ManualTime,
    pub(crate) wiring: AuthorizationWiring,
    authorization_log: NamedTempFile,
    resource_log: NamedTempFile,
}

impl Target {
    /// Starts a target whose settings are as `change` leaves them.
    pub(crate) async fn start(model: Model, kind: StoreKind, change: fn(&mut Plan)) -> Self {
        let store = StartedStore::start(kind).expect("a store");
        let tap = Tap::before(store.url()).await;
        let [authorization_log, resource_log] =
            std::array::from_fn(|_| NamedTempFile::new().expect("a file"));
        let mut plan = Plan::new(model, &authorization_log, &resource_log);
        change(&mut plan);
        let (clock, time) = Clock::manual(START_MS);
        let by_cookie = keeps_sessions(model) || plan.resource.transport == Transport::Cookie;
        let mut wiring = wiring(&tap.url);
        wiring.store_unix_url = Some(StoreUrl::new(store.unix_url()));
        let authorization = authorization::start(plan.authorization, wiring.clone(), clock.clone());
        let authorization = authorization.await.expect("an authorization server");
        let url = &mut plan.resource.authorization_server;
        url.get_or_insert_with(|| authorization.url.clone());
        let resource = Entrance::start(plan.resource, &wiring, clock).await;
        Self {
            model,
            by_cookie,
            store: store.into(),
            tap,
            authorization,
            resource,
            time,
            wiring,
            authorization_log,
            resource_log,
        }
    }

    /// Whether the credential is a session's cookie.
    pub(crate) fn keeps_sessions(&self) -> bool {
        keeps_sessions(self.model)
    }

    /// Whether the credential is judged without asking anybody, so that nothing ends it but its
    /// expiry.
    pub(crate) fn is_self_contained(&self) -> bool {
        matches!(self.model, Model::Jwt | Model::Hybrid)
    }

    /// Lets time pass, for the servers; the store's own expiry does not follow.
    pub(crate) fn passes(&self, time: Duration) {
        self.time.advance(time);
    }

    /// A request to log in as `user`.
    pub(crate) fn login(&self, user: &str) -> Call {
        self.post("/login", &[("username", user), ("password", PASSWORD)])
    }

    /// Logs in, which must succeed.
    pub(crate) async fn log_in(&self, user: &str) -> Result<Login, String> {
        let answer = self.login(user).send().await;
        Ok(Login::of(answer.is(OK, "login")?))
    }

    /// Logs in for less than all scopes.
    pub(crate) async fn log_in_to_read(&self) -> Result<Login, String> {
        let form = [
            ("username", USER),
            ("password", PASSWORD),
            ("scope", "read"),
        ];
        let answer = self.post("/login", &form).send().await;
        Ok(Login::of(answer.is(OK, "login")?))
    }

    /// `method /resource` with what the login gave, the CSRF token included.
    pub(crate) fn call(&self, method: &str, login: &Login) -> Call {
        let call = self.present(Call::new(method, &self.resource.url, "/resource"), login);
        match login.csrf_token() {
            Some(token) => call.header("x-csrf-token", token),
            None => call,
        }
    }

    /// A request about the user's own account, with all that a change needs.
    pub(crate) fn own(&self, method: &str, path: &str, login: &Login) -> Call {
        self.as_owner(Call::new(method, &self.authorization.url, path), login)
    }

    /// The same with a form.
    pub(crate) fn own_form(&self, path: &str, form: &[(&str, &str)], login: &Login) -> Call {
        self.as_owner(self.post(path, form), login)
    }

    fn as_owner(&self, call: Call, login: &Login) -> Call {
        let call = self.present(call, login).same_origin();
        match login.csrf_token() {
            Some(token) => call.header("x-csrf-token", token),
            None => call,
        }
    }

    /// Adds what the model presents.
    pub(crate) fn present(&self, call: Call, login: &Login) -> Call {
        match self.model {
            Model::NoAuth => call,
            _ if self.by_cookie => call.cookie(login.cookie()),
            _ => call.bearer(login.token()),
        }
    }

    /// Reads the resource, which must succeed.
    pub(crate) async fn is_accepted(&self, login: &Login, when: &str) -> Outcome {
        let answer = self.call("GET", login).send().await;
        answer.is(ACCEPTED, when).map(drop)
    }

    /// Reads the resource, which must be refused.
    pub(crate) async fn is_refused(&self, login: &Login, when: &str) -> Outcome {
        let answer = self.call("GET", login).send().await;
        answer.is(self.refusal(), when).map(drop)
    }

    /// How a credential that is not good is refused.
    pub(crate) fn refusal(&self) -> Expected {
        match self.by_cookie {
            true => INVALID_SESSION,
            false => INVALID_TOKEN,
        }
    }

    /// What must become of a credential that has been ended: refused now; or, if it is judged
    /// without asking anybody, at the end of its life and not a moment later.
    pub(crate) async fn has_ended(&self, login: &Login) -> Outcome {
        if self.is_self_contained() {
            self.is_accepted(login, "ended, but self-contained").await?;
            self.passes(ACCESS_TTL - Duration::from_millis(1));
            self.is_accepted(login, "at the end of its life").await?;
            self.passes(Duration::from_millis(1));
        }
        self.is_refused(login, "ended").await
    }

    /// Logs out, which must succeed.
    pub(crate) async fn log_out(&self, login: &Login) -> Outcome {
        let call = Call::new("POST", &self.authorization.url, "/logout");
        let answer = self.present(call, login).send().await;
        answer.is(DONE, "logout").map(drop)
    }

    /// A POST of a form to the authorization server.
    pub(crate) fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Call {
        Call::form(&self.authorization.url, path, parameters)
    }

    /// A renewal with the refresh cookie of `login`.
    pub(crate) fn refresh(&self, login: &Login) -> Call {
        let form = [("grant_type", "refresh_token"), ("client_id", "app")];
        self.post("/token", &form).cookie(login.cookie())
    }

    /// A renewal that must succeed.
    pub(crate) async fn renew(&self, login: &Login, when: &str) -> Result<Login, String> {
        let answer = self.refresh(login).send().await;
        Ok(Login::of(answer.is(OK, when)?))
    }

    /// A renewal that must be refused.
    pub(crate) async fn cannot_renew(&self, login: &Login, when: &str) -> Outcome {
        let answer = self.refresh(login).send().await;
        answer.is(INVALID_GRANT, when).map(drop)
    }

    /// A question about a token, by the resource server's client.
    pub(crate) fn introspect(&self, token: &str) -> Call {
        self.ask(&[("token", token)])
    }

    /// The same with a form of one's own.
    pub(crate) fn ask(&self, form: &[(&str, &str)]) -> Call {
        let secret = self.wiring.introspection_secret.expose();
        self.post("/introspect", form)
            .basic("resource-server", secret)
    }

    /// A client's request to revoke a token.
    pub(crate) fn revoke(&self, client: &str, token: &str) -> Call {
        self.post("/revoke", &[("client_id", client), ("token", token)])
    }

    /// An administrator's request.
    pub(crate) fn admin(&self, method: &str, path: &str) -> Call {
        let secret = self.wiring.admin_secret.expose();
        Call::new(method, &self.authorization.admin_url, path).bearer(secret)
    }

    /// Something done to an account, which must succeed.
    pub(crate) async fn administers(&self, user: &str, action: &str) -> Outcome {
        let path = format!("/accounts/{user}/{action}");
        let answer = self.admin("POST", &path).send().await;
        answer.is(DONE, action).map(drop)
    }

    /// The audit logs of both servers, as soon as all of `parts` stand in them.
    pub(crate) async fn audit(&self, parts: &[&str]) -> Result<String, String> {
        let mut text = String::new();
        for _ in 0..200 {
            let read = |file: &NamedTempFile| std::fs::read_to_string(file.path());
            text = read(&self.authorization_log).expect("a log");
            text += &read(&self.resource_log).expect("a log");
            if parts.iter().all(|part| text.contains(part)) {
                return Ok(text);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(format!("not all of {parts:?} in the audit log: {text}"))
    }
}

fn keeps_sessions(model: Model) -> bool {
    matches!(model, Model::Session | Model::Gateway)
}

//! One target (a store, an authorization server, a resource server, and a gateway if the model has
//! one) in the test's process, and a client for it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authbench_servers::authorization::{
    self, AuthorizationSettings, AuthorizationWiring, RunningAuthorizationServer,
    passwords::LoginHash,
};
use authbench_servers::clock::{Clock, ManualTime};
use authbench_servers::gateway::{self, GatewaySettings, GatewayWiring, RunningGateway};
use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::model::Model;
use authbench_servers::resource::{self, ResourceSettings, ResourceWiring, RunningResourceServer};
use authbench_servers::secret::{Secret, random_id};
use authbench_servers::store::{StartedStore, StoreKind, StoreUrl};
use authbench_servers::tls::Identity;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, SET_COOKIE};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A target of one model. Its clock is manual and starts at the present.
pub(crate) struct Target {
    pub(crate) store: StartedStore,
    pub(crate) authorization: RunningAuthorizationServer,
    pub(crate) resource: RunningResourceServer,
    /// What callers come to, in the model `gateway`; the resource server is behind it.
    pub(crate) gateway: Option<RunningGateway>,
    pub(crate) time: ManualTime,
    pub(crate) clock: Clock,
    pub(crate) wiring: AuthorizationWiring,
}

/// A test machine may stall for longer than a server that is measured may wait.
const STORE_DEADLINE: Duration = Duration::from_secs(2);

/// How to start a target.
pub(crate) struct Plan {
    pub(crate) authorization: AuthorizationSettings,
    pub(crate) resource: ResourceSettings,
    /// Its services are added when it is started.
    pub(crate) gateway: GatewaySettings,
}

impl Plan {
    pub(crate) fn new(model: Model) -> Self {
        // The cheapest algorithm to make keys for; what concerns the others says so.
        let algorithm = SigningAlgorithm::Es256;
        let authorization = AuthorizationSettings {
            model,
            algorithm,
            users: 20,
            login_hash: LoginHash::Cheap,
            store_deadline: STORE_DEADLINE,
            ..AuthorizationSettings::default()
        };
        let upstream_deadline = Duration::from_secs(10);
        let resource = ResourceSettings {
            model,
            algorithm,
            store_deadline: STORE_DEADLINE,
            upstream_deadline,
            ..ResourceSettings::default()
        };
        let gateway = GatewaySettings {
            algorithm,
            store_deadline: STORE_DEADLINE,
            service_deadline: upstream_deadline,
            ..GatewaySettings::default()
        };
        Self {
            authorization,
            resource,
            gateway,
        }
    }

    pub(crate) async fn start(mut self, kind: StoreKind) -> Target {
        let store = StartedStore::start(kind).expect("a store");
        let wiring = wiring(&store);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970");
        let (clock, time) = Clock::manual(now.as_millis() as i64);
        let authorization = authorization::start(self.authorization, wiring.clone(), clock.clone())
            .await
            .expect("an authorization server");
        let gateway = match self.resource.model {
            Model::Gateway => {
                Some(before(&mut self.resource, self.gateway, &wiring, clock.clone()).await)
            }
            _ => None,
        };
        self.resource
            .authorization_server
            .get_or_insert_with(|| authorization.url.clone());
        let resource_wiring = ResourceWiring {
            store_url: Some(wiring.store_url.clone()),
            store_unix_url: None,
            introspection_secret: Some(wiring.introspection_secret.clone()),
            signing_secret: wiring.signing_secret.clone(),
            csrf_key: wiring.csrf_key.clone(),
            session_key: wiring.session_key.clone(),
            namespace: None,
            authorization_ca_file: ca_file(authorization.identity.as_ref()),
        };
        let resource = resource::start(self.resource, resource_wiring, clock.clone())
            .await
            .expect("a resource server");
        Target {
            store,
            authorization,
            resource,
            gateway,
            time,
            clock,
            wiring,
        }
    }

    pub(crate) async fn embedded(self) -> Target {
        self.start(StoreKind::Embedded).await
    }
}

/// Starts the gateway before a service, at `/` and at `/1`; at `/dead` nobody answers.
async fn before(
    service: &mut ResourceSettings,
    gateway: GatewaySettings,
    wiring: &AuthorizationWiring,
    clock: Clock,
) -> RunningGateway {
    // The service has to know the gateway's URL before it starts, and the gateway the service's.
    let (alive, dead) = (free_address(), free_address());
    service.listen = alive;
    let routes = [("/", alive), ("/1", alive), ("/dead", dead)];
    let services = routes.map(|(prefix, address)| {
        let route = format!("{prefix}=http://{address}");
        route.parse().expect("a route")
    });
    let wiring = GatewayWiring {
        store_url: wiring.store_url.clone(),
        store_unix_url: None,
        signing_secret: wiring.signing_secret.clone(),
        csrf_key: wiring.csrf_key.clone(),
        namespace: None,
    };
    let settings = GatewaySettings {
        services: services.to_vec(),
        ..gateway
    };
    let gateway = gateway::start(settings, wiring, clock).await;
    let gateway = gateway.expect("a gateway");
    let issuer = gateway.internal_url.clone();
    service.authorization_server.get_or_insert(issuer);
    gateway
}

/// An address of this machine that is free. Not 127.0.0.1, where other tests take whatever port is
/// free between this and its use.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., process] = std::process::id().to_be_bytes();
    let own = Ipv4Addr::new(127, 77, process, NEXT.fetch_add(1, Relaxed));
    let listener = TcpListener::bind((own, 0)).expect("a port");
    listener.local_addr().expect("bound")
}

fn ca_file(identity: Option<&Identity>) -> Option<PathBuf> {
    identity.map(|identity| identity.ca_file().to_owned())
}

pub(crate) fn wiring(store: &StartedStore) -> AuthorizationWiring {
    let secret = || Secret::new(random_id());
    AuthorizationWiring {
        store_url: StoreUrl::new(store.url()),
        store_unix_url: None,
        admin_secret: secret(),
        population_password: Secret::new(PASSWORD),
        service_secret: secret(),
        introspection_secret: secret(),
        signing_secret: Some(secret()),
        rotation_key: Some(secret()),
        csrf_key: Some(secret()),
        session_key: Some(secret()),
        auditor_secret: Some(secret()),
        partner_secret: Some(secret()),
        namespace: None,
    }
}

/// What a user holds after a login.
#[derive(Clone, Default)]
pub(crate) struct Login {
    pub(crate) access_token: Option<String>,
    pub(crate) cookie: Option<String>,
    pub(crate) csrf_token: Option<String>,
}

impl Login {
    pub(crate) fn token(&self) -> &str {
        self.access_token.as_deref().expect("an access token")
    }

    /// `name=value`, as a browser sends it.
    pub(crate) fn cookie(&self) -> &str {
        self.cookie.as_deref().expect("a cookie")
    }

    /// The value of the cookie.
    pub(crate) fn cookie_value(&self) -> &str {
        self.cookie().split_once('=').expect("name=value").1
    }
}

impl Target {
    pub(crate) async fn log_in(&self, user: &str) -> Login {
        let answer = self.try_log_in(user, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.login()
    }

    pub(crate) async fn try_log_in(&self, user: &str, password: &str) -> Answer {
        self.form("/login", &[("username", user), ("password", password)])
            .send()
            .await
    }

    /// `GET /resource` with a bearer token.
    pub(crate) async fn read(&self, token: &str) -> Answer {
        get(&self.resource.url, "/resource")
            .bearer(token)
            .send()
            .await
    }

    /// Where callers come: the gateway, or the resource server itself.
    pub(crate) fn entrance(&self) -> &str {
        let gateway = self.gateway.as_ref().map(|gateway| &gateway.url);
        gateway.unwrap_or(&self.resource.url)
    }

    /// `GET /resource` with a cookie.
    pub(crate) async fn read_with_cookie(&self, cookie: &str) -> Answer {
        get(self.entrance(), "/resource")
            .header("cookie", cookie)
            .send()
            .await
    }

    /// A POST of a form to the authorization server.
    pub(crate) fn form(&self, path: &str, parameters: &[(&str, &str)]) -> Call {
        form(&self.authorization.url, path, parameters)
    }

    pub(crate) async fn introspect(&self, token: &str) -> Answer {
        let secret = self.wiring.introspection_secret.expose();
        self.form("/introspect", &[("token", token)])
            .basic("resource-server", secret)
            .send()
            .await
    }

    pub(crate) async fn admin(&self, method: Method, path: &str) -> Answer {
        Call::new(&self.authorization.admin_url, method, path)
            .bearer(self.wiring.admin_secret.expose())
            .send()
            .await
    }

    /// An operator's call that must be acknowledged.
    pub(crate) async fn change(&self, method: Method, path: &str, parameters: &[(&str, &str)]) {
        let answer = self.try_change(method, path, parameters).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}: {answer:?}");
    }

    /// An operator's call, with a form unless there are no parameters.
    pub(crate) async fn try_change(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Answer {
        let mut call = match parameters {
            [] => Call::new(&self.authorization.admin_url, method.clone(), path),
            _ => form(&self.authorization.admin_url, path, parameters),
        };
        call.method = method;
        call.bearer(self.wiring.admin_secret.expose()).send().await
    }

    /// A login by `client`.
    pub(crate) async fn try_log_in_at(&self, user: &str, client: &str) -> Answer {
        let parameters = [
            ("username", user),
            ("password", PASSWORD),
            ("client_id", client),
        ];
        self.form("/login", &parameters).send().await
    }

    pub(crate) async fn log_in_at(&self, user: &str, client: &str) -> Login {
        let answer = self.try_log_in_at(user, client).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.login()
    }

    /// A call with whatever a login gave, as one of our own pages makes it.
    pub(crate) fn present(&self, call: Call, login: &Login) -> Call {
        match &login.access_token {
            Some(token) => call.bearer(token),
            None => call
                .header("cookie", login.cookie())
                .header("sec-fetch-site", "same-origin")
                .header("x-csrf-token", login.csrf_token.as_deref().unwrap_or("")),
        }
    }

    /// Reads the resource with whatever a login gave.
    pub(crate) async fn reads(&self, login: &Login) -> u16 {
        let call = get(self.entrance(), "/resource");
        self.present(call, login).send().await.code()
    }

    /// Changes the resource with whatever a login gave.
    pub(crate) async fn writes(&self, login: &Login) -> u16 {
        let call = Call::new(&self.resource.url, Method::POST, "/resource");
        self.present(call, login).send().await.code()
    }

    /// What introspection says, where there is a token.
    pub(crate) async fn is_active(&self, login: &Login) -> bool {
        self.introspect(login.token()).await.json()["active"] == true
    }

    /// Disables an account, which must be acknowledged.
    pub(crate) async fn disable(&self, user: &str) {
        let answer = self
            .admin(Method::POST, &format!("/accounts/{user}/disable"))
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }

    /// Logs out by cookie, which must succeed.
    pub(crate) async fn log_out(&self, cookie: &str) {
        let logout = Call::new(&self.authorization.url, Method::POST, "/logout");
        let answer = logout.header("cookie", cookie).send().await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    }

    /// A renewal by cookie (`name=value`).
    pub(crate) fn refresh(&self, cookie: &str) -> Call {
        self.refresh_at(cookie, "app")
    }

    /// A renewal by cookie, of this client.
    pub(crate) fn refresh_at(&self, cookie: &str, client: &str) -> Call {
        let parameters = [("grant_type", "refresh_token"), ("client_id", client)];
        self.form("/token", &parameters).header("cookie", cookie)
    }
}

/// A request to be sent.
pub(crate) struct Call {
    url: String,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

pub(crate) fn get(url: &str, path: &str) -> Call {
    Call::new(url, Method::GET, path)
}

pub(crate) fn form(url: &str, path: &str, parameters: &[(&str, &str)]) -> Call {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let mut call = Call::new(url, Method::POST, path)
        .header(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded");
    call.body = body;
    call
}

impl Call {
    pub(crate) fn new(url: &str, method: Method, path: &str) -> Self {
        Self {
            url: url.to_owned(),
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    pub(crate) fn basic(self, id: &str, secret: &str) -> Self {
        let encoded = STANDARD.encode(format!("{id}:{secret}"));
        self.header(AUTHORIZATION.as_str(), &format!("Basic {encoded}"))
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn send(self) -> Answer {
        let authority = self.url.strip_prefix("http://").expect("http://");
        let stream = TcpStream::connect(authority).await.expect("a connection");
        self.send_on(stream).await
    }

    /// Sends it on `stream`, which leads to its URL.
    pub(crate) async fn send_on<S>(self, stream: S) -> Answer
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (head, body) = self.begin_on(stream).await.into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    /// Sends it on a connection of its own, and answers as soon as the answer begins.
    pub(crate) async fn begin(self) -> Response<Incoming> {
        let authority = self.url.strip_prefix("http://").expect("http://");
        let stream = TcpStream::connect(authority).await.expect("a connection");
        self.begin_on(stream).await
    }

    async fn begin_on<S>(self, stream: S) -> Response<Incoming>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let authority = self.url.split_once("://").expect("a URL").1;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("a handshake");
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header(HOST, authority);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::new(Bytes::from(self.body)))
            .expect("a request");
        sender.send_request(request).await.expect("an answer")
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn code(&self) -> u16 {
        self.status.as_u16()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub(crate) fn header(&self, name: impl hyper::header::AsHeaderName) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("ASCII"))
    }

    /// Status and OAuth error code.
    pub(crate) fn error(&self) -> (u16, String) {
        let code = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.code(), code)
    }

    pub(crate) fn login(&self) -> Login {
        let cookie = self
            .header(SET_COOKIE)
            .and_then(|cookie| cookie.split(';').next());
        Login {
            access_token: self.json()["access_token"].as_str().map(str::to_owned),
            cookie: cookie.map(str::to_owned),
            csrf_token: self.json()["csrf_token"].as_str().map(str::to_owned),
        }
    }
}

/// The value of an unlabelled counter.
pub(crate) async fn counter(url: &str, name: &str) -> u64 {
    let metrics = get(url, "/metrics").send().await;
    let line = metrics
        .text()
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok())
        .unwrap_or_else(|| panic!("no counter {name}"))
}

//! The way to an authorization server that was started for this.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, SET_COOKIE};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::authorization::passwords::LoginHash;
use crate::authorization::{
    self, AuthorizationSettings, AuthorizationWiring, RunningAuthorizationServer,
};
use crate::clock::Clock;
use crate::jwt::SigningAlgorithm;
use crate::model::Model;
use crate::secret::{Secret, random_id};
use crate::store::{StartError, StartedStore, StoreKind, StoreUrl};

/// Logins at a time: a password is hashed for each.
const LOGINS: usize = 4;
/// Beyond the end of any session, so that an access token's being active says that its family lives.
const ACCESS_TTL: Duration = Duration::from_secs(60 * 60);

/// Why nothing could be measured over HTTP.
#[derive(Debug, thiserror::Error)]
pub enum OverHttpError {
    /// There is no store.
    #[error(transparent)]
    Store(#[from] StartError),
    /// There is no authorization server.
    #[error("start an authorization server: {0}")]
    Server(String),
    /// The server did not answer.
    #[error("get an answer from {path}: the connection failed")]
    NoAnswer {
        /// Where.
        path: &'static str,
    },
    /// It answered something else than the protocol allows.
    #[error(
        "use the answer from {path}: {status} was not expected, or its body is of another shape"
    )]
    Answer {
        /// Where.
        path: &'static str,
        /// With which status.
        status: u16,
    },
    /// Another client was granted something.
    #[error("see another client refused: it was granted a token of `app`")]
    OtherClientServed,
    /// A session was cut short.
    #[error("play a session to its end")]
    Cut,
}

/// A running authorization server, and how to ask it.
pub(super) struct Door {
    server: RunningAuthorizationServer,
    store: StartedStore,
    password: Secret,
    introspection_secret: Secret,
    logins: Semaphore,
    requests: AtomicU64,
}

/// What a login gives.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
}

struct Reply {
    path: &'static str,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Door {
    /// Starts a store and a server with `users` accounts.
    pub(super) async fn open(
        kind: StoreKind,
        grace: Duration,
        users: u64,
    ) -> Result<Self, OverHttpError> {
        let store = StartedStore::start(kind)?;
        let settings = AuthorizationSettings {
            model: Model::Hybrid,
            algorithm: SigningAlgorithm::Es256,
            access_ttl: ACCESS_TTL,
            refresh_grace: grace,
            users: u32::try_from(users).unwrap_or(u32::MAX),
            login_hash: LoginHash::Cheap,
            ..AuthorizationSettings::default()
        };
        let secret = || Secret::new(random_id());
        let (password, introspection_secret) = (secret(), secret());
        let wiring = AuthorizationWiring {
            store_url: StoreUrl::new(store.url()),
            store_unix_url: None,
            admin_secret: secret(),
            auditor_secret: None,
            population_password: password.clone(),
            service_secret: secret(),
            partner_secret: None,
            introspection_secret: introspection_secret.clone(),
            signing_secret: None,
            rotation_key: Some(secret()),
            csrf_key: Some(secret()),
            session_key: None,
            namespace: None,
        };
        let server = authorization::start(settings, wiring, Clock::system())
            .await
            .map_err(|error| OverHttpError::Server(error.to_string()))?;
        Ok(Self {
            server,
            store,
            password,
            introspection_secret,
            logins: Semaphore::new(LOGINS),
            requests: AtomicU64::new(0),
        })
    }

    /// Product and version of the store.
    pub(super) fn store(&self) -> String {
        let description = self.store.description();
        format!("{} {}", description.product, description.version)
    }

    /// How many requests were answered.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// Logs account `number` in.
    pub(super) async fn log_in(&self, number: u64) -> Result<Login, OverHttpError> {
        let turn = self.logins.acquire().await;
        let name = format!("user-{number:05}");
        let form = [("username", &*name), ("password", self.password.expose())];
        let reply = self.post("/login", &form, None).await?;
        drop(turn);
        let cookie = reply.headers.get(SET_COOKIE);
        let cookie = cookie.and_then(|value| value.to_str().ok());
        let pair = cookie.and_then(|cookie| cookie.split(';').next());
        let refresh_token = pair.and_then(|pair| pair.split_once('='));
        match (refresh_token, reply.member("access_token")) {
            (Some((_, refresh_token)), Some(access_token)) => Ok(Login {
                access_token,
                refresh_token: refresh_token.to_owned(),
            }),
            _ => Err(reply.unexpected()),
        }
    }

    /// Uses a refresh token; answers the next one, or `None` where it is refused.
    pub(super) async fn refresh(
        &self,
        token: &str,
        client: &str,
    ) -> Result<Option<String>, OverHttpError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
        ];
        let reply = self.post("/token", &form, None).await?;
        match reply.status {
            StatusCode::OK => match reply.member("refresh_token") {
                Some(next) => Ok(Some(next)),
                None => Err(reply.unexpected()),
            },
            StatusCode::BAD_REQUEST
                if reply.member("error").as_deref() == Some("invalid_grant") =>
            {
                Ok(None)
            }
            _ => Err(reply.unexpected()),
        }
    }

    /// Whether an access token is active, and hence its family lives.
    pub(super) async fn is_active(&self, token: &str) -> Result<bool, OverHttpError> {
        let secret = self.introspection_secret.expose();
        let basic = STANDARD.encode(format!("resource-server:{secret}"));
        let form = [("token", token)];
        let reply = self.post("/introspect", &form, Some(basic)).await?;
        let json: Option<Value> = serde_json::from_slice(&reply.body).ok();
        json.and_then(|json| json["active"].as_bool())
            .ok_or_else(|| reply.unexpected())
    }

    async fn post(
        &self,
        path: &'static str,
        form: &[(&str, &str)],
        basic: Option<String>,
    ) -> Result<Reply, OverHttpError> {
        let lost = || OverHttpError::NoAnswer { path };
        let authority = self.server.url.trim_start_matches("http://");
        let stream = TcpStream::connect(authority).await.map_err(|_| lost())?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| lost())?;
        tokio::spawn(connection);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut request = Request::post(path)
            .header(HOST, authority)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(basic) = basic {
            request = request.header(AUTHORIZATION, format!("Basic {basic}"));
        }
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|_| lost())?;
        let reply = sender.send_request(request).await.map_err(|_| lost())?;
        let (head, body) = reply.into_parts();
        let body = body.collect().await.map_err(|_| lost())?.to_bytes();
        self.requests.fetch_add(1, Relaxed);
        Ok(Reply {
            path,
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

impl Reply {
    fn member(&self, name: &str) -> Option<String> {
        let json: Value = serde_json::from_slice(&self.body).ok()?;
        json[name].as_str().map(str::to_owned)
    }

    fn unexpected(&self) -> OverHttpError {
        OverHttpError::Answer {
            path: self.path,
            status: self.status.as_u16(),
        }
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

//! Putting a gateway together, and running it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::failure::failures;
use super::route::Route;
use super::server::{Gateway, InternalSurface, Service};
use super::settings::{GatewaySettings, GatewayWiring};
use crate::audit::{AuditLog, OpenAuditError};
use crate::authorization::AUDIENCE;
use crate::clock::Clock;
use crate::http::connection::{self, BindError, Listening};
use crate::http::cors::{Cors, WithCors};
use crate::http::csrf::{ChangeGuard, CsrfKeyError};
use crate::http::upstream::{Upstream, UpstreamUrlError};
use crate::jwt::{KeyError, Minter, SigningKey, install_crypto};
use crate::lifecycle::{self, LifecycleError};
use crate::metrics::Outcomes;
use crate::model::Model;
use crate::model::gateway::{Exchange, InternalLifetimeError};
use crate::model::session::{LocalCacheError, SessionValidator};
use crate::namespace::{self, StoreAt};
use crate::outage::OutageReport;
use crate::resource::streams::Streams;
use crate::store::ConnectError;
use crate::tls::{self, Identity, IdentityError};

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartGatewayError {
    /// A port could not be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// It has no certificate to show.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store cannot be reached.
    #[error(transparent)]
    Store(#[from] ConnectError),
    /// There is no key to sign with.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no key to judge CSRF tokens with.
    #[error(transparent)]
    CsrfKey(#[from] CsrfKeyError),
    /// Internal tokens would expire on their way.
    #[error(transparent)]
    InternalLifetime(#[from] InternalLifetimeError),
    /// Sessions would idle out while they are used.
    #[error(transparent)]
    LocalCache(#[from] LocalCacheError),
    /// A service's URL cannot be used.
    #[error(transparent)]
    Service(#[from] UpstreamUrlError),
    /// There is nothing behind it.
    #[error("start a gateway: it needs a service (--service /1=http://127.0.0.1:8081)")]
    NoService,
    /// Nobody could say which of two services a path leads to.
    #[error("start a gateway: two services at `/{0}`")]
    SamePrefix(String),
    /// The audit log could not be opened.
    #[error(transparent)]
    Audit(#[from] OpenAuditError),
    /// The process could not be set up.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
}

/// A gateway that runs on the runtime it was started on.
#[derive(Debug)]
pub struct RunningGateway {
    /// `http://address:port` or `https://…`, where callers come.
    pub url: String,
    /// `http://address:port` of the internal surface.
    pub internal_url: String,
    /// Who it is, when it speaks TLS.
    pub identity: Option<Identity>,
    public: Listening,
    internal: Listening,
    streams: Arc<Streams>,
    audit: AuditLog,
}

impl RunningGateway {
    /// Ends it: no new connections, requests in progress are answered, open streams are told, the
    /// audit log is written out.
    pub async fn shut_down(self) {
        self.streams.stop();
        tokio::join!(self.public.shut_down(), self.internal.shut_down());
        self.audit.close();
    }
}

/// Runs a gateway as a process: until the end of standard input if `wired`, or until it is
/// signalled.
///
/// Prints one JSON line once it listens.
pub fn serve(
    settings: GatewaySettings,
    wiring: GatewayWiring,
    wired: bool,
) -> Result<(), StartGatewayError> {
    lifecycle::run(wired, async |end| {
        let running = start(settings, wiring, Clock::system()).await?;
        lifecycle::announce(&json!({
            "ready": "gateway",
            "pid": std::process::id(),
            "url": running.url,
            "internal_url": running.internal_url,
            "ca_file": tls::ca_file(running.identity.as_ref()),
        }))?;
        end.told().await;
        running.shut_down().await;
        Ok(())
    })
}

/// Starts a gateway on the running runtime.
pub async fn start(
    settings: GatewaySettings,
    wiring: GatewayWiring,
    clock: Clock,
) -> Result<RunningGateway, StartGatewayError> {
    install_crypto();
    let services = services(&settings)?;
    let public = connection::bind(settings.listen).await?;
    let internal = connection::bind(settings.internal_listen).await?;
    let internal_url = connection::url_of(&internal, None)?;
    let sessions = sessions(&settings, &wiring, &clock).await?;
    let minter = minter(&settings, &wiring, &internal_url)?;
    let exchange = Exchange::new(sessions, minter, clock.clone())?;
    let audit = AuditLog::open(settings.audit_log.as_deref(), "gateway", &clock)?;
    let jwks = exchange.jwks().into();
    let cors = Cors::new(settings.origins.clone(), true);
    let streams = Arc::new(Streams::new(settings.streams.clone()));
    let gateway = Gateway {
        exchange,
        services,
        reveal_internal_token: settings.reveal_internal_token,
        audit: audit.clone(),
        outcomes: Outcomes::default(),
        failures: failures(),
        outage: OutageReport::new("gateway"),
        limits: settings.limits.clone(),
        cors: Arc::clone(&cors),
        streams: Arc::clone(&streams),
    };
    let handler = WithCors {
        cors,
        handler: Arc::new(gateway),
    };
    let identity = Identity::new(settings.tls, settings.listen.ip())?;
    let url = connection::url_of(&public, identity.as_ref())?;
    let (limits, surface) = (&settings.limits, InternalSurface { jwks });
    Ok(RunningGateway {
        url,
        internal_url,
        public: connection::serve(public, Arc::new(handler), limits, identity.as_ref())?,
        internal: connection::serve(internal, Arc::new(surface), limits, None)?,
        identity,
        streams,
        audit,
    })
}

fn services(settings: &GatewaySettings) -> Result<Vec<Service>, StartGatewayError> {
    let routes = &settings.services;
    if routes.is_empty() {
        return Err(StartGatewayError::NoService);
    }
    let is_again = |(index, route): &(usize, &Route)| {
        let mut earlier = routes[..*index].iter();
        earlier.any(|earlier| earlier.prefix() == route.prefix())
    };
    if let Some((_, route)) = routes.iter().enumerate().find(is_again) {
        let name = route.prefix().trim_start_matches('/');
        return Err(StartGatewayError::SamePrefix(name.to_owned()));
    }
    let service = |route| Service::at(route, settings.service_deadline);
    Ok(routes.iter().map(service).collect::<Result<_, _>>()?)
}

impl Service {
    fn at(route: &Route, deadline: Duration) -> Result<Self, UpstreamUrlError> {
        Ok(Self {
            upstream: Upstream::new(route.url(), None, deadline)?,
            outage: OutageReport::answering("gateway", "502 or 504"),
            route: route.clone(),
        })
    }
}

async fn sessions(
    settings: &GatewaySettings,
    wiring: &GatewayWiring,
    clock: &Clock,
) -> Result<SessionValidator, StartGatewayError> {
    let at = StoreAt {
        url: &wiring.store_url,
        unix_url: wiring.store_unix_url.as_ref(),
        connection: settings.store_connection,
        deadline: settings.store_deadline,
    };
    let store = namespace::connect(at, wiring.namespace.as_deref(), Model::Gateway).await?;
    let guard = ChangeGuard::new(wiring.csrf_key.as_ref(), settings.origins.clone())?;
    let sessions = SessionValidator::new(store, guard, clock.clone(), settings.session_idle);
    Ok(sessions.with_local_cache(settings.local_cache)?)
}

fn minter(
    settings: &GatewaySettings,
    wiring: &GatewayWiring,
    internal_url: &str,
) -> Result<Minter, KeyError> {
    let secret = wiring.signing_secret.as_ref();
    let secret = secret.filter(|_| settings.algorithm.is_symmetric());
    let key = SigningKey::new(settings.algorithm, secret)?;
    let issuer = settings.issuer.as_deref().unwrap_or(internal_url);
    Ok(Minter::new(key, issuer, AUDIENCE, settings.internal_ttl))
}

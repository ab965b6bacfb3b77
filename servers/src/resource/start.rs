//! Putting a resource server together, and running it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use super::rate_limit::RateLimit;
use super::server::ResourceServer;
use super::settings::{ResourceSettings, ResourceWiring};
use crate::audit::{AuditLog, OpenAuditError};
use crate::authorization::AUDIENCE;
use crate::clock::Clock;
use crate::http::connection::{self, BindError, Listening};
use crate::http::cors::{Cors, WithCors};
use crate::http::csrf::{ChangeGuard, CsrfKeyError};
use crate::http::upstream::{Upstream, UpstreamUrlError};
use crate::introspection::IntrospectionClient;
use crate::introspection::cache::Introspection;
use crate::jwt::jwks_client::{JwksClient, RefetchPolicy};
use crate::jwt::signing::shared_key_set;
use crate::jwt::{KeyError, KeySource, Rules, Verifier, install_crypto};
use crate::lifecycle::{self, LifecycleError};
use crate::model::jwt::JwtValidator;
use crate::model::jwt_cookie::JwtCookieValidator;
use crate::model::no_auth::NoAuthValidator;
use crate::model::opaque::OpaqueValidator;
use crate::model::session::{LocalCacheError, SessionValidator};
use crate::model::signed_session::{SessionKey, SessionKeyError, SignedSessionValidator};
use crate::model::{Model, Scheme, SessionState, Transport, Validator};
use crate::namespace::{self, StoreAt};
use crate::revocation::status_list::{self, StatusListCheck};
use crate::revocation::{
    Denials, Denylist, EndedCheck, EpochCheck, Revocation, UnsupportedRevocation,
};
use crate::store::{ConnectError, Store};
use crate::tls::{self, Identity, IdentityError};

/// A shorter life of the issuer's keys would ask for them all the time.
const SHORTEST_JWKS_TTL: Duration = Duration::from_millis(100);

/// Why a resource server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartResourceError {
    /// The port could not be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// It has no certificate to show.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store cannot be reached.
    #[error(transparent)]
    Store(#[from] ConnectError),
    /// The shared secret cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no key to judge CSRF tokens with.
    #[error(transparent)]
    CsrfKey(#[from] CsrfKeyError),
    /// There is no key to read signed sessions with.
    #[error(transparent)]
    SessionKey(#[from] SessionKeyError),
    /// Sessions would idle out while they are used.
    #[error(transparent)]
    LocalCache(#[from] LocalCacheError),
    /// The authorization server's URL cannot be used.
    #[error(transparent)]
    Upstream(#[from] UpstreamUrlError),
    /// The audit log could not be opened.
    #[error(transparent)]
    Audit(#[from] OpenAuditError),
    /// The model needs something that was not given.
    #[error("start a resource server for {model}: it needs {missing}")]
    Missing {
        /// The model.
        model: Model,
        /// What it needs.
        missing: &'static str,
    },
    /// The model's credential does not travel in this way.
    #[error("carry credentials of {0} in a cookie: only those of jwt can be told to")]
    Transport(Model),
    /// The model has no sessions whose state could be in the cookie.
    #[error("keep the state of {0} in a cookie: only that of session can be told to")]
    SessionState(Model),
    /// Nothing is looked up here that could be remembered.
    #[error(
        "remember sessions of {0}: only a resource server of session with its state at the server looks sessions up, and a gateway"
    )]
    NoLookUps(Model),
    /// Every token is asked about anyway.
    #[error(
        "tell a resource server of opaque what has ended: it remembers nothing (--introspection-cache 0s)"
    )]
    NothingToTell,
    /// Published keys would be asked for all the time, or be too old before they are looked at.
    #[error(
        "keep the issuer's keys for {ttl:?}, and {stale:?} while it is away: at least 100 ms, and the second at least the first"
    )]
    KeyAges {
        /// How long they are kept.
        ttl: Duration,
        /// How long they are kept while the issuer does not answer.
        stale: Duration,
    },
    /// The model cannot use this revocation channel.
    #[error(transparent)]
    Revocation(#[from] UnsupportedRevocation),
    /// The process could not be set up.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
}

/// A resource server that runs on the runtime it was started on.
#[derive(Debug)]
pub struct RunningResourceServer {
    /// `http://address:port` or `https://…`.
    pub url: String,
    /// Who it is, when it speaks TLS.
    pub identity: Option<Identity>,
    listening: Listening,
    streams: EndStreams,
    audit: AuditLog,
}

/// Ends the open streams of a server, whatever its model.
struct EndStreams(Box<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for EndStreams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EndStreams")
    }
}

impl RunningResourceServer {
    /// Ends it: no new connections, requests in progress are answered, open streams are told, the
    /// audit log is written out.
    pub async fn shut_down(self) {
        (self.streams.0)();
        self.listening.shut_down().await;
        self.audit.close();
    }
}

/// Runs a resource server as a process: until the end of standard input if `wired`, or until it is
/// signalled.
///
/// Prints one JSON line once it listens.
pub fn serve(
    settings: ResourceSettings,
    wiring: ResourceWiring,
    wired: bool,
) -> Result<(), StartResourceError> {
    lifecycle::run(wired, async |end| {
        let running = start(settings, wiring, Clock::system()).await?;
        lifecycle::announce(&json!({
            "ready": "resource-server",
            "pid": std::process::id(),
            "url": running.url,
            "ca_file": tls::ca_file(running.identity.as_ref()),
        }))?;
        end.told().await;
        running.shut_down().await;
        Ok(())
    })
}

/// Starts a resource server on the running runtime.
pub async fn start(
    settings: ResourceSettings,
    wiring: ResourceWiring,
    clock: Clock,
) -> Result<RunningResourceServer, StartResourceError> {
    install_crypto();
    let listener = connection::bind(settings.listen).await?;
    let parts = Parts {
        settings: &settings,
        wiring: &wiring,
        clock,
    };
    check_options(&settings)?;
    // From here on everything is monomorphic: the model's code is called directly, request for
    // request.
    match settings.model {
        Model::NoAuth => run(NoAuthValidator, listener, &parts),
        Model::Session if settings.session_state == SessionState::Cookie => {
            run(parts.signed_session()?, listener, &parts)
        }
        Model::Session => run(parts.session().await?, listener, &parts),
        Model::Jwt if settings.transport == Transport::Cookie => {
            let tokens = parts.jwt().await?;
            run(
                JwtCookieValidator::new(tokens, parts.guard()?),
                listener,
                &parts,
            )
        }
        // The access token of the hybrid is the same as that of `jwt`, and so is judging it; and so
        // is what a gateway makes for the services behind it.
        Model::Jwt | Model::Hybrid | Model::Gateway => run(parts.jwt().await?, listener, &parts),
        Model::Opaque => run(parts.opaque().await?, listener, &parts),
    }
}

/// Options that belong to some models only.
fn check_options(settings: &ResourceSettings) -> Result<(), StartResourceError> {
    settings.revocation.check(settings.model)?;
    settings.revocation.check_algorithm(settings.algorithm)?;
    settings.revocation.check_leeway(settings.leeway)?;
    let (model, in_cookie) = (
        settings.model,
        settings.session_state == SessionState::Cookie,
    );
    if settings.transport == Transport::Cookie && model != Model::Jwt {
        Err(StartResourceError::Transport(model))
    } else if in_cookie && model != Model::Session {
        Err(StartResourceError::SessionState(model))
    } else if !settings.local_cache.is_zero() && (in_cookie || model != Model::Session) {
        Err(StartResourceError::NoLookUps(model))
    } else if model == Model::Opaque
        && settings.revocation.channel == Revocation::DenylistPush
        && settings.introspection_cache.is_zero()
    {
        Err(StartResourceError::NothingToTell)
    } else {
        Ok(())
    }
}

struct Parts<'a> {
    settings: &'a ResourceSettings,
    wiring: &'a ResourceWiring,
    clock: Clock,
}

impl Parts<'_> {
    async fn session(&self) -> Result<SessionValidator, StartResourceError> {
        let sessions = SessionValidator::new(
            self.store().await?,
            self.guard()?,
            self.clock.clone(),
            self.settings.session_idle,
        );
        Ok(sessions.with_local_cache(self.settings.local_cache)?)
    }

    async fn store(&self) -> Result<Store, StartResourceError> {
        let url = self
            .wiring
            .store_url
            .as_ref()
            .ok_or(self.missing("a store URL"))?;
        let at = StoreAt {
            url,
            unix_url: self.wiring.store_unix_url.as_ref(),
            connection: self.settings.store_connection,
            deadline: self.settings.store_deadline,
        };
        let namespace = self.wiring.namespace.as_deref();
        Ok(namespace::connect(at, namespace, self.settings.model).await?)
    }

    fn signed_session(&self) -> Result<SignedSessionValidator, StartResourceError> {
        Ok(SignedSessionValidator::new(
            SessionKey::new(self.wiring.session_key.as_ref())?,
            self.guard()?,
            self.clock.clone(),
        ))
    }

    fn guard(&self) -> Result<ChangeGuard, CsrfKeyError> {
        let origins = self.settings.origins.clone();
        ChangeGuard::new(self.wiring.csrf_key.as_ref(), origins)
    }

    async fn jwt(&self) -> Result<JwtValidator, StartResourceError> {
        let issuer = self
            .settings
            .issuer
            .as_ref()
            .or(self.settings.authorization_server.as_ref());
        let issuer = issuer.ok_or(self.missing("an issuer or an authorization server"))?;
        let rules = Rules {
            issuer: issuer.clone(),
            audience: AUDIENCE.to_owned(),
            algorithm: self.settings.algorithm,
            leeway: self.settings.leeway,
            max_lifetime: self.settings.max_lifetime,
            no_exp: self.settings.revocation.no_exp,
        };
        let keys = if self.settings.algorithm.is_symmetric() {
            let secret = self
                .wiring
                .signing_secret
                .as_ref()
                .ok_or(self.missing("the signing secret"))?;
            KeySource::Shared(shared_key_set(secret)?)
        } else {
            KeySource::Published(self.published_keys().await?)
        };
        let verifier = Arc::new(Verifier::new(rules, keys));
        let ended = self.ended_check(issuer, &verifier).await?;
        Ok(JwtValidator::new(verifier, ended, self.clock.clone()))
    }

    /// What the push channel tells.
    async fn denials(&self, store: &Store) -> Denials {
        let (settings, clock) = (self.settings, self.clock.clone());
        Denials::follow(store, &settings.revocation, settings.leeway, clock).await
    }

    async fn ended_check(
        &self,
        issuer: &str,
        verifier: &Arc<Verifier>,
    ) -> Result<EndedCheck, StartResourceError> {
        let Parts {
            settings, clock, ..
        } = self;
        let revocation = &settings.revocation;
        Ok(match revocation.channel {
            Revocation::None => EndedCheck::None,
            Revocation::Denylist => EndedCheck::Denylist(Denylist::new(self.store().await?)),
            Revocation::DenylistPush => {
                let store = self.store().await?;
                EndedCheck::Push(self.denials(&store).await, store)
            }
            Revocation::Epoch => EndedCheck::Epoch(EpochCheck::new(self.store().await?)),
            Revocation::StatusList => {
                let upstream = self.new_upstream()?;
                let upstream = upstream.with_answers_up_to(status_list::MAX_TOKEN_BYTES);
                let verifier = Arc::clone(verifier);
                let clock = clock.clone();
                let list =
                    StatusListCheck::start(issuer, upstream, verifier, revocation, clock).await;
                EndedCheck::StatusList(list)
            }
        })
    }

    async fn published_keys(&self) -> Result<Arc<JwksClient>, StartResourceError> {
        let Parts {
            settings, clock, ..
        } = self;
        let policy = RefetchPolicy {
            cool_down: settings.jwks_cool_down,
            ttl: settings.jwks_ttl,
            stale: settings.jwks_stale,
        };
        if policy.ttl < SHORTEST_JWKS_TTL || policy.stale < policy.ttl {
            return Err(StartResourceError::KeyAges {
                ttl: policy.ttl,
                stale: policy.stale,
            });
        }
        let client = JwksClient::new(self.upstream()?, settings.algorithm, policy, clock.clone());
        let client = Arc::new(client);
        // So that the first request does not wait for it. If the issuer is not there yet, the first
        // request will ask.
        if let Err(error) = client.first().await {
            eprintln!("resource server: failed to {error}");
        }
        JwksClient::keep_fresh(&client);
        Ok(client)
    }

    async fn opaque(&self) -> Result<OpaqueValidator, StartResourceError> {
        let secret = self
            .wiring
            .introspection_secret
            .as_ref()
            .ok_or(self.missing("the introspection secret"))?;
        let client = IntrospectionClient::new(self.upstream()?, secret, AUDIENCE);
        let introspection = Introspection::new(
            client,
            self.clock.clone(),
            self.settings.introspection_cache,
        );
        if self.settings.revocation.channel != Revocation::DenylistPush {
            return Ok(OpaqueValidator::new(introspection, self.clock.clone()));
        }
        let store = self.store().await?;
        let denials = self.denials(&store).await;
        let told = OpaqueValidator::new(introspection.told(denials), self.clock.clone());
        Ok(told.told_through(store))
    }

    fn upstream(&self) -> Result<Arc<Upstream>, StartResourceError> {
        self.new_upstream().map(Arc::new)
    }

    fn new_upstream(&self) -> Result<Upstream, StartResourceError> {
        let url = self
            .settings
            .authorization_server
            .as_ref()
            .ok_or(self.missing("an authorization server"))?;
        let ca_file = self.wiring.authorization_ca_file.as_deref();
        Ok(Upstream::new(
            url,
            ca_file.filter(|file| !file.as_os_str().is_empty()),
            self.settings.upstream_deadline,
        )?)
    }

    fn missing(&self, missing: &'static str) -> StartResourceError {
        StartResourceError::Missing {
            model: self.settings.model,
            missing,
        }
    }
}

fn run<V: Validator>(
    validator: V,
    listener: TcpListener,
    parts: &Parts<'_>,
) -> Result<RunningResourceServer, StartResourceError> {
    let audit = AuditLog::open(
        parts.settings.audit_log.as_deref(),
        "resource-server",
        &parts.clock,
    )?;
    let limits = &parts.settings.limits;
    let cors = Cors::new(parts.settings.origins.clone(), V::SCHEME == Scheme::Cookie);
    let partner_limit = parts.settings.partner_rate;
    let partner_limit = partner_limit.map(|rate| RateLimit::new(rate, parts.clock.clone()));
    let server = ResourceServer::new(
        validator,
        audit.clone(),
        limits.clone(),
        Arc::clone(&cors),
        partner_limit,
        parts.settings.streams.clone(),
    );
    let server = Arc::new(server);
    let ending = Arc::clone(&server);
    let handler = WithCors {
        cors,
        handler: server,
    };
    let identity = Identity::new(parts.settings.tls, parts.settings.listen.ip())?;
    let url = connection::url_of(&listener, identity.as_ref())?;
    let listening = connection::serve(listener, Arc::new(handler), limits, identity.as_ref())?;
    Ok(RunningResourceServer {
        url,
        identity,
        listening,
        streams: EndStreams(Box::new(move || ending.end_streams())),
        audit,
    })
}

//! Putting an authorization server together, and running it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use super::admin::{AdminSecrets, AdminSurface};
use super::clients::Clients;
use super::events::EventCounts;
use super::passwords::{HashError, Passwords};
use super::server::{AuthorizationServer, ENDPOINTS, PublicSurface};
use super::settings::{AuthorizationSettings, AuthorizationWiring};
use super::{AUDIENCE, metadata};
use crate::audit::{AuditLog, OpenAuditError};
use crate::clock::Clock;
use crate::entitlements::Entitlements;
use crate::http::connection::{self, BindError, Listening};
use crate::http::cors::{Cors, WithCors};
use crate::http::csrf::{ChangeGuard, CsrfKeyError};
use crate::jwt::{KeyError, Minter, Rules, SigningKey, install_crypto};
use crate::lifecycle::{self, LifecycleError};
use crate::metrics::EndpointOutcomes;
use crate::model::accounts::Accounts;
use crate::model::hybrid::{HybridIssuer, RefreshPolicy};
use crate::model::jwt::JwtIssuer;
use crate::model::jwt_cookie::JwtCookieIssuer;
use crate::model::no_auth::NoAuthIssuer;
use crate::model::opaque::OpaqueIssuer;
use crate::model::record::{CutOffs, Ledger};
use crate::model::session::SessionIssuer;
use crate::model::signed_session::{SessionKey, SessionKeyError, SignedSessionIssuer};
use crate::model::{Issuer, Model, Scheme, SessionState, Transport};
use crate::namespace::{self, StoreAt};
use crate::outage::OutageReport;
use crate::revocation::{Announcer, StartAnnouncerError, UnsupportedRevocation};
use crate::rotation::{RotationKey, RotationKeyError};
use crate::store::{ConnectError, INDEX_LIFETIME, Store, StoreError};
use crate::tls::{self, Identity, IdentityError};

/// Why an authorization server did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum StartAuthorizationError {
    /// A port could not be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// It has no certificate to show.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store cannot be reached.
    #[error(transparent)]
    Store(#[from] ConnectError),
    /// The store does not say which clients are disabled.
    #[error(transparent)]
    DisabledClients(#[from] StoreError),
    /// There is no key to sign with.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no key to make refresh tokens with.
    #[error(transparent)]
    RotationKey(#[from] RotationKeyError),
    /// There is no key to make CSRF tokens with.
    #[error(transparent)]
    CsrfKey(#[from] CsrfKeyError),
    /// There is no key to sign sessions with.
    #[error(transparent)]
    SessionKey(#[from] SessionKeyError),
    /// The population's password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The audit log could not be opened.
    #[error(transparent)]
    Audit(#[from] OpenAuditError),
    /// The model's credential does not travel in this way.
    #[error("carry credentials of {0} in a cookie: only those of jwt can be told to")]
    Transport(Model),
    /// The model has no sessions whose state could be in the cookie.
    #[error("keep the state of {0} in a cookie: only that of session can be told to")]
    SessionState(Model),
    /// The model cannot use this revocation channel.
    #[error(transparent)]
    Revocation(#[from] UnsupportedRevocation),
    /// The revocation channel could not be opened.
    #[error(transparent)]
    Announcer(#[from] StartAnnouncerError),
    /// A life that JWTs cannot have: their times are whole seconds.
    #[error("issue access tokens that live for {0:?}: a JWT needs at least 1 s")]
    AccessLifetime(Duration),
    /// A life that the store's indexes do not cover.
    #[error("keep sessions for {0:?}: at most 400 days are possible")]
    AbsoluteLifetime(Duration),
    /// The process could not be set up.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
}

/// An authorization server that runs on the runtime it was started on.
#[derive(Debug)]
pub struct RunningAuthorizationServer {
    /// `http://address:port` or `https://…` of the public surface.
    pub url: String,
    /// The same of the admin surface.
    pub admin_url: String,
    /// Who it is, when it speaks TLS.
    pub identity: Option<Identity>,
    public: Listening,
    admin: Listening,
    audit: AuditLog,
}

impl RunningAuthorizationServer {
    /// Ends it: no new connections, requests in progress are answered, the audit log is written
    /// out.
    pub async fn shut_down(self) {
        tokio::join!(self.public.shut_down(), self.admin.shut_down());
        self.audit.close();
    }
}

/// Runs an authorization server as a process: until the end of standard input if `wired`, or until
/// it is signalled.
///
/// Prints one JSON line once it listens.
pub fn serve(
    settings: AuthorizationSettings,
    wiring: AuthorizationWiring,
    wired: bool,
) -> Result<(), StartAuthorizationError> {
    lifecycle::run(wired, async |end| {
        let running = start(settings, wiring, Clock::system()).await?;
        lifecycle::announce(&json!({
            "ready": "authorization-server",
            "pid": std::process::id(),
            "url": running.url,
            "admin_url": running.admin_url,
            "ca_file": tls::ca_file(running.identity.as_ref()),
        }))?;
        end.told().await;
        running.shut_down().await;
        Ok(())
    })
}

/// Starts an authorization server on the running runtime.
pub async fn start(
    settings: AuthorizationSettings,
    wiring: AuthorizationWiring,
    clock: Clock,
) -> Result<RunningAuthorizationServer, StartAuthorizationError> {
    install_crypto();
    check_lifetimes(&settings)?;
    if settings.transport == Transport::Cookie && settings.model != Model::Jwt {
        return Err(StartAuthorizationError::Transport(settings.model));
    }
    if settings.session_state == SessionState::Cookie && settings.model != Model::Session {
        return Err(StartAuthorizationError::SessionState(settings.model));
    }
    settings.revocation.check(settings.model)?;
    settings.revocation.check_algorithm(settings.algorithm)?;
    let public = connection::bind(settings.listen).await?;
    let admin = connection::bind(settings.admin_listen).await?;
    let at = StoreAt {
        url: &wiring.store_url,
        unix_url: wiring.store_unix_url.as_ref(),
        connection: settings.store_connection,
        deadline: settings.store_deadline,
    };
    let store = namespace::connect(at, wiring.namespace.as_deref(), settings.model).await?;
    let identity = Identity::new(settings.tls, settings.listen.ip())?;
    let url = connection::url_of(&public, identity.as_ref())?;
    let announcer = Announcer::start(
        &settings.revocation,
        &store,
        settings.issuer.as_deref().unwrap_or(&url),
        clock.clone(),
        longest_life(&settings),
    );
    let announcer = announcer.await?;
    let parts = Parts {
        url,
        clients: Clients::new(&wiring),
        public,
        admin,
        identity,
        store,
        announcer,
        clock,
        settings: &settings,
        wiring: &wiring,
    };
    for client in parts.accounts().disabled_clients().await? {
        parts.clients.set(client, false);
    }
    // From here on everything is monomorphic: the model's code is called directly, request for
    // request.
    match settings.model {
        Model::NoAuth => run(NoAuthIssuer, parts),
        Model::Session if settings.session_state == SessionState::Cookie => {
            run(parts.signed_session_issuer()?, parts)
        }
        // What a browser has is the same; that the services behind a gateway see something else does
        // not concern its issuer.
        Model::Session | Model::Gateway => run(parts.session_issuer()?, parts),
        Model::Jwt if settings.transport == Transport::Cookie => {
            run(parts.jwt_cookie_issuer()?, parts)
        }
        Model::Jwt => run(parts.jwt_issuer()?, parts),
        Model::Opaque => run(
            OpaqueIssuer::new(parts.announcing_ledger(CutOffs::Last), settings.access_ttl),
            parts,
        ),
        Model::Hybrid => run(parts.hybrid_issuer()?, parts),
    }
}

fn check_lifetimes(settings: &AuthorizationSettings) -> Result<(), StartAuthorizationError> {
    let is_jwt = matches!(settings.model, Model::Jwt | Model::Hybrid);
    if is_jwt && settings.access_ttl < Duration::from_secs(1) {
        return Err(StartAuthorizationError::AccessLifetime(settings.access_ttl));
    }
    let longest = settings
        .session_absolute
        .max(settings.refresh_absolute)
        .max(settings.access_ttl);
    if longest > INDEX_LIFETIME {
        Err(StartAuthorizationError::AbsoluteLifetime(longest))
    } else {
        Ok(())
    }
}

/// For how long an announcement is needed: no access token, and nothing that is remembered of one, is good for longer.
fn longest_life(settings: &AuthorizationSettings) -> Duration {
    settings.access_ttl
}

struct Parts<'a> {
    url: String,
    clients: Clients,
    public: TcpListener,
    admin: TcpListener,
    identity: Option<Identity>,
    store: Store,
    announcer: Announcer,
    clock: Clock,
    settings: &'a AuthorizationSettings,
    wiring: &'a AuthorizationWiring,
}

impl Parts<'_> {
    fn issuer_url(&self) -> &str {
        self.settings.issuer.as_deref().unwrap_or(&self.url)
    }

    fn accounts(&self) -> Accounts {
        let settings = self.settings;
        Accounts::new(
            self.store.clone(),
            self.announcer.clone(),
            settings.users,
            settings.writers_percent,
        )
    }

    fn entitlements(&self) -> Entitlements {
        self.settings.entitlements.clone()
    }

    fn ledger(&self, entitlements: Entitlements) -> Ledger {
        Ledger::new(self.store.clone(), self.clock.clone(), entitlements)
    }

    /// A ledger of credentials that resource servers may know something of besides.
    fn announcing_ledger(&self, cut_offs: CutOffs) -> Ledger {
        self.ledger(self.entitlements())
            .announcing(self.announcer.clone(), cut_offs)
    }

    fn session_issuer(&self) -> Result<SessionIssuer, CsrfKeyError> {
        Ok(SessionIssuer::new(
            self.announcing_ledger(CutOffs::First),
            self.guard()?,
            self.settings.session_idle,
            self.settings.session_absolute,
        ))
    }

    fn signed_session_issuer(&self) -> Result<SignedSessionIssuer, StartAuthorizationError> {
        Ok(SignedSessionIssuer::new(
            SessionKey::new(self.wiring.session_key.as_ref())?,
            self.guard()?,
            self.accounts(),
            self.clock.clone(),
            self.entitlements(),
            self.settings.session_absolute,
        ))
    }

    fn guard(&self) -> Result<ChangeGuard, CsrfKeyError> {
        ChangeGuard::new(self.wiring.csrf_key.as_ref(), self.settings.origins.clone())
    }

    fn jwt_issuer(&self) -> Result<JwtIssuer, KeyError> {
        let algorithm = self.settings.algorithm;
        let secret = self
            .wiring
            .signing_secret
            .as_ref()
            .filter(|_| algorithm.is_symmetric());
        let key = SigningKey::new(algorithm, secret)?;
        let minter = Minter::new(key, self.issuer_url(), AUDIENCE, self.settings.access_ttl)
            .with_entitlements(self.entitlements());
        let no_exp = self.settings.revocation.no_exp;
        let minter = if no_exp {
            minter.without_expiry()
        } else {
            minter
        };
        let rules = Rules {
            issuer: self.issuer_url().to_owned(),
            audience: AUDIENCE.to_owned(),
            algorithm,
            // The issuer reads its own tokens by its own clock, and whatever life it gave them is
            // right.
            leeway: Duration::ZERO,
            max_lifetime: Duration::MAX,
            no_exp,
        };
        Ok(JwtIssuer::new(
            minter,
            rules,
            self.accounts(),
            self.announcer.clone(),
            self.clock.clone(),
        ))
    }

    fn jwt_cookie_issuer(&self) -> Result<JwtCookieIssuer, StartAuthorizationError> {
        Ok(JwtCookieIssuer::new(self.jwt_issuer()?, self.guard()?))
    }

    fn hybrid_issuer(&self) -> Result<HybridIssuer, StartAuthorizationError> {
        let rotation =
            RotationKey::new(self.wiring.rotation_key.as_ref().ok_or(RotationKeyError)?)?;
        let policy = RefreshPolicy {
            idle: self.settings.refresh_idle,
            absolute: self.settings.refresh_absolute,
            grace: self.settings.refresh_grace,
        };
        Ok(HybridIssuer::new(
            self.jwt_issuer()?,
            // A family renews the tokens that carry them, and needs none itself.
            self.ledger(Entitlements::default()),
            rotation,
            policy,
        ))
    }
}

fn run<I: Issuer>(
    issuer: I,
    parts: Parts<'_>,
) -> Result<RunningAuthorizationServer, StartAuthorizationError> {
    let Parts {
        settings, wiring, ..
    } = parts;
    let audit = AuditLog::open(
        settings.audit_log.as_deref(),
        "authorization-server",
        &parts.clock,
    )?;
    let by_cookie = I::SCHEME == Scheme::Cookie || I::REFRESH_COOKIE.is_some();
    let cors = Cors::new(settings.origins.clone(), by_cookie);
    let server = Arc::new(AuthorizationServer {
        metadata: metadata::document(parts.issuer_url(), I::GRANT_TYPES)
            .to_string()
            .into(),
        issuer,
        issuer_url: parts.issuer_url().to_owned(),
        accounts: parts.accounts(),
        origins: settings.origins.clone(),
        cors: Arc::clone(&cors),
        passwords: Passwords::new(
            &wiring.population_password,
            settings.login_hash,
            settings.login_workers,
            settings.login_queue,
        )?,
        clients: parts.clients,
        admin_secrets: AdminSecrets::new(wiring),
        account_changes: tokio::sync::Mutex::default(),
        client_changes: tokio::sync::Mutex::default(),
        audit: audit.clone(),
        store: parts.store,
        outage: OutageReport::new("authorization server"),
        outcomes: EndpointOutcomes::new(ENDPOINTS),
        events: EventCounts::default(),
        introspections: AtomicU64::new(0),
        limits: settings.limits.clone(),
    });
    let public = connection::serve(
        parts.public,
        Arc::new(WithCors {
            cors,
            handler: PublicSurface(Arc::clone(&server)),
        }),
        &settings.limits,
        parts.identity.as_ref(),
    )?;
    let admin_url = connection::url_of(&parts.admin, parts.identity.as_ref())?;
    let admin = connection::serve(
        parts.admin,
        Arc::new(AdminSurface(server)),
        &settings.limits,
        parts.identity.as_ref(),
    )?;
    Ok(RunningAuthorizationServer {
        url: parts.url,
        admin_url,
        identity: parts.identity,
        public,
        admin,
        audit,
    })
}

//! What callers come to: the resource server, or the gateway before it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use authbench_servers::authorization::AuthorizationWiring;
use authbench_servers::clock::Clock;
use authbench_servers::gateway::{self, GatewaySettings, GatewayWiring, RunningGateway};
use authbench_servers::model::Model;
use authbench_servers::resource::{self, ResourceSettings, RunningResourceServer};

use crate::plan::resource_wiring;

/// What enforces credentials.
pub(crate) struct Entrance {
    /// Where `/resource` is.
    pub(crate) url: String,
    _resource: RunningResourceServer,
    _gateway: Option<RunningGateway>,
}

impl Entrance {
    /// Starts a resource server; for `gateway`, one behind a gateway, which then does what the
    /// settings say about callers.
    pub(crate) async fn start(
        mut settings: ResourceSettings,
        wiring: &AuthorizationWiring,
        clock: Clock,
    ) -> Self {
        let gateway = match settings.model {
            Model::Gateway => Some(before(&mut settings, wiring, clock.clone()).await),
            _ => None,
        };
        let resource = resource::start(settings, resource_wiring(wiring), clock).await;
        let resource = resource.expect("a resource server");
        let url = gateway.as_ref().map_or(&resource.url, |it| &it.url).clone();
        Self {
            url,
            _resource: resource,
            _gateway: gateway,
        }
    }
}

/// Starts the gateway before a service, and leaves for the service what is not the gateway's.
async fn before(
    service: &mut ResourceSettings,
    wiring: &AuthorizationWiring,
    clock: Clock,
) -> RunningGateway {
    // The service has to know the gateway's URL before it starts, and the gateway the service's.
    service.listen = free_address();
    let route = format!("/=http://{}", service.listen);
    let settings = GatewaySettings {
        services: vec![route.parse().expect("a route")],
        algorithm: service.algorithm,
        session_idle: service.session_idle,
        store_connection: service.store_connection,
        store_deadline: service.store_deadline,
        service_deadline: service.upstream_deadline,
        origins: std::mem::take(&mut service.origins),
        audit_log: service.audit_log.clone(),
        limits: service.limits.clone(),
        ..GatewaySettings::default()
    };
    let wiring = GatewayWiring {
        store_url: wiring.store_url.clone(),
        store_unix_url: wiring.store_unix_url.clone(),
        signing_secret: wiring.signing_secret.clone(),
        csrf_key: wiring.csrf_key.clone(),
        namespace: None,
    };
    let gateway = gateway::start(settings, wiring, clock).await;
    let gateway = gateway.expect("a gateway");
    service.authorization_server = Some(gateway.internal_url.clone());
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

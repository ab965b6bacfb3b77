//! How a target is started.

use std::time::Duration;

use authbench_servers::authorization::passwords::LoginHash;
use authbench_servers::authorization::{AuthorizationSettings, AuthorizationWiring};
use authbench_servers::jwt::SigningAlgorithm;
use authbench_servers::model::Model;
use authbench_servers::resource::{ResourceSettings, ResourceWiring};
use authbench_servers::secret::{Secret, random_id};
use authbench_servers::store::StoreUrl;
use tempfile::NamedTempFile;

use crate::target::{ACCESS_TTL, PASSWORD};

/// A test machine may stall for longer than a server that is measured may wait; what waits for a silent store waits so long.
const STORE_DEADLINE: Duration = Duration::from_secs(2);

/// Settings that rows change.
pub(crate) struct Plan {
    pub(crate) authorization: AuthorizationSettings,
    pub(crate) resource: ResourceSettings,
}

impl Plan {
    /// The settings of a model, with an audit log for each server.
    pub(crate) fn new(
        model: Model,
        authorization_log: &NamedTempFile,
        resource_log: &NamedTempFile,
    ) -> Self {
        // The cheapest algorithm to make keys for; that all of them work is a row of its own.
        let algorithm = SigningAlgorithm::Es256;
        let authorization = AuthorizationSettings {
            model,
            algorithm,
            access_ttl: ACCESS_TTL,
            users: 20,
            login_hash: LoginHash::Cheap,
            audit_log: Some(authorization_log.path().to_owned()),
            store_deadline: STORE_DEADLINE,
            ..AuthorizationSettings::default()
        };
        let resource = ResourceSettings {
            model,
            algorithm,
            audit_log: Some(resource_log.path().to_owned()),
            store_deadline: STORE_DEADLINE,
            // Rows about outages set their own.
            upstream_deadline: Duration::from_secs(10),
            ..ResourceSettings::default()
        };
        Self {
            authorization,
            resource,
        }
    }
}

/// What the authorization server is told.
pub(crate) fn wiring(store_url: &str) -> AuthorizationWiring {
    let secret = || Secret::new(random_id());
    AuthorizationWiring {
        store_url: StoreUrl::new(store_url),
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

/// What the resource server is told.
pub(crate) fn resource_wiring(wiring: &AuthorizationWiring) -> ResourceWiring {
    ResourceWiring {
        store_url: Some(wiring.store_url.clone()),
        store_unix_url: wiring.store_unix_url.clone(),
        introspection_secret: Some(wiring.introspection_secret.clone()),
        signing_secret: wiring.signing_secret.clone(),
        csrf_key: wiring.csrf_key.clone(),
        session_key: wiring.session_key.clone(),
        ..ResourceWiring::default()
    }
}

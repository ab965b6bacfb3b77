//! `authbench serve …`: one process of a target.

mod wiring;

use crate::cli::gateway::{GatewayArguments, Reveal};
use crate::cli::{AllowedOrigin, AuthorizationArguments, ResourceArguments, ServeCommand};
use anyhow::{Context, Result};
use authbench_servers::authorization::{self, AuthorizationSettings};
use authbench_servers::gateway::{self, GatewaySettings};
use authbench_servers::http::origins::Origins;
use authbench_servers::resource::streams::StreamSettings;
use authbench_servers::resource::{self, ResourceSettings};
use authbench_servers::{store, truth};
use std::num::NonZeroU32;

/// What a store may be told; below, what the other processes may.
const STORE: &[&str] = &["store_url", "redis_server", "namespace"];
const AUTHORIZATION: &[&str] = &[
    "store_url",
    "store_unix_url",
    "admin_secret",
    "auditor_secret",
    "population_password",
    "service_secret",
    "partner_secret",
    "introspection_secret",
    "signing_secret",
    "rotation_key",
    "csrf_key",
    "session_key",
    "namespace",
];
const RESOURCE: &[&str] = &[
    "store_url",
    "store_unix_url",
    "introspection_secret",
    "signing_secret",
    "csrf_key",
    "session_key",
    "namespace",
    "authorization_ca_file",
];
const GATEWAY: &[&str] = &[
    "store_url",
    "store_unix_url",
    "signing_secret",
    "csrf_key",
    "namespace",
];
const TRUTH: &[&str] = &["store_url"];

/// Runs the process to its end.
pub(crate) fn execute(process: ServeCommand) -> Result<u8> {
    match process {
        ServeCommand::Store(arguments) => {
            let wiring = wiring::read(&arguments.wired, STORE).context("store")?;
            store::serve(wiring, arguments.wired.wired)?;
        }
        ServeCommand::AuthorizationServer(arguments) => {
            let (wiring, wired) = (
                wiring::read(&arguments.wired, AUTHORIZATION).context("authorization server")?,
                arguments.wired.wired,
            );
            authorization::serve(authorization_settings(arguments), wiring, wired)?;
        }
        ServeCommand::ResourceServer(arguments) => {
            let (wiring, wired) = (
                wiring::read(&arguments.wired, RESOURCE).context("resource server")?,
                arguments.wired.wired,
            );
            resource::serve(resource_settings(arguments), wiring, wired)?;
        }
        ServeCommand::Gateway(arguments) => {
            let (wiring, wired) = (
                wiring::read(&arguments.wired, GATEWAY).context("gateway")?,
                arguments.wired.wired,
            );
            gateway::serve(gateway_settings(arguments), wiring, wired)?;
        }
        ServeCommand::Truth(arguments) => {
            let (wiring, wired) = (
                wiring::read(&arguments.wired, TRUTH).context("truth server")?,
                arguments.wired.wired,
            );
            truth::serve(arguments.settings()?, wiring, wired)?;
        }
    }
    Ok(0)
}

fn authorization_settings(arguments: AuthorizationArguments) -> AuthorizationSettings {
    AuthorizationSettings {
        listen: arguments.listen,
        admin_listen: arguments.admin_listen,
        tls: arguments.tls,
        model: arguments.model,
        transport: arguments.transport,
        session_state: arguments.session_state.session_state,
        algorithm: arguments.alg,
        issuer: arguments.issuer,
        access_ttl: arguments.access_ttl,
        refresh_idle: arguments.refresh_idle,
        refresh_absolute: arguments.refresh_absolute,
        refresh_grace: arguments.refresh_grace,
        session_idle: arguments.session_idle,
        session_absolute: arguments.session_absolute,
        store_connection: arguments.store_connection,
        users: arguments.users,
        writers_percent: arguments.writers,
        entitlements: arguments.claims_bytes,
        login_hash: arguments.login_hash,
        origins: origins(&arguments.allow_origin),
        revocation: arguments.revocation.settings(),
        audit_log: arguments.audit_log,
        ..AuthorizationSettings::default()
    }
}

fn origins(allowed: &[AllowedOrigin]) -> Origins {
    let origins = allowed.iter().filter_map(|allowed| allowed.0.clone());
    Origins::new(&origins.collect::<Vec<_>>())
}

fn resource_settings(arguments: ResourceArguments) -> ResourceSettings {
    let mut settings = ResourceSettings {
        listen: arguments.listen,
        tls: arguments.tls,
        model: arguments.model,
        transport: arguments.transport,
        session_state: arguments.session_state.session_state,
        algorithm: arguments.alg,
        issuer: arguments.issuer,
        authorization_server: arguments.authorization_server,
        leeway: arguments.leeway,
        max_lifetime: arguments.max_lifetime,
        introspection_cache: arguments.introspection_cache,
        local_cache: arguments.local_cache.local_cache,
        session_idle: arguments.session_idle,
        store_connection: arguments.store_connection,
        partner_rate: NonZeroU32::new(arguments.partner_rate),
        streams: arguments.streams.into(),
        origins: origins(&arguments.allow_origin),
        revocation: arguments.revocation.settings(),
        audit_log: arguments.audit_log,
        ..ResourceSettings::default()
    };
    arguments.keys.apply(&mut settings);
    settings
}

fn gateway_settings(arguments: GatewayArguments) -> GatewaySettings {
    GatewaySettings {
        listen: arguments.listen,
        internal_listen: arguments.internal_listen,
        tls: arguments.tls,
        services: arguments.services,
        algorithm: arguments.alg,
        issuer: arguments.issuer,
        internal_ttl: arguments.internal_ttl,
        session_idle: arguments.session_idle,
        local_cache: arguments.local_cache.local_cache,
        store_connection: arguments.store_connection,
        streams: StreamSettings {
            recheck: Some(arguments.stream_recheck).filter(|recheck| !recheck.is_zero()),
            ..StreamSettings::default()
        },
        origins: origins(&arguments.allow_origin),
        reveal_internal_token: arguments.reveal_internal_token == Reveal::On,
        audit_log: arguments.audit_log,
        ..GatewaySettings::default()
    }
}

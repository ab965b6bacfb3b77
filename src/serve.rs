//! `authbench serve …`: one process of a target.

use crate::cli::{AuthorizationArguments, ResourceArguments, ServeCommand, Wired};
use anyhow::{Context, Result};
use authbench_servers::authorization::{self, AuthorizationSettings};
use authbench_servers::resource::{self, ResourceSettings};
use authbench_servers::{store, truth};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Before each member's name, in capitals, in the environment.
const PREFIX: &str = "AUTHBENCH_";

const STORE: &[&str] = &["store_url", "redis_server", "namespace"];
const AUTHORIZATION: &[&str] = &[
    "store_url",
    "admin_secret",
    "population_password",
    "service_secret",
    "introspection_secret",
    "signing_secret",
    "rotation_key",
    "namespace",
];
const RESOURCE: &[&str] = &[
    "store_url",
    "introspection_secret",
    "signing_secret",
    "namespace",
    "authorization_ca_file",
];
const TRUTH: &[&str] = &["store_url"];

/// Runs the process to its end.
pub(crate) fn execute(process: ServeCommand) -> Result<u8> {
    match process {
        ServeCommand::Store(arguments) => {
            let wiring = wiring(&arguments.wired, STORE).context("store")?;
            store::serve(wiring, arguments.wired.wired)?;
        }
        ServeCommand::AuthorizationServer(arguments) => {
            let (wiring, wired) = (
                wiring(&arguments.wired, AUTHORIZATION).context("authorization server")?,
                arguments.wired.wired,
            );
            authorization::serve(authorization_settings(arguments), wiring, wired)?;
        }
        ServeCommand::ResourceServer(arguments) => {
            let (wiring, wired) = (
                wiring(&arguments.wired, RESOURCE).context("resource server")?,
                arguments.wired.wired,
            );
            resource::serve(resource_settings(arguments), wiring, wired)?;
        }
        ServeCommand::Truth(arguments) => {
            let (wiring, wired) = (
                wiring(&arguments.wired, TRUTH).context("truth server")?,
                arguments.wired.wired,
            );
            truth::serve(arguments.settings()?, wiring, wired)?;
        }
    }
    Ok(0)
}

/// Addresses and secrets: one JSON line on standard input, or `members` from the environment.
fn wiring<T: DeserializeOwned>(wired: &Wired, members: &[&str]) -> Result<T> {
    if wired.wired {
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .context("read the wiring from standard input")?;
        // The decoder's message names members and positions, never values.
        return serde_json::from_str(&line)
            .context("the first line of standard input is not the wiring");
    }
    let variable = |member: &&str| {
        let value = std::env::var(format!("{PREFIX}{}", member.to_uppercase())).ok()?;
        Some(((*member).to_owned(), Value::String(value)))
    };
    let given: Map<String, Value> = members.iter().filter_map(variable).collect();
    serde_json::from_value(Value::Object(given))
        .with_context(|| format!("the environment (variables {PREFIX}…) lacks something; with --wired it comes on standard input"))
}

fn authorization_settings(arguments: AuthorizationArguments) -> AuthorizationSettings {
    AuthorizationSettings {
        listen: arguments.listen,
        admin_listen: arguments.admin_listen,
        tls: arguments.tls,
        model: arguments.model,
        algorithm: arguments.alg,
        issuer: arguments.issuer,
        access_ttl: arguments.access_ttl,
        refresh_idle: arguments.refresh_idle,
        refresh_absolute: arguments.refresh_absolute,
        refresh_grace: arguments.refresh_grace,
        session_idle: arguments.session_idle,
        session_absolute: arguments.session_absolute,
        users: arguments.users,
        login_hash: arguments.login_hash,
        audit_log: arguments.audit_log,
        ..AuthorizationSettings::default()
    }
}

fn resource_settings(arguments: ResourceArguments) -> ResourceSettings {
    ResourceSettings {
        listen: arguments.listen,
        tls: arguments.tls,
        model: arguments.model,
        algorithm: arguments.alg,
        issuer: arguments.issuer,
        authorization_server: arguments.authorization_server,
        leeway: arguments.leeway,
        max_lifetime: arguments.max_lifetime,
        introspection_cache: arguments.introspection_cache,
        session_idle: arguments.session_idle,
        audit_log: arguments.audit_log,
        ..ResourceSettings::default()
    }
}

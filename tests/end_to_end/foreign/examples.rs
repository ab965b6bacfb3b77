//! The example target files: each parses as it is committed, sends nothing anywhere, and passes `check` against a stand-in for its product.

use std::path::PathBuf;
use std::sync::Arc;

use super::http::{Server, Site};
use super::standins::{auth0_like, django, jwt, keycloak, spring_session};
use crate::program::{Workspace, stderr};

/// Secrets of all of them, as the environment has them.
const SECRETS: [(&str, &str); 8] = [
    ("KEYCLOAK_CLIENT_SECRET", keycloak::CLIENT.1),
    ("KEYCLOAK_ADMIN_SECRET", keycloak::ADMIN.1),
    ("DJANGO_ADMIN_PASSWORD", django::ADMIN.1),
    ("AUTH0_CLIENT_ID", auth0_like::CLIENT.0),
    ("AUTH0_CLIENT_SECRET", auth0_like::CLIENT.1),
    ("AUTH0_MANAGEMENT_CLIENT_ID", auth0_like::MANAGEMENT.0),
    ("AUTH0_MANAGEMENT_CLIENT_SECRET", auth0_like::MANAGEMENT.1),
    ("ACTUATOR_PASSWORD", spring_session::ACTUATOR.1),
];

#[test]
fn keycloak() {
    let (realm, keycloak) = started(keycloak::Keycloak::new);
    let api = api(&keycloak.key);
    let users = rows("name,password", |n| {
        format!("user {n},{}", keycloak::PASSWORD)
    });
    let hosts = [
        ("https://keycloak.example.com", realm.url.as_str()),
        ("https://api.example.com", &api.url),
    ];
    check("keycloak.toml", &users, &hosts);
}

#[test]
fn django() {
    let (site, _) = started(django::Django::new);
    let users = rows("name,password,pk", |n| {
        format!("user-{n},{},{}", django::PASSWORD, 100 + n)
    });
    check(
        "django.toml",
        &users,
        &[("https://www.example.com", &site.url)],
    );
}

#[test]
fn auth0_like() {
    let (tenant, state) = started(auth0_like::Tenant::new);
    let api = api(&state.key);
    let users = rows("name,password,id", |n| {
        format!("u{n}@example.com,{},auth0|u{n}", auth0_like::PASSWORD)
    });
    let hosts = [
        ("https://my-tenant.example.com", tenant.url.as_str()),
        ("https://orders.example.com", &api.url),
    ];
    check("auth0-like.toml", &users, &hosts);
}

#[test]
fn spring_session() {
    let (site, _) = started(spring_session::Spring::new);
    let users = rows("name,password", |n| {
        format!("user{n},{}", spring_session::PASSWORD)
    });
    check(
        "spring-session.toml",
        &users,
        &[("https://www.example.com", &site.url)],
    );
}

/// As committed the file is whole, and its hosts are somebody else's: nothing is sent there unasked.
#[test]
fn as_committed_they_parse_and_send_nothing() {
    for name in [
        "keycloak.toml",
        "django.toml",
        "auth0-like.toml",
        "spring-session.toml",
    ] {
        let workspace = Workspace::new();
        let file = workspace.write(name, &example(name));
        workspace.write("users.csv", "name,password,pk,id\nx,x,1,x\n");
        let mut command = workspace.authbench(&["check", "--target", &file, "--quiet"]);
        let output = command.envs(SECRETS).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stderr(&output));
        assert!(
            stderr(&output).contains("--allow-remote-target"),
            "{name}: {}",
            stderr(&output)
        );
    }
}

fn started<S: Site>(site: impl FnOnce(&str) -> Arc<S>) -> (Server, Arc<S>) {
    let mut made = None;
    let server = Server::start(|url| Arc::clone(made.insert(site(url))));
    (server, made.expect("was made"))
}

/// An API that checks what is signed with `key`.
fn api(key: &Arc<jwt::Key>) -> Server {
    let key = Arc::clone(key);
    Server::start(|_| {
        Arc::new(jwt::Api {
            key,
            path: "/orders",
        })
    })
}

fn rows(columns: &str, row: impl Fn(u32) -> String) -> String {
    let rows = (0..10).map(|n| row(n) + "\n");
    rows.fold(format!("{columns}\n"), |all, row| all + &row)
}

/// Walks through every flow of the example, its hosts replaced by those of stand-ins and nothing else of it changed.
fn check(name: &str, users: &str, hosts: &[(&str, &str)]) {
    let mut text = example(name);
    for (host, stand_in) in hosts {
        assert!(text.contains(host), "{name} has no {host}");
        text = text.replace(host, stand_in);
    }
    let workspace = Workspace::new();
    let file = workspace.write(name, &text);
    workspace.write("users.csv", users);
    let mut command = workspace.authbench(&["check", "--target", &file, "--quiet"]);
    let output = command.envs(SECRETS).output().expect("the program starts");
    let transcript = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{transcript}{}",
        stderr(&output)
    );
    for (name, secret) in SECRETS {
        // An id is no secret, and stands in the file's place in every request.
        assert!(
            !name.ends_with("SECRET") || !transcript.contains(secret),
            "{name}: {transcript}"
        );
    }
}

fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios/examples")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

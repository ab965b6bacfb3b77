//! The servers started by hand, as in a container: what they are told comes from a folder of secrets.

use crate::program::{Workspace, stderr};
use authbench_servers::secret::random_id;
use authbench_servers::store::{StartedStore, StoreKind};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

const PASSWORD: &str = "a-password-in-a-file";

/// A server that is killed with the test.
pub(crate) struct Server {
    child: Child,
    ready: serde_json::Value,
}

impl Server {
    /// Starts `authbench serve` with these arguments and waits for its ready line.
    pub(crate) fn start(workspace: &Workspace, arguments: &[&str]) -> Self {
        let mut command = workspace.authbench(&[&["serve"], arguments].concat());
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("is readable");
        // Made before the line is looked at, so that it ends also when the line is none.
        let mut server = Self {
            child,
            ready: serde_json::Value::Null,
        };
        server.ready = serde_json::from_str(&line).expect("a ready line");
        server
    }

    /// Where it is reached.
    pub(crate) fn url(&self) -> String {
        self.ready["url"].as_str().expect("it has a URL").to_owned()
    }

    /// Where its administrators reach it, if it has any.
    pub(crate) fn admin_url(&self) -> Option<String> {
        self.ready["admin_url"].as_str().map(str::to_owned)
    }

    fn address(&self) -> String {
        self.url().trim_start_matches("http://").to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

fn secrets(workspace: &Workspace, store: &StartedStore) {
    std::fs::create_dir(workspace.path("secrets")).expect("a folder");
    let csrf_key = random_id();
    let files = [
        ("store_url", store.url()),
        ("csrf_key", &csrf_key),
        ("admin_secret", "an-admin-secret"),
        ("population_password", PASSWORD),
        ("service_secret", "a-service-secret"),
        ("introspection_secret", "an-introspection-secret"),
        ("redis_password", "nobody asks for this one"),
    ];
    for (name, text) in files {
        workspace.write(&format!("secrets/{name}"), &format!("{text}\n"));
    }
}

#[test]
fn servers_take_what_they_need_from_a_folder_of_secrets() {
    let store = StartedStore::start(StoreKind::Embedded).expect("the store starts");
    let workspace = Workspace::new();
    secrets(&workspace, &store);
    let common = ["--model", "session", "--secrets", "secrets"];
    let authorization_server = Server::start(
        &workspace,
        &[
            &["authorization-server", "--login-hash", "cheap"][..],
            &common,
        ]
        .concat(),
    );
    let resource_server = Server::start(&workspace, &[&["resource-server"][..], &common].concat());

    let (authorization, resource) = (authorization_server.address(), resource_server.address());
    let form = format!("username=user-00001&password={PASSWORD}");
    let login = ask(
        &authorization,
        &format!(
            "POST /login HTTP/1.1\r\nhost: {authorization}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        ),
    );
    let cookie = login
        .split("__Host-session=")
        .nth(1)
        .and_then(|rest| rest.split(';').next())
        .unwrap_or_else(|| panic!("no session in {login}"));
    let resource_with = |cookie: &str| {
        let head = format!("GET /resource HTTP/1.1\r\nhost: {resource}\r\nconnection: close\r\n");
        ask(
            &resource,
            &format!("{head}cookie: __Host-session={cookie}\r\n\r\n"),
        )
    };
    assert!(resource_with(cookie).starts_with("HTTP/1.1 200"));
    assert!(resource_with("nobody").starts_with("HTTP/1.1 401"));
}

#[test]
fn a_secret_that_is_missing_is_named() {
    let store = StartedStore::start(StoreKind::Embedded).expect("the store starts");
    let workspace = Workspace::new();
    secrets(&workspace, &store);
    std::fs::remove_file(workspace.path("secrets/admin_secret")).expect("was there");
    let output = workspace.run(&[
        "serve",
        "authorization-server",
        "--model",
        "session",
        "--secrets",
        "secrets",
    ]);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("admin_secret") && told.contains("--secrets"),
        "{told}"
    );
    assert!(!told.contains(PASSWORD), "{told}");
}

//! `authbench target init`: a target file from what a server says of itself.

use crate::program::{Workspace, stderr};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

/// Serves `metadata`, in which `ISSUER` stands for its own URL, at `path`, and nothing anywhere else.
fn server(path: &'static str, metadata: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).unwrap_or(0);
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let (status, body) = match request.starts_with(&format!("GET {path} ")) {
                true => (
                    200,
                    metadata.replace("ISSUER", &format!("http://{address}")),
                ),
                false => (404, String::new()),
            };
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}");
            let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes());
        }
    });
    address
}

const METADATA: &str = r#"{"issuer":"ISSUER","authorization_endpoint":"ISSUER/auth","token_endpoint":"ISSUER/token",
"revocation_endpoint":"ISSUER/revoke","introspection_endpoint":"ISSUER/introspect",
"grant_types_supported":["authorization_code","refresh_token"],"token_endpoint_auth_methods_supported":["client_secret_basic"]}"#;

#[test]
fn the_file_passes_the_checker_and_is_never_overwritten() {
    let workspace = Workspace::new();
    // RFC 8414's place only: OpenID's is tried first, in vain.
    let address = server("/.well-known/oauth-authorization-server", METADATA);
    let issuer = format!("http://{address}");
    let init = [
        "target",
        "init",
        "--discovery",
        &issuer,
        "--client-id",
        "app",
        "--out",
        "mine.toml",
    ];
    let output = workspace.run(&init);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = std::fs::read_to_string(workspace.path("mine.toml")).expect("was written");
    assert!(
        text.contains("client_id = \"app\"") && text.contains("${env.CLIENT_SECRET}"),
        "{text}"
    );

    // It is read as far as its secrets, which the environment lacks.
    let check = ["check", "--target", "mine.toml"];
    let output = workspace.run(&check);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("the environment has no CLIENT_SECRET"),
        "{}",
        stderr(&output)
    );
    // With them, the first step is made: the server has no such page.
    let mut command = workspace.authbench(&check);
    let output = command
        .env("CLIENT_SECRET", "s")
        .env("USER_PASSWORD", "p")
        .output();
    let output = output.expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}{}", stderr(&output));
    assert!(
        said.contains("login[0]") && said.contains("looks like path or method"),
        "{said}"
    );

    let output = workspace.run(&init);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("mine.toml exists already"),
        "{}",
        stderr(&output)
    );
    assert_eq!(
        std::fs::read_to_string(workspace.path("mine.toml")).expect("still there"),
        text
    );
}

#[test]
fn what_is_no_description_is_said_with_what_came() {
    let workspace = Workspace::new();
    let nothing = server("/nowhere", "");
    let issuer = format!("http://{nothing}/realms/a");
    let output = workspace.run(&["target", "init", "--discovery", &issuer]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for place in [
        "/realms/a/.well-known/openid-configuration answers 404",
        "/.well-known/oauth-authorization-server/realms/a answers 404",
    ] {
        assert!(said.contains(place), "{said}");
    }
    let other = server(
        "/.well-known/openid-configuration",
        r#"{"issuer":"http://elsewhere"}"#,
    );
    let output = workspace.run(&["target", "init", "--discovery", &format!("http://{other}")]);
    assert!(
        stderr(&output).contains("describes the issuer \"http://elsewhere\""),
        "{}",
        stderr(&output)
    );
    let garbled = server("/.well-known/openid-configuration", "hello");
    let output = workspace.run(&[
        "target",
        "init",
        "--discovery",
        &format!("http://{garbled}"),
    ]);
    assert!(
        stderr(&output).contains("no metadata"),
        "{}",
        stderr(&output)
    );
}

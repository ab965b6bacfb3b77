//! Real sockets and real certificates.

mod failures;
mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use self::server::{Plan, Server};
use super::*;
use crate::flow::{FlowClient, login, point_request};
use crate::load::connection::Connection;
use crate::target::{Members, RemoteTargets, Target, TargetFile};

const LONG: Duration = Duration::from_secs(20);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A target whose login is one request to `url`, with `more` in that step and in its point.
fn target(url: &str, more: &str, tls: &str) -> Target {
    let text = format!(
        r#"
schema = "authbench.target/1"
name = "t"
model = "t"
[users]
count = 1
name = "u${{number}}"
password = "hunter2"
[tls]
{tls}
[[login]]
request = "POST {url}/login"
{more}
expect = 200
capture = {{ session = {{ cookie = "__Host-s" }} }}
[[point]]
name = "api"
request = "GET {url}/api"
{more}
accept = {{ status = 200 }}
refuse = {{ status = 401 }}
"#
    );
    let file = TargetFile::parse("t.toml", &text, &BTreeMap::new()).expect("a target file");
    file.bind(&Members::new(), &RemoteTargets::refused())
        .expect("a target")
}

fn trusting(server: &Server) -> String {
    format!("ca_file = {:?}", server.folder().join("ca.pem"))
}

fn peer(host: &str, server: &Server, trust: &Trust) -> Peer {
    let tls = trust.server(host, server.address).expect("a server");
    Peer::new(server.address, Some(tls))
}

fn trust(server: &Server) -> Trust {
    Trust::new(vec![server.folder().join("ca.pem")], false)
}

#[tokio::test]
async fn a_login_and_a_loaded_request_go_through_tls() {
    let server = Server::start(Plan::default()).await;
    let url = format!("https://localhost:{}", server.address.port());
    let target = target(&url, "", &trusting(&server));
    let mut client = FlowClient::new(LONG);
    let credential = login(&mut client, &target, 0).await.expect("a credential");
    let request = point_request(&target.flows.points[0], &credential).expect("a request");
    assert!(request.peer.is_secured());
    let mut connection = Connection::new(request.peer);
    for _ in 0..2 {
        let exchange = connection.exchange(request.bytes.as_bytes()).await;
        assert_eq!(exchange.expect("an answer").head.status, 200);
    }
    assert_eq!(connection.connects(), 1);
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    for (name, request) in &seen {
        assert_eq!(name.as_deref(), Some("localhost"));
        assert!(request.contains(&format!("Host: localhost:{}\r\n", server.address.port())));
    }
    assert!(
        seen[2].1.contains("Cookie: __Host-s=s1\r\n"),
        "{}",
        seen[2].1
    );
}

#[tokio::test]
async fn a_pinned_replica_is_asked_by_the_name_in_the_url() {
    let names = &["api.example.com"];
    let replicas = [
        Server::start(Plan {
            names,
            ..Plan::default()
        })
        .await,
        Server::start(Plan {
            names,
            ..Plan::default()
        })
        .await,
    ];
    for replica in &replicas {
        let connect = format!("connect = \"{}\"", replica.address);
        let target = target("https://api.example.com", &connect, &trusting(replica));
        let mut client = FlowClient::new(LONG);
        let credential = login(&mut client, &target, 0).await.expect("a credential");
        let request = point_request(&target.flows.points[0], &credential).expect("a request");
        let mut connection = Connection::new(request.peer);
        let exchange = connection.exchange(request.bytes.as_bytes()).await;
        assert_eq!(exchange.expect("an answer").head.status, 200);
        assert_eq!(replica.seen().len(), 2);
        for (name, request) in replica.seen() {
            assert_eq!(name.as_deref(), Some("api.example.com"));
            assert!(request.contains("Host: api.example.com\r\n"), "{request}");
        }
    }
}

#[tokio::test]
async fn a_server_may_offer_http_2_besides() {
    let server = Server::start(Plan {
        alpn: &["h2", "http/1.1"],
        ..Plan::default()
    })
    .await;
    let mut connection = Connection::new(peer("localhost", &server, &trust(&server)));
    let exchange = connection.exchange(REQUEST).await.expect("an answer");
    assert_eq!(exchange.head.status, 200);
}

#[tokio::test]
async fn sessions_are_resumed_with_the_server_that_gave_them_out() {
    let servers = [
        Server::start(Plan {
            close_after: 1,
            ..Plan::default()
        })
        .await,
        Server::start(Plan {
            close_after: 1,
            ..Plan::default()
        })
        .await,
    ];
    let trust = Trust::new(
        servers
            .iter()
            .map(|server| server.folder().join("ca.pem"))
            .collect(),
        false,
    );
    for round in 1..=3 {
        for server in &servers {
            let peer = peer("localhost", server, &trust);
            let mut connection = Connection::new(peer);
            connection.exchange(REQUEST).await.expect("an answer");
        }
        // The first with each is full. Both go by one name, and neither knows the other's tickets.
        let handshakes = trust.handshakes();
        assert_eq!(
            (handshakes.full(), handshakes.resumed()),
            (2, 2 * (round - 1))
        );
    }
}

#[tokio::test]
async fn tickets_that_arrive_in_silence_do_not_end_a_connection_and_a_close_does() {
    let server = Server::start(Plan {
        close_after: 1,
        ..Plan::default()
    })
    .await;
    let mut stream = peer("localhost", &server, &trust(&server))
        .connect()
        .await
        .expect("connects");
    // The server's tickets follow its part of the handshake.
    readable(&stream).await;
    assert!(!stream.is_over());
    assert!(!stream.is_over(), "taken in, not taken for data");

    stream.write(REQUEST).await.expect("writes");
    let mut reader = crate::wire::ResponseReader::new(1024);
    assert_eq!(
        stream.read(&mut reader).await.expect("an answer").status,
        200
    );
    // The server closes after its first answer.
    tokio::time::timeout(LONG, async {
        while !stream.is_over() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the end is seen");
}

async fn readable(stream: &Stream) {
    let Stream::Tls(tls) = stream else {
        panic!("not secured");
    };
    tls.get_ref().0.readable().await.expect("bytes");
}

//! Real sockets and real certificates: what works, and what each thing that does not work is called.

mod server;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

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

/// What a login at `url` fails with.
async fn failure(url: &str, tls: &str) -> String {
    let failed = login(&mut FlowClient::new(LONG), &target(url, "", tls), 0).await;
    failed.expect_err("no login").to_string()
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
async fn each_certificate_that_will_not_do_is_named() {
    let other = Server::start(Plan::default()).await;
    let names = &["elsewhere.example"];
    let cases = [
        (
            Plan::default(),
            Some(&other),
            "nobody who is trusted vouches",
        ),
        (
            Plan {
                names,
                ..Plan::default()
            },
            None,
            "for elsewhere.example, not for this name",
        ),
        (
            Plan {
                valid: (2, -1),
                ..Plan::default()
            },
            None,
            "has expired",
        ),
        (
            Plan {
                valid: (-1, 2),
                ..Plan::default()
            },
            None,
            "not valid yet",
        ),
        (
            Plan {
                alpn: &["h2"],
                ..Plan::default()
            },
            None,
            "offers HTTP/2 only",
        ),
        (
            Plan {
                alpn: &["smtp"],
                ..Plan::default()
            },
            None,
            "does not offer HTTP/1.1",
        ),
    ];
    for (plan, trusted, expected) in cases {
        let server = Server::start(plan).await;
        let url = format!("https://127.0.0.1:{}", server.address.port());
        let error = failure(&url, &trusting(trusted.unwrap_or(&server))).await;
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(error.contains("no TLS with 127.0.0.1"), "{error}");
        assert!(error.contains(&server.address.to_string()), "{error}");
        assert!(
            server.seen().is_empty(),
            "nothing of HTTP was sent: {expected}"
        );
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
async fn the_wrong_scheme_is_recognised_both_ways() {
    let secured = Server::start(Plan::default()).await;
    let error = failure(&format!("http://{}", secured.address), "").await;
    assert!(error.contains("has to begin with https://"), "{error}");

    let plain = plain_server(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let error = failure(&format!("https://{plain}"), &trusting(&secured)).await;
    assert!(error.contains("does not speak TLS"), "{error}");
}

#[tokio::test]
async fn http_2_without_being_asked_is_recognised() {
    let settings = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64";
    let server = plain_server(settings).await;
    let error = failure(&format!("http://{server}"), "").await;
    assert!(error.contains("speaks HTTP/2"), "{error}");
}

/// Answers the first bytes of each connection with `answer`.
async fn plain_server(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut bytes = [0; 4096];
            if matches!(tcp.read(&mut bytes).await, Ok(1..)) {
                let _ = tcp.write_all(answer).await;
                // Not dropped with unread bytes: a reset might overtake the answer.
                while matches!(tcp.read(&mut bytes).await, Ok(1..)) {}
            }
        }
    });
    address
}

#[tokio::test]
async fn under_load_a_failed_handshake_is_a_failed_connection() {
    let (server, other) = (
        Server::start(Plan::default()).await,
        Server::start(Plan::default()).await,
    );
    let mut connection = Connection::new(peer("localhost", &server, &trust(&other)));
    let failure = connection.exchange(REQUEST).await.expect_err("untrusted");
    let error = failure.error.to_string();
    assert!(
        error.starts_with("connect: no TLS with localhost"),
        "{error}"
    );
    assert!(failure.connected.is_none());
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

#[tokio::test]
async fn an_end_in_the_middle_of_a_handshake_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let _ = tcp.read(&mut [0; 4096]).await;
        }
    });
    let server = Server::start(Plan::default()).await;
    let error = failure(&format!("https://{address}"), &trusting(&server)).await;
    assert!(
        error.contains("closed the connection during the handshake"),
        "{error}"
    );
}

#[test]
fn sockets_that_fail_keep_their_own_words() {
    let failure = TlsFailure::from(std::io::Error::from(ErrorKind::ConnectionReset));
    assert_eq!(failure.to_string(), "connection reset");
}

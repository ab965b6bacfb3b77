//! What does not work, and what it is called.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::server::{Plan, Server};
use super::{LONG, REQUEST, peer, target, trust, trusting};
use crate::flow::{FlowClient, login};
use crate::load::connection::Connection;
use crate::transport::TlsFailure;

/// What a login at `url` fails with.
async fn failure(url: &str, tls: &str) -> String {
    let failed = login(&mut FlowClient::new(LONG), &target(url, "", tls), 0).await;
    failed.expect_err("no login").to_string()
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

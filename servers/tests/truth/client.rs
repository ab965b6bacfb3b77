//! One keep-alive connection to a truth server, and the few requests that the tests send.

use std::time::{Duration, Instant};

use authbench_servers::clock::Clock;
use authbench_servers::truth::{self, RunningTruth, TruthSettings, TruthWiring};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A connection to one instance.
pub(crate) struct Client(SendRequest<Full<Bytes>>);

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    /// From before the request was handed to the connection until the whole answer was there.
    pub(crate) took: Duration,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// A server on the test's runtime, by the machine's clock.
pub(crate) async fn start(settings: TruthSettings) -> RunningTruth {
    truth::start(settings, TruthWiring::default(), Clock::system())
        .await
        .expect("a truth server")
}

impl Client {
    pub(crate) async fn connect(url: &str) -> Self {
        let address = url.strip_prefix("http://").expect("an http URL");
        let stream = TcpStream::connect(address).await.expect("it listens");
        stream.set_nodelay(true).expect("a TCP socket");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, None, "").await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.ask(Method::POST, path, None, form).await
    }

    pub(crate) async fn report(&mut self) -> Value {
        self.get("/truth").await.json()
    }

    /// A new credential.
    pub(crate) async fn log_in(&mut self) -> String {
        let answer = self.post("/login", "username=a&password=b").await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!(body["token_type"], "Bearer");
        body["access_token"].as_str().expect("a token").to_owned()
    }

    /// The status for a use of `token`.
    pub(crate) async fn used(&mut self, token: &str) -> u16 {
        let answer = self.ask(Method::GET, "/resource", Some(token), "").await;
        answer.status
    }

    /// When the acknowledgement of the revocation was there.
    pub(crate) async fn revoke(&mut self, token: &str) -> Instant {
        let answer = self.post("/revoke", &format!("token={token}")).await;
        assert_eq!(answer.status, 204);
        Instant::now()
    }

    async fn ask(&mut self, method: Method, path: &str, token: Option<&str>, form: &str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "truth");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = Full::new(Bytes::copy_from_slice(form.as_bytes()));
        let request = request.body(body).expect("a request");
        self.0.ready().await.expect("a connection");
        let sent = Instant::now();
        let response = self.0.send_request(request).await.expect("an answer");
        let status = response.status().as_u16();
        let body = response
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        Answer {
            status,
            body,
            took: sent.elapsed(),
        }
    }
}

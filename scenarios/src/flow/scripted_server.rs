//! A server on a real socket whose answers are a function of the request's text.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::target::{Members, RemoteTargets, Target, TargetFile};

pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Gives the text of a response for the text of a request.
pub(crate) type Answer = fn(&str) -> String;

/// Answers every request by `answer`, which gets the request's text; an empty answer closes the connection. Remembers the requests.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer, Arc::clone(&seen)));
            }
        });
        Self { address, requests }
    }

    /// The target of a file in which `HOST` stands for the server's address.
    pub(crate) fn target(&self, file: &str) -> Target {
        let text = file.replace("HOST", &self.address.to_string());
        let file = TargetFile::parse("t.toml", &text, &BTreeMap::new()).expect("a target file");
        file.bind(&Members::new(), &RemoteTargets::refused())
            .expect("a target")
    }

    /// The requests seen so far, whole.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.clone()
    }

    /// The requests seen so far, from each its first line and its cookies.
    pub(crate) fn seen(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let cookies = |text: &str| {
            text.lines()
                .find(|line| line.starts_with("Cookie"))
                .unwrap_or("-")
                .to_owned()
        };
        requests
            .iter()
            .map(|text| format!("{} {}", text.lines().next().unwrap_or(""), cookies(text)))
            .collect()
    }
}

async fn serve(mut stream: TcpStream, answer: Answer, seen: Arc<Mutex<Vec<String>>>) {
    let mut buffer = vec![0; 8192];
    // The client writes each request at once, and loopback delivers such small ones whole.
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let answer = answer(&request);
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        if answer.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

pub(crate) fn response(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}

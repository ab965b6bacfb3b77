//! The simplest server there is, hyper with nothing around it, in a process of its own: a bench starts itself again as one.

use authbench_scenarios::accounting::machine;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// The argument by which a bench knows that it is to be the bare server.
const BARE: &str = "--bare-server";
const BODY: &str = "{\"ok\":true}";

/// Whether this process was started by [`Server::bare`]: it must call [`run`] and do nothing else.
pub(crate) fn is_wanted(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == BARE)
}

/// Serves until the process is ended.
pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(serve());
}

/// Hyper with nothing around it: no time-outs, no limits, no routes, no counters.
async fn serve() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("binds");
    println!(
        "{{\"url\":\"http://{}\"}}",
        listener.local_addr().expect("has an address")
    );
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("a TCP socket");
        let service = service_fn(|_: Request<hyper::body::Incoming>| async {
            Ok::<_, Infallible>(bare_response())
        });
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

fn bare_response() -> Response<http_body_util::Full<hyper::body::Bytes>> {
    let mut response = Response::new(http_body_util::Full::new(hyper::body::Bytes::from_static(
        BODY.as_bytes(),
    )));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("authorization, cookie"));
    response
}

/// The generator's processors and the servers': the first, and the rest. Both empty where there is only one.
pub(crate) fn pinning() -> (Vec<usize>, Vec<usize>) {
    match machine::allowed_cpus().split_first() {
        Some((first, rest)) if !rest.is_empty() => (vec![*first], rest.to_vec()),
        _ => (Vec::new(), Vec::new()),
    }
}

/// A server in a process of its own, ended when this is dropped.
pub(crate) struct Server {
    /// Its process.
    pub(crate) child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the bare server on `cpus`.
    pub(crate) fn bare(cpus: &[usize]) -> Self {
        let this = std::env::current_exe().expect("this program");
        Self::start(Command::new(this).arg(BARE), cpus, None)
    }

    /// Starts `command` on `cpus`, gives it `wiring` and waits for its ready line.
    pub(crate) fn start(command: &mut Command, cpus: &[usize], wiring: Option<&str>) -> Self {
        let before = machine::allowed_cpus();
        // A child keeps the processors of the thread that started it.
        if !cpus.is_empty() {
            machine::pin_to(cpus).expect("allowed processors");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        if !cpus.is_empty() {
            machine::pin_to(&before).expect("the processors it had");
        }
        if let (Some(wiring), Some(stdin)) = (wiring, child.stdin.as_mut()) {
            stdin
                .write_all(wiring.as_bytes())
                .expect("takes its wiring");
        }
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().expect("is piped"))
            .read_line(&mut ready)
            .expect("a ready line");
        let line: serde_json::Value = serde_json::from_str(&ready).expect("the ready line is JSON");
        let url = line["url"].as_str().expect("has a url");
        let address = url
            .trim_start_matches("http://")
            .parse()
            .expect("is an address");
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! What the reference servers' own plumbing costs: `no_auth` beside a bare hyper server, in one interleaved run.
//!
//! Both are processes of their own on current-thread runtimes and send the same bytes. Slices of closed-loop load go to one and the
//! other in turn; what counts is the ratio of CPU time per request, pair by pair. Exit code 1 when the median is above [`LIMIT`].
//!
//! `cargo bench --bench server_floor`; with `-- --test` it only shows that everything runs.

use authbench_scenarios::accounting::cpu::process_cpu_ns;
use authbench_scenarios::accounting::machine;
use authbench_scenarios::load::connection::Connection;
use authbench_scenarios::wire::RequestBytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// CPU per request of `no_auth` over that of the bare server.
const LIMIT: f64 = 1.15;
const CONNECTIONS: usize = 16;
const SLICE: Duration = Duration::from_millis(400);
const PAIRS: usize = 25;
/// The first argument by which this program knows that it is the bare server.
const BARE: &str = "--bare-server";
const BODY: &str = "{\"ok\":true}";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == BARE) {
        runtime().block_on(bare_server());
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--list") {
        println!("server_floor: benchmark");
        return ExitCode::SUCCESS;
    }
    let pairs = if arguments.iter().any(|argument| argument == "--test") {
        1
    } else {
        PAIRS
    };
    let ratio = runtime().block_on(compare(pairs));
    println!("limit       {LIMIT:.3}");
    // One pair is a smoke run, not a measurement.
    if pairs > 1 && ratio > LIMIT {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Prints the comparison and returns the median ratio.
async fn compare(pairs: usize) -> f64 {
    let (generator, servers) = pinning();
    let bare = Server::start(
        Command::new(std::env::current_exe().expect("this program")).arg(BARE),
        &servers,
        None,
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_authbench"));
    command.args(["serve", "resource-server", "--wired", "--model", "no_auth"]);
    let no_auth = Server::start(&mut command, &servers, Some("{}\n"));
    if !generator.is_empty() {
        machine::pin_to(&generator).expect("an allowed processor");
    }
    assert_eq!(
        bare.response().await,
        no_auth.response().await,
        "both servers send the same response"
    );

    let (mut bare_us, mut no_auth_us, mut requests) = (Vec::new(), Vec::new(), 0);
    for _ in 0..=pairs {
        for (server, costs) in [(&bare, &mut bare_us), (&no_auth, &mut no_auth_us)] {
            let (cost, answered) = server.slice().await;
            costs.push(cost);
            requests += answered;
        }
    }
    // The first pair warmed both up.
    let mut ratios: Vec<f64> = no_auth_us[1..]
        .iter()
        .zip(&bare_us[1..])
        .map(|(ours, bare)| ours / bare)
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "server_floor: {} {}, {}",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        machine::cpu_model()
    );
    println!(
        "{pairs} pairs of {} ms, {CONNECTIONS} connections, closed loop, {requests} requests, 0 errors",
        SLICE.as_millis()
    );
    println!(
        "bare hyper  {:.2} µs CPU per request (median)",
        median(&mut bare_us[1..].to_vec())
    );
    println!(
        "no_auth     {:.2} µs CPU per request (median)",
        median(&mut no_auth_us[1..].to_vec())
    );
    println!(
        "ratio       {:.3} (median; {:.3} to {:.3})",
        median(&mut ratios),
        ratios[0],
        ratios[ratios.len() - 1]
    );
    median(&mut ratios)
}

/// The generator on the first processor and both servers on the rest, where there are two.
fn pinning() -> (Vec<usize>, Vec<usize>) {
    match machine::allowed_cpus().split_first() {
        Some((first, rest)) if !rest.is_empty() => (vec![*first], rest.to_vec()),
        _ => (Vec::new(), Vec::new()),
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts `command` on `cpus`, gives it `wiring` and waits for its ready line.
    fn start(command: &mut Command, cpus: &[usize], wiring: Option<&str>) -> Self {
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

    /// One response, all but its `date`.
    async fn response(&self) -> String {
        let mut connection = Connection::new(self.address);
        let exchange = connection
            .exchange(self.request().as_bytes())
            .await
            .expect("answers");
        let headers = [
            "content-type",
            "content-length",
            "cache-control",
            "vary",
            "connection",
            "server",
        ];
        let header = |name: &&str| format!("{name}: {:?}", connection.response().headers(name));
        let sizes = (exchange.head.status, exchange.head.wire_bytes);
        format!(
            "{sizes:?} {:?} {:?}",
            headers.iter().map(header).collect::<Vec<_>>(),
            connection.response().body()
        )
    }

    /// Loads it for one slice; its CPU time per request in microseconds, and how many requests were answered.
    async fn slice(&self) -> (f64, u64) {
        let until = Instant::now() + SLICE;
        let before = process_cpu_ns(self.child.id()).expect("is alive");
        let users: Vec<_> = (0..CONNECTIONS)
            .map(|_| tokio::spawn(closed_loop(self.address, self.request(), until)))
            .collect();
        let mut requests = 0;
        for user in users {
            requests += user.await.expect("ends");
        }
        let used = process_cpu_ns(self.child.id()).expect("is alive") - before;
        (used as f64 / 1000.0 / requests as f64, requests)
    }

    fn request(&self) -> RequestBytes {
        RequestBytes::encode("GET", "/resource", &self.address.to_string(), [], b"")
            .expect("encodes")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn closed_loop(address: SocketAddr, request: RequestBytes, until: Instant) -> u64 {
    let mut connection = Connection::new(address);
    let mut requests = 0;
    while Instant::now() < until {
        let exchange = connection
            .exchange(request.as_bytes())
            .await
            .expect("answers");
        assert_eq!(exchange.head.status, 200);
        requests += 1;
    }
    requests
}

/// Hyper with nothing around it: no time-outs, no limits, no routes, no counters.
async fn bare_server() {
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

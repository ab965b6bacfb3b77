//! What the reference servers' own plumbing costs: `no_auth` beside a bare hyper server, in one interleaved run.
//!
//! Both are processes of their own on current-thread runtimes and send the same bytes. Slices of closed-loop load go to one and the
//! other in turn; what counts is the ratio of CPU time per request, pair by pair. Exit code 1 when the median is above [`LIMIT`].
//!
//! `cargo bench --bench server_floor`; with `-- --test` it only shows that everything runs.

mod bare_server;

use authbench_scenarios::accounting::cpu::process_cpu_ns;
use authbench_scenarios::accounting::machine;
use authbench_scenarios::load::connection::Connection;
use authbench_scenarios::wire::RequestBytes;
use bare_server::Server;
use std::net::SocketAddr;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// CPU per request of `no_auth` over that of the bare server.
const LIMIT: f64 = 1.15;
const CONNECTIONS: usize = 16;
const SLICE: Duration = Duration::from_millis(400);
const PAIRS: usize = 25;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if bare_server::is_wanted(&arguments) {
        bare_server::run();
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
    let (generator, servers) = bare_server::pinning();
    let bare = Server::bare(&servers);
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

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}

impl Server {
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

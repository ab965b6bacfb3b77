//! What a request costs the load engine, and whether it keeps its schedule.
//!
//! Closed loop: goose users with all histograms on, `wrk` and `oha` take turns against a bare hyper server, 64 connections each, the
//! generators on the first processor and the server on the others. Scheduled: the open-loop stream at rising rates. Exit code 1 when a
//! limit is missed, or a tool is missing: without it nothing was compared.
//!
//! `cargo bench --bench load_engine`; with `-- --test` it only shows that everything runs.

mod bare_server;

use authbench_scenarios::accounting::idle::KeptAwake;
use authbench_scenarios::accounting::machine;
use authbench_scenarios::load;
use authbench_scenarios::selftest::generator_cost::{
    ClosedPlan, Costs, GeneratorCost, GeneratorCostError, ScheduledCost, ScheduledPlan, Tool,
    beside_tools, scheduled,
};
use bare_server::Server;
use std::process::ExitCode;
use std::time::Duration;

const CONNECTIONS: usize = 64;
/// CPU per request over that of wrk.
const OVER_WRK: f64 = 1.10;
/// CPU per request over that of oha.
const OVER_OHA: f64 = 0.75;
/// Achieved over offered, at every rate.
const ACHIEVED: f64 = 0.99;
/// Intended starts per second, and what the send lag's p99 must stay below, in milliseconds; the lowest rate is there to be looked at.
const RATES: [(f64, Option<f64>); 4] = [
    (2_000.0, None),
    (20_000.0, Some(0.1)),
    (60_000.0, None),
    (100_000.0, Some(0.2)),
];

/// How much is measured.
struct Effort {
    rounds: usize,
    length: Duration,
    rates: &'static [(f64, Option<f64>)],
    scheduled_for: Duration,
}

const MEASUREMENT: Effort = Effort {
    rounds: 7,
    length: Duration::from_secs(2),
    rates: &RATES,
    scheduled_for: Duration::from_secs(5),
};
const SMOKE: Effort = Effort {
    rounds: 1,
    length: Duration::from_secs(1),
    rates: &[(2_000.0, None)],
    scheduled_for: Duration::from_millis(500),
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if bare_server::is_wanted(&arguments) {
        bare_server::run();
        return ExitCode::SUCCESS;
    }
    if has("--list") {
        println!("load_engine: benchmark");
        return ExitCode::SUCCESS;
    }
    let smoke = has("--test");
    // As runs and the self-test do, where the system lets this user.
    let awake = KeptAwake::request(&[]);
    let idling = if awake.is_some() {
        "are kept awake"
    } else {
        "halt when idle"
    };
    println!("processors {idling}");
    let effort = if smoke { &SMOKE } else { &MEASUREMENT };
    let outcome = load::runtime()
        .expect("a runtime")
        .block_on(measure(effort));
    match outcome {
        // Short rounds are a smoke run, not a measurement.
        Ok(missed) if smoke || missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            println!();
            missed
                .iter()
                .for_each(|missed| println!("missed: {missed}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints both measurements; the limits that were missed.
async fn measure(effort: &Effort) -> Result<Vec<String>, GeneratorCostError> {
    let (generator, servers) = bare_server::pinning();
    let server = Server::bare(&servers);
    if generator.is_empty() {
        println!("one processor only: generator and server share it");
    } else {
        machine::pin_to(&generator).expect("an allowed processor");
    }
    println!(
        "load_engine: {} {}, {}, {}",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        machine::cpu_model(),
        machine::kernel()
    );
    let plan = ClosedPlan {
        server: server.address,
        connections: CONNECTIONS,
        rounds: effort.rounds,
        length: effort.length,
    };
    let cost = beside_tools(&plan).await?;
    let mut missed = closed_loop_report(effort, &cost);

    println!(
        "\nscheduled, {CONNECTIONS} connections, {:.1} s each; times in ms",
        effort.scheduled_for.as_secs_f64()
    );
    println!(
        "{:>9} {:>10} {:>9} {:>7} {:>12} {:>12} {:>12} {:>12} {:>12}",
        "offered/s",
        "achieved/s",
        "requests",
        "errors",
        "send lag p50",
        "send lag p99",
        "response p50",
        "response p99",
        "CPU µs/req."
    );
    for (rate_per_s, limit) in effort.rates {
        let point = scheduled(&ScheduledPlan {
            server: server.address,
            connections: CONNECTIONS,
            rate_per_s: *rate_per_s,
            length: effort.scheduled_for,
        })
        .await?;
        missed.extend(scheduled_report(&point, *limit));
    }
    Ok(missed)
}

fn closed_loop_report(effort: &Effort, cost: &GeneratorCost) -> Vec<String> {
    println!(
        "closed loop, {CONNECTIONS} connections, {} interleaved rounds of {} s; CPU of the whole process, all threads, start and end included",
        effort.rounds,
        effort.length.as_secs()
    );
    costs_report(&cost.ours);
    let tools = [
        (Tool::Wrk, &cost.wrk, cost.over_wrk(), OVER_WRK),
        (Tool::Oha, &cost.oha, cost.over_oha(), OVER_OHA),
    ];
    let mut missed = Vec::new();
    for (tool, costs, ratio, limit) in tools {
        let name = tool.program();
        let (Some(costs), Some(ratio)) = (costs, ratio) else {
            let why = cost.failure(tool).unwrap_or("it is not on PATH");
            println!("{name}: not compared: {why}");
            missed.push(format!("nothing to compare with {name}: {why}"));
            continue;
        };
        costs_report(costs);
        println!("  authbench over {name}: {ratio:.3} (limit {limit:.2})");
        if ratio > limit {
            missed.push(format!(
                "CPU per request is {ratio:.3} of {name}'s, more than {limit:.2}"
            ));
        }
    }
    missed
}

fn costs_report(costs: &Costs) {
    let (cpu, rate) = (costs.cpu_us_per_request(), costs.requests_per_s());
    println!(
        "{:<32} {:.2} µs CPU per request ({:.2} to {:.2}), {:.0} requests/s, {} requests, {} errors",
        costs.version,
        cpu.median,
        cpu.min,
        cpu.max,
        rate.median,
        costs.requests(),
        costs.errors()
    );
}

fn scheduled_report(point: &ScheduledCost, limit: Option<f64>) -> Vec<String> {
    let ms = |value: Option<f64>| value.map_or("-".to_owned(), |ms| format!("{ms:.3}"));
    let lag = point.send_lag.quantile_ms(0.99);
    println!(
        "{:>9.0} {:>10.0} {:>9} {:>7} {:>12} {:>12} {:>12} {:>12} {:>12.2}",
        point.offered_per_s,
        point.achieved_per_s,
        point.requests,
        point.errors,
        ms(point.send_lag.quantile_ms(0.5)),
        ms(lag),
        ms(point.response.quantile_ms(0.5)),
        ms(point.response.quantile_ms(0.99)),
        point.cpu_us_per_request
    );
    let at = format!("at {:.0}/s", point.offered_per_s);
    let mut missed = Vec::new();
    if point.errors > 0 {
        missed.push(format!("{at}: {} errors", point.errors));
    }
    if point.achieved_share() < ACHIEVED {
        missed.push(format!(
            "{at}: achieved {:.3} of what was offered, less than {ACHIEVED}",
            point.achieved_share()
        ));
    }
    if let Some(limit) = limit
        && lag.is_none_or(|lag| lag >= limit)
    {
        missed.push(format!(
            "{at}: send lag p99 {} ms, not below {limit}",
            ms(lag)
        ));
    }
    missed
}

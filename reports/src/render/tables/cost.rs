//! What each target cost: latency, CPU, work, and the computed price of a network.

use super::{figure, samples, settings};
use crate::number::{exact, significant};
use crate::render::table::{ABSENT, Row, Table};
use crate::statistics::Spread;
use crate::summary::load::{Amortised, CpuPerRequest, LoadSummary};
use crate::summary::{Summary, TargetSummary};

/// Response time, all rounds together.
#[must_use]
pub fn latency(summary: &Summary) -> Table {
    let table = Table::new(
        "Response time, ms",
        "From the intended start to the last byte, so waiting counts. All rounds merged; a quantile with fewer than 20 samples beyond it is left out. \
         The last column is the smallest and largest median of a round.",
        &[
            "target",
            "#n",
            "#errors",
            "#asked /s",
            "#achieved /s",
            "#p50",
            "#p90",
            "#p99",
            "#max",
            "#p50 of rounds",
        ],
    );
    rows(summary, table, |load| {
        let ms = load.response_ms;
        [ms.p50, ms.p90, ms.p99, ms.max]
            .map(figure)
            .into_iter()
            .chain([range(load.rounds.p50_ms)])
            .collect()
    })
}

/// What the response time is made of.
#[must_use]
pub fn time(summary: &Summary) -> Table {
    let table = Table::new(
        "Where the time went: p50 / p99, ms",
        "Response time starts at the intended start, service time when the request was sent. What lies between them is waiting for a connection that the \
         target kept busy, which is the target's, and send lag, which is the generator's. Quantiles do not add up.",
        &[
            "target",
            "#n",
            "#errors",
            "#asked /s",
            "#achieved /s",
            "#response",
            "#service",
            "#connection wait",
            "#send lag",
        ],
    );
    rows(summary, table, |load| {
        let parts = [
            load.response_ms,
            load.service_ms,
            load.connection_wait_ms,
            load.send_lag_ms,
        ];
        parts.map(|ms| pair(ms.p50, ms.p99)).to_vec()
    })
}

/// CPU per request by process.
#[must_use]
pub fn cpu(summary: &Summary) -> Table {
    let table = Table::new(
        "CPU per request, µs",
        "CPU time of each process divided by the requests of the target; what the process used without traffic (last column) is already subtracted. \
         It depends on the load: compare at equal rates. Amortised renewal: the CPU of one renewal per caller and access TTL, spread over the requests that a \
         caller makes in that time at this rate (one in so many); measured apart from the rounds, and not part of the total, which has only the renewals \
         that fell into the rounds (exact counts).",
        &[
            "target",
            "#n",
            "#errors",
            "#asked /s",
            "#achieved /s",
            "#gateway",
            "#resource server",
            "#authz. server",
            "#store",
            "#other",
            "#total",
            "#rounds",
            "#SD",
            "#idle",
            "#amortised renewal",
        ],
    );
    rows(summary, table, |load| {
        let cpu = load.cpu_us_per_request;
        let part = |of: fn(CpuPerRequest) -> Option<f64>| figure(cpu.and_then(of));
        vec![
            part(|cpu| cpu.gateway),
            part(|cpu| cpu.resource_server),
            part(|cpu| cpu.authorization_server),
            part(|cpu| cpu.store),
            part(|cpu| cpu.other),
            part(|cpu| Some(cpu.total)),
            range(load.rounds.cpu_us),
            figure(load.rounds.cpu_us.and_then(|rounds| rounds.sd)),
            figure(load.idle_cpu_us_per_request),
            load.amortised.map_or_else(|| ABSENT.to_owned(), renewal),
        ]
    })
}

fn renewal(paid: Amortised) -> String {
    let requests = exact(1.0 / paid.renewals_per_request);
    format!("{} (1 in {requests})", significant(paid.cpu_us_per_request))
}

/// Resident memory by process.
#[must_use]
pub fn memory(summary: &Summary) -> Table {
    let table = Table::new(
        "Memory, MiB",
        "Resident at the end of the last round, the processes of one role added up; pages that they share count in each.",
        &[
            "target",
            "#n",
            "#errors",
            "#asked /s",
            "#achieved /s",
            "#gateway",
            "#resource server",
            "#authz. server",
            "#store",
            "#other",
            "#total",
        ],
    );
    rows(summary, table, |load| {
        let rss = load.rss_bytes;
        [
            rss.and_then(|rss| rss.gateway),
            rss.and_then(|rss| rss.resource_server),
            rss.and_then(|rss| rss.authorization_server),
            rss.and_then(|rss| rss.store),
            rss.and_then(|rss| rss.other),
            rss.map(|rss| rss.total),
        ]
        .map(|bytes| figure(bytes.map(|bytes| bytes as f64 / MIB)))
        .to_vec()
    })
}

const MIB: f64 = 1_048_576.0;

/// What a request makes others do. Exact counts.
#[must_use]
pub fn work(summary: &Summary) -> Table {
    let table = Table::new(
        "Work per request",
        format!(
            "{} Round trips are those to the store plus introspections.",
            exactness(summary)
        ),
        &[
            "target",
            "#n",
            "#errors",
            "#asked /s",
            "#achieved /s",
            "#bytes sent",
            "#bytes received",
            "#store commands",
            "#introspections",
            "#round trips",
            "#renewals",
        ],
    );
    rows(summary, table, |load| {
        let counted = |count: Option<f64>| count.map_or_else(|| ABSENT.to_owned(), exact);
        vec![
            exact(load.wire_bytes_per_request.sent),
            exact(load.wire_bytes_per_request.received),
            counted(load.store_commands_per_request),
            counted(load.introspections_per_request),
            counted(load.round_trips_per_request),
            exact(load.renewals as f64 / load.requests as f64),
        ]
    })
}

/// Counts are exact; that they repeat is a finding.
fn exactness(summary: &Summary) -> String {
    let loads = || {
        let targets = summary.targets.iter();
        targets.filter_map(|target| Some((target.name.as_str(), target.load.as_ref()?)))
    };
    let varying: Vec<&str> = loads()
        .filter(|(_, load)| !load.rounds.work_repeats)
        .map(|(name, _)| name)
        .collect();
    if varying.is_empty() {
        return "Exact counts, the same in every round: they have no spread.".to_owned();
    }
    let renewals = if loads().any(|(_, load)| load.renewals > 0) {
        ", renewals in the same rounds among them"
    } else {
        ""
    };
    format!(
        "Exact counts; those of {} differ from round to round{renewals}.",
        varying.join(", ")
    )
}

/// Computed: response time if each round trip crossed a network.
#[must_use]
pub fn network(summary: &Summary) -> Table {
    let table = Table::new(
        "Computed, not measured: response time p50 / p99 with a network, ms",
        "A store on the loopback flatters the models that call it. Here each store or introspection round trip of a request costs 0.5, 1 or 2 ms more, \
         one after another. Real networks have tails of their own: the p99 is a lower estimate. Only where each request makes the same whole number of them, \
         within 1 %.",
        &[
            "target",
            "#n",
            "#errors",
            "#asked /s",
            "#achieved /s",
            "#round trips /request",
            "#measured",
            "#+ 0.5 ms each",
            "#+ 1 ms each",
            "#+ 2 ms each",
        ],
    );
    rows(summary, table, |load| {
        let ms = load.response_ms;
        let computed = load.computed_network_cost.iter();
        let mut cells = vec![
            load.round_trips_per_request
                .map_or_else(|| ABSENT.to_owned(), exact),
            pair(ms.p50, ms.p99),
        ];
        cells.extend(computed.map(|cost| pair(cost.p50_ms, cost.p99_ms)));
        let withheld = load.network_cost_withheld;
        cells.extend(withheld.map(|reason| format!("not computed: {}", reason.why())));
        cells.resize(5, ABSENT.to_owned());
        cells
    })
}

/// One row for each target with a steady stream, the columns that every table has first.
fn rows(
    summary: &Summary,
    mut table: Table,
    figures: impl Fn(&LoadSummary) -> Vec<String>,
) -> Table {
    let row = |target: &TargetSummary| {
        let load = target.load.as_ref()?;
        let mut cells = vec![target.name.clone()];
        cells.extend(samples(Some(load)));
        cells.extend([load.offered_per_s, load.achieved_per_s].map(significant));
        cells.extend(figures(load));
        Some(Row {
            detail: settings(target, &target.settings),
            cells,
            ..Row::default()
        })
    };
    table.rows = summary.targets.iter().filter_map(row).collect();
    table.without_empty_columns()
}

pub(super) fn range(spread: Option<Spread>) -> String {
    spread.map_or_else(
        || ABSENT.to_owned(),
        |spread| format!("{}–{}", significant(spread.min), significant(spread.max)),
    )
}

pub(super) fn pair(p50: Option<f64>, p99: Option<f64>) -> String {
    match (p50, p99) {
        (None, None) => ABSENT.to_owned(),
        _ => format!("{} / {}", figure(p50), figure(p99)),
    }
}

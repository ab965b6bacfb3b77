//! What TLS costs: per request, beside the same target without it, and per new connection.

use super::cost::{pair, range};
use super::{figure, samples, settings};
use crate::number::{count, significant};
use crate::render::table::{ABSENT, Row, Table};
use crate::run_file::TlsSession;
use crate::summary::load::LoadSummary;
use crate::summary::tls::TlsSummary;
use crate::summary::{Summary, TargetSummary};

/// One target that speaks TLS, and the same without.
pub(in crate::render) struct Pair<'a> {
    pub(in crate::render) with: &'a TargetSummary,
    pub(in crate::render) without: &'a TargetSummary,
    pub(in crate::render) tls: &'a TlsSummary,
}

/// Every target that was measured beside the same without TLS.
pub(in crate::render) fn pairs(summary: &Summary) -> Vec<Pair<'_>> {
    let targets = summary.targets.iter();
    targets
        .filter_map(|with| {
            let tls = with.tls.as_ref()?;
            let name = tls.without.as_ref()?;
            let without = summary.targets.iter().find(|other| other.name == *name)?;
            Some(Pair { with, without, tls })
        })
        .collect()
}

/// CPU and response time with TLS and without, side by side.
#[must_use]
pub fn tls(summary: &Summary) -> Table {
    let mut table = Table::new(
        "What TLS adds to a request",
        "Each target beside the same without TLS, in one stream. CPU is that of all processes; what TLS adds is the mean of the rounds' differences, \
         and the next column the smallest and largest of them. Connections are kept, so hardly any handshake is in these figures. \
         Bytes, wherever this report counts them, are those of HTTP before encryption.",
        &[
            "target",
            "#n",
            "#errors",
            "#asked /s",
            "#achieved /s",
            "#CPU µs without",
            "#CPU µs with",
            "#TLS adds",
            "#rounds",
            "#p50 / p99 ms without",
            "#p50 / p99 ms with",
        ],
    );
    table.rows = pairs(summary).iter().filter_map(request).collect();
    table.without_empty_columns()
}

fn request(pair: &Pair<'_>) -> Option<Row> {
    let load = pair.with.load.as_ref()?;
    let more = pair.tls.cpu_us_more;
    let mut cells = first(pair.with, load);
    cells.extend([
        figure(pair.without.cpu_us()),
        figure(pair.with.cpu_us()),
        figure(more.map(|more| more.mean)),
        range(more.map(|more| more.rounds)),
        latency(pair.without.load.as_ref()),
        latency(Some(load)),
    ]);
    Some(row(pair.with, cells))
}

fn latency(load: Option<&LoadSummary>) -> String {
    let ms = load.map(|load| load.response_ms).unwrap_or_default();
    pair(ms.p50, ms.p99)
}

/// What a new connection costs.
#[must_use]
pub fn connections(summary: &Summary) -> Table {
    let mut table = Table::new(
        "What a new connection costs, CPU µs",
        "All processes of the target, measured apart from the rounds, one connection after another: TCP alone (the target without TLS), with a full handshake, with \
         a resumed one. Handshakes are those during the rounds, full + resumed.",
        &[
            "target",
            "#n",
            "#errors",
            "#asked /s",
            "#achieved /s",
            "#TCP alone",
            "#full handshake",
            "#resumed",
            "#handshakes",
            "agreed on",
        ],
    );
    let row = |target: &TargetSummary| {
        let (tls, load) = (target.tls.as_ref()?, target.load.as_ref()?);
        let new = tls.new_connection_cpu_us;
        let mut cells = first(target, load);
        cells.extend([new.plain, new.full, new.resumed].map(figure));
        let (full, resumed) = (tls.handshakes.full, tls.handshakes.resumed);
        cells.push(format!("{} + {}", count(full), count(resumed)));
        cells.push(tls.session.as_ref().map_or_else(absent, agreed));
        Some(self::row(target, cells))
    };
    table.rows = summary.targets.iter().filter_map(row).collect();
    table.without_empty_columns()
}

fn absent() -> String {
    ABSENT.to_owned()
}

/// `TLS 1.3, AES_256_GCM_SHA384, X25519MLKEM768`.
fn agreed(session: &TlsSession) -> String {
    let version = session.version.replace("TLSv", "TLS ").replace('_', ".");
    let suite = session.cipher_suite.trim_start_matches("TLS13_").to_owned();
    let parts = [Some(version), Some(suite), session.key_exchange.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The columns that every table has first.
fn first(target: &TargetSummary, load: &LoadSummary) -> Vec<String> {
    let mut cells = vec![target.name.clone()];
    cells.extend(samples(Some(load)));
    cells.extend([load.offered_per_s, load.achieved_per_s].map(significant));
    cells
}

fn row(target: &TargetSummary, cells: Vec<String>) -> Row {
    Row {
        detail: settings(target, &target.settings),
        cells,
        ..Row::default()
    }
}

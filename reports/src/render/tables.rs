//! The tables of every report. Each row label carries the settings its figures belong to.

mod attribution;
mod claims;
mod cost;
mod freshness;
mod frontier;
mod journey;
mod lifetimes;
mod login;
mod mass;
mod matrix;
mod revocation;
mod solo;
mod thresholds;
mod tls;

pub use attribution::attribution;
pub use claims::claims;
pub(super) use claims::{Sizes, sizes};
pub use cost::{cpu, latency, memory, network, time, work};
pub use freshness::freshness;
pub use frontier::frontier;
pub use journey::{noticed, sessions};
pub use lifetimes::{lifetimes, projections};
pub use login::{login_cpu, storms};
pub use mass::{left_behind, many_at_once, others_meanwhile};
pub use matrix::{cells, matrix, refreshes};
pub use revocation::{lag, law, refresh};
pub(super) use solo::objective;
pub use solo::{capacity, sweep};
pub use thresholds::thresholds;
pub(super) use tls::{Pair, pairs};
pub use tls::{connections, tls};

use crate::frontier::worst;
use crate::matrix::Matrix;
use crate::number::{count, percent, significant, span};
use crate::render::table::{ABSENT, Row, Table};
use crate::settings::Settings;
use crate::summary::lag::RevocationSummary;
use crate::summary::load::LoadSummary;
use crate::summary::{Summary, TargetSummary};
use crate::validity::Verdict;

/// Every table with something in it, in the order of the reports, the overview apart. Where there is a matrix, its grids stand for the rows of
/// single events and points, which are the [`details`].
#[must_use]
pub fn all(summary: &Summary) -> Vec<Table> {
    let mut all = vec![thresholds(summary)];
    all.extend(costs(summary));
    match Matrix::of(summary) {
        Some(_) => {
            all.extend(matrix(summary));
            all.push(refreshes(summary));
        }
        None => all.extend(details(summary)),
    }
    all.extend([
        freshness(summary),
        lifetimes(summary),
        projections(summary),
        frontier(summary),
    ]);
    all.retain(|table| !table.rows.is_empty());
    all
}

/// A row for each event and point.
#[must_use]
pub fn details(summary: &Summary) -> Vec<Table> {
    let mut details = match Matrix::of(summary) {
        Some(_) => vec![cells(summary), law(summary)],
        None => vec![lag(summary), refresh(summary), law(summary)],
    };
    details.retain(|table| !table.rows.is_empty());
    details
}

fn costs(summary: &Summary) -> Vec<Table> {
    vec![
        latency(summary),
        time(summary),
        cpu(summary),
        memory(summary),
        work(summary),
        tls(summary),
        connections(summary),
        claims(summary),
        network(summary),
        capacity(summary),
        sweep(summary),
        storms(summary),
        login_cpu(summary),
        many_at_once(summary),
        others_meanwhile(summary),
        left_behind(summary),
        noticed(summary),
        sessions(summary),
    ]
}

const OVERVIEW_NOTE: &str = "CPU is that of all the target's processes; the control is what the same request costs when nobody is asked who is calling. \
    The lag is that of the worst event and enforcement point, at the lifetime it was watched with; the last column is what follows from it \
    for the lifetime that cost was measured with.";

const ALONE_NOTE: &str = "What each target held within its objective, alone under load: the highest rate that a search found, the last one on the way up a ladder.";

const CROWD_NOTE: &str = "How many sessions there were and how much in them was unexpected, what the other routes notice at the highest login rate, and others when an event happens \
    to many at once; the tables below tell client types, rates and parts apart, and what they cost.";

/// One row per target: cost, latency, capacity and lag side by side.
#[must_use]
pub fn overview(summary: &Summary) -> Table {
    let title = if summary.validity.verdict == Verdict::Invalid {
        "At a glance: from an invalid run, not to be quoted"
    } else {
        "At a glance"
    };
    let stream_or_lag =
        |target: &TargetSummary| target.load.is_some() || !target.revocation.is_empty();
    let alone = |target: &TargetSummary| target.capacity.is_some() || target.sweep.is_some();
    let targets = &summary.targets;
    let crowds = |target: &TargetSummary| {
        target.login.is_some() || target.mass.is_some() || target.journey.is_some()
    };
    let any = |has: &dyn Fn(&TargetSummary) -> bool| targets.iter().any(has);
    let note = match (any(&stream_or_lag), any(&alone), any(&crowds)) {
        (false, true, false) => ALONE_NOTE,
        (false, false, true) => CROWD_NOTE,
        _ => OVERVIEW_NOTE,
    };
    let mut table = Table::new(
        title,
        note,
        &[
            "target",
            "#n",
            "#errors",
            "#CPU µs/request",
            "#above control",
            "#p50 ms",
            "#p99 ms",
            "#capacity /s",
            "#knee /s",
            "#sessions",
            "#unexpected in them",
            "#others' p99 in a login storm, × quiet",
            "#others' p99 in a mass event, × before",
            "#last out after the last ack",
            "lag after the worst event",
            "projected",
        ],
    );
    for target in &summary.targets {
        let load = target.load.as_ref();
        let control = summary.control_of(target).and_then(TargetSummary::cpu_us);
        let above = target
            .cpu_us()
            .zip(control)
            .filter(|_| !target.is_control())
            .map(|(cpu, control)| cpu - control);
        let [sessions, unexpected] = journey::samples(target);
        let mut cells = vec![target.name.clone()];
        cells.extend(samples(load));
        cells.extend([
            figure(target.cpu_us()),
            figure(above),
            figure(load.and_then(|load| load.response_ms.p50)),
            figure(load.and_then(|load| load.response_ms.p99)),
            solo::held(target.capacity.as_ref()),
            solo::knee(target.sweep.as_ref()),
            sessions,
            unexpected,
            figure(login::fiercest_ratio(target)),
            figure(mass::ratio_during(target)),
            mass::last_out(target),
            worst(target).map_or_else(|| unwatched(target), watched),
            worst(target).map_or_else(|| ABSENT.to_owned(), |row| in_production(target, row)),
        ]);
        table.rows.push(Row {
            detail: settings(target, &target.settings),
            cells,
            ..Row::default()
        });
    }
    table.without_empty_columns()
}

/// `RS256 · TTL 300 s · Redis 7.0.15`: what stands under a target's name; of a negative control first that it is one, and why.
pub(super) fn settings(target: &TargetSummary, settings: &Settings) -> Option<String> {
    let control = target.control.as_ref();
    let control = control.map(|why| format!("negative control: {why}"));
    let parts: Vec<String> = [control, Some(settings.label()), target.store.clone()]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// Requests and how many of them did not end as expected.
fn samples(load: Option<&LoadSummary>) -> [String; 2] {
    load.map_or_else(
        || [ABSENT.to_owned(), ABSENT.to_owned()],
        |load| {
            let unexpected = match load.throttled {
                0 => count(load.unexpected),
                throttled => format!(
                    "{} ({} throttled)",
                    count(load.unexpected),
                    count(throttled)
                ),
            };
            [count(load.requests), unexpected]
        },
    )
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| ABSENT.to_owned(), significant)
}

fn length(ms: Option<f64>) -> String {
    ms.map_or_else(|| ABSENT.to_owned(), span)
}

fn unwatched(target: &TargetSummary) -> String {
    let asked = !target.revocation.is_empty();
    if asked { "no sample" } else { ABSENT }.to_owned()
}

fn watched(row: &RevocationSummary) -> String {
    let at = row
        .laboratory_ttl_s()
        .map_or_else(String::new, |ttl| format!(" at TTL {}", span(ttl * 1e3)));
    format!("{}{at}", outcome(row))
}

fn in_production(target: &TargetSummary, row: &RevocationSummary) -> String {
    match (row.projected, row.not_projected) {
        (Some(projected), _) => format!(
            "≤ {} at TTL {}",
            span(projected.max_ms),
            span(projected.access_ttl_s * 1e3)
        ),
        (None, Some(_)) if row.carries_over() => "as measured, whatever the TTL".to_owned(),
        (None, Some(reason)) => format!("not projected: {}", reason.why()),
        // Watched at another lifetime, even this is the laboratory's.
        (None, None) if !target.watched_at_its_lifetime(row) => "no lag to project".to_owned(),
        (None, None) => "as measured".to_owned(),
    }
}

/// What became of the caller, in a few words.
fn outcome(row: &RevocationSummary) -> String {
    let never = row.never_accepted_after_ack;
    if row.censored > 0 {
        return format!(
            "{} still in after {}",
            percent(row.censored as f64 / row.sampled() as f64),
            length(row.certain_max_ms)
        );
    }
    match row.lag_ms {
        None => "never accepted again".to_owned(),
        Some(lag) if row.typically_immediate() => format!(
            "{} never accepted, else ≤ {}",
            percent(never as f64 / row.sampled() as f64),
            length(lag.max)
        ),
        Some(lag) => format!("p50 {}, max {}", length(lag.p50), length(lag.max)),
    }
}

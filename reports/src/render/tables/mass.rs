//! One event for many accounts at once: when the last is out, what the others notice, and what is left lying about.

use super::{figure, settings};
use crate::number::{between, count, percent, significant, span};
use crate::render::table::{ABSENT, Row, Table};
use crate::run_file::{MassMoment, MassPart, SizesAt};
use crate::summary::mass::{MassOthers, MassSummary, OutMs};
use crate::summary::{Summary, TargetSummary};

const OUT: &str = "One target at a time; the calls are made as fast as the target takes them, beside a stream of other users. Last out: the moment from which nobody to whom \
    the event happened is let in, between the last request that was accepted and the last first refusal. Out by: of each account, from its own acknowledgement until it was seen to be out. \
    Of every two probes one asks about who was just acknowledged or is still in, the other goes round among the rest; known to within is the median width of those intervals.";
const OTHERS: &str = "The stream of other users in three parts, before, during and after the calls, with short pauses between them to write down and count. The probes go on at one rate in all three and are part of what the target has to do. CPU is that of \
    all its processes, in percent of one processor, whatever they were asked. A quantile needs 20 requests beyond it: calls that take less than 2,000 requests of the others leave the p99 out.";
const LEFT: &str = "By the target's own account, the largest that any of its processes tells. Announced: what the revocation channel keeps in the store; denied: what a server keeps of it in \
    memory. Keys and bytes of a store count everything in it.";

/// When the last one is out, and how long the event itself took.
#[must_use]
pub fn many_at_once(summary: &Summary) -> Table {
    let columns = [
        "event",
        "#accounts",
        "#ack",
        "#calls took",
        "#calls /s",
        "#call p50 ms",
        "#call p99 ms",
        "#last out after the first call",
        "#after the last ack",
        "#out by p50 ms",
        "#out by p99 ms",
        "#known to within",
        "#never accepted",
        "#still in",
        "#unknown",
        "#refused early",
        "#flaps",
        "#bound",
        "#breaches",
    ];
    let mut table = Table::new("Many at once", OUT, &columns);
    each(summary, |target, mass| {
        table.rows.push(Row {
            heading: Some(heading(target, mass)),
            cells: cells(mass),
            ..Row::default()
        });
    });
    table.without_empty_columns()
}

/// Everybody else, before, during and after.
#[must_use]
pub fn others_meanwhile(summary: &Summary) -> Table {
    let columns = [
        "part",
        "#for",
        "#n",
        "#errors",
        "#unsent",
        "#p50 ms",
        "#p90 ms",
        "#p99 ms",
        "#p90 × before",
        "#p99 × before",
        "#probes /s",
        "#CPU",
    ];
    let mut table = Table::new("Everybody else meanwhile", OTHERS, &columns);
    each(summary, |target, mass| {
        for (number, others) in mass.others.iter().enumerate() {
            table.rows.push(Row {
                heading: (number == 0).then(|| heading(target, mass)),
                cells: meanwhile(others),
                ..Row::default()
            });
        }
    });
    table.without_empty_columns()
}

/// Lists and stores.
#[must_use]
pub fn left_behind(summary: &Summary) -> Table {
    let columns = [
        "when",
        "#store keys",
        "#store MB",
        "#announced",
        "#announced kB",
        "#denied",
        "#denied kB",
    ];
    let mut table = Table::new("What is kept of it", LEFT, &columns);
    each(summary, |target, mass| {
        for (number, at) in mass.sizes.iter().enumerate() {
            table.rows.push(Row {
                heading: (number == 0).then(|| heading(target, mass)),
                cells: sizes(at),
                ..Row::default()
            });
        }
    });
    table.without_empty_columns()
}

/// The others' p99 during the calls, against before.
pub(super) fn ratio_during(target: &TargetSummary) -> Option<f64> {
    target.mass.as_ref()?.part(MassPart::During)?.p99_ratio
}

/// How long after the last acknowledgement somebody was let in.
pub(super) fn last_out(target: &TargetSummary) -> String {
    let mass = target.mass.as_ref();
    out(mass.and_then(|mass| mass.last_out_after_last_ack_ms))
}

fn each(summary: &Summary, mut what: impl FnMut(&TargetSummary, &MassSummary)) {
    for target in &summary.targets {
        if let Some(mass) = &target.mass {
            what(target, mass);
        }
    }
}

fn cells(mass: &MassSummary) -> Vec<String> {
    let out_by = mass.out_by_ms;
    vec![
        mass.event.clone(),
        count(mass.accounts),
        count(mass.acknowledged),
        span(mass.calls_took_ms),
        significant(mass.calls_per_s),
        figure(mass.call_ms.p50),
        figure(mass.call_ms.p99),
        out(mass.last_out_ms),
        out(mass.last_out_after_last_ack_ms),
        figure(out_by.and_then(|by| by.p50)),
        figure(out_by.and_then(|by| by.p99)),
        mass.resolution_ms.map_or_else(|| ABSENT.to_owned(), span),
        percent(mass.never_accepted_after_ack as f64 / mass.sampled().max(1) as f64),
        count(mass.censored),
        count(mass.unknown),
        count(mass.refused_early),
        count(mass.flaps),
        mass.bound_ms.map_or_else(|| ABSENT.to_owned(), span),
        count(mass.breaches),
    ]
}

/// `7.21–7.23 s`; `> 100 s` where somebody was still in.
fn out(out: Option<OutMs>) -> String {
    match out {
        None => ABSENT.to_owned(),
        Some(OutMs { from, until: None }) => format!("> {}", span(from)),
        Some(OutMs {
            from: 0.0,
            until: Some(until),
        }) => format!("≤ {}", span(until)),
        Some(OutMs {
            from,
            until: Some(until),
        }) => between(from, until),
    }
}

fn meanwhile(others: &MassOthers) -> Vec<String> {
    let part = match others.part {
        MassPart::Before => "before",
        MassPart::During => "during",
        MassPart::After => "after",
    };
    vec![
        part.to_owned(),
        span(others.seconds * 1e3),
        count(others.requests),
        count(others.unexpected),
        count(others.unsent),
        figure(others.response_ms.p50),
        figure(others.response_ms.p90),
        figure(others.response_ms.p99),
        figure(others.p90_ratio),
        figure(others.p99_ratio),
        significant(others.probes_per_s),
        others.cpu_percent.map_or_else(
            || ABSENT.to_owned(),
            |cpu| format!("{} %", significant(cpu)),
        ),
    ]
}

fn sizes(at: &SizesAt) -> Vec<String> {
    let when = match at.moment {
        MassMoment::Start => "before the logins",
        MassMoment::LoggedIn => "all logged in",
        MassMoment::Ended => "last call answered",
        MassMoment::Settled => "in the end",
    };
    let size = |name: &str| at.sizes.get(name).copied();
    let counted = |name| size(name).map_or_else(|| ABSENT.to_owned(), count);
    let bytes = |name, unit: f64| figure(size(name).map(|bytes| bytes as f64 / unit));
    vec![
        when.to_owned(),
        counted("store_keys"),
        bytes("store_bytes", 1e6),
        counted("announced_entries"),
        bytes("announced_bytes", 1e3),
        counted("denied_entries"),
        bytes("denied_bytes", 1e3),
    ]
}

fn heading(target: &TargetSummary, mass: &MassSummary) -> String {
    let under = settings(target, &mass.settings);
    under.map_or_else(
        || target.name.clone(),
        |under| format!("{} ({under})", target.name),
    )
}

//! What TLS adds.

use super::list;
use crate::number::significant;
use crate::render::tables::{Pair, pairs};
use crate::summary::Summary;
use crate::summary::tls::NewConnection;

/// Nothing where no target was measured with TLS and without.
pub(super) fn tls(summary: &Summary) -> Option<String> {
    let pairs = pairs(summary);
    let added = range(
        pairs
            .iter()
            .filter_map(|pair| Some(pair.tls.cpu_us_more?.mean)),
    )?;
    let unsure: Vec<&str> = pairs
        .iter()
        .filter(|pair| !is_more(pair))
        .map(|pair| pair.without.name.as_str())
        .collect();
    let unsure = match unsure.as_slice() {
        [] => String::new(),
        names => format!(" (for {} not in every round)", list(names)),
    };
    let connections = connections(&pairs).map_or_else(String::new, |said| format!("; {said}"));
    Some(format!(
        "TLS added {added} µs of CPU to a request on a connection that stands{unsure}{connections}."
    ))
}

/// Whether every round says so.
fn is_more(pair: &Pair<'_>) -> bool {
    pair.tls
        .cpu_us_more
        .is_some_and(|more| more.rounds.min > 0.0)
}

fn connections(pairs: &[Pair<'_>]) -> Option<String> {
    let of = |part: fn(NewConnection) -> Option<f64>| {
        range(
            pairs
                .iter()
                .filter_map(|pair| part(pair.tls.new_connection_cpu_us)),
        )
    };
    let (plain, full) = (of(|new| new.plain)?, of(|new| new.full)?);
    let resumed = of(|new| new.resumed).map_or_else(String::new, |resumed| {
        format!(" and {resumed} µs when one was resumed")
    });
    Some(format!(
        "a new connection cost {plain} µs without TLS, {full} µs with a full handshake{resumed}"
    ))
}

/// `12.3`, or `12.3 to 15.6`.
fn range(values: impl Iterator<Item = f64>) -> Option<String> {
    let values: Vec<f64> = values.collect();
    let least = values.iter().copied().reduce(f64::min)?;
    let most = values.iter().copied().reduce(f64::max)?;
    let (least, most) = (significant(least), significant(most));
    Some(if least == most {
        least
    } else {
        format!("{least} to {most}")
    })
}

//! What the size of claims costs: the same target with more and more of them.

use super::{figure, samples, settings};
use crate::number::{count, significant};
use crate::render::table::{Row, Table};
use crate::settings::Settings;
use crate::summary::{Summary, TargetSummary};

/// The setting that says how many bytes of claims a session or token carries.
const SETTING: &str = "claims_bytes";

/// One target in several sizes, the smallest first.
pub(in crate::render) struct Sizes<'a> {
    /// What the names of its forms have in common.
    pub(in crate::render) name: &'a str,
    pub(in crate::render) sizes: Vec<(u64, &'a TargetSummary)>,
    rest: Settings,
}

/// Every target that was measured with claims of several sizes and is otherwise the same.
pub(in crate::render) fn sizes(summary: &Summary) -> Vec<Sizes<'_>> {
    let mut all: Vec<Sizes<'_>> = Vec::new();
    for target in summary
        .targets
        .iter()
        .filter(|target| target.load.is_some())
    {
        let Some(bytes) = target.settings.whole(SETTING) else {
            continue;
        };
        let name = target.name.split('+').next().unwrap_or_default();
        let rest = target.settings.without(SETTING);
        match all
            .iter_mut()
            .find(|known| known.name == name && known.rest == rest)
        {
            Some(known) => known.sizes.push((bytes, target)),
            None => all.push(Sizes {
                name,
                sizes: vec![(bytes, target)],
                rest,
            }),
        }
    }
    for one in &mut all {
        one.sizes.sort_by_key(|(bytes, _)| *bytes);
        one.sizes.dedup_by_key(|(bytes, _)| *bytes);
    }
    all.retain(|one| one.sizes.len() > 1);
    all
}

/// One row per target and size; empty where there is one size only.
#[must_use]
pub fn claims(summary: &Summary) -> Table {
    let mut table = Table::new(
        "What the size of claims costs",
        "Bytes of claims about the user that a session's record, a token, or an introspection answer carries. Bytes sent and received are those between the \
         client and the resource server: what a store or an authorization server answers to that is not among them, but its CPU is.",
        &[
            "target",
            "#claims bytes",
            "#n",
            "#errors",
            "#asked /s",
            "#achieved /s",
            "#CPU µs/request",
            "#sent bytes",
            "#received bytes",
            "#p50 ms",
        ],
    );
    let sizes = sizes(summary);
    let targets = sizes.iter().flat_map(|one| &one.sizes);
    table.rows = targets
        .filter_map(|(bytes, target)| row(*bytes, target))
        .collect();
    table.without_empty_columns()
}

fn row(bytes: u64, target: &TargetSummary) -> Option<Row> {
    let load = target.load.as_ref()?;
    let mut cells = vec![target.name.clone(), count(bytes)];
    cells.extend(samples(Some(load)));
    cells.extend([load.offered_per_s, load.achieved_per_s].map(significant));
    let wire = &load.wire_bytes_per_request;
    cells.extend([
        figure(target.cpu_us()),
        significant(wire.sent),
        significant(wire.received),
        figure(load.response_ms.p50),
    ]);
    Some(Row {
        detail: settings(target, &target.settings),
        cells,
        ..Row::default()
    })
}

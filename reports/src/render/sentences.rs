//! What a run says, in three sentences, each a function of its numbers.

use crate::expectation::Expectation;
use crate::frontier::worst;
use crate::number::{count, percent, significant, span};
use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};
use crate::validity::Verdict;

/// What the run says: what a request costs, how long a caller stays in, which promises were kept. An invalid run says why
/// it says nothing: it ranks no target.
#[must_use]
pub fn sentences(summary: &Summary) -> [String; 3] {
    if summary.validity.verdict == Verdict::Invalid {
        refusal(summary)
    } else {
        [cost(summary), lag(summary), promises(summary)]
    }
}

/// What a reader must know before quoting a figure.
#[must_use]
pub fn caveats(summary: &Summary) -> Vec<String> {
    let store = summary.store.as_ref();
    let embedded = store.filter(|store| store.kind == "embedded").map(|store| {
        format!(
            "The store was {}: a small one of authbench's own, because no Redis was found. Do not read the cost of models that call a store as that of Redis.",
            store.label()
        )
    });
    let users = store.filter(|store| store.started_by == "user").map(|_| {
        "The store was given from outside, so its CPU is in no figure: models that call it look cheaper than they are.".to_owned()
    });
    let control = summary.control().is_none().then(|| {
        "The control (no_auth) was not part of this run: what a request costs without any check is unknown here.".to_owned()
    });
    embedded.into_iter().chain(users).chain(control).collect()
}

fn refusal(summary: &Summary) -> [String; 3] {
    let reasons: Vec<_> = summary
        .validity
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Invalid)
        .collect();
    let first = reasons.first();
    let others = match reasons.len() {
        0 | 1 => String::new(),
        more => format!(" ({} more below)", more - 1),
    };
    [
        "This run does not measure the targets, so it ranks none of them.".to_owned(),
        first.map_or_else(String::new, |finding| {
            format!("The reason: {}{others}.", finding.what)
        }),
        first.map_or_else(String::new, |finding| {
            format!("What to do: {}.", finding.advice)
        }),
    ]
}

fn cost(summary: &Summary) -> String {
    let control = summary.control().and_then(TargetSummary::cpu_us);
    let mut costs: Vec<(&TargetSummary, f64)> = summary
        .targets
        .iter()
        .filter(|target| !target.is_control())
        .filter_map(|target| Some((target, target.cpu_us()?)))
        .collect();
    costs.sort_by(|left, right| left.1.total_cmp(&right.1));
    let above = |us: f64| match control {
        Some(control) => format!(
            "{} µs of CPU per request, {} µs above the control",
            significant(us),
            significant(us - control)
        ),
        None => format!("{} µs of CPU per request", significant(us)),
    };
    match costs.as_slice() {
        [] => match control {
            Some(control) => format!(
                "Only the control was measured: {} µs of CPU per request.",
                significant(control)
            ),
            None => "CPU per request was not measured.".to_owned(),
        },
        [(only, us)] => format!("A request to {} cost {}.", quoted(&only.name), above(*us)),
        [(cheapest, low), between @ .., (dearest, high)] => {
            let tied: Vec<&str> = between
                .iter()
                .map(|(target, _)| *target)
                .chain([*dearest])
                .filter(|other| rounds_overlap(cheapest, other))
                .map(|target| target.name.as_str())
                .collect();
            if tied.contains(&dearest.name.as_str()) {
                return format!(
                    "Cost tells the models apart too little to rank them: {} to {} µs of CPU per request, and the rounds overlap.",
                    significant(*low),
                    significant(*high)
                );
            }
            let close = if tied.is_empty() {
                String::new()
            } else {
                format!(", with {} too close to tell apart", list(&tied))
            };
            format!(
                "Checking a caller cost least with {} ({}){close}, and most with {} ({}).",
                quoted(&cheapest.name),
                above(*low),
                quoted(&dearest.name),
                above(*high)
            )
        }
    }
}

fn rounds_overlap(one: &TargetSummary, other: &TargetSummary) -> bool {
    let rounds = |target: &TargetSummary| target.load.as_ref()?.rounds.cpu_us;
    match (rounds(one), rounds(other)) {
        (Some(one), Some(other)) => one.overlaps(&other),
        _ => false,
    }
}

fn lag(summary: &Summary) -> String {
    let worst: Vec<(&TargetSummary, &RevocationSummary)> = summary
        .targets
        .iter()
        .filter_map(|target| Some((target, worst(target)?)))
        .collect();
    if worst.is_empty() {
        return "No revocation was measured.".to_owned();
    }
    let clauses: Vec<String> = groups(&worst).iter().map(|group| group.clause()).collect();
    format!(
        "Once the revoking call was acknowledged, {}.",
        clauses.join("; ")
    )
}

/// Targets of which the same can be said.
struct Group<'a> {
    rows: Vec<(&'a TargetSummary, &'a RevocationSummary)>,
}

fn groups<'a>(worst: &[(&'a TargetSummary, &'a RevocationSummary)]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group> = Vec::new();
    for &(target, row) in worst {
        match groups.iter_mut().find(|group| group.admits(row)) {
            Some(group) => group.rows.push((target, row)),
            None => groups.push(Group {
                rows: vec![(target, row)],
            }),
        }
    }
    groups
}

impl Group<'_> {
    fn admits(&self, row: &RevocationSummary) -> bool {
        let first = self.rows[0].1;
        let never = |row: &RevocationSummary| row.lag_ms.is_none();
        (never(first) && never(row))
            || (first.projected.is_some()
                && first.projected == row.projected
                && first.settings.seconds("access_ttl") == row.settings.seconds("access_ttl"))
    }

    fn clause(&self) -> String {
        let names: Vec<&str> = self
            .rows
            .iter()
            .map(|(target, _)| target.name.as_str())
            .collect();
        let names = list(&names);
        let (target, row) = self.rows[0];
        let Some(lag) = row.lag_ms else {
            return format!("{names} never accepted the caller again ({})", self.never());
        };
        let longest = self
            .rows
            .iter()
            .filter_map(|(_, row)| row.lag_ms?.max)
            .reduce(f64::max);
        if row.censored > 0 {
            return format!(
                "{names} still accepted {} of the callers when observation ended, {} later",
                percent(row.censored as f64 / row.sampled() as f64),
                span(row.certain_max_ms.unwrap_or(0.0))
            );
        }
        if let (Some(projected), Some(ttl)) = (row.projected, row.settings.seconds("access_ttl")) {
            return format!(
                "{names} went on until the credential expired: up to {} at the laboratory's TTL of {}, projected to {} typically and {} at most at the TTL of {} that cost was measured with",
                span(longest.unwrap_or(0.0)),
                span(ttl * 1e3),
                span(projected.p50_ms),
                span(projected.max_ms),
                span(projected.access_ttl_s * 1e3)
            );
        }
        if row.typically_immediate() {
            return format!(
                "{names} never accepted {} of the callers again, and the others for up to {}",
                percent(row.never_accepted_after_ack as f64 / row.sampled() as f64),
                span(longest.unwrap_or(0.0))
            );
        }
        let ttl = row.settings.seconds("access_ttl");
        let laboratory = ttl
            .filter(|_| ttl != target.settings.seconds("access_ttl"))
            .map_or_else(String::new, |ttl| {
                format!(" at the laboratory's TTL of {}", span(ttl * 1e3))
            });
        format!(
            "{names} went on accepting for {} typically and {} at most{laboratory}",
            span(lag.p50.unwrap_or(0.0)),
            span(longest.unwrap_or(0.0))
        )
    }

    /// Over all their events and points that guard the resource, not the worst alone.
    fn never(&self) -> String {
        let rows = self
            .rows
            .iter()
            .flat_map(|(target, _)| &target.revocation)
            .filter(|row| row.traffic);
        let (never, all) = rows.fold((0, 0), |(never, all), row| {
            (never + row.never_accepted_after_ack, all + row.sampled())
        });
        format!("{} of {} observations", count(never), count(all))
    }
}

fn promises(summary: &Summary) -> String {
    let rows = || summary.targets.iter().flat_map(|target| &target.revocation);
    let bounded: u64 = rows()
        .filter(|row| row.bound_ms.is_some())
        .map(RevocationSummary::sampled)
        .sum();
    if let Some(first) = summary.failures.first() {
        let what = match first.expectation {
            Expectation::Bound => "a revocation bound",
            Expectation::ExpiryLaw => "the law of expiry",
            Expectation::RefreshRefused => "the end of refreshing",
        };
        let more = match summary.failures.len() {
            1 => String::new(),
            all => format!(" ({} more below)", all - 1),
        };
        return format!(
            "{} did not keep {what} after {}: {}{more}.",
            quoted(&first.target),
            first.event,
            first.what
        );
    }
    if bounded == 0 {
        return "No target stated a revocation bound, so none could be checked.".to_owned();
    }
    let refreshes = summary.targets.iter().map(refused_refreshes).sum::<u64>();
    let refreshes = if refreshes == 0 {
        String::new()
    } else {
        format!(
            ", and no refresh worked after its event ({} refused)",
            count(refreshes)
        )
    };
    format!(
        "Every stated bound was kept in {} observations{refreshes}.",
        count(bounded)
    )
}

/// Once per event: its points repeat it.
fn refused_refreshes(target: &TargetSummary) -> u64 {
    let mut seen: Vec<&str> = Vec::new();
    let mut refused = 0;
    for row in &target.revocation {
        if let Some(after) = row
            .refresh_after
            .filter(|_| !seen.contains(&row.event.as_str()))
        {
            seen.push(&row.event);
            refused += after.refused;
        }
    }
    refused
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// `a`, `b` and `c`.
fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

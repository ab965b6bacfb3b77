//! How long a caller stays in.

use super::list;
use crate::frontier::worst;
use crate::number::{count, percent, span};
use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};

pub(super) fn lag(summary: &Summary) -> String {
    let worst: Vec<(&TargetSummary, &RevocationSummary)> = summary
        .targets
        .iter()
        .filter(|target| !target.is_negative_control())
        .filter_map(|target| Some((target, worst(target)?)))
        .collect();
    if worst.is_empty() {
        return "No revocation was measured.".to_owned();
    }
    let groups = groups(&worst);
    let clauses: Vec<String> = if groups.len() > CLAUSES {
        let (short, others): (Vec<&Group>, Vec<&Group>) =
            groups.iter().partition(|group| group.lasts_and_ends());
        let who = if others.is_empty() {
            "targets"
        } else {
            "others"
        };
        let clauses = others.iter().map(|group| group.clause());
        clauses.chain(at_most(who, &short)).collect()
    } else {
        groups.iter().map(Group::clause).collect()
    };
    format!(
        "Once the revoking call was acknowledged, {}.",
        clauses.join("; ")
    )
}

/// With more clauses than this a sentence names only the longest lags.
const CLAUSES: usize = 4;

/// `others went on accepting for 6.2 ms at most (`a`), 2 s (`b` and `c`)`, the shortest first; `None` without any.
fn at_most(who: &str, groups: &[&Group]) -> Option<String> {
    let mut lags: Vec<(f64, &str)> = groups
        .iter()
        .flat_map(|group| &group.rows)
        .filter_map(|(target, row)| Some((row.lag_ms?.max?, target.name.as_str())))
        .collect();
    lags.sort_by(|(one, _), (next, _)| one.total_cmp(next));
    let alike = lags.chunk_by(|(one, _), (next, _)| span(*one) == span(*next));
    let said: Vec<String> = alike
        .map(|alike| {
            let names: Vec<&str> = alike.iter().map(|(_, name)| *name).collect();
            format!("{} ({})", span(alike[0].0), list(&names))
        })
        .collect();
    let laboratory = groups.iter().find_map(|group| {
        let (_, row) = group.rows.first()?;
        row.laboratory_ttl_s()
    });
    let laboratory = laboratory.map_or_else(String::new, |ttl| {
        format!(", watched at the laboratory's TTL of {}", span(ttl * 1e3))
    });
    let said = said.join(", ");
    (!said.is_empty()).then(|| format!("{who} went on accepting for at most {said}{laboratory}"))
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
    /// Accepted for a while, to an end that was seen, and nothing is projected from it.
    fn lasts_and_ends(&self) -> bool {
        self.rows.iter().all(|(_, row)| {
            let ended = row.lag_ms.is_some_and(|lag| lag.max.is_some());
            ended && row.censored == 0 && row.projected.is_none()
        })
    }

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
        let row = self.rows[0].1;
        let did = match row.lag_ms {
            None => self.never(),
            Some(_) if row.censored > 0 => still_in(row),
            Some(_) if row.projected.is_some() => self.until_expiry(),
            Some(_) if row.typically_immediate() => self.mostly_never(),
            Some(_) => self.for_a_while(),
        };
        format!("{names} {did}")
    }

    fn until_expiry(&self) -> String {
        let row = self.rows[0].1;
        let projected = row.projected.map_or_else(String::new, |projected| {
            format!(
                ", projected to {} typically and {} at most at the TTL of {} that cost was measured with",
                span(projected.p50_ms),
                span(projected.max_ms),
                span(projected.access_ttl_s * 1e3)
            )
        });
        format!(
            "went on until the credential expired: up to {}{}{projected}",
            self.longest(),
            laboratory(row)
        )
    }

    fn mostly_never(&self) -> String {
        let row = self.rows[0].1;
        format!(
            "never accepted {} of the callers again, and the others for up to {}{}",
            percent(row.never_accepted_after_ack as f64 / row.sampled() as f64),
            self.longest(),
            laboratory(row)
        )
    }

    fn for_a_while(&self) -> String {
        let row = self.rows[0].1;
        let typical = row.lag_ms.and_then(|lag| lag.p50);
        format!(
            "went on accepting for {} typically and {} at most{}",
            typical.map_or_else(|| "an unknown time".to_owned(), span),
            self.longest(),
            laboratory(row)
        )
    }

    fn longest(&self) -> String {
        let maxima = self.rows.iter().filter_map(|(_, row)| row.lag_ms?.max);
        maxima
            .reduce(f64::max)
            .map_or_else(|| "an unknown time".to_owned(), span)
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
        format!(
            "never accepted the caller again at a resource server ({} of {} observations)",
            count(never),
            count(all)
        )
    }
}

fn still_in(row: &RevocationSummary) -> String {
    format!(
        "still accepted {} of the callers when observation ended, {} later{}",
        percent(row.censored as f64 / row.sampled() as f64),
        span(row.certain_max_ms.unwrap_or(0.0)),
        laboratory(row)
    )
}

/// Where the lifetime was not the one that cost was measured with.
fn laboratory(row: &RevocationSummary) -> String {
    row.laboratory_ttl_s().map_or_else(String::new, |ttl| {
        format!(" at the laboratory's TTL of {}", span(ttl * 1e3))
    })
}

//! One target's part of every round, added up.

use super::{CpuPerRequest, RoundSpread, RssBytes};
use crate::histogram::Histogram;
use crate::number::rounded;
use crate::run_file::{Counters, Outcomes, Role, SteadyRecord, TargetRound};
use crate::statistics::Spread;
use std::collections::BTreeMap;

/// One target's part of every round.
pub(super) struct Rounds<'a> {
    parts: Vec<Part<'a>>,
    idle_ns_per_s: BTreeMap<Role, f64>,
    pub(super) response: Histogram,
    pub(super) outcomes: Outcomes,
    pub(super) counters: Option<Counters>,
}

struct Part<'a> {
    scheduled_s: f64,
    counted_s: f64,
    wall_s: f64,
    round: &'a TargetRound,
}

impl<'a> Rounds<'a> {
    pub(super) fn of(steady: &'a SteadyRecord, target: &str) -> Self {
        let parts: Vec<Part> = steady
            .rounds
            .iter()
            .filter_map(|round| {
                let of_target = round.targets.iter().find(|part| part.target == target)?;
                Some(Part {
                    scheduled_s: round.scheduled_s,
                    counted_s: round.counted_s_of(of_target),
                    wall_s: round.wall_s,
                    round: of_target,
                })
            })
            .collect();
        let mut idle_ns_per_s = BTreeMap::new();
        for idle in steady.idle.iter().filter(|idle| idle.target == target) {
            *idle_ns_per_s.entry(idle.role).or_default() += idle.cpu_ns_per_s;
        }
        let mut response = Histogram::default();
        let mut outcomes = Outcomes::default();
        for part in &parts {
            response.merge(&part.round.response);
            outcomes.merge(&part.round.outcomes);
        }
        Self {
            counters: counters(&parts),
            parts,
            idle_ns_per_s,
            response,
            outcomes,
        }
    }

    pub(super) fn sum(&self, of: impl Fn(&TargetRound) -> u64) -> u64 {
        self.parts.iter().map(|part| of(part.round)).sum()
    }

    pub(super) fn merged(&self, of: impl Fn(&TargetRound) -> &Histogram) -> Histogram {
        let mut merged = Histogram::default();
        for part in &self.parts {
            merged.merge(of(part.round));
        }
        merged
    }

    pub(super) fn rss_at_the_end(&self) -> Option<RssBytes> {
        RssBytes::of(&self.parts.last()?.round.processes)
    }

    pub(super) fn scheduled_s(&self) -> f64 {
        self.parts.iter().map(|part| part.scheduled_s).sum()
    }

    pub(super) fn counted_s(&self) -> f64 {
        self.parts.iter().map(|part| part.counted_s).sum()
    }

    pub(super) fn spread(&self) -> RoundSpread {
        let p50: Vec<f64> = self
            .parts
            .iter()
            .filter_map(|part| part.round.response.quantile_ms(0.5))
            .collect();
        let by_round = self.cpu_us_by_round();
        let cpu: Vec<f64> = by_round.iter().copied().flatten().collect();
        let of_each: Option<Vec<f64>> = by_round.into_iter().map(|us| us.map(rounded)).collect();
        RoundSpread {
            n: self.parts.len() as u64,
            work_repeats: self.work_repeats(),
            p50_ms: Spread::of(&p50),
            cpu_us: Spread::of(&cpu),
            cpu_us_by_round: of_each.unwrap_or_default(),
        }
    }

    /// `None` for a round without a request, or without a process whose CPU was read.
    pub(super) fn cpu_us_by_round(&self) -> Vec<Option<f64>> {
        let cpu_us = |part: &Part| {
            let requests = part.round.outcomes.total();
            let ns: f64 = self.net_cpu_ns(part).values().sum();
            let measured = requests > 0 && !part.round.processes.is_empty();
            measured.then(|| ns.max(0.0) / 1e3 / requests as f64)
        };
        self.parts.iter().map(cpu_us).collect()
    }

    fn work_repeats(&self) -> bool {
        self.parts.windows(2).all(|pair| {
            let (one, next) = (pair[0].round, pair[1].round);
            let requests = |round: &TargetRound| u128::from(round.outcomes.total());
            // a ÷ b = c ÷ d without the rounding of a division.
            let repeats = |(one_did, next_did): (u64, u64)| {
                u128::from(one_did) * requests(next) == u128::from(next_did) * requests(one)
            };
            work(one).into_iter().zip(work(next)).all(repeats)
        })
    }

    /// CPU of a round minus idle use × wall time, by role.
    fn net_cpu_ns(&self, part: &Part) -> BTreeMap<Role, f64> {
        let mut by_role: BTreeMap<Role, f64> = BTreeMap::new();
        for process in &part.round.processes {
            *by_role.entry(process.role).or_default() += process.cpu_ns as f64;
        }
        for (role, ns) in &mut by_role {
            *ns -= self.idle_ns_per_s.get(role).copied().unwrap_or(0.0) * part.wall_s;
        }
        by_role
    }

    pub(super) fn cpu_per_request(&self) -> Option<CpuPerRequest> {
        let mut by_role: BTreeMap<Role, f64> = BTreeMap::new();
        for part in &self.parts {
            for (role, ns) in self.net_cpu_ns(part) {
                *by_role.entry(role).or_default() += ns;
            }
        }
        let requests = self.outcomes.total() as f64;
        (!by_role.is_empty()).then(|| CpuPerRequest::of(&by_role, requests))
    }

    pub(super) fn idle_us_per_request(&self) -> Option<f64> {
        let per_s: f64 = self.idle_ns_per_s.values().sum();
        let wall_s: f64 = self.parts.iter().map(|part| part.wall_s).sum();
        (!self.idle_ns_per_s.is_empty())
            .then(|| rounded(per_s * wall_s / 1e3 / self.outcomes.total() as f64))
    }
}

/// Everything a round counts exactly.
fn work(round: &TargetRound) -> [u64; 5] {
    let counted = round.counters.unwrap_or_default();
    [
        round.bytes_sent,
        round.bytes_received,
        counted.store_commands,
        counted.store_round_trips,
        counted.introspections,
    ]
}

/// Absent as soon as one round has none: a sum over some rounds divided by the requests of all would be too low.
fn counters(parts: &[Part]) -> Option<Counters> {
    let counted: Option<Vec<Counters>> = parts.iter().map(|part| part.round.counters).collect();
    Some(
        counted?
            .into_iter()
            .fold(Counters::default(), |sum, round| Counters {
                store_commands: sum.store_commands + round.store_commands,
                store_round_trips: sum.store_round_trips + round.store_round_trips,
                introspections: sum.introspections + round.introspections,
                // Whether the store threw anything away is a question of validity, round by round.
                ..Counters::default()
            }),
    )
}

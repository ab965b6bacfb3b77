//! One event for many accounts at once: when the last of them is out, and what everybody else notices.

use super::lag::LagMs;
use super::load::LatencyMs;
use crate::number::rounded;
use crate::revocation::Lag;
use crate::run_file::{MassAccounts, MassPart, MassSlice, MassTarget, RunFile, SizesAt, counted_s};
use crate::settings::Settings;
use crate::statistics::order_statistic;
use crate::summary::lag::P99_NEEDS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of the accounts at one target, and of everybody else there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MassSummary {
    /// The event.
    pub event: String,
    /// Settings under which it was measured.
    pub settings: Settings,
    /// Accounts that it was to happen to.
    pub accounts: u64,
    /// Calls that were acknowledged.
    pub acknowledged: u64,
    /// Calls that were not: refused, or their answer lost.
    pub not_acknowledged: u64,
    /// From the first call until the answer to the last.
    pub calls_took_ms: f64,
    /// Acknowledged calls per second over that time.
    pub calls_per_s: f64,
    /// How long a call took that was acknowledged.
    pub call_ms: LatencyMs,
    /// From the first call until the last credential was out; absent where nothing gave a sample.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_out_ms: Option<OutMs>,
    /// The same from the last acknowledgement on; zero at the lower end where it may have been out before that. Where calls are commands, whose
    /// acknowledgement is no moment, wider by what is not known of the last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_out_after_last_ack_ms: Option<OutMs>,
    /// From each acknowledgement until that caller was seen to be out: one that was never accepted afterwards counts up to its first refusal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub out_by_ms: Option<LagMs>,
    /// Median width of the intervals in which it is known when each was out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resolution_ms: Option<f64>,
    /// Credentials of which no request sent after the acknowledgement was accepted.
    pub never_accepted_after_ack: u64,
    /// Credentials that were still accepted when observation ended.
    pub censored: u64,
    /// Accounts that are no sample: the call was not acknowledged, or the credential was not accepted just before it.
    pub unknown: u64,
    /// How often a credential was accepted after it had been refused.
    pub flaps: u64,
    /// Credentials that were refused before the call of their own account.
    pub refused_early: u64,
    /// The points at which credentials were watched, each at one of them.
    pub points: Vec<MassPointSummary>,
    /// Credentials that were certainly accepted for longer than the bound of their point.
    pub breaches: u64,
    /// The largest bound; absent without one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound_ms: Option<f64>,
    /// The longest time after its acknowledgement at which a credential was certainly accepted; absent where none was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certain_max_ms: Option<f64>,
    /// Everybody else, before, during and after.
    pub others: Vec<MassOthers>,
    /// What there was in lists and stores; empty where the target does not tell.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sizes: Vec<SizesAt>,
    /// Accounts that were brought back afterwards; absent where the event has no undo.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub brought_back: Option<u32>,
}

/// The accounts whose credentials were watched at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MassPointSummary {
    /// The enforcement point.
    pub point: String,
    /// What the target promises of the event there; absent where it promises nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound_ms: Option<f64>,
    /// The same in the words of the target file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound: Option<String>,
    /// Accounts that were watched there.
    pub accounts: u64,
    /// Those that are no sample.
    pub unknown: u64,
    /// Credentials that were certainly accepted there for longer than the bound.
    pub breaches: u64,
    /// The longest time after its acknowledgement at which one was certainly accepted there; absent where none was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certain_max_ms: Option<f64>,
}

/// A moment, for certain not before `from` and not after `until`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutMs {
    /// Not before.
    pub from: f64,
    /// Not after; absent: somebody was still in when observation ended, or nobody could tell.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<f64>,
}

/// The stream of other users in one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MassOthers {
    /// Which part.
    pub part: MassPart,
    /// How long it lasted, in seconds.
    pub seconds: f64,
    /// Probes per second meanwhile.
    pub probes_per_s: f64,
    /// Requests sent.
    pub requests: u64,
    /// Requests that did not end as expected.
    pub unexpected: u64,
    /// Requests that were never sent.
    pub unsent: u64,
    /// Done − intended start.
    pub response_ms: LatencyMs,
    /// The p90 ÷ that of the part before the event; absent there, and where either is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p90_ratio: Option<f64>,
    /// The same of the p99.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p99_ratio: Option<f64>,
    /// Processor time of the target's processes in percent of one processor, whatever they were asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_percent: Option<f64>,
}

impl MassSummary {
    /// Of `target`, from the first scenario in which such an event happened to it; `None` where it had none. A run has one such scenario: see
    /// `authbench run`.
    #[must_use]
    pub fn of(run: &RunFile, target: &str) -> Option<Self> {
        run.scenarios.iter().find_map(|scenario| {
            let record = scenario.mass.as_ref()?;
            let mut targets = record.targets.iter();
            let here = targets.find(|here| here.target == target)?;
            let settings = scenario.settings.get(target).map(Settings::of);
            Some(Self::at(here, &record.event, settings.unwrap_or_default()))
        })
    }

    fn at(here: &MassTarget, event: &str, settings: Settings) -> Self {
        let accounts = &here.accounts;
        let lags: Vec<Lag> = (0..accounts.len()).map(|nth| accounts.lag(nth)).collect();
        let count = |which: fn(&Lag) -> bool| lags.iter().filter(|lag| which(lag)).count() as u64;
        let acknowledged = here.calls.count();
        let last_out = last_out(accounts);
        let last_acknowledged = accounts.last_acknowledged_ns().unwrap_or_default();
        let ends = ends(&lags);
        let has_p99 = ends.len() as u64 >= P99_NEEDS;
        let points: Vec<MassPointSummary> = (0..here.points.len())
            .map(|point| MassPointSummary::of(here, &lags, point))
            .collect();
        let bounds = points.iter().filter_map(|point| point.bound_ms);
        Self {
            event: event.to_owned(),
            settings,
            accounts: accounts.len() as u64,
            acknowledged,
            not_acknowledged: here.calls_refused + here.calls_unknown,
            calls_took_ms: rounded(here.calls_s * 1e3),
            calls_per_s: rounded(acknowledged as f64 / here.calls_s.max(f64::MIN_POSITIVE)),
            call_ms: LatencyMs::of(&here.calls),
            last_out_ms: last_out.map(|out| OutMs::since(out, (0, 0))),
            last_out_after_last_ack_ms: last_out.map(|out| OutMs::since(out, last_acknowledged)),
            out_by_ms: LagMs::of(ends, has_p99),
            resolution_ms: resolution(accounts),
            never_accepted_after_ack: count(|lag| matches!(lag, Lag::NeverAccepted { .. })),
            censored: count(|lag| matches!(lag, Lag::Censored { .. })),
            unknown: count(|lag| matches!(lag, Lag::Unknown)),
            flaps: accounts.flaps,
            refused_early: accounts.refused_early,
            breaches: points.iter().map(|point| point.breaches).sum(),
            bound_ms: bounds.max_by(f64::total_cmp),
            points,
            certain_max_ms: certain_max(lags.iter()),
            others: others(here),
            sizes: here.sizes.clone(),
            brought_back: here.brought_back,
        }
    }

    /// The stream of others in one part.
    #[must_use]
    pub fn part(&self, part: MassPart) -> Option<&MassOthers> {
        self.others.iter().find(|others| others.part == part)
    }

    /// Accounts that gave a sample.
    #[must_use]
    pub fn sampled(&self) -> u64 {
        self.accounts - self.unknown
    }
}

impl OutMs {
    /// In milliseconds since a moment that was not before `earliest` and not after `latest`.
    fn since((from, until): (u64, Option<u64>), (earliest, latest): (u64, u64)) -> Self {
        let ms = |ns: u64, since: u64| rounded(ns.saturating_sub(since) as f64 / 1e6);
        Self {
            from: ms(from, latest),
            until: until.map(|until| ms(until, earliest)),
        }
    }
}

impl MassPointSummary {
    /// Of the point with this index.
    fn of(here: &MassTarget, lags: &[Lag], index: usize) -> Self {
        let point = &here.points[index];
        let of_each = lags.iter().zip(&here.accounts.point);
        let lags = || {
            let here = of_each.clone().filter(|(_, at)| **at as usize == index);
            here.map(|(lag, _)| lag)
        };
        let is_breach = |lag: &&Lag| {
            let at_least_ms = lag.at_least_ns() as f64 / 1e6;
            point.bound_ms.is_some_and(|bound| at_least_ms > bound)
        };
        Self {
            point: point.point.clone(),
            bound_ms: point.bound_ms,
            bound: point.bound.clone(),
            accounts: lags().count() as u64,
            unknown: lags().filter(|lag| **lag == Lag::Unknown).count() as u64,
            breaches: lags().filter(is_breach).count() as u64,
            certain_max_ms: certain_max(lags()),
        }
    }

    /// Accounts that gave a sample.
    #[must_use]
    pub fn sampled(&self) -> u64 {
        self.accounts - self.unknown
    }
}

/// The last of all: nobody can have been out later than the latest refusal, and somebody was in until the latest acceptance.
fn last_out(accounts: &MassAccounts) -> Option<(u64, Option<u64>)> {
    let outs = (0..accounts.len()).filter_map(|nth| accounts.out(nth));
    outs.reduce(|(from, until), (another, by)| {
        (
            from.max(another),
            until.zip(by).map(|(one, other)| one.max(other)),
        )
    })
}

fn ends(lags: &[Lag]) -> Vec<f64> {
    let ms = |ns: u64| ns as f64 / 1e6;
    let end = |lag: &Lag| match *lag {
        Lag::Interval { until_ns, .. } | Lag::NeverAccepted { until_ns } => Some(ms(until_ns)),
        Lag::Censored { .. } => Some(f64::INFINITY),
        Lag::Unknown => None,
    };
    lags.iter().filter_map(end).collect()
}

fn resolution(accounts: &MassAccounts) -> Option<f64> {
    let outs = (0..accounts.len()).filter_map(|nth| accounts.out(nth));
    let widths = outs.filter_map(|(from, until)| Some(until?.saturating_sub(from) as f64 / 1e6));
    let mut widths: Vec<f64> = widths.collect();
    widths.sort_by(f64::total_cmp);
    order_statistic(&widths, 0.5).map(rounded)
}

fn certain_max<'a>(lags: impl Iterator<Item = &'a Lag>) -> Option<f64> {
    let certain = lags.filter(|lag| lag.accepted_after());
    let longest = certain.map(|lag| lag.at_least_ns()).max()?;
    Some(rounded(longest as f64 / 1e6))
}

fn others(here: &MassTarget) -> Vec<MassOthers> {
    let before = here.slices.iter().find(|it| it.part == MassPart::Before);
    let calm = before.map(|slice| LatencyMs::of(&slice.others.response));
    here.slices
        .iter()
        .map(|slice| MassOthers::of(slice, calm))
        .collect()
}

impl MassOthers {
    fn of(slice: &MassSlice, calm: Option<LatencyMs>) -> Self {
        let seconds = counted_s(slice.scheduled_s, slice.wall_s).max(f64::MIN_POSITIVE);
        let response_ms = LatencyMs::of(&slice.others.response);
        let calm = calm.filter(|_| slice.part != MassPart::Before);
        let ratio = |of: fn(&LatencyMs) -> Option<f64>| {
            let both = of(&response_ms).zip(calm.as_ref().and_then(of));
            both.map(|(now, calm)| rounded(now / calm))
        };
        Self {
            part: slice.part,
            seconds: rounded(seconds),
            probes_per_s: rounded(slice.probes as f64 / slice.wall_s.max(f64::MIN_POSITIVE)),
            requests: slice.others.outcomes.total(),
            unexpected: slice.others.outcomes.unexpected(),
            unsent: slice.others.unsent,
            response_ms,
            p90_ratio: ratio(|ms| ms.p90),
            p99_ratio: ratio(|ms| ms.p99),
            cpu_percent: cpu_percent(slice),
        }
    }
}

fn cpu_percent(slice: &MassSlice) -> Option<f64> {
    let processes = &slice.others.processes;
    let used: u64 = processes.iter().map(|process| process.cpu_ns).sum();
    let share = used as f64 / (slice.wall_s * 1e9);
    (!processes.is_empty()).then(|| rounded(share * 100.0))
}

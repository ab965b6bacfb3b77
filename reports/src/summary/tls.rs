//! What TLS costs a target: beside its other form, which is the same without.

use crate::number::rounded;
use crate::run_file::{
    ConnectionCost, ConnectionKind, Handshakes, RunFile, SteadyRecord, TargetRecord, TlsSession,
};
use crate::statistics::Spread;
use crate::summary::load::cpu_us_by_round;
use crate::summary::steady_scenario;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What TLS costs a target that speaks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsSummary {
    /// The target that is the same without TLS; absent when none was measured beside it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub without: Option<String>,
    /// How much more CPU a request takes than without; absent without such a target, or where no CPU was measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_us_more: Option<CpuMore>,
    /// CPU of a new connection in microseconds, all of the target's processes together.
    pub new_connection_cpu_us: NewConnection,
    /// What client and server agreed on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<TlsSession>,
    /// Handshakes during the rounds.
    pub handshakes: Handshakes,
}

/// A difference of CPU per request in microseconds: the mean over rounds, each compared with the same round of the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuMore {
    /// Over all rounds.
    pub mean: f64,
    /// How far the rounds lie apart.
    pub rounds: Spread,
}

/// CPU of a new connection in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConnection {
    /// TCP alone, of the target that is the same without TLS.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plain: Option<f64>,
    /// With a full handshake.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub full: Option<f64>,
    /// With a resumed one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resumed: Option<f64>,
}

impl TlsSummary {
    /// Of `target`, in the stream that its cost comes from; `None` where it does not speak TLS.
    #[must_use]
    pub fn of(run: &RunFile, target: &TargetRecord) -> Option<Self> {
        let steady = steady_scenario(run)?.steady.as_ref()?;
        let name = target.name.as_str();
        if !speaks_tls(steady, name) {
            return None;
        }
        let full = connection(steady, name, ConnectionKind::Full);
        let without = without(run, steady, target);
        let plain = without.and_then(|other| connection(steady, other, ConnectionKind::Plain));
        let resumed = connection(steady, name, ConnectionKind::Resumed);
        Some(Self {
            without: without.map(str::to_owned),
            cpu_us_more: without.and_then(|other| more(steady, name, other)),
            new_connection_cpu_us: NewConnection {
                plain: plain.map(cpu_us),
                full: full.map(cpu_us),
                resumed: resumed.map(cpu_us),
            },
            session: full.or(resumed).and_then(|cost| cost.session.clone()),
            handshakes: handshakes(steady, name),
        })
    }
}

/// The target that is the same file, differs in one variable, and does not speak TLS.
fn without<'a>(run: &'a RunFile, steady: &SteadyRecord, target: &TargetRecord) -> Option<&'a str> {
    let is_other_form = |other: &&TargetRecord| {
        file(other) == file(target)
            && !speaks_tls(steady, &other.name)
            && differences(vars(other), vars(target)) == 1
    };
    let other = run.targets.iter().find(is_other_form)?;
    Some(&other.name)
}

fn file(target: &TargetRecord) -> &str {
    let variant = target.variant.as_ref();
    variant.map_or(&target.name, |variant| &variant.of)
}

fn vars(target: &TargetRecord) -> Option<&BTreeMap<String, String>> {
    target.variant.as_ref().map(|variant| &variant.vars)
}

/// How many variables are not set alike.
fn differences(
    one: Option<&BTreeMap<String, String>>,
    other: Option<&BTreeMap<String, String>>,
) -> usize {
    let empty = BTreeMap::new();
    let (one, other) = (one.unwrap_or(&empty), other.unwrap_or(&empty));
    let missing = one.keys().filter(|name| !other.contains_key(*name));
    let set_otherwise = other
        .iter()
        .filter(|(name, text)| one.get(*name) != Some(text));
    missing.count() + set_otherwise.count()
}

fn speaks_tls(steady: &SteadyRecord, target: &str) -> bool {
    let rounds = steady.rounds.iter().flat_map(|round| &round.targets);
    let mut own = rounds.filter(|part| part.target == target);
    own.any(|part| part.handshakes.is_some())
}

fn connection<'a>(
    steady: &'a SteadyRecord,
    target: &str,
    kind: ConnectionKind,
) -> Option<&'a ConnectionCost> {
    let mut costs = steady.connections.iter();
    costs.find(|cost| cost.target == target && cost.kind == kind && cost.connections > 0)
}

fn cpu_us(cost: &ConnectionCost) -> f64 {
    rounded(cost.cpu_ns as f64 / 1e3 / cost.connections as f64)
}

fn more(steady: &SteadyRecord, with: &str, without: &str) -> Option<CpuMore> {
    let rounds = cpu_us_by_round(steady, with);
    let others = cpu_us_by_round(steady, without);
    let pairs = rounds.into_iter().zip(others);
    let differences: Vec<f64> = pairs
        .filter_map(|(with, without)| Some(with? - without?))
        .collect();
    Some(CpuMore {
        rounds: Spread::of(&differences)?,
        mean: rounded(differences.iter().sum::<f64>() / differences.len() as f64),
    })
}

fn handshakes(steady: &SteadyRecord, target: &str) -> Handshakes {
    let rounds = steady.rounds.iter().flat_map(|round| &round.targets);
    let own = rounds.filter(|part| part.target == target);
    own.filter_map(|part| part.handshakes)
        .fold(Handshakes::default(), |sum, round| Handshakes {
            full: sum.full + round.full,
            resumed: sum.resumed + round.resumed,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_differ_in_what_is_set_otherwise_or_not_at_all() {
        let vars = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
            pairs.iter().map(owned).collect()
        };
        let tls = vars(&[("tls", "on")]);
        let es256 = vars(&[("alg", "ES256")]);
        let both = vars(&[("alg", "ES256"), ("tls", "on")]);
        assert_eq!(differences(None, Some(&tls)), 1);
        assert_eq!(differences(Some(&tls), None), 1);
        assert_eq!(differences(Some(&es256), Some(&both)), 1);
        assert_eq!(differences(None, Some(&both)), 2);
        assert_eq!(differences(Some(&es256), Some(&tls)), 2);
        assert_eq!(differences(Some(&both), Some(&both)), 0);
    }
}

//! How much of what a model costs more than the control is explained by the operations that it does for each request.
//!
//! [`MODELS`] says which, and how many. Two sums stand beside the measured difference: of the operations one after another without a pause, as far
//! as they are plain computing; and of the same at the rate of a run, where each finds caches cold and threads and processes asleep. What even that
//! leaves is the remainder, which no operation here explains.

use super::Citation;
use crate::summary::{Summary, TargetSummary};
use std::collections::BTreeSet;

/// What a model does for one request that the control does not.
#[derive(Clone, Copy, Debug)]
pub struct ModelWork {
    /// The model.
    pub model: &'static str,
    /// The facts it holds for: a setting and its value. Of another variant nothing is known here.
    pub holds_for: Option<(&'static str, &'static str)>,
    /// Plain computing: operations and how many of each.
    pub computing: &'static [(&'static str, f64)],
    /// The same and all else, at the rate of a run: operations and how many of each.
    pub paced: &'static [(&'static str, f64)],
}

/// Waking up alone: every paced operation includes one.
pub const WAKING: &str = "paced/nothing/400_per_s";

const SESSION_CHECK: &[(&str, f64)] = &[
    ("parse/cookie/session", 1.0),
    ("secrets/session_id/hash", 1.0),
    ("store_codec/command/GETEX", 1.0),
    ("store_codec/answer/small", 1.0),
    ("store_codec/read_record/small", 1.0),
];
const JWT_CHECK: &[(&str, f64)] = &[
    ("parse/authorization/access_token", 1.0),
    ("verify/access_token/RS256-small", 1.0),
];

/// The models that have more to do than the control.
pub const MODELS: [ModelWork; 5] = [
    ModelWork {
        model: "session",
        holds_for: None,
        computing: SESSION_CHECK,
        paced: &[("paced/session/400_per_s", 1.0)],
    },
    ModelWork {
        model: "jwt",
        holds_for: Some(("alg", "RS256")),
        computing: JWT_CHECK,
        paced: &[("paced/jwt/400_per_s", 1.0)],
    },
    ModelWork {
        model: "hybrid",
        holds_for: Some(("alg", "RS256")),
        computing: JWT_CHECK,
        paced: &[("paced/jwt/400_per_s", 1.0)],
    },
    ModelWork {
        model: "opaque",
        holds_for: None,
        computing: &[
            ("parse/authorization/access_token", 1.0),
            ("secrets/session_id/hash", 2.0),
            ("store_codec/read_record/small", 1.0),
            ("introspection/read_answer/small", 1.0),
        ],
        paced: &[("paced/opaque/400_per_s", 1.0)],
    },
    ModelWork {
        model: "gateway",
        holds_for: Some(("alg", "RS256")),
        computing: &[
            ("parse/cookie/session", 1.0),
            ("secrets/session_id/hash", 1.0),
            ("store_codec/command/GETEX", 1.0),
            ("store_codec/answer/small", 1.0),
            ("store_codec/read_record/small", 1.0),
            ("parse/authorization/access_token", 1.0),
            ("verify/access_token/RS256-small", 1.0),
        ],
        paced: &[
            ("paced/gateway_exchange/400_per_s", 1.0),
            ("paced/http_hop/400_per_s", 1.0),
            ("paced/jwt/400_per_s", 1.0),
        ],
    },
];

/// One target's extra CPU, and what explains it. Microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The target.
    pub target: String,
    /// CPU per request minus the control's.
    pub extra_us: f64,
    /// The sum of plain computing.
    pub computing_us: f64,
    /// The sum at the rate of a run, waking up alone subtracted.
    pub paced_us: f64,
}

impl Attribution {
    /// Of the extra CPU, the share that the sum at the rate of a run explains. More than 1: the operations cost more alone than in a run.
    #[must_use]
    pub fn explained(&self) -> f64 {
        self.paced_us / self.extra_us
    }
}

/// The ids of all operations that are named here.
#[must_use]
pub fn operations() -> BTreeSet<&'static str> {
    let named = MODELS
        .iter()
        .flat_map(|work| work.computing.iter().chain(work.paced));
    named.map(|(id, _)| *id).chain([WAKING]).collect()
}

/// What is explained of each target that has a steady stream, a model named here, and more CPU than the control. A variant whose settings change
/// what is done for a request is left out.
#[must_use]
pub fn attributions(summary: &Summary, cited: &Citation) -> Vec<Attribution> {
    let control = summary.control().and_then(total);
    let Some(control) = control else {
        return Vec::new();
    };
    let of = |target: &TargetSummary| attribution(target, control, cited);
    summary.targets.iter().filter_map(of).collect()
}

fn attribution(target: &TargetSummary, control_us: f64, cited: &Citation) -> Option<Attribution> {
    // A target's name is its model's where it is the built-in file as it stands.
    let work = MODELS
        .iter()
        .find(|work| work.model == target.model && work.model == target.name)?;
    let holds = work
        .holds_for
        .is_none_or(|(name, value)| target.settings.text(name) == Some(value));
    let extra_us = total(target)? - control_us;
    let ns = |id: &str| cited.median_ns.get(id).copied();
    let sum = |operations: &[(&str, f64)]| -> Option<f64> {
        operations
            .iter()
            .map(|(id, times)| Some(ns(id)? * times))
            .sum()
    };
    let waking: f64 = work.paced.iter().map(|(_, times)| times).sum::<f64>() * ns(WAKING)?;
    let attribution = Attribution {
        target: target.name.clone(),
        extra_us,
        computing_us: sum(work.computing)? / 1e3,
        paced_us: (sum(work.paced)? - waking) / 1e3,
    };
    (holds && extra_us > 0.0).then_some(attribution)
}

fn total(target: &TargetSummary) -> Option<f64> {
    Some(target.load.as_ref()?.cpu_us_per_request?.total)
}

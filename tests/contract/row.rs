//! A row of the contract table, and the run of a family of rows.

use std::future::Future;
use std::pin::Pin;

use authbench_servers::jwt::SigningAlgorithm::{self, EdDsa, Es256, Ps256, Rs256};
use authbench_servers::model::Model;
use authbench_servers::store::{StartedStore, StoreKind};

use crate::answer::{ACCEPTED, Outcome};
use crate::forge::{Forged, Forger};
use crate::plan::Plan;
use crate::target::Target;

/// Every model.
pub(crate) const EVERY: &[Model] = &authbench_servers::model::MODELS;
/// Those that recognise their callers.
pub(crate) const AUTH: &[Model] = &[
    Model::Session,
    Model::Jwt,
    Model::Opaque,
    Model::Hybrid,
    Model::Gateway,
];
/// Those whose credential is a bearer token.
pub(crate) const BEARER: &[Model] = &[Model::Jwt, Model::Opaque, Model::Hybrid];
/// Those whose access token is a JWT.
pub(crate) const JWT: &[Model] = &[Model::Jwt, Model::Hybrid];
/// Those whose credential is a session's cookie.
pub(crate) const SESSION: &[Model] = &[Model::Session, Model::Gateway];
/// The opaque token alone.
pub(crate) const OPAQUE: &[Model] = &[Model::Opaque];
/// The hybrid alone.
pub(crate) const HYBRID: &[Model] = &[Model::Hybrid];

/// Every algorithm.
pub(crate) const ALL: &[SigningAlgorithm] = &authbench_servers::jwt::algorithm::ALGORITHMS;
/// Those whose keys are published.
pub(crate) const PUBLISHED: &[SigningAlgorithm] = &[Rs256, Ps256, Es256, EdDsa];
/// Those of RSA.
pub(crate) const RSA: &[SigningAlgorithm] = &[Rs256, Ps256];

/// What a row does in the end.
pub(crate) type Steps<'t> = Pin<Box<dyn Future<Output = Outcome> + 't>>;

/// One row: its id, the models it concerns, what is done, and what is expected of it.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) models: &'static [Model],
    /// Models that cannot keep the row by design: their steps assert the bound that stands here
    /// instead.
    pub(crate) not_met: &'static [Model],
    pub(crate) bound: &'static str,
    does: Does,
}

#[derive(Clone, Copy)]
enum Does {
    /// Tokens that are tried on a resource server, for each algorithm.
    Tokens(&'static [SigningAlgorithm], fn(&Forger) -> Vec<Forged>),
    /// Steps with a fake issuer of their own, for each algorithm.
    Forging(
        &'static [SigningAlgorithm],
        for<'t> fn(&'t Forger) -> Steps<'t>,
    ),
    /// Steps with a target of their own.
    Steps {
        plan: fn(&mut Plan),
        every_store: bool,
        steps: for<'t> fn(&'t Target) -> Steps<'t>,
    },
}

impl Row {
    const fn new(id: &'static str, models: &'static [Model], does: Does) -> Self {
        Self {
            id,
            models,
            not_met: &[],
            bound: "",
            does,
        }
    }

    /// Forged tokens, each with its answer. Concerns every model whose access token is a JWT.
    pub(crate) const fn tokens(
        id: &'static str,
        algorithms: &'static [SigningAlgorithm],
        forge: fn(&Forger) -> Vec<Forged>,
    ) -> Self {
        Self::new(id, JWT, Does::Tokens(algorithms, forge))
    }

    /// Steps of a forger.
    pub(crate) const fn forging(
        id: &'static str,
        algorithms: &'static [SigningAlgorithm],
        steps: for<'t> fn(&'t Forger) -> Steps<'t>,
    ) -> Self {
        Self::new(id, JWT, Does::Forging(algorithms, steps))
    }

    /// Steps with a target.
    pub(crate) const fn steps(
        id: &'static str,
        models: &'static [Model],
        steps: for<'t> fn(&'t Target) -> Steps<'t>,
    ) -> Self {
        let does = Does::Steps {
            plan: |_| (),
            every_store: false,
            steps,
        };
        Self::new(id, models, does)
    }

    /// On every kind of store that is here.
    pub(crate) const fn on_every_store(mut self) -> Self {
        if let Does::Steps { every_store, .. } = &mut self.does {
            *every_store = true;
        }
        self
    }

    /// With other settings.
    pub(crate) const fn with(mut self, change: fn(&mut Plan)) -> Self {
        if let Does::Steps { plan, .. } = &mut self.does {
            *plan = change;
        }
        self
    }

    /// Not met, by design: these models keep this bound only.
    pub(crate) const fn not_met(mut self, models: &'static [Model], bound: &'static str) -> Self {
        self.not_met = models;
        self.bound = bound;
        self
    }
}

/// A row of steps: `steps!(id, models, function)`, and `forging!(id, algorithms, function)`.
macro_rules! steps {
    ($id:literal, $models:expr, $function:path) => {
        $crate::row::Row::steps($id, $models, |target| Box::pin($function(target)))
    };
}
macro_rules! forging {
    ($id:literal, $algorithms:expr, $function:path) => {
        $crate::row::Row::forging($id, $algorithms, |forger| Box::pin($function(forger)))
    };
}
pub(crate) use {forging, steps};

/// Runs a family of rows to the end, and fails with all that was found.
pub(crate) async fn hold(rows: &[Row]) {
    let mut broken = Vec::new();
    tokens_hold(rows, &mut broken).await;
    for row in rows {
        match row.does {
            Does::Tokens(..) => {}
            Does::Forging(algorithms, steps) => {
                for (model, algorithm) in pairs(row.models, algorithms) {
                    let forger = Forger::start(model, algorithm).await;
                    note(&mut broken, row, &forger.name(), steps(&forger).await);
                }
            }
            Does::Steps {
                plan,
                every_store,
                steps,
            } => {
                for (model, kind) in pairs(row.models, &stores(every_store)) {
                    let target = Target::start(model, kind, plan).await;
                    let name = format!("{model} on {kind:?}");
                    note(&mut broken, row, &name, steps(&target).await);
                }
            }
        }
    }
    assert!(broken.is_empty(), "broken:\n{}", broken.join("\n"));
}

/// Tries all tokens of a family on one resource server per model and algorithm: first on a fresh
/// one, then on one that has seen good tokens and remembers what their headers look like.
async fn tokens_hold(rows: &[Row], broken: &mut Vec<String>) {
    for (model, algorithm) in pairs(JWT, ALL) {
        let forged: Vec<_> = rows
            .iter()
            .filter_map(|row| match row.does {
                Does::Tokens(algorithms, forge) if algorithms.contains(&algorithm) => {
                    Some((row, forge))
                }
                _ => None,
            })
            .collect();
        if forged.is_empty() {
            continue;
        }
        let forger = Forger::start(model, algorithm).await;
        for state in ["fresh", "warm"] {
            for (row, forge) in &forged {
                for token in forge(&forger) {
                    let name = format!("{} ({state})", forger.name());
                    note(broken, row, &name, forger.tries(&token).await);
                }
            }
            // Were it refused, every refusal above would say nothing.
            let control = forger.read(forger.sign(forger.draft())).await;
            control.is(ACCEPTED, "the control").expect("a good token");
        }
    }
}

fn pairs<A: Copy, B: Copy>(first: &[A], second: &[B]) -> Vec<(A, B)> {
    let with = |a: A| second.iter().map(move |b| (a, *b));
    first.iter().flat_map(|a| with(*a)).collect()
}

fn stores(every: bool) -> Vec<StoreKind> {
    match every {
        true => StartedStore::kinds_here(),
        false => vec![StoreKind::Embedded],
    }
}

fn note(broken: &mut Vec<String>, row: &Row, name: &str, outcome: Outcome) {
    if let Err(objection) = outcome {
        broken.push(format!("{} {name}: {objection}", row.id));
    }
}

impl Forger {
    fn name(&self) -> String {
        format!("{} {}", self.model, self.algorithm)
    }
}

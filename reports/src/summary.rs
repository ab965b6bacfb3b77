//! `summary.json`, format `authbench.summary/1`: the small stable face of a run that other tools read.
//!
//! Derived from the run file alone. A measurement that was not made is an absent key, never a zero. Figures keep four
//! significant digits. [`load`] derives cost and latency from the steady stream, [`lag`] the revocation rows,
//! [`capacity`] the highest rate held, [`mod@sweep`] the curves, [`mod@tls`] what TLS costs, [`login`] the storms, [`mass`] the events that
//! happened to many accounts at once, [`journey`] the sessions.

pub mod capacity;
mod cost_order;
pub mod journey;
pub mod lag;
pub mod load;
pub mod login;
pub mod mass;
pub mod sweep;
pub mod tls;

use crate::expectation::{Failure, failures};
use crate::run_file::{RunFile, ScenarioRecord, Status, StoreInfo, TargetRecord, VariantRecord};
use crate::settings::Settings;
use crate::threshold::{self, ThresholdOutcome, ThresholdResult};
use crate::validity::Validity;
use capacity::CapacitySummary;
use journey::JourneySummary;
use lag::RevocationSummary;
use load::LoadSummary;
use login::LoginSummary;
use mass::MassSummary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sweep::SweepSummary;
use tls::TlsSummary;

/// The format this build writes and reads.
pub const SCHEMA: &str = "authbench.summary/1";

/// What a run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The run it was made from.
    pub run_id: String,
    /// Whether the run came to its end.
    pub status: Status,
    /// `quick`, `standard` or `full`.
    pub profile: String,
    /// Seed of every random draw that shaped the traffic.
    pub seed: u64,
    /// The store behind the targets; absent when no target has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub store: Option<StoreInfo>,
    /// Whether the instrument can be trusted.
    pub validity: Validity,
    /// What a target promised and did not keep. Facts of the target: they do not touch the validity.
    pub failures: Vec<Failure>,
    /// The same of negative controls, which are there to fail: they break no promise of the run.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub known_failures: Vec<Failure>,
    /// What became of the thresholds of its scenarios; absent where they have none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub thresholds: Vec<ThresholdResult>,
    /// One entry per target, in the order of the reports.
    pub targets: Vec<TargetSummary>,
}

/// What was found about one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetSummary {
    /// Name in every table.
    pub name: String,
    /// Which model it follows: `no_auth` is the control.
    pub model: String,
    /// Why it is here only to be seen failing: a negative control. Absent for all others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub control: Option<String>,
    /// Which other form of a target it is; absent where it is the file as it stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub variant: Option<VariantRecord>,
    /// Settings under which cost and latency were measured; those of its first scenario where there is no steady stream.
    pub settings: Settings,
    /// Label of the store behind it; absent when the target file starts none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub store: Option<String>,
    /// Cost and latency; its keys stand beside `name`.
    // Flattened because the format has one flat object per target, while code wants "measured or not" in one place.
    #[serde(flatten)]
    pub load: Option<LoadSummary>,
    /// The highest rate that it holds within its objective; absent where it was not looked for, and where only a lower bound is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub capacity_per_s: Option<f64>,
    /// The same with its spread, what gave out first, and lower bounds; absent where it was not looked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub capacity: Option<CapacitySummary>,
    /// Response time and CPU per request over the rate; absent where that was not measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sweep: Option<SweepSummary>,
    /// What TLS costs it; absent where it does not speak it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tls: Option<TlsSummary>,
    /// Login storms; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub login: Option<LoginSummary>,
    /// One event for many accounts at once; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mass: Option<MassSummary>,
    /// Sessions by client type; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub journey: Option<JourneySummary>,
    /// One row per event and enforcement point; absent without revocations.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub revocation: Vec<RevocationSummary>,
}

impl Summary {
    /// Derives the summary of `run`.
    ///
    /// Cost and latency come from the first scenario with a steady stream: two streams are two measurements, and one row
    /// must not mix them. Revocations come from every scenario that has some.
    #[must_use]
    pub fn of(run: &RunFile) -> Self {
        let targets: Vec<TargetSummary> = run
            .targets
            .iter()
            .map(|target| TargetSummary::of(run, target))
            .collect();
        Self {
            schema: SCHEMA.to_owned(),
            run_id: run.run_id.clone(),
            status: run.status,
            profile: run.profile.clone(),
            seed: run.seed,
            store: run.store.clone(),
            validity: Validity::of(run),
            failures: failures(
                targets
                    .iter()
                    .filter(|target| !target.is_negative_control()),
            ),
            known_failures: failures(targets.iter().filter(|target| target.is_negative_control())),
            thresholds: threshold::judge(run),
            targets,
        }
    }

    /// The thresholds that were not kept or not shown.
    pub fn unkept_thresholds(&self) -> impl Iterator<Item = &ThresholdResult> {
        let unkept = |result: &&ThresholdResult| result.outcome != ThresholdOutcome::Kept;
        self.thresholds.iter().filter(unkept)
    }

    /// The control: the target whose cost is that of asking nothing.
    #[must_use]
    pub fn control(&self) -> Option<&TargetSummary> {
        self.targets.iter().find(|target| target.is_control())
    }
}

impl Summary {
    /// The control that `target` is held against: one over TLS for a target over TLS, or TLS would pass for the price of knowing who calls.
    #[must_use]
    pub fn control_of(&self, target: &TargetSummary) -> Option<&TargetSummary> {
        let speaks_alike = |control: &&TargetSummary| control.tls.is_some() == target.tls.is_some();
        let mut controls = self.targets.iter().filter(|target| target.is_control());
        controls.find(speaks_alike)
    }
}

impl TargetSummary {
    fn of(run: &RunFile, target: &TargetRecord) -> Self {
        let steady = steady_scenario(run);
        let settings = steady
            .into_iter()
            .chain(&run.scenarios)
            .find_map(|scenario| scenario.settings.get(&target.name))
            .map(Settings::of)
            .unwrap_or_default();
        let load = steady
            .and_then(|scenario| scenario.steady.as_ref())
            .and_then(|steady| LoadSummary::of(steady, target, &settings));
        let capacity = CapacitySummary::of(run, &target.name);
        Self {
            name: target.name.clone(),
            model: target.model.clone(),
            control: target.control.clone(),
            variant: target.variant.clone(),
            store: store_label(run.store.as_ref(), target),
            revocation: lag::rows(run, target, &settings),
            settings,
            load,
            capacity_per_s: capacity.as_ref().and_then(CapacitySummary::own_per_s),
            capacity,
            sweep: SweepSummary::of(run, &target.name),
            tls: TlsSummary::of(run, target),
            login: LoginSummary::of(run, &target.name),
            mass: MassSummary::of(run, &target.name),
            journey: JourneySummary::of(run, &target.name),
        }
    }

    /// Whether this is the control, which checks no caller.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.model == CONTROL
    }

    /// Whether it is here only to be seen failing.
    #[must_use]
    pub fn is_negative_control(&self) -> bool {
        self.control.is_some()
    }

    /// Whether anything went wrong with its revocations: what a negative control is there to show.
    #[must_use]
    pub fn shows_failure(&self) -> bool {
        self.revocation.iter().any(RevocationSummary::shows_failure)
    }

    /// Whether the access lifetime under which `row` was watched is the one that cost was measured with, or there is none.
    #[must_use]
    pub fn watched_at_its_lifetime(&self, row: &RevocationSummary) -> bool {
        let ttl_s = row.settings.seconds("access_ttl");
        ttl_s.is_none() || ttl_s == self.settings.seconds("access_ttl")
    }

    /// CPU per request of all its processes in microseconds, where it was measured.
    #[must_use]
    pub fn cpu_us(&self) -> Option<f64> {
        Some(self.load.as_ref()?.cpu_us_per_request.as_ref()?.total)
    }
}

/// The model of the control.
pub const CONTROL: &str = "no_auth";

/// The first scenario with a steady stream.
#[must_use]
pub fn steady_scenario(run: &RunFile) -> Option<&ScenarioRecord> {
    run.scenarios
        .iter()
        .find(|scenario| scenario.steady.is_some())
}

/// A target has the run's store behind it when its file starts one: a user's Keycloak brings its own.
fn store_label(store: Option<&StoreInfo>, target: &TargetRecord) -> Option<String> {
    let processes = target.file.get("process")?.as_array()?;
    processes
        .iter()
        .any(|process| process.get("role").and_then(|role| role.as_str()) == Some("store"))
        .then(|| store.map(StoreInfo::label))?
}

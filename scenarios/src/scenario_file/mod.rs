//! Scenario files (`authbench.scenario/1`): which targets, what traffic, what is measured, for how long in each profile. `docs/scenarios.md` is their page.
//!
//! | key | what it says |
//! |---|---|
//! | `schema` `name` `kind` | `authbench.scenario/1`; the name in reports; `steady`, `revocation`, `mass`, `capacity`, `sweep`, `login` or `journey` |
//! | `question` | one sentence, shown in the report |
//! | `targets` | names of built-in targets, paths of target files, relative to the scenario's own folder, or names of its variants |
//! | `[variant.NAME]` | one of `targets`: `target`, the one that it is another form of, and `vars`, which replace variables for it alone; `events`, where only some of the scenario's are made there |
//! | `[vars]` | replace variables of the targets that have them; plain text |
//! | `[load]` | not of journeys: `connections_per_target`, `credentials_per_target`; `rate_per_s` over all targets (`steady`, `revocation`), or of the one that has its turn (`login`, `mass`) |
//! | `[revocation]` | of this kind only: `events`, `probe_every`, `tail`, `slots_per_target`, `observe` (60s); `resolution`, the part of a lag that probes may lie apart where that is more than `probe_every`; `headline`, events that are made more often; `occurrences` (1), how often at least an event happens that puts out many at once; `together`, how many targets are measured at a time (all) |
//! | `[steady]` | of `revocation` only: what the targets cost, measured before it in a stream of its own: `question`, `targets`, `vars`, and what `[load]` has |
//! | `[slo]` `[slo.NAME]` | of `capacity` and `sweep` only: `p99`, `unexpected`, `achieved`, for all targets and for one |
//! | `thresholds` | what the figures of the run must be, or it ends with exit code 1: a list for every target, or `[thresholds]`, a table of lists by target, `"*"` for every one ([`authbench_reports::threshold`]) |
//! | `[capacity]` | of this kind only: `start_per_s`, `resolution` |
//! | `[sweep]` | of this kind only: `rates`, or `fractions` of a capacity that is looked for from `start_per_s` |
//! | `[login]` | of this kind only: `rates` of logins per second, `connections` they are made on; `[load]` is the stream on the other routes of one target |
//! | `[mass]` | of this kind only: `event`, which happens to many accounts at once; `calls_at_once`; `probes_per_s` and `probe_connections`, by which the accounts' credentials are watched, `probe_every` apart at least; `observe`, how long after the last call at most |
//! | `[journey]` | of this kind only: `sessions_per_s` over all targets; `renew_before`: a credential with less of its promised life left is renewed |
//! | `[[client]]` | of journeys only, a table for each client type: `type`, `weight`, `presents` (`cookie`, `header`), `requests_per_session`, `think`, `renew` (`ahead`, `when_refused`), `reload_every`, and shares from 0 to 1: `write_share`, `two_tabs_share`, `retry_share`, `lost_response_share`, `logout_share` |
//! | `default_profile` | the profile that is meant where none is asked for (`quick`) |
//! | `[profile.quick]` `standard` `full` | `warm_up`; `rounds` and `round`, or `revocations` and (of `headline`) `headline_revocations`, or `rounds` and `slice`, or `slice` and `accounts`; all of the first two with `[steady]` |

mod check;
mod journey;
mod login;
mod mass;
mod mix;
mod parts;
mod raw;
mod revocations;
mod solo;
mod variant;

pub use journey::{ClientPlan, Journeys, Presents, Renew, Shares};
pub use login::LoginStorms;
pub use mass::MassEvent;
pub use mix::{Mix, MixError};
pub use revocations::Revocations;
pub use solo::{Capacity, Ladder, Slos, Sweep};
pub use variant::Variant;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;

use crate::target::{self, FileError, LoadError, Source, TargetFile};

/// The format that this program reads.
pub const SCHEMA: &str = "authbench.scenario/1";

const SCENARIOS: &[(&str, &str)] = &[
    ("steady", include_str!("../../steady.toml")),
    ("revocation", include_str!("../../revocation.toml")),
    ("capacity", include_str!("../../capacity.toml")),
    ("sweep", include_str!("../../sweep.toml")),
    ("mass-disable", include_str!("../../mass-disable.toml")),
    ("login", include_str!("../../login.toml")),
    ("journey", include_str!("../../journey.toml")),
    ("tls", include_str!("../../tls.toml")),
    ("claims", include_str!("../../claims.toml")),
    (
        "revocation-matrix",
        include_str!("../../revocation-matrix.toml"),
    ),
    (
        "store-connections",
        include_str!("../../store-connections.toml"),
    ),
];

/// What `run` executes when it is not told: the others overload the targets, or take minutes, so they are asked for by name.
pub const DEFAULT: [&str; 2] = ["steady", "revocation"];

/// A checked scenario file.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Name in reports.
    pub name: String,
    /// The question it answers, one sentence.
    pub question: String,
    /// Built-in names, paths, or names of variants; a caller may put others in their place.
    pub targets: Vec<String>,
    /// Replace variables of the targets that have them.
    pub vars: BTreeMap<String, String>,
    /// Targets under other names, by name.
    pub variants: BTreeMap<String, Variant>,
    /// The traffic.
    pub load: Load,
    /// The profile that is meant where none is asked for.
    pub default_profile: Profile,
    plans: [Plan; 3],
    cost: Option<parts::Cost>,
    source: Source,
}

/// An open-loop stream shared by all targets of a scenario: what is measured, or what runs in the background. Nothing of it in a journey, whose
/// clients make the traffic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Intended starts per second, over all targets together; where they are loaded one at a time, of the first probe.
    pub rate_per_s: u32,
    /// Keep-alive connections to each target, over all its points.
    pub connections_per_target: u32,
    /// Distinct credentials of each target that has logins.
    pub credentials_per_target: u32,
}

/// How long, or how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Minutes: a first look, and every change in CI.
    Quick,
    /// What is published.
    Standard,
    /// What settles a doubt.
    Full,
}

/// What is measured in one profile.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Rounds of the stream.
    Steady(Rounds),
    /// Revocations, the stream in the background.
    Revocation(Revocations),
    /// The highest rate that each target holds.
    Capacity(Capacity),
    /// Each target under a ladder of rates.
    Sweep(Sweep),
    /// Login storms at one target after another.
    Login(LoginStorms),
    /// One event for many accounts, at one target after another.
    Mass(MassEvent),
    /// Sessions of several kinds of clients.
    Journey(Journeys),
}

impl Plan {
    /// The rate of the first probe, where targets are loaded one at a time.
    #[must_use]
    pub fn first_probe_per_s(&self) -> Option<u32> {
        match self {
            Self::Steady(_)
            | Self::Revocation(_)
            | Self::Login(_)
            | Self::Mass(_)
            | Self::Journey(_) => None,
            Self::Capacity(capacity) => Some(capacity.start_per_s),
            Self::Sweep(sweep) => Some(sweep.ladder.first_per_s()),
        }
    }
}

/// Measured rounds of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rounds {
    /// Unmeasured traffic before the first round.
    pub warm_up: Duration,
    /// How many rounds.
    pub rounds: u32,
    /// How long each is.
    pub round: Duration,
}

/// The names of the built-in scenarios.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().map(|(name, _)| *name)
}

/// The built-in scenarios that make an event of this name happen.
pub fn asking_for(event: &str) -> impl Iterator<Item = &'static str> {
    let scenarios = names().filter_map(|name| Some((name, Scenario::load(name).ok()?)));
    scenarios
        .filter(move |(_, scenario)| scenario.events().iter().any(|asked| asked == event))
        .map(|(name, _)| name)
}

impl Scenario {
    /// Loads a built-in scenario by name, or a file by path (anything with a `/` or ending in `.toml`).
    ///
    /// # Errors
    /// When there is no such scenario, the file cannot be read, or anything in it is wrong.
    pub fn load(name_or_path: &str) -> Result<Self, LoadError> {
        let source = target::read("scenario", name_or_path, SCENARIOS)?;
        let mut scenario = check::check(source)?;
        let folder = Path::new(name_or_path)
            .parent()
            .filter(|_| target::is_path(name_or_path));
        let variants = &mut scenario.variants;
        let behind = variants.values_mut().map(|variant| &mut variant.target);
        let of_cost = scenario.cost.iter_mut().flat_map(|cost| &mut cost.targets);
        for target in scenario.targets.iter_mut().chain(behind).chain(of_cost) {
            if let Some(folder) = folder.filter(|_| target::is_path(target)) {
                *target = folder.join(&*target).to_string_lossy().into_owned();
            }
        }
        Ok(scenario)
    }

    /// Reads `text` as a scenario file; errors call it `name`. Its targets are not looked for.
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub fn parse(name: &str, text: &str) -> Result<Self, FileError> {
        check::check(Source::new(name, text))
    }

    /// What is measured in `profile`.
    #[must_use]
    pub fn plan(&self, profile: Profile) -> &Plan {
        &self.plans[profile as usize]
    }

    /// Puts `mix` in the place of the scenario's own, in every profile. Whether it has one: only journeys do.
    ///
    /// # Errors
    /// When `mix` names a client type that the scenario does not have.
    pub fn remix(&mut self, mix: &Mix) -> Result<bool, MixError> {
        let mut journeys = false;
        for plan in &mut self.plans {
            if let Plan::Journey(plan) = plan {
                mix.apply(&mut plan.clients)?;
                journeys = true;
            }
        }
        Ok(journeys)
    }

    /// Loads the scenario's own targets, with its variables in place of theirs.
    ///
    /// # Errors
    /// When a target cannot be loaded, two have the same name, or no target has a variable or event that the scenario names, or its name: a typing
    /// mistake would otherwise measure something else than it says.
    pub fn load_targets(&self) -> Result<Vec<TargetFile>, LoadError> {
        let files = self.load_all(&self.targets)?;
        check::fits(&self.source, &self.vars, self.events(), &files)?;
        Ok(files)
    }

    /// Loads other targets in place of its own. They need not have its variables; those that have none of its events are left out,
    /// where it has events, so the result may be empty.
    ///
    /// # Errors
    /// When a target cannot be loaded, or two have the same name.
    pub fn load_in_their_place(&self, names: &[String]) -> Result<Vec<TargetFile>, LoadError> {
        let mut files = self.load_all(names)?;
        let events = self.events();
        files.retain(|file| events.is_empty() || events.iter().any(|event| file.has_event(event)));
        Ok(files)
    }

    fn load_all(&self, names: &[String]) -> Result<Vec<TargetFile>, LoadError> {
        let mut files: Vec<TargetFile> = Vec::new();
        for name in names {
            let file = match self.variants.get(name) {
                Some(variant) => variant.load(&self.source, name, &self.vars)?,
                None => TargetFile::load(name, &self.vars)?,
            };
            if files
                .iter()
                .any(|other| other.about.name == file.about.name)
            {
                return Err(check::twice(&self.source, &file.about.name).into());
            }
            files.push(file);
        }
        Ok(files)
    }

    /// The file's content with the targets that were measured, for the run file. Variables that `shown` does not let through are
    /// masked: they may be credentials.
    #[must_use]
    pub fn as_measured(&self, targets: &[&str], shown: impl Fn(&str) -> bool) -> Json {
        let mut json = toml::from_str::<Json>(&self.source.text).unwrap_or_default();
        let mask = |table: &mut Json| {
            let vars = table.get_mut("vars").and_then(Json::as_object_mut);
            vars.into_iter()
                .flatten()
                .filter(|(name, _)| !shown(name))
                .for_each(|(_, value)| *value = "(masked)".into());
        };
        let variants = json.get_mut("variant").and_then(Json::as_object_mut);
        variants
            .into_iter()
            .flatten()
            .for_each(|(_, variant)| mask(variant));
        for (name, value) in &self.vars {
            json["vars"][name] = value.as_str().into();
        }
        mask(&mut json);
        json["targets"] = targets.into();
        if let (Plan::Journey(plan), Some(clients)) = (
            &self.plans[0],
            json.get_mut("client").and_then(Json::as_array_mut),
        ) {
            // As measured: another mix may have taken the place of the file's.
            for (client, plan) in clients.iter_mut().zip(&plan.clients) {
                client["weight"] = (plan.share * 100.0).into();
            }
        }
        json
    }

    /// Whether `file` has one of the events that are revoked in this scenario.
    #[must_use]
    pub fn has_event_of(&self, file: &TargetFile) -> bool {
        self.events().iter().any(|event| file.has_event(event))
    }

    /// The events that it makes happen, by name; none where nothing is revoked.
    #[must_use]
    pub fn events(&self) -> &[String] {
        match &self.plans[0] {
            Plan::Steady(_)
            | Plan::Capacity(_)
            | Plan::Sweep(_)
            | Plan::Login(_)
            | Plan::Journey(_) => &[],
            Plan::Revocation(revocations) => &revocations.events,
            Plan::Mass(mass) => std::slice::from_ref(&mass.event),
        }
    }
}

impl Profile {
    /// All profiles, the shortest first.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Standard, Self::Full];

    /// The profile of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// As it stands in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }
}

#[cfg(test)]
mod tests;

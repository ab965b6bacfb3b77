//! Checks what belongs to revocations: how they are made and probed, and what the targets cost beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;

use super::Checker;
use super::kind::Members;
use crate::scenario_file::parts::Cost;
use crate::scenario_file::raw::{RawProfile, RawRevocation, RawScenario};
use crate::scenario_file::{Load, Plan, Profile, Revocations, Rounds};
use crate::target::FileError;

/// How long a revocation is watched at most, when the file does not say.
const OBSERVE: Duration = Duration::from_secs(60);

impl Checker<'_> {
    pub(super) fn revocations(
        &self,
        raw: &RawRevocation,
        warm_up: Duration,
        revocations: u32,
        headline: Option<(Vec<String>, u32)>,
    ) -> Result<Revocations, FileError> {
        let whole = |raw: &Option<Spanned<i64>>, key: &str| match raw {
            Some(number) => self.whole(number, key).map(Some),
            None => Ok(None),
        };
        Ok(Revocations {
            warm_up,
            events: self.list(&raw.events, "revocation.events")?,
            only: BTreeMap::new(),
            revocations,
            headline,
            occurrences: whole(&raw.occurrences, "revocation.occurrences")?.unwrap_or(1),
            probe_every: self.positive(&raw.probe_every, "revocation.probe_every")?,
            resolution: match &raw.resolution {
                Some(part) => Some(self.part(part, "revocation.resolution")?),
                None => None,
            },
            tail: self.duration(&raw.tail, "revocation.tail")?,
            observe: match &raw.observe {
                Some(observe) => self.positive(observe, "revocation.observe")?,
                None => OBSERVE,
            },
            slots_per_target: self.whole(&raw.slots_per_target, "revocation.slots_per_target")?,
            together: whole(&raw.together, "revocation.together")?,
        })
    }

    /// Some of the scenario's events.
    pub(super) fn headline(
        &self,
        raw: &Spanned<Vec<Spanned<String>>>,
        revocation: &RawRevocation,
    ) -> Result<Vec<String>, FileError> {
        let events = self.list(&revocation.events, "revocation.events")?;
        self.some_of(raw, "revocation.headline", &events)
    }

    fn some_of(
        &self,
        raw: &Spanned<Vec<Spanned<String>>>,
        key: &str,
        events: &[String],
    ) -> Result<Vec<String>, FileError> {
        let other = |named: &&Spanned<String>| !events.contains(named.get_ref());
        if let Some(other) = raw.get_ref().iter().find(other) {
            let problem = format!("{:?} is not one of revocation.events", other.get_ref());
            return Err(self.error(other, key, problem, events.join(", ")));
        }
        self.list(raw, key)
    }

    fn part(&self, raw: &Spanned<f64>, key: &str) -> Result<f64, FileError> {
        let part = *raw.get_ref();
        if part > 0.0 && part < 1.0 {
            return Ok(part);
        }
        let problem = format!("{part} is out of range");
        Err(self.error(raw, key, problem, "more than 0, less than 1"))
    }

    /// `events` of variants, which see only some of the scenario's.
    pub(super) fn events_of_variants(
        &self,
        raw: &RawScenario,
        plans: &mut [Plan; 3],
    ) -> Result<(), FileError> {
        for (name, variant) in &raw.variant {
            let Some(named) = &variant.get_ref().events else {
                continue;
            };
            let key = format!("variant.{name}.events");
            for plan in &mut *plans {
                let Plan::Revocation(plan) = plan else {
                    let problem = "belongs to scenarios of kind \"revocation\"";
                    return Err(self.error(named, key, problem, ""));
                };
                let events = self.some_of(named, &key, &plan.events)?;
                plan.only.insert(name.clone(), events);
            }
        }
        Ok(())
    }

    pub(super) fn default_profile(&self, raw: &RawScenario) -> Result<Profile, FileError> {
        let Some(named) = &raw.default_profile else {
            return Ok(Profile::Quick);
        };
        Profile::of(named.get_ref()).ok_or_else(|| {
            let problem = format!("unknown {:?}", named.get_ref());
            let allowed = Profile::ALL.map(Profile::name).join(", ");
            self.error(named, "default_profile", problem, allowed)
        })
    }

    /// `[steady]`.
    pub(super) fn cost(&self, raw: &RawScenario) -> Result<Option<Cost>, FileError> {
        let Some(table) = &raw.steady else {
            return Ok(None);
        };
        let steady = table.get_ref();
        let whole = |raw, key: &str| self.whole(raw, &format!("steady.{key}"));
        Ok(Some(Cost {
            question: self.question(&steady.question)?,
            targets: self.list(&steady.targets, "steady.targets")?,
            vars: self.plain_texts(&steady.vars, "steady.vars")?,
            load: Load {
                rate_per_s: whole(&steady.rate_per_s, "rate_per_s")?,
                connections_per_target: whole(
                    &steady.connections_per_target,
                    "connections_per_target",
                )?,
                credentials_per_target: whole(
                    &steady.credentials_per_target,
                    "credentials_per_target",
                )?,
            },
            rounds: [
                self.stream(Profile::Quick, &raw.profile.quick)?,
                self.stream(Profile::Standard, &raw.profile.standard)?,
                self.stream(Profile::Full, &raw.profile.full)?,
            ],
        }))
    }

    /// The rounds of the stream in one profile.
    fn stream(&self, profile: Profile, raw: &Spanned<RawProfile>) -> Result<Rounds, FileError> {
        let members = Members {
            checker: self,
            profile,
            raw,
        };
        let warm_up = self.duration(&raw.get_ref().warm_up, &members.key("warm_up"))?;
        members.stream(warm_up)
    }
}

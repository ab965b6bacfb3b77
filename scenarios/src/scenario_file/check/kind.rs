//! What a scenario measures: which tables and which members of a profile belong to each kind.

use super::Checker;
use super::journey::Lives;
use crate::scenario_file::raw::{
    RawCapacity, RawLogin, RawProfile, RawRevocation, RawScenario, RawSweep,
};
use crate::scenario_file::{
    Capacity, LoginStorms, Plan, Profile, Revocations, Rounds, Slos, Sweep,
};
use crate::target::FileError;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// How long a revocation is watched at most, when the file does not say.
const OBSERVE: Duration = Duration::from_secs(60);
const KINDS: &str = "steady, revocation, capacity, sweep, login, journey";

/// What a scenario measures, with what belongs to that kind only.
pub(super) enum Kind<'a> {
    Steady,
    Revocation(&'a RawRevocation),
    Capacity(&'a RawCapacity, Slos),
    Sweep(&'a Spanned<RawSweep>, Slos),
    Login(&'a Spanned<RawLogin>),
    Journey(Lives),
}

impl Checker<'_> {
    pub(super) fn kind<'r>(&self, raw: &'r RawScenario) -> Result<Kind<'r>, FileError> {
        let kind = raw.kind.get_ref().as_str();
        let own: &[&str] = match kind {
            "steady" => &[],
            "revocation" => &["revocation"],
            "capacity" => &["slo", "capacity"],
            "sweep" => &["slo", "sweep"],
            "login" => &["login"],
            "journey" => &["journey", "client"],
            other => {
                return Err(self.error(&raw.kind, "kind", format!("unknown {other:?}"), KINDS));
            }
        };
        for (table, span) in tables(raw) {
            if !own.contains(&table) {
                let problem = format!("does not belong to kind {kind:?}");
                return Err(self.source.error(&span, table, problem, ""));
            }
        }
        let missing =
            |table: &str| self.error(&raw.kind, table, "is missing", format!("a table [{table}]"));
        let slos = || {
            let slo = raw.slo.as_ref().ok_or_else(|| missing("slo"))?;
            self.slos(slo, &self.list(&raw.targets, "targets")?)
        };
        Ok(match kind {
            "revocation" => {
                let table = raw.revocation.as_ref().ok_or_else(|| missing(kind))?;
                Kind::Revocation(table.get_ref())
            }
            "capacity" => {
                let table = raw.capacity.as_ref().ok_or_else(|| missing(kind))?;
                Kind::Capacity(table.get_ref(), slos()?)
            }
            "sweep" => Kind::Sweep(raw.sweep.as_ref().ok_or_else(|| missing(kind))?, slos()?),
            "login" => Kind::Login(raw.login.as_ref().ok_or_else(|| missing(kind))?),
            "journey" => {
                let table = raw.journey.as_ref().ok_or_else(|| missing(kind))?;
                Kind::Journey(self.lives(table, &raw.client)?)
            }
            _ => Kind::Steady,
        })
    }

    pub(super) fn plan(
        &self,
        kind: &Kind<'_>,
        profile: Profile,
        raw: &Spanned<RawProfile>,
    ) -> Result<Plan, FileError> {
        let own: &[&str] = match kind {
            Kind::Steady => &["rounds", "round"],
            Kind::Revocation(_) => &["revocations"],
            Kind::Capacity(..) | Kind::Sweep(..) | Kind::Login(_) | Kind::Journey(_) => {
                &["rounds", "slice"]
            }
        };
        let members = Members {
            checker: self,
            profile,
            raw,
        };
        members.none_but(own)?;
        let warm_up = self.duration(&raw.get_ref().warm_up, &members.key("warm_up"))?;
        Ok(match kind {
            Kind::Steady => Plan::Steady(Rounds {
                warm_up,
                rounds: members.rounds()?,
                round: self.positive(members.round()?, &members.key("round"))?,
            }),
            Kind::Revocation(revocation) => {
                Plan::Revocation(self.revocations(revocation, warm_up, members.revocations()?)?)
            }
            Kind::Capacity(capacity, slos) => Plan::Capacity(Capacity {
                warm_up,
                rounds: members.rounds()?,
                slice: self.slice(members.slice()?, &members.key("slice"), slos)?,
                start_per_s: self.whole(&capacity.start_per_s, "capacity.start_per_s")?,
                resolution: self.resolution(capacity)?,
                slos: slos.clone(),
            }),
            Kind::Sweep(sweep, slos) => Plan::Sweep(Sweep {
                warm_up,
                rounds: members.rounds()?,
                slice: self.slice(members.slice()?, &members.key("slice"), slos)?,
                ladder: self.ladder(sweep)?,
                slos: slos.clone(),
            }),
            Kind::Login(login) => Plan::Login(LoginStorms {
                warm_up,
                rounds: members.rounds()?,
                slice: self.positive(members.slice()?, &members.key("slice"))?,
                rates_per_s: self.login_rates(login)?,
                connections: self.whole(&login.get_ref().connections, "login.connections")?,
            }),
            Kind::Journey(lives) => Plan::Journey(lives.plan(
                warm_up,
                members.rounds()?,
                self.positive(members.slice()?, &members.key("slice"))?,
            )),
        })
    }

    fn revocations(
        &self,
        raw: &RawRevocation,
        warm_up: Duration,
        revocations: u32,
    ) -> Result<Revocations, FileError> {
        Ok(Revocations {
            warm_up,
            events: self.list(&raw.events, "revocation.events")?,
            revocations,
            probe_every: self.positive(&raw.probe_every, "revocation.probe_every")?,
            tail: self.duration(&raw.tail, "revocation.tail")?,
            observe: match &raw.observe {
                Some(observe) => self.positive(observe, "revocation.observe")?,
                None => OBSERVE,
            },
            slots_per_target: self.whole(&raw.slots_per_target, "revocation.slots_per_target")?,
        })
    }
}

/// The tables that are there and belong to some kinds only, in the order in which they are complained about.
fn tables(raw: &RawScenario) -> impl Iterator<Item = (&'static str, Range<usize>)> {
    [
        ("revocation", raw.revocation.as_ref().map(Spanned::span)),
        ("slo", raw.slo.as_ref().map(Spanned::span)),
        ("capacity", raw.capacity.as_ref().map(Spanned::span)),
        ("sweep", raw.sweep.as_ref().map(Spanned::span)),
        ("login", raw.login.as_ref().map(Spanned::span)),
        ("journey", raw.journey.as_ref().map(Spanned::span)),
        ("client", raw.client.first().map(Spanned::span)),
    ]
    .into_iter()
    .filter_map(|(table, span)| Some((table, span?)))
}

/// The members of one profile.
struct Members<'a> {
    checker: &'a Checker<'a>,
    profile: Profile,
    raw: &'a Spanned<RawProfile>,
}

impl<'a> Members<'a> {
    fn key(&self, member: &str) -> String {
        format!("profile.{}.{member}", self.profile.name())
    }

    fn none_but(&self, own: &[&str]) -> Result<(), FileError> {
        let raw = self.raw.get_ref();
        let there = [
            ("rounds", raw.rounds.as_ref().map(Spanned::span)),
            ("round", raw.round.as_ref().map(Spanned::span)),
            ("slice", raw.slice.as_ref().map(Spanned::span)),
            ("revocations", raw.revocations.as_ref().map(Spanned::span)),
        ];
        for (member, span) in there {
            if let Some(span) = span.filter(|_| !own.contains(&member)) {
                let problem = "does not belong to this kind of scenario";
                return Err(self
                    .checker
                    .source
                    .error(&span, self.key(member), problem, ""));
            }
        }
        Ok(())
    }

    fn there<T>(&self, value: Option<&'a T>, member: &str) -> Result<&'a T, FileError> {
        value.ok_or_else(|| {
            self.checker
                .error(self.raw, self.key(member), "is missing", "")
        })
    }

    fn rounds(&self) -> Result<u32, FileError> {
        let rounds = self.there(self.raw.get_ref().rounds.as_ref(), "rounds")?;
        self.checker.whole(rounds, &self.key("rounds"))
    }

    fn revocations(&self) -> Result<u32, FileError> {
        let revocations = self.there(self.raw.get_ref().revocations.as_ref(), "revocations")?;
        self.checker.whole(revocations, &self.key("revocations"))
    }

    fn round(&self) -> Result<&'a Spanned<String>, FileError> {
        self.there(self.raw.get_ref().round.as_ref(), "round")
    }

    fn slice(&self) -> Result<&'a Spanned<String>, FileError> {
        self.there(self.raw.get_ref().slice.as_ref(), "slice")
    }
}

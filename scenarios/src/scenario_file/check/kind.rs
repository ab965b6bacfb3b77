//! What a scenario measures: which tables and which members of a profile belong to each kind.

use super::Checker;
use super::journey::Lives;
use crate::scenario_file::raw::{
    RawCapacity, RawLogin, RawMass, RawProfile, RawRevocation, RawScenario, RawSweep,
};
use crate::scenario_file::{Capacity, LoginStorms, Plan, Profile, Rounds, Slos, Sweep};
use crate::target::FileError;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

const KINDS: &str = "steady, revocation, mass, capacity, sweep, login, journey";

/// What a scenario measures, with what belongs to that kind only.
pub(super) enum Kind<'a> {
    Steady,
    Revocation(RevocationTables<'a>),
    Capacity(&'a RawCapacity, Slos),
    Sweep(&'a Spanned<RawSweep>, Slos),
    Login(&'a Spanned<RawLogin>),
    Mass(&'a RawMass),
    Journey(Lives),
}

/// What belongs to revocations.
pub(super) struct RevocationTables<'a> {
    table: &'a RawRevocation,
    /// Whether there is a part that measures what the targets cost, too.
    has_cost: bool,
}

impl Checker<'_> {
    pub(super) fn kind<'r>(&self, raw: &'r RawScenario) -> Result<Kind<'r>, FileError> {
        let kind = raw.kind.get_ref().as_str();
        let own: &[&str] = match kind {
            "steady" => &[],
            "revocation" => &["revocation", "steady"],
            "capacity" => &["slo", "capacity"],
            "sweep" => &["slo", "sweep"],
            "login" => &["login"],
            "mass" => &["mass"],
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
                Kind::Revocation(RevocationTables {
                    table: table.get_ref(),
                    has_cost: raw.steady.is_some(),
                })
            }
            "capacity" => {
                let table = raw.capacity.as_ref().ok_or_else(|| missing(kind))?;
                Kind::Capacity(table.get_ref(), slos()?)
            }
            "sweep" => Kind::Sweep(raw.sweep.as_ref().ok_or_else(|| missing(kind))?, slos()?),
            "login" => Kind::Login(raw.login.as_ref().ok_or_else(|| missing(kind))?),
            "mass" => {
                let table = raw.mass.as_ref().ok_or_else(|| missing(kind))?;
                Kind::Mass(table.get_ref())
            }
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
        let members = Members {
            checker: self,
            profile,
            raw,
        };
        let own: &[&str] = match kind {
            Kind::Steady => &["rounds", "round"],
            Kind::Revocation(revocation) => members.of_revocations(revocation),
            Kind::Capacity(..) | Kind::Sweep(..) | Kind::Login(_) | Kind::Journey(_) => {
                &["rounds", "slice"]
            }
            Kind::Mass(_) => &["slice", "accounts"],
        };
        members.none_but(own)?;
        let warm_up = self.duration(&raw.get_ref().warm_up, &members.key("warm_up"))?;
        Ok(match kind {
            Kind::Steady => Plan::Steady(members.stream(warm_up)?),
            Kind::Revocation(revocation) => Plan::Revocation(self.revocations(
                revocation.table,
                warm_up,
                members.revocations()?,
                members.headline(revocation.table)?,
            )?),
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
            Kind::Mass(mass) => {
                let slice = self.positive(members.slice()?, &members.key("slice"))?;
                Plan::Mass(self.mass(mass, warm_up, slice, members.accounts()?)?)
            }
            Kind::Journey(lives) => Plan::Journey(lives.plan(
                warm_up,
                members.rounds()?,
                self.positive(members.slice()?, &members.key("slice"))?,
            )),
        })
    }
}

/// The tables that are there and belong to some kinds only, in the order in which they are complained about.
fn tables(raw: &RawScenario) -> impl Iterator<Item = (&'static str, Range<usize>)> {
    [
        ("revocation", raw.revocation.as_ref().map(Spanned::span)),
        ("steady", raw.steady.as_ref().map(Spanned::span)),
        ("slo", raw.slo.as_ref().map(Spanned::span)),
        ("capacity", raw.capacity.as_ref().map(Spanned::span)),
        ("sweep", raw.sweep.as_ref().map(Spanned::span)),
        ("login", raw.login.as_ref().map(Spanned::span)),
        ("mass", raw.mass.as_ref().map(Spanned::span)),
        ("journey", raw.journey.as_ref().map(Spanned::span)),
        ("client", raw.client.first().map(Spanned::span)),
    ]
    .into_iter()
    .filter_map(|(table, span)| Some((table, span?)))
}

/// The members of one profile.
pub(super) struct Members<'a> {
    pub(super) checker: &'a Checker<'a>,
    pub(super) profile: Profile,
    pub(super) raw: &'a Spanned<RawProfile>,
}

impl<'a> Members<'a> {
    /// Which members a profile of revocations has.
    fn of_revocations(&self, tables: &RevocationTables<'_>) -> &'static [&'static str] {
        match (tables.table.headline.is_some(), tables.has_cost) {
            (false, false) => &["revocations"],
            (true, false) => &["revocations", "headline_revocations"],
            (false, true) => &["revocations", "rounds", "round"],
            (true, true) => &["revocations", "headline_revocations", "rounds", "round"],
        }
    }

    /// The rounds of a stream.
    pub(super) fn stream(&self, warm_up: Duration) -> Result<Rounds, FileError> {
        Ok(Rounds {
            warm_up,
            rounds: self.rounds()?,
            round: self.checker.positive(self.round()?, &self.key("round"))?,
        })
    }

    pub(super) fn headline(
        &self,
        raw: &RawRevocation,
    ) -> Result<Option<(Vec<String>, u32)>, FileError> {
        let Some(events) = &raw.headline else {
            return Ok(None);
        };
        let member = "headline_revocations";
        let revocations = self.there(self.raw.get_ref().headline_revocations.as_ref(), member)?;
        Ok(Some((
            self.checker.headline(events, raw)?,
            self.checker.whole(revocations, &self.key(member))?,
        )))
    }

    pub(super) fn key(&self, member: &str) -> String {
        format!("profile.{}.{member}", self.profile.name())
    }

    fn none_but(&self, own: &[&str]) -> Result<(), FileError> {
        let raw = self.raw.get_ref();
        let there = [
            ("rounds", raw.rounds.as_ref().map(Spanned::span)),
            ("round", raw.round.as_ref().map(Spanned::span)),
            ("slice", raw.slice.as_ref().map(Spanned::span)),
            ("revocations", raw.revocations.as_ref().map(Spanned::span)),
            ("accounts", raw.accounts.as_ref().map(Spanned::span)),
            (
                "headline_revocations",
                raw.headline_revocations.as_ref().map(Spanned::span),
            ),
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

    fn accounts(&self) -> Result<u32, FileError> {
        let accounts = self.there(self.raw.get_ref().accounts.as_ref(), "accounts")?;
        self.checker.whole(accounts, &self.key("accounts"))
    }

    fn round(&self) -> Result<&'a Spanned<String>, FileError> {
        self.there(self.raw.get_ref().round.as_ref(), "round")
    }

    fn slice(&self) -> Result<&'a Spanned<String>, FileError> {
        self.there(self.raw.get_ref().slice.as_ref(), "slice")
    }
}

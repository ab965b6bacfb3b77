//! What belongs to the kinds that load one target at a time: `[slo]`, `[capacity]`, `[sweep]`.

use super::Checker;
use crate::scenario_file::raw::{RawCapacity, RawLimit, RawLimits, RawScenario, RawSweep};
use crate::scenario_file::{Ladder, Slos};
use crate::target::{FileError, Source, TargetFile, duration};
use authbench_reports::run_file::Slo;
use std::time::Duration;
use toml::Spanned;

/// A backlog that grows too slowly to reach the p99 within a slice passes for a rate that is held: by p99 ÷ slice of the rate at most.
const SLICE_IN_P99S: u32 = 10;
const LIMITS: &str = "p99, unexpected, achieved, or a table of a target";

/// The limits as far as they are given.
#[derive(Clone, Copy, Default)]
struct Given {
    p99: Option<Duration>,
    unexpected: Option<f64>,
    achieved: Option<f64>,
}

/// Whether every `[slo.NAME]` is of one of `targets`, for those whose names only their files know.
pub(in super::super) fn objectives_fit(
    source: &Source,
    targets: &[TargetFile],
) -> Result<(), FileError> {
    // Read again: the places of its keys were not kept.
    let raw: RawScenario = source.parse()?;
    let limits = raw.slo.iter().flat_map(|limits| limits.get_ref());
    let names: Vec<&str> = targets
        .iter()
        .map(|target| target.about.name.as_str())
        .collect();
    for (target, limit) in limits {
        let own = matches!(limit.get_ref(), RawLimit::Table(_));
        if own && !names.contains(&target.as_str()) {
            return Err(Checker { source }.no_such_target(limit, target, &names.join(", ")));
        }
    }
    Ok(())
}

impl Checker<'_> {
    /// `[slo]` for every target, `[slo.NAME]` for one: what it does not say is that of all.
    pub(super) fn slos(
        &self,
        raw: &Spanned<RawLimits>,
        targets: &[String],
    ) -> Result<Slos, FileError> {
        let mut all = Given::default();
        for (key, limit) in raw.get_ref() {
            if !matches!(limit.get_ref(), RawLimit::Table(_)) {
                self.limit(key, limit, "slo", &mut all)?;
            }
        }
        let missing = |key: &str| self.error(raw, format!("slo.{key}"), "is missing", "");
        let slos = Slos {
            all: Slo {
                p99_ms: ms(all.p99.ok_or_else(|| missing("p99"))?),
                unexpected: all.unexpected.ok_or_else(|| missing("unexpected"))?,
                achieved: all.achieved.ok_or_else(|| missing("achieved"))?,
            },
            of: Default::default(),
        };
        self.slos_of_targets(raw, targets, slos)
    }

    fn slos_of_targets(
        &self,
        raw: &Spanned<RawLimits>,
        targets: &[String],
        mut slos: Slos,
    ) -> Result<Slos, FileError> {
        for (target, limit) in raw.get_ref() {
            let RawLimit::Table(limits) = limit.get_ref() else {
                continue;
            };
            let table = format!("slo.{target}");
            // Targets given as paths have a name that only their file knows: see `objectives_fit`.
            let by_path = targets.iter().any(|target| crate::target::is_path(target));
            if !targets.contains(target) && !by_path {
                return Err(self.no_such_target(limit, target, &targets.join(", ")));
            }
            let mut given = Given::default();
            for (key, limit) in limits {
                self.limit(key, limit, &table, &mut given)?;
            }
            let own = Slo {
                p99_ms: given.p99.map_or(slos.all.p99_ms, ms),
                unexpected: given.unexpected.unwrap_or(slos.all.unexpected),
                achieved: given.achieved.unwrap_or(slos.all.achieved),
            };
            slos.of.insert(target.clone(), own);
        }
        Ok(slos)
    }

    fn no_such_target(&self, limit: &Spanned<RawLimit>, target: &str, names: &str) -> FileError {
        let problem = "no target of this scenario has this name";
        self.error(limit, format!("slo.{target}"), problem, names)
    }

    fn limit(
        &self,
        key: &str,
        limit: &Spanned<RawLimit>,
        table: &str,
        given: &mut Given,
    ) -> Result<(), FileError> {
        let name = format!("{table}.{key}");
        let wrong = |problem: &str, allowed: &str| Err(self.error(limit, &name, problem, allowed));
        match (key, limit.get_ref()) {
            ("p99", RawLimit::Text(text)) => match duration::parse(text) {
                Some(p99) if !p99.is_zero() => given.p99 = Some(p99),
                _ => return wrong("is not a duration above zero", duration::ALLOWED),
            },
            ("unexpected", RawLimit::Number(share)) if (0.0..1.0).contains(share) => {
                given.unexpected = Some(*share);
            }
            ("achieved", RawLimit::Number(share)) if *share > 0.0 && *share <= 1.0 => {
                given.achieved = Some(*share);
            }
            ("p99", _) => return wrong("is not a duration above zero", duration::ALLOWED),
            ("unexpected", _) => return wrong("is not such a share", "0 to less than 1"),
            ("achieved", _) => return wrong("is not such a share", "more than 0, up to 1"),
            _ => return wrong("is no limit", LIMITS),
        }
        Ok(())
    }

    /// The slice has to show an overload: see [`SLICE_IN_P99S`].
    pub(super) fn slice(
        &self,
        raw: &Spanned<String>,
        key: &str,
        slos: &Slos,
    ) -> Result<Duration, FileError> {
        let slice = self.positive(raw, key)?;
        let all = std::iter::once(&slos.all).chain(slos.of.values());
        let longest = all.map(|slo| slo.p99_ms).fold(0.0, f64::max);
        let needed = longest * f64::from(SLICE_IN_P99S);
        if ms(slice) < needed {
            let problem =
                "is too short to tell an overload from a latency that the objective allows";
            let allowed =
                format!("{SLICE_IN_P99S} times the longest slo.p99: {needed:.0}ms or more");
            return Err(self.error(raw, key, problem, allowed));
        }
        Ok(slice)
    }

    pub(super) fn resolution(&self, raw: &RawCapacity) -> Result<f64, FileError> {
        let share = *raw.resolution.get_ref();
        (0.005..=0.5)
            .contains(&share)
            .then_some(share)
            .ok_or_else(|| {
                let problem = format!("{share} is out of range");
                self.error(
                    &raw.resolution,
                    "capacity.resolution",
                    problem,
                    "0.005 to 0.5",
                )
            })
    }

    /// Either rates, or fractions of what a short search finds.
    pub(super) fn ladder(&self, raw: &Spanned<RawSweep>) -> Result<Ladder, FileError> {
        let sweep = raw.get_ref();
        match (&sweep.rates, &sweep.fractions, &sweep.start_per_s) {
            (Some(rates), None, None) => {
                let each = |rate: &Spanned<i64>| self.whole(rate, "sweep.rates").map(f64::from);
                self.ascending(rates, "sweep.rates", each)
                    .map(Ladder::Rates)
            }
            (None, Some(fractions), Some(start)) => Ok(Ladder::Fractions {
                start_per_s: self.whole(start, "sweep.start_per_s")?,
                of: self.ascending(fractions, "sweep.fractions", |part| self.fraction(part))?,
            }),
            (None, Some(_), None) => Err(self.error(
                raw,
                "sweep.start_per_s",
                "is missing",
                "where to begin looking",
            )),
            (Some(_), None, Some(start)) => {
                let problem = "does not belong to rates: there is nothing to look for";
                Err(self.error(start, "sweep.start_per_s", problem, ""))
            }
            _ => {
                let problem = "needs either rates or fractions";
                Err(self.error(raw, "sweep", problem, "one of the two"))
            }
        }
    }

    fn ascending<T>(
        &self,
        raw: &Spanned<Vec<Spanned<T>>>,
        key: &str,
        each: impl Fn(&Spanned<T>) -> Result<f64, FileError>,
    ) -> Result<Vec<f64>, FileError> {
        let mut steps: Vec<f64> = Vec::new();
        for item in raw.get_ref() {
            let step = each(item)?;
            if steps.last().is_some_and(|last| step <= *last) {
                return Err(self.error(item, key, "is not above the one before", "rising steps"));
            }
            steps.push(step);
        }
        if steps.len() < 2 {
            return Err(self.error(raw, key, "is no ladder", "two steps or more"));
        }
        Ok(steps)
    }

    fn fraction(&self, raw: &Spanned<f64>) -> Result<f64, FileError> {
        let part = *raw.get_ref();
        (0.01..=2.0).contains(&part).then_some(part).ok_or_else(|| {
            let problem = format!("{part} is out of range");
            self.error(raw, "sweep.fractions", problem, "0.01 to 2")
        })
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

//! The matrix: event × variant × class of enforcement points, and what each cell says in a few characters.
//!
//! Points that differ only by a number (`resource-1`, `resource-2`) are one class, and a cell is that of its worst point. Counts that no point
//! may hide behind another (breaches, callers put out by mistake, flaps) are those of all its points together.

use crate::frontier::by_severity;
use crate::number::span;
use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};
use std::cmp::Ordering;

/// With no more events than this, and no more targets than [`TARGETS_IN_TABLES`], a row for each event and point can be read.
const EVENTS_IN_TABLES: usize = 2;
const TARGETS_IN_TABLES: usize = 6;

/// The class of the point at which a connection stays open.
pub(crate) const STREAM: &str = "events";
/// The class of the point that asks the authorization server.
pub(crate) const INTROSPECTION: &str = "introspection";

/// All cells of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<'a> {
    /// One for each class of points, in the order of the targets' points; those that guard the resource first.
    pub blocks: Vec<Block<'a>>,
}

/// The cells of one class of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<'a> {
    /// The class: a point's name without its number.
    pub class: &'a str,
    /// Whether its points guard the resource.
    pub guards: bool,
    /// The events that were measured there, in the order in which they first appear.
    pub events: Vec<&'a str>,
    /// One for each target with a cell in this block.
    pub variants: Vec<Variant<'a>>,
}

/// One target's row.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant<'a> {
    /// The target.
    pub target: &'a TargetSummary,
    /// One for each event of the block; `None` where it was not measured.
    pub cells: Vec<Option<Cell<'a>>>,
}

/// One event at one target and class of points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell<'a> {
    /// That of its points with the longest lag.
    pub worst: &'a RevocationSummary,
    /// Over all its points.
    pub breaches: u64,
    /// Callers who should have stayed in and were put out, over all its points.
    pub put_out: u64,
    /// Over all its points.
    pub flaps: u64,
}

/// What became of the callers of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// No revocation gave a sample.
    NoSample,
    /// The event is not meant to end what these points accept: no target promises it.
    NotMeant,
    /// Nobody was accepted after the acknowledgement.
    Never,
    /// Everybody was out in the end; the longest took so long, in milliseconds (upper end).
    Out {
        /// Typically; `None` where at least half were never accepted.
        p50_ms: Option<f64>,
        /// At most.
        max_ms: f64,
    },
    /// Some were still accepted when observation ended, so long after the acknowledgement.
    StillIn {
        /// At least.
        at_least_ms: f64,
    },
}

impl<'a> Matrix<'a> {
    /// Of `summary`; `None` where a row for each event and point can be read as well.
    #[must_use]
    pub fn of(summary: &'a Summary) -> Option<Self> {
        let watched: Vec<&TargetSummary> = summary
            .targets
            .iter()
            .filter(|target| !target.revocation.is_empty())
            .collect();
        let rows = || watched.iter().flat_map(|target| &target.revocation);
        let events = distinct(rows().map(|row| row.event.as_str()));
        if events.len() <= EVENTS_IN_TABLES && watched.len() <= TARGETS_IN_TABLES {
            return None;
        }
        let mut classes = distinct(rows().map(|row| class(&row.point)));
        let guards =
            |class: &str| rows().any(|row| self::class(&row.point) == class && row.traffic);
        classes.sort_by_key(|class| !guards(class));
        let blocks = classes
            .into_iter()
            .map(|class| Block::of(class, guards(class), &watched, &events));
        Some(Self {
            blocks: blocks.collect(),
        })
    }
}

impl<'a> Block<'a> {
    fn of(class: &'a str, guards: bool, targets: &[&'a TargetSummary], events: &[&'a str]) -> Self {
        let measured = |event: &&str| {
            let mut cells = targets.iter().map(|target| Cell::of(target, event, class));
            cells.any(|cell| cell.is_some())
        };
        let events: Vec<&str> = events.iter().copied().filter(measured).collect();
        let variants = targets.iter().map(|target| Variant {
            cells: events
                .iter()
                .map(|event| Cell::of(target, event, class))
                .collect(),
            target,
        });
        let variants = variants.filter(|variant| variant.cells.iter().any(Option::is_some));
        Self {
            class,
            guards,
            variants: variants.collect(),
            events,
        }
    }

    /// Every cell that was measured.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'a>> {
        let variants = self.variants.iter();
        variants.flat_map(|variant| variant.cells.iter().copied().flatten())
    }
}

impl<'a> Cell<'a> {
    fn of(target: &'a TargetSummary, event: &str, class: &str) -> Option<Self> {
        let rows: Vec<&RevocationSummary> = target
            .revocation
            .iter()
            .filter(|row| row.event == event && self::class(&row.point) == class)
            .collect();
        let sum = |of: fn(&RevocationSummary) -> u64| rows.iter().map(|row| of(row)).sum();
        let worst = rows
            .iter()
            .copied()
            .reduce(|worst, row| match by_severity(row, worst) {
                Ordering::Greater => row,
                Ordering::Less | Ordering::Equal => worst,
            })?;
        Some(Self {
            worst,
            breaches: sum(|row| row.breaches),
            put_out: sum(|row| row.collateral.map_or(0, |collateral| collateral.put_out)),
            flaps: sum(|row| row.flaps),
        })
    }

    /// What became of its callers.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let row = self.worst;
        if row.sampled() == 0 {
            return Outcome::NoSample;
        }
        if !row.is_meant() {
            return Outcome::NotMeant;
        }
        if row.censored > 0 {
            return Outcome::StillIn {
                at_least_ms: row.certain_max_ms.unwrap_or(0.0),
            };
        }
        match row.lag_ms {
            None => Outcome::Never,
            Some(lag) => Outcome::Out {
                p50_ms: lag.p50.filter(|_| !row.typically_immediate()),
                max_ms: lag.max.unwrap_or(f64::INFINITY),
            },
        }
    }

    /// Whether a target promises something here.
    #[must_use]
    pub fn is_promised(&self) -> bool {
        self.worst.bound_ms.is_some()
    }

    /// The longest lag in a few characters, with marks: `1.99 s`, `never`, `> 60 s`, `✗ 3` for breaches.
    #[must_use]
    pub fn said(&self) -> String {
        let longest = match self.outcome() {
            Outcome::NoSample => "?".to_owned(),
            Outcome::NotMeant => "stays".to_owned(),
            Outcome::Never => "never".to_owned(),
            Outcome::Out { max_ms, .. } => span(max_ms),
            Outcome::StillIn { at_least_ms } => format!("> {}", span(at_least_ms)),
        };
        let marks = self.marks();
        let unpromised = match self.outcome() {
            Outcome::NotMeant | Outcome::NoSample => false,
            _ => !self.is_promised(),
        };
        let open = if unpromised { "°" } else { "" };
        [format!("{longest}{open}")]
            .into_iter()
            .chain(marks)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// What went wrong: `✗ 3` breaches, `! 2` callers put out by mistake, `~ 1` flaps.
    #[must_use]
    pub fn marks(&self) -> Vec<String> {
        let counted = [("✗", self.breaches), ("!", self.put_out), ("~", self.flaps)];
        let counted = counted.into_iter().filter(|(_, count)| *count > 0);
        counted
            .map(|(mark, count)| format!("{mark}{count}"))
            .collect()
    }
}

/// A point's name without its number: `resource` of `resource-2`.
#[must_use]
pub fn class(point: &str) -> &str {
    match point.rsplit_once('-') {
        Some((class, number))
            if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            class
        }
        _ => point,
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::class;

    #[test]
    fn points_that_differ_by_a_number_are_one_class() {
        let classes = [
            "resource-1",
            "resource-12",
            "introspection",
            "api-eu",
            "-",
            "x-",
        ]
        .map(class);
        assert_eq!(
            classes,
            ["resource", "resource", "introspection", "api-eu", "-", "x-"]
        );
    }
}

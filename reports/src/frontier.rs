//! The picture that sums a run up: cost per request against revocation lag, one point per target.
//!
//! The cost is that of the steady stream. The lag was watched at a lifetime short enough to watch, so a model whose lag
//! depends on its lifetime gets two points: the measured one, at the laboratory's lifetime, and the projected one, at the
//! lifetime its cost was measured with. Only the second is what production would see.

use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};
use std::cmp::Ordering;

/// Cost and lag of every target where both are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Frontier {
    /// The control: its cost, and no lag, for it refuses nobody.
    pub control: Option<Control>,
    /// The points, in the order of the targets.
    pub points: Vec<Point>,
}

/// The cost of asking nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// The target's name.
    pub target: String,
    /// CPU per request of all its processes in microseconds.
    pub cpu_us: f64,
}

/// One target under one lifetime.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The target's name.
    pub target: String,
    /// CPU per request of all its processes in microseconds.
    pub cpu_us: f64,
    /// What the lag follows: the event and the enforcement points where it is longest, or `all events` where they are alike.
    pub after: String,
    /// How long the caller stays in.
    pub reach: Reach,
    /// How that is known.
    pub known: Known,
}

/// How long a caller who should be out stays in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// Typically not at all: at least half were never accepted after the acknowledgement.
    NeverAccepted {
        /// The longest of those that were; `None` when none was.
        max_ms: Option<f64>,
    },
    /// For a while.
    Lasting {
        /// Typically.
        p50_ms: f64,
        /// At most; `None` when observation ended before.
        max_ms: Option<f64>,
    },
    /// Longer than was watched, and for so many that nothing more can be said.
    Outlasting {
        /// At least.
        at_least_ms: f64,
    },
}

/// How a lag is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// Watched.
    Measured {
        /// The lifetime it was watched at, where it is not the one that cost was measured with.
        laboratory_ttl_s: Option<f64>,
    },
    /// Computed from the law that was verified at a short lifetime.
    Projected {
        /// The lifetime it is computed for.
        access_ttl_s: f64,
    },
}

impl Frontier {
    /// Of every target in `summary`.
    #[must_use]
    pub fn of(summary: &Summary) -> Self {
        Self {
            control: summary.control().and_then(|control| {
                Some(Control {
                    target: control.name.clone(),
                    cpu_us: control.cpu_us()?,
                })
            }),
            points: summary.targets.iter().flat_map(points).collect(),
        }
    }
}

/// The row with the longest lag among the points that guard the resource, the first of several; `None` without a sample.
#[must_use]
pub fn worst(target: &TargetSummary) -> Option<&RevocationSummary> {
    let rows = guarding(target);
    rows.reduce(|worst, row| match by_severity(row, worst) {
        Ordering::Greater => row,
        Ordering::Less | Ordering::Equal => worst,
    })
}

fn guarding(target: &TargetSummary) -> impl Iterator<Item = &RevocationSummary> {
    let rows = target.revocation.iter();
    rows.filter(|row| row.traffic && row.sampled() > 0)
}

/// Naming one of several that are alike would say that the others are better.
fn after(target: &TargetSummary, worst: &RevocationSummary) -> String {
    let alike = |row: &&RevocationSummary| by_severity(row, worst) == Ordering::Equal;
    let tied: Vec<&RevocationSummary> = guarding(target).filter(alike).collect();
    if tied.len() > 1 && tied.len() == guarding(target).count() {
        return "all events".to_owned();
    }
    let of_each = tied.chunk_by(|one, next| one.event == next.event);
    let named: Vec<String> = of_each
        .map(|rows| {
            let points: Vec<&str> = rows.iter().map(|row| row.point.as_str()).collect();
            format!("{} at {}", rows[0].event, points.join(", "))
        })
        .collect();
    named.join("; ")
}

fn by_severity(left: &RevocationSummary, right: &RevocationSummary) -> Ordering {
    let longest = |row: &RevocationSummary| row.certain_max_ms.unwrap_or(-1.0);
    let lasting = |row: &RevocationSummary| (row.censored > 0, !row.typically_immediate());
    lasting(left)
        .cmp(&lasting(right))
        .then(longest(left).total_cmp(&longest(right)))
}

fn points(target: &TargetSummary) -> Vec<Point> {
    let (Some(cpu_us), Some(row)) = (target.cpu_us(), worst(target)) else {
        return Vec::new();
    };
    let point = |reach, known| Point {
        target: target.name.clone(),
        cpu_us,
        after: after(target, row),
        reach,
        known,
    };
    let projected = row.projected.map(|projected| {
        let reach = Reach::Lasting {
            p50_ms: projected.p50_ms,
            max_ms: Some(projected.max_ms),
        };
        let access_ttl_s = projected.access_ttl_s;
        point(reach, Known::Projected { access_ttl_s })
    });
    let measured = point(
        reach(row),
        Known::Measured {
            laboratory_ttl_s: row.laboratory_ttl_s(),
        },
    );
    [measured].into_iter().chain(projected).collect()
}

fn reach(row: &RevocationSummary) -> Reach {
    let max_ms = row.lag_ms.and_then(|lag| lag.max);
    let p50_ms = row.lag_ms.and_then(|lag| lag.p50);
    match p50_ms {
        _ if row.censored > 0 && (row.typically_immediate() || p50_ms.is_none()) => {
            Reach::Outlasting {
                at_least_ms: row.certain_max_ms.unwrap_or(0.0),
            }
        }
        Some(p50_ms) if !row.typically_immediate() => Reach::Lasting { p50_ms, max_ms },
        _ => Reach::NeverAccepted { max_ms },
    }
}

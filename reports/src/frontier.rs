//! The picture that sums a run up: cost per request against revocation lag, one point per target.
//!
//! The cost is that of the steady stream. The lag was watched at a lifetime short enough to watch, so a model whose lag
//! depends on its lifetime gets two points: the measured one, at the laboratory's lifetime, and the projected one, at the
//! lifetime its cost was measured with. Only the second is what production would see.
//!
//! Points of which another is better in one respect and no worse in the other are dominated; the rest is the Pareto set. Lag is there the
//! longest after any event, because that is what a requirement is about.

mod standing;

pub use standing::Standing;

use crate::statistics::Spread;
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
    /// The same of the cheapest and the dearest round.
    pub cpu_rounds: Option<Spread>,
    /// 99th percentile of the response time in milliseconds.
    pub p99_ms: Option<f64>,
    /// Store commands per request.
    pub store_commands: Option<f64>,
    /// Bytes on the client's connection per request, both ways.
    pub wire_bytes: Option<f64>,
    /// What the lag follows: the event and the enforcement points where it is longest, or `all events` where they are alike.
    pub after: String,
    /// How long the caller stays in.
    pub reach: Reach,
    /// The interval in milliseconds in which the longest lag lies: 0 where nobody was accepted, open above where observation ended first.
    pub longest_ms: (f64, f64),
    /// How that is known.
    pub known: Known,
    /// Where it stands among the others.
    pub standing: Standing,
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
        let mut points: Vec<Point> = summary.targets.iter().flat_map(points).collect();
        standing::judge(&mut points, |one, other| {
            summary.by_cost(&one.target, &other.target)
        });
        Self {
            control: summary.control().and_then(|control| {
                Some(Control {
                    target: control.name.clone(),
                    cpu_us: control.cpu_us()?,
                })
            }),
            points,
        }
    }

    /// The Pareto set, the shortest lag first.
    #[must_use]
    pub fn efficient(&self) -> Vec<&Point> {
        let points = self.points.iter();
        let mut efficient: Vec<&Point> = points
            .filter(|point| point.standing == Standing::Efficient)
            .collect();
        efficient.sort_by(|one, next| {
            let lags = one.longest_ms.1.total_cmp(&next.longest_ms.1);
            lags.then(one.cpu_us.total_cmp(&next.cpu_us))
        });
        efficient
    }
}

/// The row with the longest lag among the points that guard the resource and that the event is meant for, the first of several; `None`
/// without a sample.
#[must_use]
pub fn worst(target: &TargetSummary) -> Option<&RevocationSummary> {
    let rows = guarding(target);
    rows.reduce(|worst, row| match by_severity(row, worst) {
        Ordering::Greater => row,
        Ordering::Less | Ordering::Equal => worst,
    })
}

/// What counts of a target: the points that guard the resource, after events that are meant for them, where there is a sample.
pub(crate) fn guarding(target: &TargetSummary) -> impl Iterator<Item = &RevocationSummary> {
    let rows = target.revocation.iter();
    rows.filter(|row| row.traffic && row.sampled() > 0 && row.is_meant())
}

/// So many events are named where the lag is the same after several.
const NAMED: usize = 3;

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
    if named.len() == 1 {
        return named.join("");
    }
    let mut events: Vec<&str> = tied.iter().map(|row| row.event.as_str()).collect();
    events.dedup();
    match events.len() {
        few if few <= NAMED => events.join(", "),
        many => format!("{} and {} more events", events[0], many - 1),
    }
}

pub(crate) fn by_severity(left: &RevocationSummary, right: &RevocationSummary) -> Ordering {
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
    let point = |reach, longest_ms, known| Point {
        target: target.name.clone(),
        cpu_us,
        cpu_rounds: target.load.as_ref().and_then(|load| load.rounds.cpu_us),
        p99_ms: target.load.as_ref().and_then(|load| load.response_ms.p99),
        store_commands: target
            .load
            .as_ref()
            .and_then(|load| load.store_commands_per_request),
        wire_bytes: target.load.as_ref().map(|load| {
            let bytes = load.wire_bytes_per_request;
            bytes.sent + bytes.received
        }),
        after: after(target, row),
        reach,
        longest_ms,
        known,
        standing: standing(target, row, known),
    };
    let projected = row.projected.map(|projected| {
        let reach = Reach::Lasting {
            p50_ms: projected.p50_ms,
            max_ms: Some(projected.max_ms),
        };
        let access_ttl_s = projected.access_ttl_s;
        let longest_ms = (projected.max_ms, projected.max_ms);
        point(reach, longest_ms, Known::Projected { access_ttl_s })
    });
    let longest_ms = longest_ms(target);
    let measured = point(
        reach(row, longest_ms.1),
        longest_ms,
        Known::Measured {
            laboratory_ttl_s: row.laboratory_ttl_s(),
        },
    );
    [measured].into_iter().chain(projected).collect()
}

/// Before the points are held against each other.
fn standing(target: &TargetSummary, worst: &RevocationSummary, known: Known) -> Standing {
    let elsewhere = matches!(
        known,
        Known::Measured {
            laboratory_ttl_s: Some(_)
        }
    );
    if target.is_negative_control() {
        Standing::NegativeControl
    } else if elsewhere && !worst.carries_over() {
        Standing::Laboratory
    } else {
        Standing::Efficient
    }
}

/// Over all events and points that count: the worst row is the one that typically lasts longest, and another may have the longest lag.
fn longest_ms(target: &TargetSummary) -> (f64, f64) {
    let intervals = guarding(target).map(|row| {
        let from = row.certain_max_ms.unwrap_or(0.0);
        let until = match row.lag_ms {
            _ if row.censored > 0 => f64::INFINITY,
            Some(lag) => lag.max.unwrap_or(f64::INFINITY),
            None => 0.0,
        };
        (from, until)
    });
    intervals.fold((0.0, 0.0), |(from, until): (f64, f64), next| {
        (from.max(next.0), until.max(next.1))
    })
}

/// Typically as after the worst event, at most as after any.
fn reach(row: &RevocationSummary, longest_ms: f64) -> Reach {
    let max_ms = (longest_ms > 0.0 && longest_ms.is_finite()).then_some(longest_ms);
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

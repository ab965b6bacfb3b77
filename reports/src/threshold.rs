//! Thresholds: what a run must find, said in its scenario file as `p99 < 10ms`, absolute, whatever another run found.
//!
//! A scenario file has them for every target (`thresholds = ["p99 < 10ms"]`) or by target (`[thresholds]`, `"*"` for every one). They stand as they
//! were written in the resolved scenario of the run file; the summary says of each what became of it. A figure that the run does not have, or that
//! its own checks do not trust, shows nothing: that is no pass.
//!
//! [`Threshold`] is one of them, read from its text; [`Thresholds`] those of a scenario; [`judge()`] holds a run against them.

mod asked;
mod declared;
mod figure;
mod judge;
mod lag;
mod parse;
mod result;

pub use declared::{EVERY_TARGET, Thresholds};
pub use judge::judge;
pub use parse::ThresholdError;
pub use result::{ThresholdOutcome, ThresholdResult, Unit};

/// One threshold: a figure, how it is compared, and with what.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// Which figure.
    pub metric: Metric,
    /// How it must lie to the limit.
    pub comparison: Comparison,
    /// The limit.
    pub limit: Limit,
}

/// The figures that thresholds are about; there are no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metric {
    /// A quantile of the response time over all rounds of the stream, 0 to 1, or its maximum at 1; in milliseconds.
    Response(ResponseFigure),
    /// CPU time per request of all processes of the target, idle use subtracted; in microseconds.
    CpuTotal,
    /// Bytes sent and received per request.
    WireBytes,
    /// Commands to the store per request.
    StoreCommands,
    /// Rate achieved ÷ rate asked of the target, from 0 to 1.
    Achieved,
    /// Requests that did not end as the scenario expects.
    Unexpected,
    /// Intended starts that were never sent.
    Unsent,
    /// How long a caller stayed in after an event, over all its samples at one point; in milliseconds.
    Revocation {
        /// The event, as the scenario names it.
        event: String,
        /// Which of the figures.
        figure: LagFigure,
    },
    /// The highest rate that the target holds within its objective, per second.
    Capacity,
}

/// A figure of the response times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFigure {
    /// Median.
    P50,
    /// 90th percentile.
    P90,
    /// 99th percentile.
    P99,
    /// 99.9th percentile.
    P999,
    /// The longest.
    Max,
}

/// A figure of the lags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LagFigure {
    /// Median.
    P50,
    /// 99th percentile; needs 300 samples.
    P99,
    /// The longest.
    Max,
}

/// How a figure must lie to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`, of what is counted and not measured.
    Exactly,
}

/// What a figure is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// This much, in the unit of the metric.
    Value(f64),
    /// What the target promises for the event at the point.
    Bound,
}

/// In which part of a scenario a figure is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The stream that all targets share.
    Stream,
    /// The revocations.
    Revocations,
    /// The searches for capacity.
    Searches,
}

impl Metric {
    /// Where it is measured.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Revocation { .. } => Part::Revocations,
            Self::Capacity => Part::Searches,
            _ => Part::Stream,
        }
    }

    /// What its figures are in.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self {
            Self::Response(_) | Self::Revocation { .. } => Unit::Ms,
            Self::CpuTotal => Unit::Us,
            Self::WireBytes => Unit::Bytes,
            Self::StoreCommands => Unit::Commands,
            Self::Achieved => Unit::Share,
            Self::Unexpected | Self::Unsent => Unit::Count,
            Self::Capacity => Unit::PerS,
        }
    }

    /// Whether it is counted, so that it may be exactly something.
    fn is_counted(&self) -> bool {
        matches!(
            self,
            Self::WireBytes | Self::StoreCommands | Self::Unexpected | Self::Unsent
        )
    }

    /// As it stands in a threshold.
    #[must_use]
    pub fn name(&self) -> String {
        let fixed = match self {
            Self::Response(figure) => figure.name(),
            Self::CpuTotal => "cpu_total",
            Self::WireBytes => "wire_bytes",
            Self::StoreCommands => "store_commands",
            Self::Achieved => "achieved",
            Self::Unexpected => "unexpected",
            Self::Unsent => "unsent",
            Self::Capacity => "capacity",
            Self::Revocation { event, figure } => {
                return format!("revocation.{event}.{}", figure.name());
            }
        };
        fixed.to_owned()
    }
}

impl ResponseFigure {
    const ALL: [Self; 5] = [Self::P50, Self::P90, Self::P99, Self::P999, Self::Max];

    fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
            Self::Max => "max",
        }
    }
}

impl LagFigure {
    const ALL: [Self; 3] = [Self::P50, Self::P99, Self::Max];

    fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// In [0, 1].
    fn quantile(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P99 => 0.99,
            Self::Max => 1.0,
        }
    }
}

impl Comparison {
    /// Longer ones first: `<=` begins like `<`.
    const ALL: [(&'static str, Self); 5] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Exactly),
        ("<", Self::Below),
        (">", Self::Above),
    ];

    /// Whether `figure` lies so to `limit`.
    #[must_use]
    pub fn holds(self, figure: f64, limit: f64) -> bool {
        match self {
            Self::Below => figure < limit,
            Self::AtMost => figure <= limit,
            Self::Above => figure > limit,
            Self::AtLeast => figure >= limit,
            Self::Exactly => figure == limit,
        }
    }
}

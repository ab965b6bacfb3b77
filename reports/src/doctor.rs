//! Whether a machine is fit to measure: what was seen of it, what that means, and what to do.
//!
//! [`Examination`] is what was seen, [`Diagnosis`] what follows from it: every line can be judged again from the figures beside it.

mod examination;
mod judgement;
mod noise;
mod render;

pub use examination::{
    BusyProcess, Examination, LogRatios, Loopback, NoiseFloor, OpenFiles, OtherLoad, Program,
    TimerLateness,
};
pub use render::{markdown, text};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format this build writes.
pub const SCHEMA: &str = "authbench.doctor/1";

/// What a machine is fit for, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The worst of the lines.
    pub fitness: Fitness,
    /// One for each subject, in the order of [`Subject`].
    pub lines: Vec<Line>,
    /// What they are made from.
    pub examination: Examination,
}

/// How far a machine can be trusted with a measurement, from best to worst.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Fitness {
    /// Nothing stands against it.
    Fit,
    /// Figures hold with the reservation named.
    FitWithReservations,
    /// Runs here would not measure the targets.
    Unfit,
}

impl Fitness {
    /// For a heading: `fit`, `fit with reservations`, `unfit`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::FitWithReservations => "fit with reservations",
            Self::Unfit => "unfit",
        }
    }

    /// The exit code of `authbench doctor`: 4 when unfit.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Fit | Self::FitWithReservations => 0,
            Self::Unfit => 4,
        }
    }
}

/// What was looked at.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The build of this program.
    Build,
    /// Processors, and those that may be used.
    Processors,
    /// Who decides the processors' clock frequency.
    Governor,
    /// Whether processors halt when they have nothing to do.
    Idle,
    /// Whether this is a virtual machine.
    Virtualisation,
    /// Processor time that the hypervisor took.
    Steal,
    /// What the kernel tells the time by.
    ClockSource,
    /// What else runs.
    OtherLoad,
    /// How many files, and so connections, may be open.
    OpenFiles,
    /// How late a timer wakes this process.
    Timer,
    /// Whether the same work takes the same time.
    Canary,
    /// How many requests go over the loopback.
    Loopback,
    /// How far two identical targets seem to differ.
    NoiseFloor,
    /// Which stores were found.
    Stores,
    /// Which other load generators were found.
    Tools,
}

impl Subject {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Processors => "processors",
            Self::Governor => "governor",
            Self::Idle => "idle",
            Self::Virtualisation => "virtualisation",
            Self::Steal => "steal",
            Self::ClockSource => "clock source",
            Self::OtherLoad => "other load",
            Self::OpenFiles => "open files",
            Self::Timer => "timer",
            Self::Canary => "canary",
            Self::Loopback => "loopback",
            Self::NoiseFloor => "noise floor",
            Self::Stores => "stores",
            Self::Tools => "tools",
        }
    }
}

/// What one subject means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What was looked at.
    pub subject: Subject,
    /// What it makes of the machine.
    pub fitness: Fitness,
    /// What was seen.
    pub seen: String,
    /// What to do; absent where nothing needs doing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub advice: Option<String>,
}

impl Diagnosis {
    /// Judges what was seen.
    #[must_use]
    pub fn of(examination: Examination) -> Self {
        let lines = judgement::lines(&examination);
        let worst = lines.iter().map(|line| line.fitness).max();
        Self {
            schema: SCHEMA.to_owned(),
            fitness: worst.unwrap_or(Fitness::Fit),
            lines,
            examination,
        }
    }
}

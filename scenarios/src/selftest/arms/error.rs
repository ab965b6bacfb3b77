//! Why two arms could not be compared.

use crate::flow::ExchangeError;
use crate::load::attack::AttackError;
use crate::process::ProcessError;
use crate::run::system::StartError;
use crate::target::FileError;
use crate::wire::RequestError;
use authbench_reports::comparison::looks::LookError;
use authbench_reports::comparison::series::NoRatio;
use nix::errno::Errno;
use std::io;

/// Why two arms could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ArmsError {
    /// An arm does not run.
    #[error(transparent)]
    Start(#[from] Box<StartError>),
    /// One of its processes ended.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A built-in file is wrong.
    #[error(transparent)]
    File(#[from] FileError),
    /// The virtual users failed.
    #[error(transparent)]
    Attack(#[from] AttackError),
    /// The operating system refused a timer.
    #[error("set a timer: {0}")]
    Timer(#[source] io::Error),
    /// The CPU clock of a process could not be read: it is gone.
    #[error("read the CPU clock of a process: {0}")]
    Clock(#[from] Errno),
    /// A request could not be built.
    #[error("build a request: {0}")]
    Request(#[from] RequestError),
    /// A truth server did not answer a question about itself.
    #[error("ask a truth server about itself: {0}")]
    Exchange(#[from] ExchangeError),
    /// It answered something else.
    #[error("ask a truth server about itself: {0}")]
    Answer(String),
    /// A store did not say how many commands it has processed.
    #[error("ask a store for its count of commands: {0}")]
    Store(#[source] io::Error),
    /// Requests were not answered as they must: then nothing about the others is worth comparing.
    #[error("{count} requests of arm {arm} were not answered with 200")]
    Unanswered {
        /// Which arm.
        arm: &'static str,
        /// How many.
        count: u64,
    },
    /// A round had too few requests for its p90.
    #[error("a round had only {0} requests at one arm")]
    TooFewRequests(u64),
    /// A round has no ratio.
    #[error(transparent)]
    Ratio(#[from] NoRatio),
    /// The rounds could not be looked at.
    #[error(transparent)]
    Look(#[from] LookError),
    /// Told to stop.
    #[error("interrupted")]
    Interrupted,
}

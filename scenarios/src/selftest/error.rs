//! Why a self-test could not be made.

use super::arms::ArmsError;
use super::generator_cost::GeneratorCostError;
use crate::flow::{EncodeError, ExchangeError, StepError};
use crate::load::attack::AttackError;
use crate::run::RunError;
use crate::run::system::StartError;
use crate::target::FileError;
use crate::wire::RequestError;
use std::io;

/// Why a truth could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum SelftestError {
    /// A truth server does not run.
    #[error(transparent)]
    Start(#[from] Box<StartError>),
    /// A built-in file is wrong.
    #[error(transparent)]
    File(#[from] FileError),
    /// The virtual users failed.
    #[error(transparent)]
    Attack(#[from] AttackError),
    /// The operating system refused a timer.
    #[error("set a timer: {0}")]
    Timer(#[from] io::Error),
    /// A user could not log in.
    #[error(transparent)]
    Login(#[from] StepError),
    /// A request could not be built from a target file.
    #[error("build a request: {0}")]
    Point(#[from] EncodeError),
    /// A request to the truth server's own endpoints could not be built.
    #[error("build a request: {0}")]
    Request(#[from] RequestError),
    /// The truth server did not answer.
    #[error("ask the truth server: {0}")]
    Exchange(#[from] ExchangeError),
    /// The truth server answered something else than it should.
    #[error("the truth server answered {request} with {status}: {problem}")]
    Answer {
        /// What was asked.
        request: &'static str,
        /// The status of the answer.
        status: u16,
        /// What is wrong with it.
        problem: String,
    },
    /// Revocations could not be made.
    #[error(transparent)]
    Run(#[from] Box<RunError>),
    /// What a request costs could not be measured.
    #[error(transparent)]
    Cost(#[from] Box<GeneratorCostError>),
    /// Two arms could not be compared.
    #[error(transparent)]
    Arms(Box<ArmsError>),
    /// Told to stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<ArmsError> for SelftestError {
    fn from(error: ArmsError) -> Self {
        match error {
            ArmsError::Interrupted => Self::Interrupted,
            error => Self::Arms(Box::new(error)),
        }
    }
}

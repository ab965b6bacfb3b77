//! Why two arms could not be compared.

use crate::process::ProcessError;
use crate::run::RunError;
use crate::target::FileError;
use authbench_reports::comparison::looks::LookError;
use authbench_reports::comparison::series::NoRatio;

/// Why two arms could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// An arm was not built.
    #[error(transparent)]
    Build(#[from] ProcessError),
    /// An arm could not be measured.
    #[error(transparent)]
    Run(#[from] Box<RunError>),
    /// The traffic that was asked for is no scenario.
    #[error(transparent)]
    Scenario(#[from] FileError),
    /// A round has no ratio.
    #[error(transparent)]
    Ratio(#[from] NoRatio),
    /// The rounds could not be looked at.
    #[error(transparent)]
    Look(#[from] LookError),
    /// No round of either arm was answered.
    #[error("no round of {subject} had requests answered by both arms: nothing can be compared")]
    Nothing {
        /// The subject.
        subject: String,
    },
    /// Told to stop.
    #[error("interrupted")]
    Interrupted,
}

impl CompareError {
    /// Whether a file or an option asks for something that cannot be had, rather than something broke on the way.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Build(_) | Self::Scenario(_) => true,
            Self::Run(error) => match &**error {
                RunError::Measure { source, .. } => source.is_bad_input(),
                RunError::Demand(_) | RunError::Start(_) => true,
            },
            Self::Ratio(_) | Self::Look(_) | Self::Nothing { .. } | Self::Interrupted => false,
        }
    }
}

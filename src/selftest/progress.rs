//! What a self-test shows while it works: a spinner with the time left on a terminal, a line per group elsewhere, nothing when told to be
//! quiet.

use authbench_scenarios::selftest::Progress;
use indicatif::ProgressBar;
use std::io::IsTerminal;

/// Where progress goes.
pub(crate) enum Display {
    Quiet,
    Lines,
    Spinner(ProgressBar),
}

impl Display {
    /// A spinner if standard error is a terminal, lines if not.
    pub(crate) fn new(quiet: bool) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Quiet,
            (false, false) => Self::Lines,
            (false, true) => Self::Spinner(ProgressBar::new_spinner()),
        }
    }

    /// Shows what has begun.
    pub(crate) fn show(&self, step: Progress) {
        let text = format!(
            "measuring {} (about {} s left)",
            step.truth,
            step.left.as_secs()
        );
        match self {
            Self::Quiet => {}
            Self::Lines => eprintln!("{text}"),
            Self::Spinner(spinner) => {
                // No ticking thread: it would run on the generator's processor.
                spinner.set_message(text);
                spinner.tick();
            }
        }
    }

    /// Takes the spinner away.
    pub(crate) fn finish(&self) {
        if let Self::Spinner(spinner) = self {
            spinner.finish_and_clear();
        }
    }
}

//! What an exploration shows while it works: a bar on a terminal, a line per part elsewhere, nothing when told to be quiet.

use indicatif::{ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::io::IsTerminal;

/// Steps of the bar.
const LENGTH: u64 = 1_000;

/// Where progress goes.
pub(super) enum Progress {
    Quiet,
    /// What was said last.
    Lines(RefCell<String>),
    Bar(ProgressBar),
}

impl Progress {
    /// A bar if standard error is a terminal, lines if not.
    pub(super) fn new(quiet: bool) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Quiet,
            (false, false) => Self::Lines(RefCell::default()),
            (false, true) => {
                let bar = ProgressBar::new(LENGTH);
                if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
                    bar.set_style(style);
                }
                Self::Bar(bar)
            }
        }
    }

    /// `share` (0 to 1) of what is being explored is done.
    pub(super) fn show(&self, what: &str, share: f64) {
        match self {
            Self::Quiet => {}
            Self::Lines(said) => {
                if *said.borrow() != what {
                    eprintln!("exploring: {what}");
                    what.clone_into(&mut said.borrow_mut());
                }
            }
            Self::Bar(bar) => {
                bar.set_message(what.to_owned());
                bar.set_position((share * LENGTH as f64) as u64);
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

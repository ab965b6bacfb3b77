//! What a run shows while it works: a bar with the time left on a terminal, plain lines elsewhere, nothing when told to be quiet.

use authbench_scenarios::run::progress::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Where progress goes.
pub(crate) struct Display {
    state: Mutex<State>,
}

struct State {
    mode: Mode,
    expected: Duration,
    began: Instant,
    printed: String,
}

enum Mode {
    Quiet,
    Lines,
    Bar(ProgressBar),
}

impl Display {
    /// A bar if standard error is a terminal, lines if not.
    pub(crate) fn new(quiet: bool) -> Self {
        let mode = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Mode::Quiet,
            (false, false) => Mode::Lines,
            (false, true) => Mode::Bar(bar()),
        };
        Self {
            state: Mutex::new(State {
                mode,
                expected: Duration::ZERO,
                began: Instant::now(),
                printed: String::new(),
            }),
        }
    }

    /// Shows one step.
    pub(crate) fn show(&self, progress: &Progress) {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Progress::Scenario { expected, .. } = progress {
            state.expected = *expected;
            state.began = Instant::now();
        }
        let text = text(progress);
        let left = state.expected.saturating_sub(state.began.elapsed());
        match &state.mode {
            Mode::Quiet => {}
            Mode::Lines => {
                // One line per change, and of the revocations every tenth part only.
                if text != state.printed && is_worth_a_line(progress) {
                    eprintln!("{text} (about {} s left in this scenario)", left.as_secs());
                    state.printed = text;
                }
            }
            Mode::Bar(bar) => {
                if matches!(progress, Progress::Scenario { .. }) {
                    bar.println(&text);
                }
                let total = state.expected.as_millis() as u64;
                bar.set_length(total);
                // An estimate that was too short must not look like the end.
                bar.set_position((state.began.elapsed().as_millis() as u64).min(total * 99 / 100));
                bar.set_message(format!("{text}, about {} s left", left.as_secs()));
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        let state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Mode::Bar(bar) = &state.mode {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(1);
    let style = ProgressStyle::with_template("{spinner} [{elapsed_precise}] {bar:30} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

fn is_worth_a_line(progress: &Progress) -> bool {
    match progress {
        Progress::Revocations { done, of } => *done == *of || done % (of / 10).max(1) < 5,
        _ => true,
    }
}

fn text(progress: &Progress) -> String {
    match progress {
        Progress::Scenario { name, question, .. } => format!("scenario {name}: {question}"),
        Progress::Starting { target } => format!("starting {target}"),
        Progress::LoggingIn {
            target,
            credentials,
        } => format!("issuing {credentials} credentials at {target}"),
        Progress::Idle => "measuring the idle processes".to_owned(),
        Progress::WarmUp => "warming up".to_owned(),
        Progress::Round { round, rounds } => format!("round {round} of {rounds}"),
        Progress::Alone {
            target, round: 0, ..
        } => format!("looking for the rates of {target}"),
        Progress::Alone {
            target,
            round,
            rounds,
        } => format!("round {round} of {rounds}: {target} alone"),
        Progress::Sessions { of, round, rounds } => {
            let of = of.as_deref().unwrap_or("all clients");
            format!("round {round} of {rounds}: sessions of {of}")
        }
        Progress::Revocations { done, of } => format!("{done} of {of} revocations"),
    }
}

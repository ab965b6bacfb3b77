//! What a run tells whoever waits for it.

use std::time::Duration;

/// One thing that has begun or moved on.
#[derive(Clone, Debug)]
pub enum Progress {
    /// A scenario begins.
    Scenario {
        /// Its name.
        name: String,
        /// The question it answers.
        question: String,
        /// About how long it takes.
        expected: Duration,
    },
    /// The processes of a target are being started.
    Starting {
        /// The target.
        target: String,
    },
    /// Credentials are being issued.
    LoggingIn {
        /// The target.
        target: String,
        /// How many it gets.
        credentials: u32,
    },
    /// The processes are left alone to see what they use without traffic.
    Idle,
    /// The unmeasured beginning of the stream.
    WarmUp,
    /// A measured round begins.
    Round {
        /// Counted from 1.
        round: u32,
        /// How many there will be.
        rounds: u32,
    },
    /// One target is loaded alone.
    Alone {
        /// The target.
        target: String,
        /// Counted from 1; 0: its ladder of rates is being made.
        round: u32,
        /// How many there will be.
        rounds: u32,
    },
    /// Sessions begin.
    Sessions {
        /// The client type that is alone; absent: all of them.
        of: Option<String>,
        /// Counted from 1.
        round: u32,
        /// How many there will be.
        rounds: u32,
    },
    /// Revocations have been made.
    Revocations {
        /// How many.
        done: usize,
        /// Of how many.
        of: usize,
    },
}

//! The runtime that a generator needs: wherever load is made, it is made on this one.

use std::io;
use tokio::runtime::{Builder, Runtime};

/// Task polls between two looks at the operating system's events. Tokio's own 61 let a burst of probes, which its timers release
/// together at each millisecond, hold up the pacer's timer for most of the next one.
const POLLS_BETWEEN_EVENTS: u32 = 5;

/// A current-thread runtime for the load engine: one thread, so that no lock is contended and one core is the generator's.
///
/// # Errors
/// When the operating system refuses an event queue.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .event_interval(POLLS_BETWEEN_EVENTS)
        .build()
}

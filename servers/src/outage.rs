//! Saying once that something is gone, and once that it is back.
//!
//! During an outage every request fails, thousands a second: one line for each would fill a disk
//! and tell nothing. How many failed stands in the metrics.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Reports the beginning and the end of outages to standard error.
#[derive(Debug)]
pub struct OutageReport {
    server: &'static str,
    answering: &'static str,
    is_down: AtomicBool,
}

impl OutageReport {
    /// Reports for `server`, which answers 503 meanwhile.
    pub fn new(server: &'static str) -> Self {
        Self::answering(server, "503")
    }

    /// Reports for `server`, which answers something else meanwhile.
    pub fn answering(server: &'static str, answering: &'static str) -> Self {
        Self {
            server,
            answering,
            is_down: AtomicBool::new(false),
        }
    }

    /// Something failed for want of what has to be asked.
    pub fn failed(&self, error: &impl Display) {
        if !self.is_down.swap(true, Relaxed) {
            eprintln!(
                "{}: failed to {error}; answering {} until it is back",
                self.server, self.answering
            );
        }
    }

    /// Something that has to be asked has answered. Costs one load while all is well.
    pub fn answered(&self) {
        if self.is_down.load(Relaxed) && self.is_down.swap(false, Relaxed) {
            eprintln!("{}: back after an outage", self.server);
        }
    }
}

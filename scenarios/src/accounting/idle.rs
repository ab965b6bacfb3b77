//! Keeps processors from going to sleep while something is measured.
//!
//! A processor that has nothing to do halts, and takes tens of microseconds to come back: more than the request it comes back for, and
//! more the lower the rate is. Linux lets a program ask that no processor halts for as long as it keeps a file open (the kernel's
//! PM QoS interface). What is measured then is the target, not the processor's sleep.

use std::fs::{File, OpenOptions};
use std::io::Write;

/// Where the request is made; usually only root may.
const DEVICE: &str = "/dev/cpu_dma_latency";
/// The longest that waking up may take, in microseconds: none, so that a processor without work waits instead of halting.
const WAKE_UP_US: i32 = 0;

/// As long as this lives, no processor of the machine halts.
#[derive(Debug)]
pub struct KeptAwake {
    _request: File,
}

impl KeptAwake {
    /// `None` where the system has no such interface, or does not let this user use it.
    #[must_use]
    pub fn request() -> Option<Self> {
        let mut request = OpenOptions::new().write(true).open(DEVICE).ok()?;
        request.write_all(&WAKE_UP_US.to_ne_bytes()).ok()?;
        Some(Self { _request: request })
    }
}

//! Keeps processors from going to sleep while something is measured.
//!
//! A processor that has nothing to do halts, and takes tens of microseconds to come back: more than the request it comes back for, and
//! more the lower the rate is. What is to be measured is the target, not the processor's sleep.
//!
//! Linux lets a program ask that no processor halts for as long as it keeps a file open (the kernel's PM QoS interface). Only a kernel that
//! manages idle processors listens to that: in many virtual machines it does not, and says nothing. There, and where the file is not for this
//! user, something that wants the processor only when nobody else does waits on each of them instead (`spinner`).

#[cfg(target_os = "linux")]
mod spinner;

use std::fs::{File, OpenOptions};
use std::io::Write;

/// What a process is called that does nothing but wait on a processor. Its time is nobody's load: whoever has something to do there gets the processor at once.
pub const WAITING: &std::ffi::CStr = c"authbench-awake";
/// Where the request is made; usually only root may.
const DEVICE: &str = "/dev/cpu_dma_latency";
/// What puts idle processors to sleep; `none` where nothing does but the halt instruction.
const DRIVER: &str = "/sys/devices/system/cpu/cpuidle/current_driver";
/// The longest that waking up may take, in microseconds: none, so that a processor without work waits instead of halting.
const WAKE_UP_US: i32 = 0;

/// As long as this lives, the processors that it was made for do not halt.
#[derive(Debug)]
pub struct KeptAwake {
    _by: Means,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held for what their end does")]
enum Means {
    Request(File),
    #[cfg(target_os = "linux")]
    Spinners(Vec<spinner::Spinner>),
}

impl KeptAwake {
    /// For all of `processors`; for every one that this process may use, where these are none. Call it on a thread that lives as long as what it
    /// gives: the main thread. `None` where the system has no such means, or does not let this user have them.
    #[must_use]
    pub fn request(processors: &[usize]) -> Option<Self> {
        let by = ask_the_kernel().or_else(|| spin(processors))?;
        Some(Self { _by: by })
    }
}

/// The kernel's own way, where it has one.
fn ask_the_kernel() -> Option<Means> {
    let driver = std::fs::read_to_string(DRIVER).ok()?;
    if matches!(driver.trim(), "" | "none") {
        return None;
    }
    let mut request = OpenOptions::new().write(true).open(DEVICE).ok()?;
    request.write_all(&WAKE_UP_US.to_ne_bytes()).ok()?;
    Some(Means::Request(request))
}

/// One on each processor, or none at all.
#[cfg(target_os = "linux")]
fn spin(processors: &[usize]) -> Option<Means> {
    let processors = match processors {
        [] => super::machine::allowed_cpus(),
        some => some.to_vec(),
    };
    let spinners = processors.into_iter().map(spinner::Spinner::start);
    let spinners: Vec<spinner::Spinner> = spinners.collect::<Result<_, _>>().ok()?;
    (!spinners.is_empty()).then_some(Means::Spinners(spinners))
}

#[cfg(not(target_os = "linux"))]
fn spin(_: &[usize]) -> Option<Means> {
    None
}

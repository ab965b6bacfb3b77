//! Looks at the machine: what it is, what else runs on it, and how well it does in small what a run does at length.
//!
//! What the figures mean is judged in `authbench_reports::doctor`; here they are only taken.

mod limits;
mod load;
mod loopback;
mod noise;
mod processors;
mod programs;
mod servers;
mod timer;

use crate::accounting::canary::{Canary, SLICE, SLICES, canary};
use crate::accounting::cpu::MachineTime;
use crate::accounting::machine;
use crate::load::attack::AttackError;
use crate::process::RunSettings;
use crate::run::system::StartError;
use authbench_reports::doctor::{Examination, Loopback, NoiseFloor, OtherLoad};
use nix::errno::Errno;
use servers::Servers;
use std::io;
use std::time::{Duration, Instant};

/// Readings of the canary in the second without load, and how far apart they are.
const CANARY_READINGS: u32 = 20;
const CANARY_EVERY: Duration = Duration::from_millis(50);

/// What the caller knows.
pub struct Known {
    /// Version of authbench.
    pub authbench_version: String,
    /// `release` or `debug`.
    pub build: String,
    /// Now, RFC 3339, UTC.
    pub examined_at: String,
    /// Whether processors are kept awake while this looks.
    pub kept_awake: bool,
    /// Processors that this process could use before it was pinned.
    pub processors_allowed: Vec<usize>,
}

/// Why a machine could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// The servers that are loaded for a few seconds do not start.
    #[error(transparent)]
    Start(#[from] Box<StartError>),
    /// A request to them could not be made.
    #[error("load a server: {0}")]
    Load(String),
    /// The virtual users failed.
    #[error(transparent)]
    Attack(#[from] AttackError),
    /// A CPU clock could not be read.
    #[error("read a CPU clock: {0}")]
    Clock(#[from] Errno),
    /// The operating system refused a timer.
    #[error("set a timer: {0}")]
    Timer(#[from] io::Error),
    /// Told to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Looks at everything; takes about 15 seconds. Call it on the main thread, inside a current-thread runtime. `tell` hears what is being
/// looked at. Every process that it starts has ended when it returns.
///
/// # Errors
/// [`ExamineError`]; what cannot be seen is no error but absent.
pub async fn examine(
    known: Known,
    settings: &RunSettings,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Examination, ExamineError> {
    let (began, before) = (Instant::now(), MachineTime::now());
    tell("what else runs");
    let (other_load, canary) = quiet_second().await;
    tell("how late timers are");
    let timer = timer::lateness();
    tell("the loopback");
    let servers = Servers::start(settings)?;
    let interrupted = || *settings.interrupted.borrow();
    let measured = measure(&servers, interrupted, tell).await;
    servers.stop();
    let (loopback, noise_floor) = measured?;
    let steal = before.zip(MachineTime::now());
    Ok(Examination {
        cpu: machine::cpu_model(),
        kernel: machine::kernel(),
        processors_online: processors::online(),
        governors: processors::governors(&known.processors_allowed),
        kept_awake: known.kept_awake,
        hypervisor: processors::hypervisor(),
        steal_share: steal.and_then(|(before, now)| now.steal_share_since(before)),
        clock_source: processors::clock_source(),
        other_load,
        open_files: limits::open_files(),
        timer,
        canary,
        loopback,
        noise_floor,
        stores: programs::stores(),
        tools: programs::tools(),
        authbench_version: known.authbench_version,
        build: known.build,
        examined_at: known.examined_at,
        processors_allowed: known.processors_allowed,
        duration_s: began.elapsed().as_secs_f64(),
    })
}

async fn measure(
    servers: &Servers,
    interrupted: impl Fn() -> bool,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<(Loopback, NoiseFloor), ExamineError> {
    if interrupted() {
        return Err(ExamineError::Interrupted);
    }
    let loopback = loopback::measure(servers).await?;
    if interrupted() {
        return Err(ExamineError::Interrupted);
    }
    tell("two identical targets");
    let noise_floor = noise::measure(servers, &interrupted).await?;
    Ok((loopback, noise_floor))
}

/// What others do while we do next to nothing; the canary looks in now and then.
async fn quiet_second() -> (Option<OtherLoad>, Vec<Canary>) {
    // Once before, so that its calibration is not part of what is seen.
    let _ = canary(1, SLICE);
    let before = load::Snapshot::now();
    let mut readings = Vec::new();
    for _ in 0..CANARY_READINGS {
        tokio::time::sleep(CANARY_EVERY).await;
        readings.push(canary(SLICES, SLICE));
    }
    let after = load::Snapshot::now();
    let load = before
        .zip(after)
        .and_then(|(before, after)| after.since(&before));
    (load, readings)
}

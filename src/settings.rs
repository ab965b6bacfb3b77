//! How targets are started where no option says otherwise.

use crate::interrupt::Interrupted;
use anyhow::{Context, Result};
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::target::RemoteTargets;
use std::path::PathBuf;

/// By this program, on any processor, with a store of their own and their logs in `dir`; nothing but this machine is reached, and no command runs.
pub(crate) fn standing_alone(dir: PathBuf, interrupted: Interrupted) -> Result<RunSettings> {
    Ok(RunSettings {
        authbench: std::env::current_exe().context("find this program")?,
        store_url: None,
        redis_server: None,
        require_real_redis: false,
        dir,
        cpus: Vec::new(),
        allow_commands: false,
        remote: RemoteTargets::refused(),
        interrupted,
    })
}

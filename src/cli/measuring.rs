//! Options of everything that measures targets, and of everything that talks to them.

use super::LET_IDLE;
use crate::repeat::Repeat;
use authbench_scenarios::target::RemoteTargets;
use clap::Args;
use std::path::PathBuf;

/// How targets are measured.
#[derive(Debug, Args)]
pub(crate) struct MeasuringArguments {
    /// Seed of every random draw that shapes the traffic
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Store to use, e.g. redis://127.0.0.1:6379/5; never silently replaced by another, and two arms have a part of their own in it
    /// [default: a server of its own for each target; `run`: REDIS_URL from the environment first, unless --redis-server is given]
    #[arg(long, value_name = "URL")]
    pub(crate) store_url: Option<String>,

    /// Redis or Valkey server to start for each target [default: valkey-server or redis-server on PATH]
    #[arg(long, value_name = "PATH", conflicts_with = "store_url")]
    pub(crate) redis_server: Option<PathBuf>,

    /// Fail rather than use the embedded store, which is not Redis
    #[arg(long)]
    pub(crate) require_real_redis: bool,

    /// What target files may reach
    #[command(flatten)]
    pub(crate) reach: ReachArguments,

    /// Do not keep the generator on one processor and the targets on the others
    #[arg(long)]
    pub(crate) no_pin: bool,

    /// Let processors halt when they have nothing to do, even where this user may keep them awake
    #[arg(long, env = LET_IDLE, value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) let_idle: bool,

    /// Print only the result, no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl MeasuringArguments {
    /// Adds what repeats them.
    pub(crate) fn repeat(&self, repeat: &mut Repeat) {
        repeat
            .option("seed", self.seed)
            // It may hold a password.
            .given("store-url", self.store_url.as_ref().map(|_| "…"))
            .given(
                "redis-server",
                self.redis_server.as_ref().map(|path| path.display()),
            )
            .flag("require-real-redis", self.require_real_redis)
            .each("allow-remote-target", &self.reach.remote_targets)
            .flag("allow-commands", self.reach.allow_commands)
            .flag("no-pin", self.no_pin)
            .flag("let-idle", self.let_idle);
    }
}

/// What a target file may reach.
#[derive(Debug, Args)]
pub(crate) struct ReachArguments {
    /// Host other than this machine that may be sent requests; repeatable
    #[arg(long = "allow-remote-target", value_name = "HOST")]
    pub(crate) remote_targets: Vec<String>,

    /// Let steps of a target file run commands on this machine (command = […]); without it such a file is refused
    #[arg(long)]
    pub(crate) allow_commands: bool,
}

impl ReachArguments {
    /// The hosts that were named.
    pub(crate) fn hosts(&self) -> RemoteTargets {
        RemoteTargets::allowing(self.remote_targets.iter().cloned())
    }
}

//! Options about sessions that not every server has.

use super::duration;
use authbench_servers::model::SessionState;
use clap::Args;
use std::time::Duration;

/// Where the state of a session is.
#[derive(Debug, Args)]
pub(crate) struct SessionStateArguments {
    /// Where the state of session is: server (in the store), or cookie (signed, in the cookie itself: nothing can end such a
    /// session before its time, and no request costs a round trip)
    #[arg(long, value_name = "server|cookie", default_value_t)]
    pub(crate) session_state: SessionState,
}

/// How long a session that was looked up is remembered.
#[derive(Debug, Args)]
pub(crate) struct LocalCacheArguments {
    /// How long a session that was looked up is remembered, shorter than --session-idle; 0s: every request looks it up
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub(crate) local_cache: Duration,
}

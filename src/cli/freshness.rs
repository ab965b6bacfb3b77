//! Options of a resource server that bound how long something is good there that has ended: published keys, and streams
//! of events that are already open.

use super::duration;
use authbench_servers::resource::ResourceSettings;
use authbench_servers::resource::streams::StreamSettings;
use clap::Args;
use std::time::Duration;

/// How long published keys are kept.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// How long the issuer's published keys are used without another look, at least 100ms; a withdrawn key is good no longer
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1s")]
    pub(crate) jwks_ttl: Duration,

    /// How old they may become while the issuer does not answer; then 503
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "300s")]
    pub(crate) jwks_stale: Duration,
}

/// How streams of events (GET /events) are kept.
#[derive(Debug, Args)]
pub(crate) struct StreamArguments {
    /// How often a stream of GET /events has an event
    #[arg(long, value_name = "DURATION", value_parser = at_least_1ms, default_value = "20ms")]
    pub(crate) event_every: Duration,

    /// How often the credential of an open stream is judged again; 0s: never, so that a stream outlives its credential
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1s")]
    pub(crate) stream_recheck: Duration,
}

impl KeyArguments {
    /// Puts them where they belong.
    pub(crate) fn apply(&self, settings: &mut ResourceSettings) {
        settings.jwks_ttl = self.jwks_ttl;
        settings.jwks_stale = self.jwks_stale;
    }
}

impl From<StreamArguments> for StreamSettings {
    fn from(arguments: StreamArguments) -> Self {
        Self {
            every: arguments.event_every,
            recheck: Some(arguments.stream_recheck).filter(|recheck| !recheck.is_zero()),
            ..Self::default()
        }
    }
}

fn at_least_1ms(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        every if every < Duration::from_millis(1) => Err("expected at least 1ms".to_owned()),
        every => Ok(every),
    }
}

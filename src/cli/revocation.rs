//! Options of both servers about the revocation channel.

use super::duration;
use authbench_servers::revocation::{PushFail, Revocation, RevocationSettings};
use clap::{ArgAction, Args};
use std::time::Duration;

const HEADING: &str = "Revocation, alike for both servers";

/// How it is made known what has ended before its time; the two servers of a target have to be told the same.
#[derive(Debug, Args)]
pub(crate) struct RevocationArguments {
    /// How resource servers learn what has ended: none; denylist (jwt, hybrid: a look-up for each request); denylist-push (jwt,
    /// hybrid, gateway, cached opaque: a stream, kept in memory); epoch (jwt: the account's number, looked up for each request);
    /// status-list (jwt: a signed list, fetched)
    #[arg(long, help_heading = HEADING, value_name = "CHANNEL", default_value_t)]
    pub(crate) revocation: Revocation,

    /// How long a resource server may go on without word from a channel that is pushed or fetched
    #[arg(long, help_heading = HEADING, value_name = "DURATION", value_parser = duration, default_value = "1s")]
    pub(crate) push_staleness: Duration,

    /// What a resource server does then: closed (503 for everything) or open (it goes on with what it knows)
    #[arg(long, help_heading = HEADING, value_name = "closed|open", default_value_t)]
    pub(crate) push_fail: PushFail,

    /// How often the status list is fetched
    #[arg(long, help_heading = HEADING, value_name = "DURATION", value_parser = duration, default_value = "1s")]
    pub(crate) status_list_ttl: Duration,

    /// on: access tokens of jwt without expiry, which resource servers accept: what not to do, to compare with
    #[arg(long, help_heading = HEADING, value_name = "on|off", value_parser = switch, action = ArgAction::Set, default_value = "off")]
    pub(crate) no_exp: bool,
}

impl RevocationArguments {
    /// What a server is told.
    pub(crate) fn settings(&self) -> RevocationSettings {
        RevocationSettings {
            channel: self.revocation,
            staleness: self.push_staleness,
            fail: self.push_fail,
            status_list_ttl: self.status_list_ttl,
            no_exp: self.no_exp,
        }
    }
}

fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off"),
    }
}

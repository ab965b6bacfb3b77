//! Which revocation channel there is, and how long it may be silent.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::journal::MARGIN;
use crate::jwt::SigningAlgorithm;
use crate::model::Model;

/// How a resource server learns what has ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Revocation {
    /// It does not.
    #[default]
    None,
    /// It looks each token up in the store.
    Denylist,
    /// It is told by a stream, and keeps in memory what it was told.
    DenylistPush,
    /// It compares the account's number in each token with the one in the store.
    Epoch,
    /// It fetches a signed list of bits, one for each token (Token Status List).
    StatusList,
}

/// All channels.
const REVOCATIONS: [Revocation; 5] = [
    Revocation::None,
    Revocation::Denylist,
    Revocation::DenylistPush,
    Revocation::Epoch,
    Revocation::StatusList,
];

/// A name that is no channel's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown revocation channel `{0}` (expected {names})", names = names())]
pub struct UnknownRevocation(String);

/// What a resource server does when it has had no word from its channel for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PushFail {
    /// It answers 503 until it knows again what has ended.
    #[default]
    Closed,
    /// It goes on with what it knows.
    Open,
}

/// A name that is neither.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown answer to a silent channel `{0}` (expected closed or open)")]
pub struct UnknownPushFail(String);

/// A channel that a model cannot use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedRevocation {
    /// The model has no use for it.
    #[error(
        "use --revocation {channel} with {model}: denylist goes with jwt and hybrid, denylist-push with jwt, hybrid, gateway and a cached opaque, epoch and status-list with jwt"
    )]
    Model {
        /// The model.
        model: Model,
        /// The channel.
        channel: Revocation,
    },
    /// Entries could never be dropped.
    #[error(
        "issue tokens without expiry and use --revocation {0}: what denies them could never be forgotten; --no-exp on goes with --revocation none"
    )]
    NoExpiry(Revocation),
    /// Only a JWT has an expiry that could be left out.
    #[error("issue credentials of {0} without expiry: --no-exp on goes with jwt")]
    NoExpiryModel(Model),
    /// Whoever reads the list could have written it.
    #[error(
        "publish a status list signed with HS256: resource servers share that secret, use RS256, PS256, ES256 or EdDSA"
    )]
    SharedSecret,
    /// Denials would be forgotten before the tokens they deny.
    #[error(
        "accept tokens for {0:?} past their expiry and deny some: --leeway can be 60s at most with --revocation"
    )]
    Leeway(Duration),
    /// Too short to be kept.
    #[error("let the channel be silent for {0:?} at most: at least 300 ms are needed")]
    Staleness(Duration),
    /// A list that nobody could fetch in time.
    #[error("fetch a status list every {0:?}: at least 20 ms are needed")]
    StatusListTtl(Duration),
}

/// What both servers are told about the channel.
#[derive(Clone, Copy, Debug)]
pub struct RevocationSettings {
    /// Which one.
    pub channel: Revocation,
    /// How long a resource server may go on without word from the channel.
    pub staleness: Duration,
    /// What it does then.
    pub fail: PushFail,
    /// How often a status list is fetched.
    pub status_list_ttl: Duration,
    /// Tokens without `exp`, and a resource server that accepts them (`jwt`): the negative control.
    pub no_exp: bool,
}

/// The shortest staleness of a pushed channel. Redis notices the end of a wait up to 100 ms late, and word is two waits old at most.
const SHORTEST_STALENESS: Duration = Duration::from_millis(300);
/// The shortest time between two fetches of a list.
const SHORTEST_TTL: Duration = Duration::from_millis(20);

impl Default for RevocationSettings {
    fn default() -> Self {
        Self {
            channel: Revocation::default(),
            staleness: Duration::from_secs(1),
            fail: PushFail::default(),
            status_list_ttl: Duration::from_secs(1),
            no_exp: false,
        }
    }
}

impl RevocationSettings {
    /// Whether a server of `model` can do this.
    pub fn check(&self, model: Model) -> Result<(), UnsupportedRevocation> {
        let channel = self.channel;
        let is_jwt = model == Model::Jwt;
        let fits = match channel {
            Revocation::None => true,
            Revocation::Denylist => is_jwt || model == Model::Hybrid,
            Revocation::DenylistPush => {
                is_jwt || matches!(model, Model::Hybrid | Model::Opaque | Model::Gateway)
            }
            Revocation::Epoch | Revocation::StatusList => is_jwt,
        };
        if !fits {
            Err(UnsupportedRevocation::Model { model, channel })
        } else if self.no_exp && !is_jwt {
            Err(UnsupportedRevocation::NoExpiryModel(model))
        } else if self.no_exp && channel != Revocation::None {
            Err(UnsupportedRevocation::NoExpiry(channel))
        } else if channel == Revocation::DenylistPush && self.staleness < SHORTEST_STALENESS {
            Err(UnsupportedRevocation::Staleness(self.staleness))
        } else if self.status_list_ttl < SHORTEST_TTL {
            Err(UnsupportedRevocation::StatusListTtl(self.status_list_ttl))
        } else {
            Ok(())
        }
    }

    /// Whether what is signed with `algorithm` can be used with it.
    pub fn check_algorithm(
        &self,
        algorithm: SigningAlgorithm,
    ) -> Result<(), UnsupportedRevocation> {
        match self.channel == Revocation::StatusList && algorithm.is_symmetric() {
            true => Err(UnsupportedRevocation::SharedSecret),
            false => Ok(()),
        }
    }

    /// Whether tokens may be accepted for `leeway` past their expiry.
    pub fn check_leeway(&self, leeway: Duration) -> Result<(), UnsupportedRevocation> {
        match self.channel != Revocation::None && leeway > MARGIN {
            true => Err(UnsupportedRevocation::Leeway(leeway)),
            false => Ok(()),
        }
    }

    /// How often there is word from the channel while all is well: often enough that some may be late.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.staleness / 8
    }
}

impl Revocation {
    /// Its name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Denylist => "denylist",
            Self::DenylistPush => "denylist-push",
            Self::Epoch => "epoch",
            Self::StatusList => "status-list",
        }
    }
}

fn names() -> String {
    REVOCATIONS.map(Revocation::name).join(", ")
}

impl fmt::Display for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Revocation {
    type Err = UnknownRevocation;

    fn from_str(name: &str) -> Result<Self, UnknownRevocation> {
        let mut all = REVOCATIONS.into_iter();
        all.find(|channel| channel.name() == name)
            .ok_or_else(|| UnknownRevocation(name.to_owned()))
    }
}

impl FromStr for PushFail {
    type Err = UnknownPushFail;

    fn from_str(name: &str) -> Result<Self, UnknownPushFail> {
        match name {
            "closed" => Ok(Self::Closed),
            "open" => Ok(Self::Open),
            _ => Err(UnknownPushFail(name.to_owned())),
        }
    }
}

impl fmt::Display for PushFail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for channel in REVOCATIONS {
            assert_eq!(channel.to_string().parse(), Ok(channel));
        }
        let told = "push".parse::<Revocation>().expect_err("no such channel");
        assert!(told.to_string().contains("denylist-push"), "{told}");
        for fail in [PushFail::Closed, PushFail::Open] {
            assert_eq!(fail.to_string().parse(), Ok(fail));
        }
    }

    #[test]
    fn a_channel_goes_with_the_models_that_can_use_it() {
        let check = |channel, no_exp, model| {
            let settings = RevocationSettings {
                channel,
                no_exp,
                ..RevocationSettings::default()
            };
            settings.check(model).is_ok()
        };
        assert!(check(Revocation::DenylistPush, false, Model::Hybrid));
        assert!(check(Revocation::Epoch, false, Model::Jwt));
        assert!(!check(Revocation::Epoch, false, Model::Hybrid));
        assert!(!check(Revocation::Denylist, false, Model::Session));
        assert!(check(Revocation::None, true, Model::Jwt));
        assert!(!check(Revocation::None, true, Model::Opaque));
        assert!(!check(Revocation::Denylist, true, Model::Jwt));
    }
}

//! What must hold in every order. Judged from outside: by what was presented, when it arrived, and what was answered.

use std::collections::BTreeMap;

use super::explored_server::{Answer, OWNER};
use crate::client::Client;
use crate::model::GrantRefusal;

/// Something that must hold in every order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// A used token is honoured again only within the grace and before its successor was used.
    OneSuccessor,
    /// A replay ends the family, for everyone.
    ReplayEndsFamily,
    /// What has ended stays ended.
    EndedStaysEnded,
    /// A first use is honoured, and so is a retry within the grace, with the same successor.
    RetryHonoured,
    /// Another client gets nothing by a token, and spoils nothing.
    BoundToClient,
    /// Without a thief, and with all uses within the grace, nobody is logged out.
    HonestStays,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::OneSuccessor,
        Self::ReplayEndsFamily,
        Self::EndedStaysEnded,
        Self::RetryHonoured,
        Self::BoundToClient,
        Self::HonestStays,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneSuccessor => "one_successor",
            Self::ReplayEndsFamily => "replay_ends_family",
            Self::EndedStaysEnded => "ended_stays_ended",
            Self::RetryHonoured => "retry_honoured",
            Self::BoundToClient => "bound_to_client",
            Self::HonestStays => "honest_stays",
        }
    }

    /// What it says.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::OneSuccessor => {
                "a used token is honoured again only within the grace and before its successor was used"
            }
            Self::ReplayEndsFamily => {
                "a replay ends the family, and nobody is granted anything of it afterwards, the thief included"
            }
            Self::EndedStaysEnded => "a family that has ended never comes back",
            Self::RetryHonoured => {
                "a first use is honoured, and so is a retry within the grace, which gets the same successor"
            }
            Self::BoundToClient => "another client gets nothing by a token, and spoils nothing",
            Self::HonestStays => {
                "without a thief, and with every use within the grace, nobody is logged out"
            }
        }
    }

    /// Where it is demanded.
    pub fn source(self) -> &'static str {
        match self {
            Self::OneSuccessor | Self::ReplayEndsFamily | Self::EndedStaysEnded => {
                "RFC 9700 §4.14.2"
            }
            Self::RetryHonoured | Self::HonestStays => "FAPI 2.0 Security Profile §5.3.2.1",
            Self::BoundToClient => "RFC 6749 §6, §10.4",
        }
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// The user whose login it is.
    Honest,
    /// Somebody with a copy.
    Thief,
}

/// A use of a token that has arrived.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Use {
    pub(super) generation: u32,
    client: Client,
    party: Party,
    /// First of its generation, or within the grace of the first and before the successor's.
    within: bool,
}

/// When a theft came to light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Detected {
    /// At which step of the order, from 1.
    pub step: u32,
    /// Milliseconds after the login.
    pub at_ms: i64,
}

/// Watches one order.
#[derive(Hash)]
pub(super) struct Audit {
    grace_ms: i64,
    step: u32,
    first_uses: BTreeMap<u32, i64>,
    successors: BTreeMap<u32, String>,
    ended: bool,
    replay: Option<Detected>,
    all_within: bool,
    thief_acted: bool,
    /// Requests of the thief that were granted.
    pub(super) stolen: u32,
    honest_refused: bool,
}

impl Audit {
    pub(super) fn new(grace_ms: i64) -> Self {
        Self {
            grace_ms,
            step: 0,
            first_uses: BTreeMap::new(),
            successors: BTreeMap::new(),
            ended: false,
            replay: None,
            all_within: true,
            thief_acted: false,
            stolen: 0,
            honest_refused: false,
        }
    }

    /// A step begins.
    pub(super) fn step(&mut self) {
        self.step += 1;
    }

    /// A use has arrived, and its first store operation has happened.
    pub(super) fn arrived(
        &mut self,
        party: Party,
        client: Client,
        generation: u32,
        now_ms: i64,
    ) -> Use {
        self.thief_acted |= party == Party::Thief;
        let mut within = false;
        if client == OWNER {
            within =
                self.is_in_grace(generation, now_ms) || !self.first_uses.contains_key(&generation);
            self.first_uses.entry(generation).or_insert(now_ms);
        }
        self.all_within &= within || party == Party::Thief;
        Use {
            generation,
            client,
            party,
            within,
        }
    }

    /// Whether a token was used, less than the grace ago, and its successor was not.
    pub(super) fn is_in_grace(&self, generation: u32, now_ms: i64) -> bool {
        let first_ms = self.first_uses.get(&generation);
        first_ms.is_some_and(|first_ms| now_ms - first_ms < self.grace_ms)
            && !self.first_uses.contains_key(&(generation + 1))
    }

    /// A use was answered at `now_ms`; `lives`: whether the family is in the store, `next`: the generation of the token
    /// that was granted.
    pub(super) fn answered(
        &mut self,
        asked: &Use,
        answer: &Answer,
        next: Option<u32>,
        lives: bool,
        now_ms: i64,
    ) -> Result<(), Invariant> {
        match answer {
            Answer::Granted { successor } => self.granted(asked, successor, next),
            Answer::Refused(refusal) => {
                self.honest_refused |= asked.party == Party::Honest;
                self.refused(asked, *refusal, lives, now_ms)
            }
        }
    }

    fn granted(
        &mut self,
        asked: &Use,
        successor: &str,
        next: Option<u32>,
    ) -> Result<(), Invariant> {
        self.stolen += u32::from(asked.party == Party::Thief);
        if asked.client != OWNER {
            return Err(Invariant::BoundToClient);
        }
        if self.replay.is_some() {
            return Err(Invariant::ReplayEndsFamily);
        }
        if self.ended {
            return Err(Invariant::EndedStaysEnded);
        }
        if !asked.within {
            return Err(Invariant::OneSuccessor);
        }
        let given = self.successors.entry(asked.generation);
        let same = given.or_insert_with(|| successor.to_owned()) == successor;
        if !same || next != Some(asked.generation + 1) {
            return Err(Invariant::RetryHonoured);
        }
        Ok(())
    }

    fn refused(
        &mut self,
        asked: &Use,
        refusal: GrantRefusal,
        lives: bool,
        now_ms: i64,
    ) -> Result<(), Invariant> {
        if asked.client != OWNER {
            return Ok(());
        }
        match refusal {
            GrantRefusal::Replay => {
                self.replay.get_or_insert(Detected {
                    step: self.step,
                    at_ms: now_ms,
                });
                if asked.within {
                    return Err(Invariant::RetryHonoured);
                }
                if lives {
                    return Err(Invariant::ReplayEndsFamily);
                }
                Ok(())
            }
            // It has ended for a reason of its own: a replay that was answered, or is about to be.
            GrantRefusal::FamilyEnded if !lives => Ok(()),
            _ => Err(Invariant::RetryHonoured),
        }
    }

    /// A step is over; `lives`: whether the family is in the store.
    pub(super) fn after_step(&mut self, lives: bool) -> Result<(), Invariant> {
        if self.ended && lives {
            return Err(Invariant::EndedStaysEnded);
        }
        self.ended = !lives;
        Ok(())
    }

    /// The order is over.
    pub(super) fn over(&self) -> Result<(), Invariant> {
        if !self.thief_acted && self.all_within && self.honest_out() {
            return Err(Invariant::HonestStays);
        }
        Ok(())
    }

    /// Whether the thief has used a token.
    pub(super) fn thief_acted(&self) -> bool {
        self.thief_acted
    }

    /// When a replay was answered as one.
    pub(super) fn replay(&self) -> Option<Detected> {
        self.replay
    }

    /// Whether the user has to log in again, now or at the next renewal.
    pub(super) fn honest_out(&self) -> bool {
        self.honest_refused || self.ended
    }

    /// How many steps there have been.
    pub(super) fn steps(&self) -> u32 {
        self.step
    }
}

//! Whether a token has ended, as a resource server finds out: in each channel's own way.

use tokio::sync::broadcast;

use super::status_list::StatusListCheck;
use super::{Denials, Denylist, Ended, EpochCheck, PushFigures};
use crate::jwt::Claims;
use crate::refusal::Unavailable;
use crate::store::Store;

/// How a resource server finds out.
#[derive(Clone, Debug)]
pub enum EndedCheck {
    /// It does not: no token ends before it expires.
    None,
    /// One look-up for each request.
    Denylist(Denylist),
    /// In memory; the channel's own store is kept for its figures.
    Push(Denials, Store),
    /// One look-up for each request.
    Epoch(EpochCheck),
    /// In a copy of the list.
    StatusList(StatusListCheck),
}

impl EndedCheck {
    /// Whether a token whose signature and times are good has ended.
    pub async fn covers(&self, claims: &Claims) -> Result<bool, Unavailable> {
        match self {
            Self::None => Ok(false),
            Self::Denylist(denylist) => denylist.covers(&claims.presentation()).await,
            Self::Push(denials, _) => {
                denials.check_current()?;
                Ok(denials.covers(&claims.presentation()))
            }
            Self::Epoch(epochs) => {
                let (subject, epoch) = (&claims.subject, claims.marks.epoch);
                Ok(epochs.covers(subject, epoch).await?)
            }
            Self::StatusList(list) => Ok(list.covers(claims.marks.status.as_ref())?),
        }
    }

    /// The store that is asked, or followed.
    pub fn store(&self) -> Option<&Store> {
        match self {
            Self::None | Self::StatusList(_) => None,
            Self::Denylist(denylist) => Some(denylist.store()),
            Self::Push(_, store) => Some(store),
            Self::Epoch(epochs) => Some(epochs.store()),
        }
    }

    /// Tells what ends, as it happens, where that is announced.
    pub fn news(&self) -> Option<broadcast::Receiver<Ended>> {
        match self {
            Self::Push(denials, _) => Some(denials.subscribe()),
            Self::None | Self::Denylist(_) | Self::Epoch(_) | Self::StatusList(_) => None,
        }
    }

    /// What is kept in memory, if anything.
    pub fn figures(&self) -> Option<PushFigures> {
        match self {
            Self::None | Self::Denylist(_) | Self::Epoch(_) => None,
            Self::Push(denials, _) => Some(denials.figures()),
            Self::StatusList(list) => Some(list.figures()),
        }
    }
}

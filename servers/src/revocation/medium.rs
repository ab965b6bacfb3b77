//! Where announcements stand in the store: as entries of a stream, or as a key for each thing that is denied.

use super::denial::Denial;
use super::denials::Denials;
use super::keys::Keys;
use super::stream::Stream;
use crate::store::{StoreError, StreamId};

/// Up to where announcements reach: a place in the stream. Keys have no order, and always the same mark.
pub(super) type Mark = StreamId;

/// One of the two.
#[derive(Debug)]
pub(super) enum Medium {
    /// Read as it grows.
    Stream(Stream),
    /// Looked up for each request.
    Keys(Keys),
}

/// What the store said with its answer.
#[derive(Debug)]
pub(super) struct End {
    /// The history of its announcements, if there is one.
    pub(super) history: Option<Vec<u8>>,
    /// Up to where they reach.
    pub(super) last: Mark,
}

/// What was found at the start.
#[derive(Debug)]
pub(super) struct Found {
    /// As in [`End`].
    pub(super) history: Option<Vec<u8>>,
    /// As in [`End`].
    pub(super) last: Mark,
    /// Whether all that is denied is known now.
    pub(super) is_all: bool,
}

impl Medium {
    /// Reads back what is denied, as far as that can be.
    pub(super) async fn load(&self, into: &Denials) -> Result<Found, StoreError> {
        match self {
            Self::Stream(stream) => stream.load(into).await,
            Self::Keys(keys) => keys.load().await,
        }
    }

    /// Writes one announcement.
    pub(super) async fn write(&self, denial: &Denial) -> Result<End, StoreError> {
        match self {
            Self::Stream(stream) => stream.write(denial).await,
            Self::Keys(keys) => keys.write(denial).await,
        }
    }

    /// Writes all of `live`, and behind it the name of a new history.
    pub(super) async fn write_all(
        &self,
        live: &[Denial],
        history: &[u8],
    ) -> Result<Mark, StoreError> {
        match self {
            Self::Stream(stream) => stream.write_all(live, history).await,
            Self::Keys(keys) => keys.write_all(live, history).await,
        }
    }

    /// What the store has, by its history and its end.
    pub(super) async fn end(&self) -> Result<End, StoreError> {
        match self {
            Self::Stream(stream) => stream.end().await,
            Self::Keys(keys) => keys.end().await,
        }
    }
}

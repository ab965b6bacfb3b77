//! What an answer carries: a text that is there already, or events as they happen
//! (`text/event-stream`, WHATWG HTML §9.2).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc::{self, error::TrySendError};

/// Events that may wait for a reader, besides what the connection itself holds.
const WAITING: usize = 64;

/// The body of an answer.
#[derive(Debug)]
pub enum Content {
    /// All of it.
    Whole(Full<Bytes>),
    /// Events, until their sender ends.
    Events(Events),
}

/// The reading end of a stream of events.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<Bytes>,
    life: Arc<StreamLife>,
}

/// The writing end. When it is dropped, the answer ends in order.
#[derive(Debug)]
pub struct EventSender {
    sender: mpsc::Sender<Bytes>,
    life: Arc<StreamLife>,
}

/// Whether a stream still goes on, for the connection that carries it.
#[derive(Debug, Default)]
pub struct StreamLife(AtomicU8);

const OPEN: u8 = 0;
const ENDED: u8 = 1;
const CUT: u8 = 2;

/// Why an event could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// The reader has left.
    Gone,
    /// The reader is so slow that too many events wait.
    Full,
}

/// A stream of events: what is sent at one end is read at the other.
pub fn events() -> (EventSender, Content) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let life = Arc::new(StreamLife::default());
    let events = Events {
        receiver,
        life: Arc::clone(&life),
    };
    (EventSender { sender, life }, Content::Events(events))
}

impl Content {
    /// The life of the stream, if it is one.
    pub fn life(&self) -> Option<&Arc<StreamLife>> {
        match self {
            Self::Whole(_) => None,
            Self::Events(events) => Some(&events.life),
        }
    }
}

impl EventSender {
    /// Sends one event, without waiting.
    pub fn send(&self, event: impl Into<Bytes>) -> Result<(), NotSent> {
        let sent = self.sender.try_send(event.into());
        sent.map_err(|error| match error {
            TrySendError::Full(_) => NotSent::Full,
            TrySendError::Closed(_) => NotSent::Gone,
        })
    }

    /// Waits until the reader has left.
    pub async fn gone(&self) {
        self.sender.closed().await;
    }

    /// Ends the stream by cutting its connection: whoever reads too slowly would not see an end
    /// either.
    pub fn cut(self) {
        self.life.0.store(CUT, Relaxed);
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        let _ = self.life.0.compare_exchange(OPEN, ENDED, Relaxed, Relaxed);
    }
}

impl StreamLife {
    /// Whether events may still come.
    pub fn is_open(&self) -> bool {
        self.0.load(Relaxed) == OPEN
    }

    /// Whether its connection is to be cut.
    pub fn is_cut(&self) -> bool {
        self.0.load(Relaxed) == CUT
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::from(Bytes::new())
    }
}

impl From<Bytes> for Content {
    fn from(text: Bytes) -> Self {
        Self::Whole(Full::new(text))
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context),
            Self::Events(events) => {
                let next = events.receiver.poll_recv(context);
                next.map(|event| event.map(|event| Ok(Frame::data(event))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn what_is_sent_is_read_until_the_sender_ends() {
        let (sender, content) = events();
        let life = Arc::clone(content.life().expect("a stream"));
        assert_eq!(sender.send("data: 0\n\n"), Ok(()));
        assert!(life.is_open());
        drop(sender);
        assert!(!life.is_open() && !life.is_cut());
        let read = content.collect().await.expect("infallible");
        assert_eq!(read.to_bytes(), "data: 0\n\n");
    }

    #[tokio::test]
    async fn nothing_piles_up_for_who_does_not_read() {
        let (sender, content) = events();
        let life = Arc::clone(content.life().expect("a stream"));
        for _ in 0..WAITING {
            assert_eq!(sender.send("x"), Ok(()));
        }
        assert_eq!(sender.send("x"), Err(NotSent::Full));
        sender.cut();
        assert!(life.is_cut());
    }

    #[tokio::test]
    async fn a_reader_that_leaves_is_noticed() {
        let (sender, content) = events();
        drop(content);
        sender.gone().await;
        assert_eq!(sender.send("x"), Err(NotSent::Gone));
    }
}

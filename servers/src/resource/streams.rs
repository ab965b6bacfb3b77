//! Open streams of events: how many there may be, how long each goes on, and what ended it. Of a
//! resource server, and of a gateway before one.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::metrics::{Exposition, Figures};

/// How often in a row a credential may not be judged.
const UNJUDGED: u32 = 3;

/// How streams of events are kept.
#[derive(Clone, Debug)]
pub struct StreamSettings {
    /// An event comes this often, at least 1 ms.
    pub every: Duration,
    /// The credential is judged again this often; `None`: never, so that a stream goes on for as
    /// long as its reader stays.
    pub recheck: Option<Duration>,
    /// Streams that may be open at a time: 503 past it.
    pub most: usize,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            every: Duration::from_millis(20),
            recheck: Some(Duration::from_secs(1)),
            most: 10_000,
        }
    }
}

/// What ended a stream. The order is that of [`CLOSED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Closed {
    /// Its credential is no longer good, or no longer allows this.
    Revoked,
    /// Its credential could not be judged for too long.
    Unavailable,
    /// Its reader left.
    ReaderGone,
    /// Its reader was too slow.
    SlowReader,
    /// The server ends.
    Shutdown,
    /// Of a gateway: the service behind it ended the stream, or broke off.
    Service,
}

const CLOSED: [&str; 6] = [
    "revoked",
    "unavailable",
    "reader_gone",
    "slow_reader",
    "shutdown",
    "service",
];

/// What became of the credential of an open stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// The stream goes on.
    Good,
    /// It ends.
    Refused,
    /// Nobody could say.
    Unjudged,
}

/// When the credential of one open stream is judged again, and what follows.
#[derive(Debug)]
pub(crate) struct Rechecks {
    ticks: Option<Interval>,
    unjudged: u32,
}

/// The open streams of a server.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) settings: StreamSettings,
    open: AtomicUsize,
    turned_away: AtomicU64,
    closed: [AtomicU64; CLOSED.len()],
    stop: watch::Sender<bool>,
}

/// A place among the open streams, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a>(&'a Streams);

impl Closed {
    /// The last event of a stream that ends so; `None` where there is nobody to tell, or the
    /// service has told already.
    pub(crate) fn last_event(self) -> Option<&'static str> {
        match self {
            Self::Revoked => Some("event: revoked\ndata: revoked\n\n"),
            Self::Unavailable => Some("event: unavailable\ndata: unavailable\n\n"),
            Self::Shutdown => Some("event: shutdown\ndata: shutdown\n\n"),
            Self::ReaderGone | Self::SlowReader | Self::Service => None,
        }
    }
}

impl Rechecks {
    /// `every` so often, the first time after that; `None`: never.
    pub(crate) fn new(every: Option<Duration>) -> Self {
        let later = |every| {
            let mut ticks = interval_at(Instant::now() + every, every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        };
        Self {
            ticks: every.map(later),
            unjudged: 0,
        }
    }

    /// Waits until it is time.
    pub(crate) async fn due(&mut self) {
        match &mut self.ticks {
            Some(ticks) => drop(ticks.tick().await),
            None => std::future::pending().await,
        }
    }

    /// What ends the stream now, if anything does.
    pub(crate) fn after(&mut self, judged: Judged) -> Option<Closed> {
        self.unjudged = match judged {
            Judged::Good => 0,
            Judged::Refused => return Some(Closed::Revoked),
            Judged::Unjudged => self.unjudged + 1,
        };
        (self.unjudged == UNJUDGED).then_some(Closed::Unavailable)
    }
}

impl Streams {
    pub(crate) fn new(settings: StreamSettings) -> Self {
        Self {
            settings,
            open: AtomicUsize::new(0),
            turned_away: AtomicU64::new(0),
            closed: Default::default(),
            stop: watch::Sender::new(false),
        }
    }

    /// A place for one more, if there is one.
    pub(crate) fn place(&self) -> Option<Place<'_>> {
        let place = Place(self);
        if self.open.fetch_add(1, Relaxed) < self.settings.most {
            return Some(place);
        }
        self.turned_away.fetch_add(1, Relaxed);
        None
    }

    /// Ends all of them.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Tells when they are to end.
    pub(crate) fn ending(&self) -> Ending {
        Ending(self.stop.subscribe())
    }

    pub(crate) fn closed(&self, reason: Closed) {
        self.closed[reason as usize].fetch_add(1, Relaxed);
    }
}

/// Tells a stream when its server ends.
pub(crate) struct Ending(watch::Receiver<bool>);

impl Ending {
    /// Waits for that.
    pub(crate) async fn told(&mut self) {
        // Without the sender there is no server any more.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

impl Figures for Streams {
    fn write(&self, text: &mut Exposition) {
        text.gauge(
            "authbench_streams_open",
            "Streams of events that are open",
            self.open.load(Relaxed) as u64,
        );
        let closed = CLOSED.iter().zip(&self.closed);
        text.counters(
            "authbench_streams_closed_total",
            "Streams of events that ended, by reason",
            closed.map(|(reason, count)| (format!("reason=\"{reason}\""), count.load(Relaxed))),
        );
        text.counter(
            "authbench_streams_turned_away_total",
            "Streams of events that were refused because too many were open",
            self.turned_away.load(Relaxed),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_places_and_each_is_given_back() {
        let streams = Streams::new(StreamSettings {
            most: 1,
            ..StreamSettings::default()
        });
        let first = streams.place();
        assert!(first.is_some() && streams.place().is_none());
        drop(first);
        assert!(streams.place().is_some());
        streams.closed(Closed::Shutdown);
        let text = Exposition::default().with(&streams).into_text();
        for line in [
            "authbench_streams_open 0\n",
            "authbench_streams_closed_total{reason=\"shutdown\"} 1\n",
            "authbench_streams_turned_away_total 1\n",
        ] {
            assert!(text.contains(line), "{line} not in {text}");
        }
    }

    #[test]
    fn whoever_cannot_be_judged_goes_on_for_a_while() {
        let mut rechecks = Rechecks::new(None);
        for judged in [Judged::Unjudged, Judged::Unjudged, Judged::Good] {
            assert_eq!(rechecks.after(judged), None);
        }
        let last = [Judged::Unjudged; UNJUDGED as usize].map(|judged| rechecks.after(judged));
        assert_eq!(last, [None, None, Some(Closed::Unavailable)]);
        assert_eq!(rechecks.after(Judged::Refused), Some(Closed::Revoked));
    }

    #[tokio::test]
    async fn a_stop_reaches_those_who_come_to_wait_later_too() {
        let streams = Streams::new(StreamSettings::default());
        let mut early = streams.ending();
        tokio::join!(early.told(), async { streams.stop() });
        streams.ending().told().await;
    }
}

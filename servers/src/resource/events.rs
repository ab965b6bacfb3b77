//! `GET /events`: a connection that is already open when its credential ends.
//!
//! It is opened as the resource is read, and judged again by the very same validator, at intervals,
//! and as soon as a revocation channel announces something that may concern it. While that is being
//! asked nothing is sent. An answer that the credential is no longer good ends
//! the stream with a last event, `revoked`. If it cannot be judged, the stream goes on until the next
//! time, and ends when that has happened three times in a row.

use std::sync::Arc;

use hyper::Response;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{MissedTickBehavior, interval};

use super::server::{CREDENTIALS, ResourceServer, permit, presented};
use super::streams::{Closed, Judged, Rechecks};
use crate::http::content::{EventSender, NotSent, events};
use crate::http::reply::{self, Reply};
use crate::model::{Validated, Validator};
use crate::revocation::Ended;
use crate::scope::Scope;

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// An open stream: the request that opened it, by whom, and where its events go.
struct Open<'a> {
    head: Parts,
    caller: Validated,
    sender: &'a EventSender,
}

type News = broadcast::Receiver<Ended>;

impl<V: Validator> ResourceServer<V> {
    /// Opens a stream, or answers what a read of the resource would be answered.
    pub(super) async fn open_events(self: &Arc<Self>, head: Parts) -> Reply {
        // From before it is judged: what ends in between is news too.
        let news = self.validator.news();
        let caller = match self.admit(presented(&head), Scope::READ).await {
            Ok(caller) => caller,
            Err(reply) => return reply,
        };
        let (sender, content) = events();
        let server = Arc::clone(self);
        let (place, taken) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let Some(_place) = server.streams.place() else {
                let _ = place.send(false);
                return;
            };
            let _ = place.send(true);
            let open = Open {
                head,
                caller,
                sender: &sender,
            };
            let reason = server.stream(&open, news).await;
            server.streams.closed(reason);
            if reason == Closed::SlowReader {
                sender.cut();
            } else if let Some(last) = reason.last_event() {
                // It may find no room, and then the end of the stream says it.
                let _ = sender.send(last);
            }
        });
        if taken.await != Ok(true) {
            return reply::unavailable();
        }
        let mut reply = Response::new(content);
        let headers = reply.headers_mut();
        headers.insert(CONTENT_TYPE, EVENT_STREAM);
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(CONNECTION, CLOSE);
        reply::with_header(reply, hyper::header::VARY, CREDENTIALS)
    }

    /// Sends events until something ends the stream.
    async fn stream(&self, open: &Open<'_>, mut news: Option<News>) -> Closed {
        let settings = &self.streams.settings;
        let mut events = interval(settings.every);
        events.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut rechecks = Rechecks::new(settings.recheck);
        let mut ending = self.streams.ending();
        let mut count = 0_u64;
        loop {
            tokio::select! {
                biased;
                () = ending.told() => return Closed::Shutdown,
                () = open.sender.gone() => return Closed::ReaderGone,
                // Before the next event: one that is due must not overtake a check that is.
                () = due(&mut rechecks, &mut news, &open.caller) => {
                    let judged = self.judge_again(&open.head).await;
                    if let Some(closed) = rechecks.after(judged) {
                        return closed;
                    }
                }
                _ = events.tick() => {
                    match open.sender.send(format!("data: {count}\n\n")) {
                        Ok(()) => count += 1,
                        Err(NotSent::Gone) => return Closed::ReaderGone,
                        Err(NotSent::Full) => return Closed::SlowReader,
                    }
                }
            }
        }
    }

    /// Judges the credential of an open stream, as that of a request to read. A client's limit is on
    /// requests, of which this is none.
    async fn judge_again(&self, head: &Parts) -> Judged {
        let verdict = match self.validator.validate(presented(head)).await {
            Ok(verdict) => verdict,
            Err(unavailable) => {
                self.outage.failed(&unavailable);
                return Judged::Unjudged;
            }
        };
        self.outage.answered();
        let (reason, credential, subject) = match verdict {
            Err(refusal) => (refusal.reason, refusal.credential, None),
            Ok(caller) => match permit(&caller, Scope::READ) {
                Ok(()) => return Judged::Good,
                Err(reason) => (reason, None, Some(caller.subject)),
            },
        };
        self.record_refusal(reason, credential, subject.as_deref());
        Judged::Refused
    }
}

/// Waits until a credential is to be judged again: because it is time, or because of news.
async fn due(rechecks: &mut Rechecks, news: &mut Option<News>, caller: &Validated) {
    tokio::select! {
        () = rechecks.due() => {}
        () = told(news, caller) => {}
    }
}

/// Waits for news that may concern a caller. What does not fit what is known of it may.
async fn told(news: &mut Option<News>, caller: &Validated) {
    while let Some(channel) = news {
        match channel.recv().await {
            Ok(ended) if !may_concern(&ended, caller) => {}
            // It may, or some of it was missed that may.
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => *news = None,
        }
    }
    std::future::pending::<()>().await;
}

fn may_concern(ended: &Ended, caller: &Validated) -> bool {
    let is_client = |id: &str| caller.client.is_none_or(|client| client.id() == id);
    match ended {
        Ended::Account { name, .. } => *name == caller.subject,
        Ended::Consent {
            account, client, ..
        } => *account == caller.subject && is_client(client),
        Ended::Client { id, .. } => is_client(id),
        Ended::Token { .. }
        | Ended::Session { .. }
        | Ended::Everyone { .. }
        | Ended::Key { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::streams::StreamSettings;
    use super::*;
    use crate::audit::AuditLog;
    use crate::http::Limits;
    use crate::http::content::StreamLife;
    use crate::http::cors::Cors;
    use crate::http::origins::Origins;
    use crate::metrics::Exposition;
    use crate::model::no_auth::NoAuthValidator;

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_read_is_dropped() {
        let server = Arc::new(ResourceServer::new(
            NoAuthValidator,
            AuditLog::disabled(),
            Limits::default(),
            Cors::new(Origins::default(), false),
            None,
            StreamSettings::default(),
        ));
        let head = hyper::Request::new(()).into_parts().0;
        let reply = server.open_events(head).await;
        let life = Arc::clone(reply.body().life().expect("a stream"));
        while !StreamLife::is_cut(&life) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let text = Exposition::default().with(&server.streams).into_text();
        for line in [
            "authbench_streams_open 0\n",
            "authbench_streams_closed_total{reason=\"slow_reader\"} 1\n",
        ] {
            assert!(text.contains(line), "{line} not in {text}");
        }
    }
}

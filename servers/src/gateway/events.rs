//! `GET /PREFIX/events`: a stream of a service, relayed as it comes.
//!
//! The session is judged when the stream is opened, and again at intervals. That is the gateway's
//! affair and nobody else's: the internal token that opened the stream expires while its session
//! goes on, so its service must not judge that again. While it is being asked nothing is relayed. A
//! session that has ended ends the stream with a last event, `revoked`, and so on as at a resource
//! server ([`crate::resource`]). A service that breaks off leaves `unavailable` behind.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use tokio::sync::oneshot;

use super::failure::Failure;
use super::fields;
use super::route::EVENTS;
use super::server::{Gateway, Service, Stopped, onward_uri, presented};
use crate::http::content::{EventSender, NotSent, events};
use crate::http::reply::{self, Reply};
use crate::http::upstream::UpstreamError;
use crate::model::gateway::Admitted;
use crate::resource::streams::{Closed, Judged, Rechecks};

const EVENT_STREAM: &[u8] = b"text/event-stream";
const CLOSE: HeaderValue = HeaderValue::from_static("close");

impl Gateway {
    /// Opens a stream of a service, or answers what a read of its resource would be answered.
    pub(super) async fn open_events(self: &Arc<Self>, service: &Service, head: Parts) -> Reply {
        match self.opened(service, &head).await {
            Ok((answer, admitted)) if is_stream(&answer) => {
                let (fields, body) = answer.into_parts();
                let (sender, content) = events();
                let answer = Response::from_parts(fields, content);
                let mut reply = self.relay(&head, answer, &admitted);
                reply.headers_mut().insert(CONNECTION, CLOSE);
                if !self.has_place(Relayed { head, body }, sender).await {
                    return reply::unavailable();
                }
                self.outcomes.accepted();
                service.outage.answered();
                reply
            }
            Ok((answer, admitted)) => {
                let whole = service.upstream.rest(answer).await;
                let whole = whole.map_err(|error| Stopped::Failed(error.into()));
                let relayed = whole.map(|answer| self.relay(&head, answer, &admitted));
                self.answer(service, &head, relayed)
            }
            Err(stopped) => self.answer(service, &head, Err(stopped)),
        }
    }

    /// The beginning of a service's answer. As for any request, a service that refuses an internal
    /// token is asked once more with another.
    async fn opened(
        &self,
        service: &Service,
        head: &Parts,
    ) -> Result<(Response<Incoming>, Admitted), Stopped> {
        for _ in 0..2 {
            let admitted = self.admit(head).await?;
            let answer = open(service, head, &admitted).await;
            let answer = answer.map_err(|error| Stopped::Failed(error.into()))?;
            if answer.status() != StatusCode::UNAUTHORIZED {
                return Ok((answer, admitted));
            }
            self.exchange.forget(&admitted.handle);
        }
        Err(Stopped::Failed(Failure::TokenRefused))
    }

    /// Relays a stream from now on, if there is a place for one more.
    async fn has_place(self: &Arc<Self>, relayed: Relayed, sender: EventSender) -> bool {
        let gateway = Arc::clone(self);
        let (place, taken) = oneshot::channel();
        tokio::spawn(async move {
            let Some(_place) = gateway.streams.place() else {
                let _ = place.send(false);
                return;
            };
            let _ = place.send(true);
            let mut relayed = relayed;
            let (reason, last) = gateway.relay_events(&mut relayed, &sender).await;
            gateway.streams.closed(reason);
            match last {
                _ if reason == Closed::SlowReader => sender.cut(),
                // It may find no room, and then the end of the stream says it.
                Some(last) => drop(sender.send(last)),
                None => {}
            }
        });
        taken.await == Ok(true)
    }

    /// Relays until something ends the stream; why, and what is left to say.
    async fn relay_events(
        &self,
        relayed: &mut Relayed,
        sender: &EventSender,
    ) -> (Closed, Option<&'static str>) {
        let mut rechecks = Rechecks::new(self.streams.settings.recheck);
        let mut ending = self.streams.ending();
        // Whether what was sent ends with a whole event: nothing can be said in the midst of one.
        let mut is_whole = true;
        loop {
            let closed = tokio::select! {
                biased;
                () = ending.told() => Some(Closed::Shutdown),
                () = sender.gone() => Some(Closed::ReaderGone),
                // Before the next event: one that is due must not overtake a check that is.
                () = rechecks.due() => rechecks.after(self.judge_again(&relayed.head).await),
                frame = relayed.body.frame() => match frame.map(|frame| frame.map(|it| it.into_data())) {
                    Some(Ok(Ok(data))) => {
                        is_whole = data.ends_with(b"\n\n");
                        match sender.send(data) {
                            Ok(()) => None,
                            Err(NotSent::Gone) => Some(Closed::ReaderGone),
                            Err(NotSent::Full) => Some(Closed::SlowReader),
                        }
                    }
                    // Trailers; nothing of theirs is relayed.
                    Some(Ok(Err(_))) => None,
                    Some(Err(_)) => {
                        let last = Closed::Unavailable.last_event();
                        return (Closed::Service, last.filter(|_| is_whole));
                    }
                    None => Some(Closed::Service),
                },
            };
            if let Some(closed) = closed {
                return (closed, closed.last_event().filter(|_| is_whole));
            }
        }
    }

    async fn judge_again(&self, head: &Parts) -> Judged {
        match self.exchange.judge(&presented(head)).await {
            Ok(Ok(())) => {
                self.outage.answered();
                Judged::Good
            }
            Ok(Err(refusal)) => {
                self.outage.answered();
                self.record_refusal(&refusal);
                Judged::Refused
            }
            Err(unavailable) => {
                self.outage.failed(&unavailable);
                Judged::Unjudged
            }
        }
    }
}

/// A stream under way: the request that opened it, and what the service sends.
struct Relayed {
    head: Parts,
    body: Incoming,
}

async fn open(
    service: &Service,
    head: &Parts,
    admitted: &Admitted,
) -> Result<Response<Incoming>, UpstreamError> {
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.uri_mut() = onward_uri(EVENTS, &head.uri);
    *request.headers_mut() = fields::onward(&head.headers, admitted.authorization.clone());
    service.upstream.open(request).await
}

fn is_stream<B>(answer: &Response<B>) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE);
    answer.status() == StatusCode::OK
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(EVENT_STREAM))
}

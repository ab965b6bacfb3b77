//! What the points do after an event: asked in turn until each has refused, or long enough.

use super::walker::Walker;
use crate::flow::{Credential, PointRequest};
use crate::target::{Bound, Event, Point};
use authbench_reports::check::{
    BoundKept, CoarseLag, Finding, PointAnswer, PointVerdict, Severity,
};
use authbench_reports::number::span;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Points are watched this long past a bound that can be waited for, so that a breach is seen as one.
const PAST_BOUND: Duration = Duration::from_secs(1);
/// Longer bounds are not waited for: a check is over within a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// Where nothing is promised, or too long a bound: long enough to see a refusal that comes at once.
const GLIMPSE: Duration = Duration::from_secs(2);
/// The distance of two rounds of questions, where the target has no limit.
const ROUND: Duration = Duration::from_millis(20);

/// What is known of one point.
struct Watched<'a> {
    point: &'a Point,
    request: &'a PointRequest,
    until: Duration,
    accepted_until: Option<Duration>,
    refused_by: Option<Duration>,
    answered: bool,
    /// The last answer, where the file does not say what it means.
    unclear: Option<PointAnswer>,
}

/// When the event was acknowledged: a moment, or for a command any time from its start to its exit.
#[derive(Clone, Copy)]
pub(super) struct T0 {
    pub(super) earliest: Instant,
    pub(super) latest: Instant,
}

impl T0 {
    /// How long after it a request sent at `sent` certainly was.
    fn certainly_before(self, sent: Instant) -> Duration {
        sent.saturating_duration_since(self.latest)
    }

    /// How long after it an answer received at `done` may have been.
    fn perhaps_before(self, done: Instant) -> Duration {
        done.saturating_duration_since(self.earliest)
    }
}

/// Watches from `t0`, the acknowledgement, on; gives each point's lag in the points' order, and how long was watched.
pub(super) async fn watch(
    walker: &mut Walker<'_>,
    event: &Event,
    credential: &Credential,
    requests: &[PointRequest],
    t0: T0,
) -> (Vec<CoarseLag>, Duration) {
    let target = Arc::clone(walker.target);
    let points = target.flows.points.iter().zip(requests);
    let mut watched: Vec<Watched<'_>> = points
        .map(|(point, request)| Watched {
            point,
            request,
            until: how_long(event, point),
            accepted_until: None,
            refused_by: None,
            answered: false,
            unclear: None,
        })
        .collect();
    while watched.iter().any(|watched| watched.goes_on(t0)) && !walker.is_interrupted() {
        for watched in watched.iter_mut().filter(|watched| watched.goes_on(t0)) {
            let (point, request) = (watched.point, watched.request);
            let asked = walker.ask(point, request, credential).await;
            if let Some(exchange) = asked.exchange {
                watched.answered_at(asked.answer, exchange.sent, exchange.done, t0);
            }
        }
        tokio::time::sleep(ROUND).await;
    }
    let observed = t0.latest.elapsed();
    for finding in watched
        .iter()
        .filter_map(|watched| watched.never_clear(event))
    {
        walker.find(finding);
    }
    let lags = watched.iter().map(|watched| watched.lag(event));
    (lags.collect(), observed)
}

fn how_long(event: &Event, point: &Point) -> Duration {
    let bound = event.bounds.get(&point.name);
    match bound.map(|bound| bound.limit + PAST_BOUND) {
        Some(wait) if wait <= LONGEST_WAIT => wait,
        Some(_) | None => GLIMPSE,
    }
}

impl Watched<'_> {
    fn goes_on(&self, t0: T0) -> bool {
        self.refused_by.is_none() && t0.latest.elapsed() < self.until
    }

    fn answered_at(&mut self, answer: PointAnswer, sent: Instant, done: Instant, t0: T0) {
        match answer.verdict {
            PointVerdict::Accepted => self.accepted_until = Some(t0.certainly_before(sent)),
            PointVerdict::Refused => self.refused_by = Some(t0.perhaps_before(done)),
            PointVerdict::Neither | PointVerdict::Both => return self.unclear = Some(answer),
            // An outage says nothing about the credential.
            _ => return,
        }
        self.answered = true;
        self.unclear = None;
    }

    /// What to say of a point that ended with an answer that is neither: in a run that is a gap, and no lag would ever be found.
    fn never_clear(&self, event: &Event) -> Option<Finding> {
        let probed = self.point.is_probed_in(&event.name);
        let answer = self
            .unclear
            .filter(|_| probed && self.refused_by.is_none())?;
        let says = format!(
            "after {}: {} to the last, which is not what refuse says",
            event.name,
            answer.words()
        );
        let advice = match answer.status {
            Some(500..) => "the server failed; its log says why",
            _ => {
                "if it refuses in this way, refuse must say so: a run takes such an answer for a gap"
            }
        };
        let about = format!("point.{}", self.point.name);
        Some(Finding::new(Severity::Wrong, about, says).advising(advice))
    }

    fn lag(&self, event: &Event) -> CoarseLag {
        let ms = |span: Duration| span.as_secs_f64() * 1000.0;
        let bound = event.bounds.get(&self.point.name);
        let limit = bound.map(|bound| bound.limit);
        CoarseLag {
            point: self.point.name.clone(),
            accepted_until_ms: self.accepted_until.map(ms),
            refused_by_ms: self.refused_by.map(ms),
            bound: bound.map(spelled),
            kept: kept(
                limit,
                self.accepted_until,
                self.refused_by,
                self.answered && self.unclear.is_none(),
            ),
        }
    }
}

/// As the file states it, and how long that is where facts do not show it.
fn spelled(bound: &Bound) -> String {
    match bound.facts().next() {
        None => bound.text.clone(),
        Some(_) => format!(
            "{} = {}",
            bound.text,
            span(bound.limit.as_secs_f64() * 1000.0)
        ),
    }
}

/// One request accepted after the bound had passed breaks it, however few were sent. `clear`: there were answers, and the last was one that the file
/// knows.
fn kept(
    limit: Option<Duration>,
    accepted_until: Option<Duration>,
    refused_by: Option<Duration>,
    clear: bool,
) -> BoundKept {
    match (limit, accepted_until, refused_by) {
        (Some(limit), Some(accepted), _) if accepted > limit => BoundKept::Broken,
        _ if !clear => BoundKept::Unknown,
        (None, ..) => BoundKept::NoBound,
        (Some(_), _, Some(_)) => BoundKept::Kept,
        (Some(_), _, None) => BoundKept::NotObserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_widens_the_lag_by_the_time_it_took() {
        let started = Instant::now();
        let after = |seconds| started + Duration::from_secs(seconds);
        let t0 = T0 {
            earliest: started,
            latest: after(3),
        };
        let (sent, done) = (after(4), after(5));
        assert_eq!(t0.certainly_before(sent), Duration::from_secs(1));
        assert_eq!(t0.perhaps_before(done), Duration::from_secs(5));
        assert_eq!(t0.certainly_before(after(2)), Duration::ZERO);
    }

    #[test]
    fn a_bound_is_broken_by_what_was_accepted_after_it() {
        let s = |seconds| Some(Duration::from_secs(seconds));
        let cases = [
            (s(2), s(1), s(2), BoundKept::Kept),
            (s(2), s(3), s(4), BoundKept::Broken),
            (s(2), s(3), None, BoundKept::Broken),
            (s(0), None, s(1), BoundKept::Kept),
            (s(300), s(2), None, BoundKept::NotObserved),
            (None, s(2), None, BoundKept::NoBound),
        ];
        for (limit, accepted, refused, expected) in cases {
            assert_eq!(kept(limit, accepted, refused, true), expected);
        }
        assert_eq!(kept(s(1), None, None, false), BoundKept::Unknown);
        assert_eq!(kept(s(1), s(2), None, false), BoundKept::Broken);
        assert_eq!(kept(s(3), s(2), None, false), BoundKept::Unknown);
    }
}

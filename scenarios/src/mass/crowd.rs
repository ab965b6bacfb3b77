//! The accounts of one target: whose call comes next, whose credential is asked about next, and what is known of each in the end.

use super::seen::{Called, Seen};
use super::state::{Member, State};
use crate::credentials::RateLimit;
use crate::flow::{Credential, EncodeError, PointRequest, point_request};
use crate::target::{Event, Point, PointKind, Target};
use authbench_reports::histogram::Histogram;
use authbench_reports::revocation::Verdict;
use authbench_reports::run_file::MassAccounts;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::timeout;

/// Whoever has nothing to do looks again after this, to see that the measurement is over.
const REST: Duration = Duration::from_millis(200);
/// What is added to the time in which an answer is fresh, for answers take a while.
const LEEWAY: Duration = Duration::from_secs(1);

/// All accounts of one target to which the event happens. Nothing is done before [`Crowd::fill`].
#[derive(Debug)]
pub struct Crowd {
    pub(super) target: Arc<Target>,
    /// The index of the event.
    event: usize,
    /// Indices of the points at which credentials are watched.
    points: Vec<usize>,
    probes_per_s: u32,
    probe_every: Duration,
    /// The moments at which probes are sent.
    pub(super) pace: Arc<RateLimit>,
    /// Wakes those who rest.
    opened: Notify,
    state: Mutex<State>,
}

/// What became of the calls.
#[derive(Debug)]
pub struct Calls {
    /// From just before the first until the answer to the last.
    pub took: Duration,
    /// How long each took that was acknowledged.
    pub times: Histogram,
    /// Answered with something else.
    pub refused: u64,
    /// Their answer was lost.
    pub unknown: u64,
}

/// A call that is to be made.
pub(super) struct NextCall {
    pub(super) nth: usize,
    pub(super) credential: Credential,
}

/// A probe that is to be sent.
pub(super) struct NextProbe {
    pub(super) nth: usize,
    /// The index of the point in the target.
    pub(super) point: usize,
    pub(super) request: Arc<PointRequest>,
}

impl Crowd {
    /// Nobody yet; `None` where the target has no such event, or no point at which its end is seen.
    #[must_use]
    pub fn new(
        target: &Arc<Target>,
        event: &str,
        probes_per_s: u32,
        probe_every: Duration,
    ) -> Option<Arc<Self>> {
        let mut events = target.flows.events.iter();
        let event = events.position(|it| it.name == event)?;
        let points = watched(target, &target.flows.events[event]);
        (!points.is_empty()).then(|| {
            Arc::new(Self {
                target: Arc::clone(target),
                event,
                points,
                probes_per_s,
                probe_every,
                pace: RateLimit::new(Some(probes_per_s)),
                opened: Notify::new(),
                state: Mutex::default(),
            })
        })
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.target.flows.events[self.event]
    }

    /// Where credentials are watched, each at one of these.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.points
            .iter()
            .map(|index| &self.target.flows.points[*index])
    }

    /// The longest time that the target promises at those points; `None` where it promises nothing at one of them.
    #[must_use]
    pub fn longest_bound(&self) -> Option<Duration> {
        let bounds = &self.event().bounds;
        let limits = self
            .points()
            .map(|point| Some(bounds.get(&point.name)?.limit));
        limits.reduce(|one, other| Some(one?.max(other?))).flatten()
    }

    /// Takes in the accounts from `first_user` on, each with its credential.
    ///
    /// # Errors
    /// When a credential lacks what a point's request needs.
    pub fn fill(&self, first_user: u32, credentials: Vec<Credential>) -> Result<(), EncodeError> {
        let mut members = Vec::with_capacity(credentials.len());
        for (nth, credential) in credentials.into_iter().enumerate() {
            let point = nth % self.points.len();
            let asked = &self.target.flows.points[self.points[point]];
            let (user, request) = (first_user + nth as u32, point_request(asked, &credential)?);
            members.push(Member::new(user, point, request, credential));
        }
        self.state().fill(members);
        Ok(())
    }

    /// From now on credentials are asked about, at the one rate.
    pub fn open_probes(&self) {
        self.state().is_probed = true;
        self.opened.notify_waiters();
    }

    /// From now on calls are made.
    pub fn open_calls(&self) {
        let mut state = self.state();
        state.zero = Some(Instant::now());
        state.is_called = true;
        self.opened.notify_waiters();
    }

    /// No more of either begins.
    pub fn close(&self) {
        let mut state = self.state();
        (state.is_probed, state.is_called) = (false, false);
    }

    /// Whether each credential has been asked about with an answer that says something.
    #[must_use]
    pub fn all_were_asked(&self) -> bool {
        self.all(|seen| seen.before.is_some())
    }

    /// Accounts whose call has ended.
    #[must_use]
    pub fn called(&self) -> usize {
        let state = self.state();
        state
            .members
            .iter()
            .filter(|member| member.seen.called.is_some())
            .count()
    }

    /// Whether no call is under way, nor begins any more.
    #[must_use]
    pub fn calls_are_over(&self) -> bool {
        let state = self.state();
        let is_left = state.is_called && state.next_call < state.members.len();
        state.calling == 0 && !is_left
    }

    /// Whether everybody whose call was acknowledged is seen to be out, and was asked about once more after that.
    #[must_use]
    pub fn all_are_out(&self) -> bool {
        self.all(|seen| seen.acknowledged().is_none() || seen.is_asked_again)
    }

    /// Whether everybody whose call was acknowledged is seen to be out.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.all(|seen| !seen.is_watched())
    }

    /// Probes that were answered since the last call of this.
    #[must_use]
    pub fn take_answered(&self) -> u64 {
        std::mem::take(&mut self.state().answered)
    }

    /// What became of the calls.
    #[must_use]
    pub fn calls(&self) -> Calls {
        let state = self.state();
        let took = state.zero.zip(state.last_answer);
        Calls {
            took: took.map_or(Duration::ZERO, |(zero, last)| last - zero),
            times: state.calls.clone(),
            refused: state.refused,
            unknown: state.unknown,
        }
    }

    /// The users whose call was sent, and those of the others.
    #[must_use]
    pub fn touched(&self) -> (Vec<u32>, Vec<u32>) {
        let state = self.state();
        let (touched, others): (Vec<&Member>, Vec<&Member>) = state
            .members
            .iter()
            .partition(|member| member.seen.requested.is_some());
        let users = |members: Vec<&Member>| members.iter().map(|member| member.user).collect();
        (users(touched), users(others))
    }

    /// What is known of the accounts, from the first of them on.
    #[must_use]
    pub fn accounts(&self) -> MassAccounts {
        let state = self.state();
        state.accounts(fresh_for(state.members.len() as u32, self.probes_per_s))
    }

    /// Whose call is next; `None`, after a rest: nobody's, for now.
    pub(super) async fn next_call(&self) -> Option<NextCall> {
        let mut opened = pin!(self.opened.notified());
        opened.as_mut().enable();
        let next = self.take_call();
        if next.is_none() {
            let _ = timeout(REST, opened).await;
        }
        next
    }

    /// Returns once there may be somebody to ask about, or after a rest; whether there may be.
    pub(super) async fn is_probed(&self) -> bool {
        let mut opened = pin!(self.opened.notified());
        opened.as_mut().enable();
        if !self.state().is_probed {
            let _ = timeout(REST, opened).await;
        }
        self.state().is_probed
    }

    fn take_call(&self) -> Option<NextCall> {
        let mut state = self.state();
        let nth = state.next_call;
        if !state.is_called {
            return None;
        }
        let member = state.members.get_mut(nth)?;
        let next = NextCall {
            nth,
            credential: member.credential.take()?,
        };
        state.next_call += 1;
        state.calling += 1;
        Some(next)
    }

    /// The call is being sent now; `false`: it must not be, for nothing is sent any more.
    pub(super) fn is_calling(&self, nth: usize) -> bool {
        let mut state = self.state();
        if !state.is_called {
            state.calling -= 1;
            return false;
        }
        state.members[nth].seen.requested = Some(Instant::now());
        true
    }

    /// The call has ended; `sent`: when it was sent. It was not where its turn never came.
    pub(super) fn has_called(&self, nth: usize, sent: Option<Instant>, called: Called) {
        self.state().has_called(nth, sent, called);
    }

    /// Whom to ask about now: by turns who was just acknowledged or is still in, and one after another of the rest.
    pub(super) fn next_probe(&self) -> Option<NextProbe> {
        let mut state = self.state();
        if !state.is_probed {
            return None;
        }
        let nth = state.take_next()?;
        let member = &mut state.members[nth];
        member.seen.is_asked = true;
        Some(NextProbe {
            nth,
            point: self.points[member.point],
            request: Arc::clone(&member.request),
        })
    }

    /// What was answered about the nth.
    pub(super) fn take(&self, nth: usize, sent: Instant, done: Instant, verdict: Verdict) {
        self.state()
            .take(nth, (sent, done), verdict, self.probe_every);
    }

    fn all(&self, is: impl Fn(&Seen) -> bool) -> bool {
        self.state().members.iter().all(|member| is(&member.seen))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long before its call a credential may last have been seen to be accepted: twice the time in which each of `accounts` is asked about while
/// only every second probe goes round among them, and a second.
#[must_use]
pub fn fresh_for(accounts: u32, probes_per_s: u32) -> Duration {
    let around = f64::from(accounts) / f64::from(probes_per_s);
    Duration::from_secs_f64(4.0 * around) + LEEWAY
}

/// Where the end of a credential is seen: at the points that serve traffic, at least; each asked in turn, so that every server is watched.
fn watched(target: &Target, event: &Event) -> Vec<usize> {
    let points = || {
        let points = target.flows.points.iter().enumerate();
        points.filter(|(_, point)| {
            point.kind == PointKind::Request
                && point.is_probed_in(&event.name)
                && !event.goes_on.contains(&point.name)
        })
    };
    let serving: Vec<usize> = points()
        .filter(|(_, point)| point.traffic)
        .map(|(index, _)| index)
        .collect();
    match serving.is_empty() {
        true => points().map(|(index, _)| index).collect(),
        false => serving,
    }
}

#[cfg(test)]
#[path = "crowd_tests.rs"]
mod tests;

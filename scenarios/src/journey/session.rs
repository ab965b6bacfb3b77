//! One session from its start to its end.

use super::act::{Act, Answer};
use super::call::Called;
use super::caller::Caller;
use super::lifecycle::Lifecycle;
use crate::credentials::promised_life;
use crate::flow::{Credential, Preflights};
use crate::load::attack::Mirrored;
use crate::target::Target;
use authbench_reports::histogram::Histogram;
use authbench_reports::recorder::Outcome;
use authbench_reports::run_file::{JourneyPart, Outcomes, SessionCounts};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What the sessions of one client type at one target were like, since it was last taken. They run on one thread, so the lock is never contended.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<Sums>>);

#[derive(Debug, Default)]
struct Sums {
    counts: SessionCounts,
    outcomes: Outcomes,
    response: Histogram,
    login: Histogram,
    start_lag: Histogram,
    bytes_sent: u64,
    bytes_received: u64,
    preflights: Preflights,
}

impl Tally {
    /// All since the last call, as the part of client type `client`, of whose `intended` sessions `unsent` never began.
    #[must_use]
    pub fn take(&self, client: &str, intended: u64, unsent: u64) -> JourneyPart {
        let sums = std::mem::take(&mut *self.sums());
        JourneyPart {
            client: client.to_owned(),
            intended,
            unsent,
            counts: sums.counts,
            outcomes: sums.outcomes,
            response: sums.response,
            login: sums.login,
            start_lag: sums.start_lag,
            bytes_sent: sums.bytes_sent,
            bytes_received: sums.bytes_received,
            preflight_bytes_sent: sums.preflights.sent,
            preflight_bytes_received: sums.preflights.received,
        }
    }

    pub(super) fn began(&self, late: Duration) {
        self.sums().start_lag.record(late);
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose session it is.
pub struct Session<'a> {
    /// Where.
    pub target: &'a Target,
    /// Who makes the calls.
    pub caller: &'a mut Caller,
    /// Number of the account.
    pub user: u32,
    /// Where everything is counted.
    pub tally: &'a Tally,
    /// When it becomes true, the session ends where it is.
    pub interrupted: &'a watch::Receiver<bool>,
}

impl Session<'_> {
    /// Lives `life` to its end; the last request.
    pub async fn run(&mut self, mut life: Lifecycle) -> Option<Mirrored> {
        let mut last = None;
        let mut credential = self.caller.anybody(self.user).await?;
        while !*self.interrupted.borrow() {
            match life.next(Instant::now()) {
                Act::Wait(moment) => tokio::time::sleep_until(moment.into()).await,
                Act::LogIn(trouble) => {
                    let login = self.caller.log_in(self.user, trouble, life.counts()).await;
                    self.logged_in(&mut life, login, &mut credential);
                }
                Act::Renew(trouble) => {
                    let call = self.caller.renew(&mut credential, trouble, life.counts());
                    let called = call.await;
                    let promised = promised_life(self.target, &credential);
                    self.count_failure(&called);
                    life.renewed(called.answer, promised, called.done);
                }
                Act::Request { write, trouble } => {
                    let called = if write {
                        self.caller.write(&mut credential).await
                    } else {
                        let call = self.caller.request(&mut credential, trouble, life.counts());
                        call.await
                    };
                    last = Some(self.answered(&mut life, &called));
                }
                Act::LogOut => {
                    let called = self.caller.log_out(&mut credential).await;
                    self.count_failure(&called);
                }
                Act::End => break,
            }
        }
        let traffic = self.caller.take_traffic();
        let mut sums = self.tally.sums();
        sums.counts.merge(life.counts());
        sums.bytes_sent += traffic.sent;
        sums.bytes_received += traffic.received;
        sums.counts.preflights += traffic.preflights.count;
        sums.preflights.sent += traffic.preflights.sent;
        sums.preflights.received += traffic.preflights.received;
        last
    }

    fn logged_in(
        &self,
        life: &mut Lifecycle,
        login: Result<Credential, Called>,
        credential: &mut Credential,
    ) {
        match login {
            Ok(fresh) => {
                let done = Instant::now();
                let wanted = life.wanted().unwrap_or(done);
                self.tally.sums().login.record(done - wanted);
                *credential = fresh;
                let promised = promised_life(self.target, credential);
                life.logged_in(Answer::Accepted, promised, done);
            }
            Err(called) => {
                self.count_failure(&called);
                if called.answer == Answer::Refused {
                    // No renewal of a session: somebody whom the target should know was not let in.
                    self.tally.sums().outcomes.count(called.outcome);
                }
                life.logged_in(called.answer, None, called.done);
            }
        }
    }

    /// A 429 is throttling, and a refused renewal a false logout: both are counted as such.
    fn count_failure(&self, called: &Called) {
        if called.answer == Answer::Failed {
            self.tally.sums().outcomes.count(called.outcome);
        }
    }

    fn answered(&self, life: &mut Lifecycle, called: &Called) -> Mirrored {
        let wanted = life.wanted().unwrap_or(called.sent);
        let response_time = called.done.saturating_duration_since(wanted);
        let as_promised = life.answered(called.answer, called.done);
        let outcome = if as_promised {
            Outcome::Expected
        } else {
            called.outcome
        };
        let mut sums = self.tally.sums();
        // A 429 or a 401 comes quickly, and is followed by the answer that the user waits for: that one counts, from the same start.
        if called.answer == Answer::Accepted {
            sums.response.record(response_time);
        }
        sums.outcomes.count(outcome);
        Mirrored {
            response_time,
            expected: as_promised,
            status: match called.outcome {
                Outcome::Expected => Some(200),
                Outcome::Unexpected(status) => Some(status),
                Outcome::TimedOut | Outcome::Broken => None,
            },
        }
    }
}

//! What a client does next, and what it makes of the answers: a state machine on a clock that is told.

use super::act::{Act, Answer, Trouble};
use super::served::Powers;
use crate::credentials::certain_life;
use crate::scenario_file::{ClientPlan, Renew};
use authbench_reports::run_file::SessionCounts;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often in a row something is tried that fails, is refused or throttled, before the client gives it up.
const TRIES: u32 = 3;
/// How long a client waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// One session of one client.
#[derive(Debug)]
pub struct Lifecycle {
    plan: Arc<ClientPlan>,
    powers: Powers,
    renew_before: Duration,
    draw: ChaCha8Rng,
    access: Option<Access>,
    may_refresh: bool,
    has_logged_in: bool,
    was_logged_out: bool,
    left: u32,
    until_reload: u32,
    wanted: Option<Instant>,
    not_before: Option<Instant>,
    renewed_for_this: bool,
    /// Times that the request at hand was sent and not granted.
    in_vain: u32,
    /// Calls that failed, one after another.
    failures: u32,
    two_tabs: bool,
    logs_out: bool,
    over: bool,
    counts: SessionCounts,
}

/// A credential that points accept, as far as the client knows.
#[derive(Clone, Copy, Debug)]
struct Access {
    received: Instant,
    life: Option<Duration>,
}

impl Access {
    fn is_due(&self, now: Instant, before: Duration) -> bool {
        self.life
            .is_some_and(|life| now >= self.received + life.saturating_sub(before))
    }

    /// Whether it should have been accepted by a target that has answered by `now`, whenever it looked.
    fn should_be_accepted(&self, now: Instant) -> bool {
        self.life
            .is_none_or(|life| now < self.received + certain_life(life))
    }
}

impl Lifecycle {
    /// A session that is to begin at `intended`. Everything random in it is drawn from `seed`.
    #[must_use]
    pub fn new(
        plan: Arc<ClientPlan>,
        powers: Powers,
        renew_before: Duration,
        intended: Instant,
        seed: u64,
    ) -> Self {
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        let two_tabs = draw.random_bool(plan.shares.two_tabs);
        let logs_out = draw.random_bool(plan.shares.logout) && powers.logout;
        Self {
            powers,
            renew_before,
            draw,
            access: None,
            may_refresh: false,
            has_logged_in: false,
            was_logged_out: false,
            left: plan.requests,
            until_reload: plan.reload_every.unwrap_or(u32::MAX),
            wanted: Some(intended),
            not_before: None,
            renewed_for_this: false,
            in_vain: 0,
            failures: 0,
            two_tabs,
            logs_out,
            over: false,
            counts: SessionCounts {
                sessions: 1,
                two_tabs: u64::from(two_tabs),
                ..SessionCounts::default()
            },
            plan,
        }
    }

    /// What to do at `now`. Whoever does it tells what came of it before asking again.
    pub fn next(&mut self, now: Instant) -> Act {
        if self.over {
            return Act::End;
        }
        if self.left == 0 {
            let goodbye = std::mem::take(&mut self.logs_out) && self.access.is_some();
            self.over = !goodbye;
            return if goodbye { Act::LogOut } else { Act::End };
        }
        if let Some(moment) = self.not_before.filter(|moment| *moment > now) {
            return Act::Wait(moment);
        }
        self.not_before = None;
        self.wanted.get_or_insert(now);
        let due = self.access.is_some_and(|access| {
            self.plan.renew == Renew::Ahead && access.is_due(now, self.renew_before)
        });
        if due {
            self.access = None;
        }
        match self.access {
            None if self.powers.login && self.may_refresh => {
                let mut trouble = self.trouble();
                trouble.twice |= self.two_tabs;
                Act::Renew(trouble)
            }
            None if self.powers.login => Act::LogIn(self.trouble()),
            _ => Act::Request {
                write: self.powers.write && self.draw.random_bool(self.plan.shares.write),
                trouble: self.trouble(),
            },
        }
    }

    /// Since when the client has wanted what it does now: its request, or its login.
    ///
    /// A request that waits for a silent renewal has been wanted since before it; one that had to wait for a login, since after it.
    #[must_use]
    pub fn wanted(&self) -> Option<Instant> {
        self.wanted
    }

    /// A login ended at `now`; what it gave is promised to live for `life`.
    pub fn logged_in(&mut self, answer: Answer, life: Option<Duration>, now: Instant) {
        match answer {
            Answer::Accepted => {
                self.counts.logins += 1;
                self.counts.repeated_logins += u64::from(self.has_logged_in);
                self.has_logged_in = true;
                self.was_logged_out = false;
                self.has_access(life, now);
                self.wanted = None;
            }
            Answer::Throttled(wait) => {
                self.counts.throttled += 1;
                self.give_up_or_wait(wait, now);
            }
            Answer::Refused | Answer::Failed => self.give_up_or_wait(AFTER_FAILURE, now),
        }
    }

    /// A renewal ended at `now`.
    pub fn renewed(&mut self, answer: Answer, life: Option<Duration>, now: Instant) {
        match answer {
            Answer::Accepted => {
                self.counts.refreshes += 1;
                self.has_access(life, now);
            }
            Answer::Refused => {
                self.counts.false_logouts += 1;
                self.was_logged_out = true;
                self.may_refresh = false;
                self.wanted = Some(now);
            }
            Answer::Throttled(wait) => {
                self.counts.throttled += 1;
                self.give_up_or_wait(wait, now);
            }
            Answer::Failed => self.give_up_or_wait(AFTER_FAILURE, now),
        }
    }

    /// A request ended at `now`. Whether it ended as the target promises.
    pub fn answered(&mut self, answer: Answer, now: Instant) -> bool {
        if answer == Answer::Failed {
            self.failures += 1;
            if self.failures == TRIES {
                self.give_up();
            } else {
                self.done_with_request(now);
            }
            return false;
        }
        self.counts.requests += 1;
        self.failures = 0;
        match answer {
            Answer::Accepted | Answer::Failed => self.done_with_request(now),
            Answer::Throttled(wait) => {
                self.counts.throttled += 1;
                self.in_vain += 1;
                if self.in_vain == TRIES {
                    self.done_with_request(now);
                } else {
                    self.not_before = Some(now + wait);
                }
            }
            Answer::Refused => return self.refused(now),
        }
        true
    }

    /// What has happened so far. Whoever makes the calls counts here the second copies it sent and the answers it lost.
    pub fn counts(&mut self) -> &mut SessionCounts {
        &mut self.counts
    }

    fn refused(&mut self, now: Instant) -> bool {
        let unexpected = !self.was_logged_out
            && self
                .access
                .is_none_or(|access| access.should_be_accepted(now));
        self.counts.refusals += 1;
        self.counts.unexpected_refusals += u64::from(unexpected);
        if self.may_refresh && !self.renewed_for_this {
            self.renewed_for_this = true;
            self.access = None;
            return !unexpected;
        }
        self.counts.visible_refusals += 1;
        self.in_vain += 1;
        if !self.powers.login {
            self.done_with_request(now);
        } else if self.in_vain == TRIES {
            self.give_up();
        } else {
            self.access = None;
            self.may_refresh = false;
            self.wanted = Some(now);
        }
        !unexpected
    }

    fn has_access(&mut self, life: Option<Duration>, now: Instant) {
        self.access = Some(Access {
            received: now,
            life,
        });
        self.may_refresh = self.powers.refresh;
        self.failures = 0;
    }

    fn done_with_request(&mut self, now: Instant) {
        self.left -= 1;
        self.wanted = None;
        self.renewed_for_this = false;
        self.in_vain = 0;
        let pause = self.plan.think.mul_f64(self.draw.random_range(0.5..1.5));
        self.not_before = Some(now + pause);
        self.until_reload -= 1;
        if self.until_reload == 0 && self.left > 0 {
            self.reload();
        }
    }

    fn reload(&mut self) {
        self.counts.reloads += 1;
        self.until_reload = self.plan.reload_every.unwrap_or(u32::MAX);
        if !self.powers.access_survives_reload {
            self.access = None;
        }
        self.may_refresh &= self.powers.refresh_survives_reload;
    }

    fn give_up_or_wait(&mut self, wait: Duration, now: Instant) {
        self.failures += 1;
        if self.failures == TRIES {
            self.give_up();
        } else {
            self.not_before = Some(now + wait);
        }
    }

    fn give_up(&mut self) {
        self.counts.abandoned += 1;
        self.over = true;
    }

    fn trouble(&mut self) -> Trouble {
        let shares = self.plan.shares;
        Trouble {
            lost: self.draw.random_bool(shares.lost_response),
            twice: self.draw.random_bool(shares.retry),
        }
    }
}

#[cfg(test)]
#[path = "lifecycle_tests.rs"]
mod tests;

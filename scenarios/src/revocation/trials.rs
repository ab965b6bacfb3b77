//! Which revocations are still to be made at one target, and what came of those that were.

use super::occurrence::{Member, Occurrence};
use crate::credentials::LOGINS_TRIED;
use authbench_reports::revocation::Trial;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Logins wait a random part of this. A JWT's times are whole seconds of the wall clock, and a slot begins its next trial just after
/// the last token expired: without the wait every login of every slot would come at the beginning of a second, and every token
/// would live for the whole of its lifetime.
pub const LOGINS_SPREAD_OVER: Duration = Duration::from_secs(1);

/// One revocation to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Index of the event in the target.
    pub event: usize,
    /// Number of the account: each trial has its own, so that no trial disturbs another.
    pub user: u32,
    /// At which part (0 to 1) of its credential's life it is revoked.
    pub age: f64,
    /// How long to wait before the login, less than [`LOGINS_SPREAD_OVER`].
    pub wait: Duration,
    /// Logins that have failed.
    pub failed_logins: u32,
    /// What it shares its event with; absent where it has one of its own.
    pub occurrence: Option<Member>,
}

/// How often one event is to happen at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Index of the event in the target.
    pub event: usize,
    /// Of how many credentials.
    pub revocations: u32,
    /// Whom it puts out.
    pub puts_out: PutsOut,
}

/// Whom an event puts out, as far as that decides what can go on meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutsOut {
    /// Nobody but its own trial: trials of such events are made side by side, in random order.
    One,
    /// The credentials of several trials, so that it is made once for at most so many of them; and no other trial goes on meanwhile.
    Several(u32),
    /// The same, and everybody else, the background load included: it is made when that is over.
    Everyone(u32),
}

/// The trials of one target, shared by the users that make them.
#[derive(Debug)]
pub struct Trials {
    inner: Mutex<Inner>,
    progressed: Notify,
    cancelled: watch::Sender<bool>,
}

#[derive(Debug)]
struct Inner {
    is_open: bool,
    is_alone: bool,
    is_cancelled: bool,
    waiting: VecDeque<Assignment>,
    /// Occurrences, each to begin when everything before it is over.
    then: VecDeque<Vec<Assignment>>,
    /// Those to begin when the background load is over, too.
    at_last: VecDeque<Vec<Assignment>>,
    under_way: usize,
    done: Vec<(usize, Trial)>,
    failed: Vec<String>,
}

impl Inner {
    fn left_beside_load(&self) -> usize {
        self.waiting.len() + self.under_way + self.then.iter().map(Vec::len).sum::<usize>()
    }

    fn left(&self) -> usize {
        self.left_beside_load() + self.at_last.iter().map(Vec::len).sum::<usize>()
    }

    /// The next occurrence, where nothing else is under way.
    fn begin_next(&mut self) {
        if self.waiting.is_empty() && self.under_way == 0 {
            let next = self.then.pop_front();
            let next = next.or_else(|| self.is_alone.then(|| self.at_last.pop_front()).flatten());
            self.waiting.extend(next.into_iter().flatten());
        }
    }
}

impl Trials {
    /// The trials of every event in `wanted`, over accounts from `first_user` on; order, ages and waits drawn from `seed`. None is handed out
    /// before [`Self::open`].
    #[must_use]
    pub fn new(wanted: &[Wanted], first_user: u32, seed: u64) -> Self {
        let mut draw = Draw {
            from: ChaCha8Rng::seed_from_u64(seed),
            next_user: first_user,
        };
        let one_by_one = wanted
            .iter()
            .filter(|wanted| wanted.puts_out == PutsOut::One);
        let mut order: Vec<usize> = one_by_one
            .flat_map(|wanted| std::iter::repeat_n(wanted.event, wanted.revocations as usize))
            .collect();
        order.shuffle(&mut draw.from);
        let waiting = order.into_iter().map(|event| draw.assign(event, None));
        let waiting = waiting.collect();
        let (mut then, mut at_last) = (VecDeque::new(), VecDeque::new());
        for wanted in wanted {
            match wanted.puts_out {
                PutsOut::One => {}
                PutsOut::Several(most) => then.extend(draw.occurrences(wanted, most)),
                PutsOut::Everyone(most) => at_last.extend(draw.occurrences(wanted, most)),
            }
        }
        let inner = Inner {
            is_open: false,
            is_alone: false,
            is_cancelled: false,
            waiting,
            then,
            at_last,
            under_way: 0,
            done: Vec::new(),
            failed: Vec::new(),
        };
        Self {
            inner: Mutex::new(inner),
            progressed: Notify::new(),
            cancelled: watch::Sender::new(false),
        }
    }

    /// Lets users begin: the background load has warmed up.
    pub fn open(&self) {
        self.lock().is_open = true;
    }

    /// The background load is over: lets those begin that put out everyone.
    pub fn open_alone(&self) {
        self.lock().is_alone = true;
    }

    /// The next one to make; `None` when there is none now.
    pub fn take(&self) -> Option<Assignment> {
        let mut inner = self.lock();
        if !inner.is_open {
            return None;
        }
        inner.begin_next();
        let next = inner.waiting.pop_front()?;
        inner.under_way += 1;
        Some(next)
    }

    /// What came of one.
    pub fn finished(&self, event: usize, trial: Trial) {
        let mut inner = self.lock();
        inner.done.push((event, trial));
        inner.under_way -= 1;
        self.progressed.notify_one();
    }

    /// One could not be made: no credential was to be had. It is handed out again, unless that happened too often.
    pub fn failed(&self, assignment: Assignment, reason: String) {
        let mut inner = self.lock();
        inner.under_way -= 1;
        let failed_logins = assignment.failed_logins + 1;
        if failed_logins < LOGINS_TRIED && !inner.is_cancelled {
            inner.waiting.push_back(Assignment {
                failed_logins,
                ..assignment
            });
            return;
        }
        if let Some(member) = &assignment.occurrence {
            member.of.give_up();
        }
        inner.failed.push(reason);
        self.progressed.notify_one();
    }

    /// One was cut short and says nothing.
    pub fn cut(&self) {
        self.lock().under_way -= 1;
        self.progressed.notify_one();
    }

    /// Becomes `true` when those under way are to be cut short.
    #[must_use]
    pub fn cancelled(&self) -> watch::Receiver<bool> {
        self.cancelled.subscribe()
    }

    /// Hands out no more, and has those under way cut short.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
        let mut inner = self.lock();
        inner.is_cancelled = true;
        inner.waiting.clear();
        inner.then.clear();
        inner.at_last.clear();
        self.progressed.notify_one();
    }

    /// How many are still to be made or under way.
    #[must_use]
    pub fn left(&self) -> usize {
        self.lock().left()
    }

    /// The same without those that wait for the end of the background load.
    #[must_use]
    pub fn left_beside_load(&self) -> usize {
        self.lock().left_beside_load()
    }

    /// Waits for the next to end.
    pub async fn progressed(&self) {
        self.progressed.notified().await;
    }

    /// What came of all, by event, and why some could not be made.
    pub fn take_results(&self) -> (Vec<(usize, Trial)>, Vec<String>) {
        let mut inner = self.lock();
        (
            std::mem::take(&mut inner.done),
            std::mem::take(&mut inner.failed),
        )
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is drawn for each trial.
struct Draw {
    from: ChaCha8Rng,
    next_user: u32,
}

impl Draw {
    fn assign(&mut self, event: usize, occurrence: Option<Member>) -> Assignment {
        let user = self.next_user;
        self.next_user += 1;
        Assignment {
            event,
            user,
            age: self.from.random_range(0.0..1.0),
            wait: LOGINS_SPREAD_OVER.mul_f64(self.from.random_range(0.0..1.0)),
            failed_logins: 0,
            occurrence,
        }
    }

    /// Of the event's revocations, at most `most` to an occurrence.
    fn occurrences(&mut self, wanted: &Wanted, most: u32) -> Vec<Vec<Assignment>> {
        let most = most.max(1);
        let mut left = wanted.revocations;
        let mut all = Vec::new();
        while left > 0 {
            let members = left.min(most);
            left -= members;
            let of = Occurrence::new(all.len() as u32, members);
            let each = (0..members).map(|index| {
                let of = Arc::clone(&of);
                let leads = index == 0;
                self.assign(wanted.event, Some(Member { of, leads }))
            });
            all.push(each.collect());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_by_one(events: &[usize], each: u32) -> Vec<Wanted> {
        let wanted = |event: &usize| Wanted {
            event: *event,
            revocations: each,
            puts_out: PutsOut::One,
        };
        events.iter().map(wanted).collect()
    }

    #[test]
    fn what_puts_out_several_waits_for_all_others_and_everyone_for_the_end_of_the_load() {
        let wanted = |event, revocations, puts_out| Wanted {
            event,
            revocations,
            puts_out,
        };
        let trials = Trials::new(
            &[
                wanted(0, 3, PutsOut::Everyone(2)),
                wanted(1, 3, PutsOut::Several(2)),
                wanted(2, 1, PutsOut::One),
            ],
            0,
            1,
        );
        trials.open();
        assert_eq!((trials.left(), trials.left_beside_load()), (7, 4));
        let mut seen = Vec::new();
        let mut next = || {
            let taken: Vec<Assignment> = std::iter::from_fn(|| trials.take()).collect();
            for assignment in &taken {
                let member = assignment.occurrence.as_ref();
                let member = member.map(|member| (member.of.number(), member.leads));
                seen.push((assignment.event, member));
            }
            taken.iter().for_each(|_| trials.cut());
            taken.len()
        };
        assert_eq!([next(), next(), next(), next()], [1, 2, 1, 0]);
        trials.open_alone();
        assert_eq!([next(), next(), next()], [2, 1, 0]);
        assert_eq!(
            seen,
            [
                (2, None),
                (1, Some((0, true))),
                (1, Some((0, false))),
                (1, Some((1, true))),
                (0, Some((0, true))),
                (0, Some((0, false))),
                (0, Some((1, true))),
            ]
        );
    }

    #[tokio::test]
    async fn the_others_do_not_wait_for_one_that_has_no_credential() {
        let wanted = Wanted {
            event: 0,
            revocations: 2,
            puts_out: PutsOut::Several(2),
        };
        let trials = Trials::new(&[wanted], 0, 1);
        trials.open();
        let mut leader = trials.take().expect("the one that leads");
        let other = trials.take().expect("the other");
        for _ in 0..LOGINS_TRIED {
            trials.failed(leader.clone(), "503".to_owned());
            leader = trials.take().unwrap_or(leader);
        }
        let member = other.occurrence.expect("shares its event");
        assert!(member.of.call().await.is_none());
    }

    #[test]
    fn every_trial_has_its_own_account_and_every_event_its_number() {
        let trials = Trials::new(&one_by_one(&[0, 2], 50), 1000, 1);
        assert_eq!(trials.left(), 100);
        let all = drain(&trials);
        assert_eq!(
            all.iter().map(|a| a.user).collect::<Vec<_>>(),
            (1000..1100).collect::<Vec<_>>()
        );
        assert_eq!(all.iter().filter(|a| a.event == 2).count(), 50);
        assert!(
            all[..50].iter().any(|a| a.event == 0) && all[..50].iter().any(|a| a.event == 2),
            "mixed order"
        );
        assert!(all.iter().all(|a| (0.0..1.0).contains(&a.age)));
    }

    #[test]
    fn none_begins_before_the_background_load_has_warmed_up() {
        let trials = Trials::new(&one_by_one(&[0], 1), 0, 1);
        assert_eq!(trials.take(), None);
        trials.open();
        assert!(trials.take().is_some());
    }

    #[test]
    fn logins_spread_over_the_second_even_if_every_trial_ends_at_its_beginning() {
        let assignments = drain(&Trials::new(&one_by_one(&[0], 1000), 0, 5));
        let mut tenths = [0u32; 10];
        for assignment in assignments {
            tenths[(assignment.wait.as_millis() / 100) as usize] += 1;
        }
        // Five standard deviations of a binomial(1,000, 1/10) are 47.
        assert!(
            tenths.iter().all(|count| count.abs_diff(100) < 48),
            "{tenths:?}"
        );
    }

    #[test]
    fn the_seed_decides_order_and_ages() {
        let of = |seed| drain(&Trials::new(&one_by_one(&[0, 1], 10), 0, seed));
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }

    fn drain(trials: &Trials) -> Vec<Assignment> {
        trials.open();
        std::iter::from_fn(|| trials.take()).collect()
    }

    #[test]
    fn cancelling_leaves_only_what_is_under_way() {
        let trials = Trials::new(&one_by_one(&[0], 10), 0, 1);
        trials.open();
        let under_way = trials.take().expect("ten are waiting");
        trials.cancel();
        assert_eq!(trials.left(), 1);
        assert_eq!(trials.take(), None);
        trials.failed(under_way, "no credential".to_owned());
        assert_eq!(trials.left(), 0);
    }

    #[test]
    fn a_login_that_fails_is_tried_again_and_not_for_ever() {
        let trials = Trials::new(&one_by_one(&[0], 1), 7, 1);
        trials.open();
        for tried in 0..LOGINS_TRIED {
            let assignment = trials.take().expect("still to be made");
            assert_eq!((assignment.user, assignment.failed_logins), (7, tried));
            assert_eq!(trials.left(), 1);
            trials.failed(assignment, "503".to_owned());
        }
        assert_eq!((trials.take(), trials.left()), (None, 0));
        assert_eq!(trials.take_results().1, ["503"]);
    }
}

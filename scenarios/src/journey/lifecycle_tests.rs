//! Whole lives on a clock that the test moves.

use super::*;
use crate::scenario_file::{Presents, Shares};

const TTL: Duration = Duration::from_secs(3);
const BEFORE: Duration = Duration::from_millis(1200);
const THINK: Duration = Duration::from_secs(1);
const ALL: Powers = Powers {
    login: true,
    refresh: true,
    logout: true,
    write: false,
    access_survives_reload: false,
    refresh_survives_reload: true,
};

fn plan(requests: u32) -> ClientPlan {
    ClientPlan {
        name: "spa".to_owned(),
        share: 1.0,
        presents: Presents {
            cookie: true,
            header: true,
        },
        requests,
        think: THINK,
        renew: Renew::Ahead,
        reload_every: None,
        shares: Shares::default(),
    }
}

/// A target that answers at once, and the letters of what was asked of it.
struct Play {
    life: Lifecycle,
    now: Instant,
    seen: String,
}

impl Play {
    fn new(plan: ClientPlan, powers: Powers) -> Self {
        let now = Instant::now();
        Self {
            life: Lifecycle::new(Arc::new(plan), powers, BEFORE, now, 7),
            now,
            seen: String::new(),
        }
    }

    /// Lets the client live; `point` and `renewal` answer its requests and renewals, by the number of those before.
    fn on(
        mut self,
        mut point: impl FnMut(usize) -> Answer,
        mut renewal: impl FnMut(usize) -> Answer,
    ) -> (String, SessionCounts) {
        let (mut requests, mut renewals) = (0, 0);
        for _ in 0..1000 {
            match self.life.next(self.now) {
                Act::Wait(moment) => self.now = moment,
                Act::LogIn(_) => {
                    self.seen.push('L');
                    self.life.logged_in(Answer::Accepted, Some(TTL), self.now);
                }
                Act::Renew(_) => {
                    self.seen.push('r');
                    self.life.renewed(renewal(renewals), Some(TTL), self.now);
                    renewals += 1;
                }
                Act::Request { .. } => {
                    self.seen.push('.');
                    let answer = point(requests);
                    self.life.answered(answer, self.now);
                    requests += 1;
                }
                Act::LogOut => self.seen.push('O'),
                Act::End => return (self.seen, *self.life.counts()),
            }
        }
        panic!("never ends: {}", self.seen);
    }

    fn well(self) -> (String, SessionCounts) {
        self.on(|_| Answer::Accepted, |_| Answer::Accepted)
    }
}

fn accepted(_: usize) -> Answer {
    Answer::Accepted
}

#[test]
fn a_session_logs_in_once_and_renews_before_its_token_ends() {
    let (seen, counts) = Play::new(plan(8), ALL).well();
    assert!(seen.starts_with("L."), "{seen}");
    assert_eq!(seen.matches('.').count(), 8);
    // Seven pauses of 0.5 to 1.5 s; a token is used for 1.8 s.
    assert!((2..=5).contains(&counts.refreshes), "{seen}");
    assert_eq!((counts.logins, counts.repeated_logins), (1, 0));
    assert_eq!((counts.requests, counts.refusals), (8, 0));
}

#[test]
fn where_nothing_renews_the_user_logs_in_again() {
    let powers = Powers {
        refresh: false,
        ..ALL
    };
    let (seen, counts) = Play::new(plan(8), powers).well();
    assert!(!seen.contains('r') && counts.repeated_logins >= 2, "{seen}");
    assert_eq!(counts.logins, counts.repeated_logins + 1);
}

#[test]
fn without_logins_everything_is_a_request() {
    let powers = Powers {
        login: false,
        ..ALL
    };
    let (seen, counts) = Play::new(plan(3), powers).well();
    assert_eq!((seen.as_str(), counts.logins), ("...", 0));
}

#[test]
fn a_reload_forgets_what_was_in_memory_and_nothing_else() {
    let reloading = |powers| {
        let mut plan = plan(5);
        plan.think = Duration::ZERO;
        plan.reload_every = Some(2);
        Play::new(plan, powers).well()
    };
    let (seen, counts) = reloading(ALL);
    assert_eq!((seen.as_str(), counts.reloads), ("L..r..r.", 2));
    let in_memory = Powers {
        refresh_survives_reload: false,
        ..ALL
    };
    assert_eq!(reloading(in_memory).0, "L..L..L.");
    let cookie = Powers {
        access_survives_reload: true,
        ..ALL
    };
    assert_eq!(reloading(cookie).0, "L.....");
}

#[test]
fn a_refusal_that_a_renewal_mends_is_not_seen_by_the_user() {
    let mut plan = plan(2);
    plan.renew = Renew::WhenRefused;
    let once = |request| match request {
        0 => Answer::Refused,
        _ => Answer::Accepted,
    };
    let (seen, counts) = Play::new(plan.clone(), ALL).on(once, accepted);
    assert_eq!(seen, "L.r..");
    assert_eq!((counts.refusals, counts.visible_refusals), (1, 0));
    // It was refused at once: its life was not over.
    assert_eq!(counts.unexpected_refusals, 1);
    let powers = Powers {
        refresh: false,
        ..ALL
    };
    let (seen, counts) = Play::new(plan, powers).on(once, accepted);
    assert_eq!(seen, "L.L..");
    assert_eq!((counts.visible_refusals, counts.repeated_logins), (1, 1));
}

#[test]
fn a_refusal_is_expected_once_less_than_the_certain_life_is_left() {
    let mut plan = plan(2);
    plan.renew = Renew::WhenRefused;
    let mut life = Lifecycle::new(Arc::new(plan), ALL, BEFORE, Instant::now(), 1);
    let zero = Instant::now();
    let answered_after = |life: &mut Lifecycle, age_ms| {
        life.logged_in(Answer::Accepted, Some(TTL), zero);
        life.answered(Answer::Refused, zero + Duration::from_millis(age_ms))
    };
    // Of 3 s counted in whole seconds 2 s are certain.
    assert!(!answered_after(&mut life, 1999));
    assert!(answered_after(&mut life, 2001));
    assert_eq!(life.counts().unexpected_refusals, 1);
}

#[test]
fn a_refused_renewal_is_a_false_logout_and_costs_a_login() {
    let mut plan = plan(3);
    plan.think = Duration::ZERO;
    plan.reload_every = Some(1);
    let (seen, counts) = Play::new(plan, ALL).on(accepted, |renewal| match renewal {
        0 => Answer::Refused,
        _ => Answer::Accepted,
    });
    assert_eq!(seen, "L.rL.r.");
    assert_eq!((counts.false_logouts, counts.repeated_logins), (1, 1));
}

#[test]
fn a_client_that_is_told_to_slow_down_does_and_gives_the_request_up_in_the_end() {
    let wait = Duration::from_secs(5);
    let play = Play::new(plan(1), ALL);
    let began = play.now;
    let mut sent = Vec::new();
    let mut life = play.life;
    let mut now = began;
    loop {
        match life.next(now) {
            Act::Wait(moment) => now = moment,
            Act::LogIn(_) => life.logged_in(Answer::Accepted, None, now),
            Act::Request { .. } => {
                sent.push(now - began);
                assert!(life.answered(Answer::Throttled(wait), now));
            }
            _ => break,
        }
    }
    assert_eq!(sent, [Duration::ZERO, wait, wait * 2]);
    assert_eq!(life.counts().throttled, 3);
}

#[test]
fn what_always_fails_is_given_up() {
    let (seen, counts) = Play::new(plan(9), ALL).on(|_| Answer::Refused, accepted);
    assert_eq!(counts.abandoned, 1, "{seen}");
    assert!(seen.len() < 20, "{seen}");
    let mut life = Play::new(plan(9), ALL);
    for _ in 0..TRIES {
        while let Act::Wait(moment) = life.life.next(life.now) {
            life.now = moment;
        }
        life.life.logged_in(Answer::Failed, None, life.now);
    }
    assert_eq!(life.life.next(life.now), Act::End);
    assert_eq!(life.life.counts().abandoned, 1);
}

#[test]
fn trouble_and_second_tabs_come_at_their_shares_and_from_the_seed() {
    let mut plan = plan(1000);
    plan.shares = Shares {
        lost_response: 0.1,
        retry: 0.2,
        two_tabs: 1.0,
        logout: 1.0,
        write: 0.0,
    };
    let plan = Arc::new(plan);
    let troubles = |seed| {
        let zero = Instant::now();
        let mut life = Lifecycle::new(Arc::clone(&plan), ALL, BEFORE, zero, seed);
        let mut troubles = Vec::new();
        loop {
            // Nothing waits: a clock that is far ahead.
            let now = zero + Duration::from_secs(1_000_000) + TTL * troubles.len() as u32;
            match life.next(now) {
                Act::LogIn(_) => life.logged_in(Answer::Accepted, None, now),
                Act::Request { trouble, .. } => {
                    troubles.push(trouble);
                    life.answered(Answer::Accepted, now);
                }
                Act::LogOut => {}
                Act::End => break,
                other => panic!("{other:?}"),
            }
        }
        troubles
    };
    let drawn = troubles(1);
    assert!(drawn == troubles(1) && drawn != troubles(2));
    let lost = drawn.iter().filter(|trouble| trouble.lost).count();
    let twice = drawn.iter().filter(|trouble| trouble.twice).count();
    // Five standard deviations of 1,000 draws are 47 and 63.
    assert!(lost.abs_diff(100) < 48 && twice.abs_diff(200) < 64);
}

#[test]
fn a_second_tab_renews_whenever_the_first_does() {
    let mut plan = plan(3);
    plan.shares.two_tabs = 1.0;
    plan.reload_every = Some(1);
    plan.think = Duration::ZERO;
    let mut play = Play::new(plan, ALL);
    assert!(matches!(play.life.next(play.now), Act::LogIn(trouble) if !trouble.twice));
    play.life.logged_in(Answer::Accepted, Some(TTL), play.now);
    assert!(matches!(play.life.next(play.now), Act::Request { trouble, .. } if !trouble.twice));
    play.life.answered(Answer::Accepted, play.now);
    assert!(matches!(play.life.next(play.now), Act::Renew(trouble) if trouble.twice));
    assert_eq!(play.life.counts().two_tabs, 1);
}

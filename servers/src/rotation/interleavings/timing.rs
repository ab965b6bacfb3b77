//! How long things take between events: the model behind every probability, and the sessions that are drawn from it.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp};

use crate::clock::millis;

/// How one user's browser and one thief behave in time. All of it is assumed, and stands in every report.
///
/// Two tabs share a cookie jar. Both hold an access token of their own, from about the same moment, and renew it when it
/// expires: tab A on the dot, tab B a *gap* later. A request takes a while each way. Some answers are lost; the tab then
/// asks again after one of several delays, by the reason that it has to notice. A thief copies the jar's token at a
/// moment that is as likely as any other in the first half of the session, uses it a while later, and renews as often as
/// a tab does.
///
/// Each side is drawn at its worst: two tabs where there is no thief, and one where there is. The second tab's renewals
/// would use up every successor at once, and a thief could hide behind no grace, however long.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// From one renewal to the next: the life of an access token.
    pub period: Duration,
    /// Renewals of each tab in a session.
    pub rounds: u32,
    /// How much later tab B renews: mean of an exponential distribution.
    pub gap: Duration,
    /// How long a request, or an answer, is under way: mean of an exponential distribution.
    pub one_way: Duration,
    /// Share of answers to tabs that are lost (0 to 1). The answer to a retry arrives.
    pub lost: f64,
    /// How a tab notices that an answer is lost.
    pub noticed: Vec<Noticed>,
    /// From the copy to the thief's first use: mean of an exponential distribution.
    pub theft_delay: Duration,
}

/// One way to notice that an answer is lost, and how long that takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Noticed {
    /// What happens.
    pub how: &'static str,
    /// Share of the lost answers (0 to 1).
    pub share: f64,
    /// It takes at least so long.
    pub at_least: Duration,
    /// And so much longer: mean of an exponential distribution.
    pub then: Duration,
}

/// One session, all times in milliseconds after the login.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// What the tabs do, in no particular order.
    pub renewals: Vec<TabRenewal>,
    /// What the thief does, if there is one.
    pub theft: Option<Theft>,
    /// When it is over.
    pub ends_ms: i64,
}

/// A tab renews.
#[derive(Clone, Debug, PartialEq)]
pub struct TabRenewal {
    /// 0 or 1.
    pub tab: usize,
    /// When it reads the jar and sends.
    pub at_ms: i64,
    /// How long the request and the answer are under way.
    pub way: Way,
    /// The answer is lost: the tab asks again after this many milliseconds, and that request and answer take so long.
    pub again: Option<(i64, Way)>,
}

/// How long a request and its answer are under way, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The request.
    pub out_ms: i64,
    /// The answer.
    pub back_ms: i64,
}

/// A thief's plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Theft {
    /// When it copies the jar's token.
    pub copied_ms: i64,
    /// When it uses what it has, one after the other.
    pub uses: Vec<(i64, Way)>,
}

impl Timing {
    /// A single-page application with two open tabs and access tokens of five minutes, for an hour.
    pub fn browser() -> Self {
        let noticed = |how, share, at_least, then| Noticed {
            how,
            share,
            at_least,
            then,
        };
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        Self {
            period: s(300),
            rounds: 12,
            gap: s(2),
            one_way: ms(50),
            lost: 0.01,
            noticed: vec![
                noticed("the connection breaks", 0.5, ms(0), ms(500)),
                noticed("a time-out passes", 0.4, s(3), s(2)),
                noticed("the device sleeps", 0.1, s(0), s(60)),
            ],
            theft_delay: s(30),
        }
    }

    /// The same shape in seconds rather than minutes, for a server that is really asked: a way takes long enough that
    /// the server's own time does not count beside it.
    pub fn laboratory() -> Self {
        let mut timing = Self::browser();
        let ms = Duration::from_millis;
        timing.period = ms(3_000);
        timing.rounds = 4;
        timing.gap = ms(400);
        timing.one_way = ms(40);
        timing.lost = 0.08;
        timing.theft_delay = ms(600);
        for noticed in &mut timing.noticed {
            (noticed.at_least, noticed.then) = match noticed.at_least {
                Duration::ZERO if noticed.then > Duration::from_secs(1) => (ms(0), ms(1_500)),
                Duration::ZERO => (ms(0), ms(60)),
                _ => (ms(300), ms(200)),
            };
        }
        timing
    }

    /// Draws session number `number`. The draws do not depend on the grace, so that every grace meets the same sessions.
    pub fn draw(&self, seed: u64, number: u64, thief: bool) -> Session {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(2 * number + u64::from(thief));
        let ends_ms = millis(self.period).saturating_mul(i64::from(self.rounds) + 1);
        let tabs = if thief { 1 } else { 2 };
        let renewals = (1..=self.rounds)
            .flat_map(|round| (0..tabs).map(move |tab| (round, tab)))
            .map(|(round, tab)| self.renewal(round, tab, &mut random))
            .collect();
        Session {
            renewals,
            theft: thief.then(|| self.theft(ends_ms, &mut random)),
            ends_ms,
        }
    }

    fn renewal(&self, round: u32, tab: usize, random: &mut ChaCha8Rng) -> TabRenewal {
        let gap_ms = exponential(self.gap, random);
        let due_ms = millis(self.period).saturating_mul(i64::from(round));
        let way = self.way(random);
        let again = (self.noticed_after(random), self.way(random));
        TabRenewal {
            tab,
            at_ms: due_ms + if tab == 0 { 0 } else { gap_ms },
            way,
            again: random.random_bool(self.lost).then_some(again),
        }
    }

    fn noticed_after(&self, random: &mut ChaCha8Rng) -> i64 {
        let mut left: f64 = random.random();
        let way = self.noticed.iter().find(|noticed| {
            left -= noticed.share;
            left < 0.0
        });
        let Some(noticed) = way.or(self.noticed.last()) else {
            return 0;
        };
        millis(noticed.at_least) + exponential(noticed.then, random)
    }

    fn theft(&self, ends_ms: i64, random: &mut ChaCha8Rng) -> Theft {
        let copied_ms = (random.random::<f64>() * ends_ms as f64 / 2.0) as i64;
        let first_ms = copied_ms + 1 + exponential(self.theft_delay, random);
        let period_ms = millis(self.period).max(1);
        let mut uses = Vec::new();
        let mut at_ms = first_ms;
        while at_ms < ends_ms {
            uses.push((at_ms, self.way(random)));
            at_ms += period_ms;
        }
        Theft { copied_ms, uses }
    }

    fn way(&self, random: &mut ChaCha8Rng) -> Way {
        Way {
            out_ms: exponential(self.one_way, random),
            back_ms: exponential(self.one_way, random),
        }
    }
}

/// Whole milliseconds, distributed exponentially with this mean.
fn exponential(mean: Duration, random: &mut ChaCha8Rng) -> i64 {
    let mean_ms = mean.as_secs_f64() * 1e3;
    Exp::new(1.0 / mean_ms).map_or(0, |distribution| distribution.sample(random).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_drawn_alike_every_time_and_none_is_like_another() {
        let timing = Timing::browser();
        assert_eq!(timing.draw(1, 7, true), timing.draw(1, 7, true));
        assert_ne!(timing.draw(1, 7, true), timing.draw(1, 8, true));
        assert_ne!(timing.draw(1, 7, true), timing.draw(2, 7, true));
    }

    #[test]
    fn what_is_drawn_follows_the_model() {
        let timing = Timing::browser();
        let drawn = |thief| -> Vec<Session> {
            let numbers = 0..500;
            numbers
                .map(|number| timing.draw(1, number, thief))
                .collect()
        };
        let sessions = drawn(false);
        let renewals: Vec<&TabRenewal> = sessions
            .iter()
            .flat_map(|session| &session.renewals)
            .collect();
        assert_eq!(renewals.len(), 500 * 24);
        let lost = renewals.iter().filter(|one| one.again.is_some()).count();
        // 12,000 answers, one in a hundred lost: 120 ± 5 standard deviations.
        assert!((65..175).contains(&lost), "{lost}");
        let out: i64 = renewals.iter().map(|one| one.way.out_ms).sum();
        assert!((48..52).contains(&(out / 12_000)), "{out}");
        let sessions = drawn(true);
        let copied = sessions.iter().filter_map(|one| one.theft.as_ref());
        assert!(copied.clone().all(|theft| theft.copied_ms * 2 <= 3_900_000));
        assert!(
            copied
                .clone()
                .all(|theft| theft.copied_ms < theft.uses[0].0)
        );
    }
}

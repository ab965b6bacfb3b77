//! Sessions drawn from a timing model, on the rotation code and an injected clock: what happens how often.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::audit::{Audit, Invariant, Party};
use super::explored_server::{Answer, ExploredServer, OWNER};
use super::timing::{Session, Timing, Way};

/// What came of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionOutcome {
    /// When the user was logged out, in milliseconds after the login; `None`: not at all.
    pub honest_out_ms: Option<i64>,
    /// What came of the theft: `None` where nobody used a copy while the family lived.
    pub theft: Option<TheftOutcome>,
    /// What did not hold.
    pub broken: Option<Invariant>,
}

/// What came of a theft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TheftOutcome {
    /// From the thief's first request until the family was ended, in milliseconds; `None`: not before the session's end.
    pub detected_after_ms: Option<i64>,
    /// Requests of the thief that were granted.
    pub stolen: u32,
}

/// All that is drawn for one grace window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The grace window.
    pub grace: Duration,
    /// Sessions without a thief.
    pub honest: Vec<SessionOutcome>,
    /// Sessions with one.
    pub thefts: Vec<SessionOutcome>,
}

/// Plays `sessions` sessions without a thief and as many with one; `heard` is told how many are done, and ends the drawing by
/// `false`: then there is no answer.
pub fn draw(
    timing: &Timing,
    grace: Duration,
    seed: u64,
    sessions: u64,
    mut heard: impl FnMut(u64) -> bool,
) -> Option<Drawn> {
    let server = ExploredServer::start(grace, None);
    let (mut honest, mut thefts) = (Vec::new(), Vec::new());
    for number in 0..sessions {
        honest.push(play(&server, &timing.draw(seed, number, false)));
        thefts.push(play(&server, &timing.draw(seed, number, true)));
        if number % 64 == 0 && !heard(number) {
            return None;
        }
    }
    Some(Drawn {
        grace,
        honest,
        thefts,
    })
}

/// Something that is due at a time; of two at the same time, the one that was planned first.
type Due = Reverse<(i64, u64, Event)>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A tab reads the jar and sends.
    Send { renewal: usize, retry: bool },
    /// A tab's request arrives.
    Arrive {
        renewal: usize,
        retry: bool,
        token: String,
    },
    /// A tab's answer arrives; `None`: a refusal.
    Deliver { tab: usize, granted: Option<String> },
    /// The thief copies the jar's token.
    Copy,
    /// The thief's request arrives.
    Use,
}

struct Playing<'a> {
    session: &'a Session,
    server: ExploredServer,
    audit: Audit,
    due: BinaryHeap<Due>,
    planned: u64,
    jar: String,
    out: [bool; 2],
    copy: Option<String>,
    thief_began_ms: Option<i64>,
    outcome: SessionOutcome,
}

/// Plays one session from its login to its end.
fn play(server: &ExploredServer, session: &Session) -> SessionOutcome {
    let mut playing = Playing {
        session,
        server: server.again(),
        audit: Audit::new(server.grace_ms()),
        due: BinaryHeap::new(),
        planned: 0,
        jar: server.first.clone(),
        out: [false; 2],
        copy: None,
        thief_began_ms: None,
        outcome: SessionOutcome::default(),
    };
    playing.plan_all();
    while let Some(Reverse((at_ms, _, event))) = playing.due.pop() {
        playing.server.wait_until(at_ms);
        playing.audit.step();
        let held = playing.happen(event);
        let lives = playing.server.family_lives();
        let held = held.and_then(|()| playing.audit.after_step(lives));
        playing.note(held.err());
    }
    let held = playing.audit.over();
    playing.note(held.err());
    playing.outcome
}

impl Playing<'_> {
    fn plan_all(&mut self) {
        for (renewal, planned) in self.session.renewals.iter().enumerate() {
            let retry = false;
            self.plan(planned.at_ms, Event::Send { renewal, retry });
        }
        if let Some(theft) = &self.session.theft {
            self.plan(theft.copied_ms, Event::Copy);
            for (at_ms, way) in &theft.uses {
                self.plan(at_ms + way.out_ms, Event::Use);
            }
        }
    }

    fn plan(&mut self, at_ms: i64, event: Event) {
        self.due.push(Reverse((at_ms, self.planned, event)));
        self.planned += 1;
    }

    fn happen(&mut self, event: Event) -> Result<(), Invariant> {
        let now_ms = self.server.now_ms();
        match event {
            Event::Send { renewal, .. } if self.out[self.session.renewals[renewal].tab] => Ok(()),
            Event::Send { renewal, retry } => {
                let token = self.jar.clone();
                let arrive = Event::Arrive {
                    renewal,
                    retry,
                    token,
                };
                self.plan(now_ms + self.way(renewal, retry).out_ms, arrive);
                Ok(())
            }
            Event::Arrive {
                renewal,
                retry,
                token,
            } => self.arrive(renewal, retry, token),
            Event::Deliver { tab, granted } => {
                match granted {
                    Some(token) => self.jar = token,
                    None => self.out[tab] = true,
                }
                Ok(())
            }
            Event::Copy => {
                self.copy = Some(self.jar.clone());
                Ok(())
            }
            Event::Use => self.steal(),
        }
    }

    fn arrive(&mut self, renewal: usize, retry: bool, token: String) -> Result<(), Invariant> {
        let (answer, held) = self.ask(Party::Honest, token);
        let (planned, now_ms) = (&self.session.renewals[renewal], self.server.now_ms());
        match planned.again.filter(|_| !retry) {
            Some((after_ms, _)) => {
                let retry = true;
                self.plan(now_ms + after_ms, Event::Send { renewal, retry });
            }
            None => {
                let back_ms = self.way(renewal, retry).back_ms;
                let (tab, granted) = (planned.tab, granted(answer));
                self.plan(now_ms + back_ms, Event::Deliver { tab, granted });
            }
        }
        held
    }

    /// A thief whose copy was refused has nothing left to use.
    fn steal(&mut self) -> Result<(), Invariant> {
        let Some(token) = self.copy.take() else {
            return Ok(());
        };
        if self.thief_began_ms.is_none() && !self.server.family_lives() {
            return Ok(());
        }
        let began_ms = *self.thief_began_ms.get_or_insert(self.server.now_ms());
        let (answer, held) = self.ask(Party::Thief, token);
        self.copy = granted(answer);
        self.outcome.theft = Some(TheftOutcome {
            detected_after_ms: self.replayed_after(began_ms),
            stolen: self.audit.stolen,
        });
        held
    }

    fn replayed_after(&self, began_ms: i64) -> Option<i64> {
        let detected = self.audit.replay()?;
        Some(detected.at_ms - began_ms)
    }

    /// One request, its store operations one after the other: they take a fraction of a millisecond, and what could come
    /// between them is explored elsewhere.
    fn ask(&mut self, party: Party, token: String) -> (Answer, Result<(), Invariant>) {
        let generation = self.server.generation(&token).unwrap_or(0);
        let mut request = self.server.ask(token, OWNER);
        let now_ms = self.server.now_ms();
        let first = request.arrive().or_else(|| request.advance());
        let asked = self.audit.arrived(party, OWNER, generation, now_ms);
        let answer = first.unwrap_or_else(|| {
            loop {
                if let Some(answer) = request.advance() {
                    break answer;
                }
            }
        });
        let next = match &answer {
            Answer::Granted { successor } => self.server.generation(successor),
            Answer::Refused(_) => None,
        };
        let lives = self.server.family_lives();
        if !lives {
            self.outcome.honest_out_ms.get_or_insert(now_ms);
        }
        if let (Some(began_ms), Some(theft)) = (self.thief_began_ms, &mut self.outcome.theft)
            && !lives
        {
            theft.detected_after_ms.get_or_insert(now_ms - began_ms);
        }
        let held = self.audit.answered(&asked, &answer, next, lives, now_ms);
        (answer, held)
    }

    fn way(&self, renewal: usize, retry: bool) -> Way {
        let planned = &self.session.renewals[renewal];
        planned
            .again
            .filter(|_| retry)
            .map_or(planned.way, |(_, way)| way)
    }

    fn note(&mut self, broken: Option<Invariant>) {
        self.outcome.broken = self.outcome.broken.or(broken);
    }
}

fn granted(answer: Answer) -> Option<String> {
    match answer {
        Answer::Granted { successor } => Some(successor),
        Answer::Refused(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::interleavings::timing::{TabRenewal, Theft};

    const WAY: Way = Way {
        out_ms: 50,
        back_ms: 50,
    };

    fn renewal(tab: usize, at_ms: i64, again: Option<(i64, Way)>) -> TabRenewal {
        TabRenewal {
            tab,
            at_ms,
            way: WAY,
            again,
        }
    }

    fn played(grace_s: u64, renewals: Vec<TabRenewal>, theft: Option<Theft>) -> SessionOutcome {
        let server = ExploredServer::start(Duration::from_secs(grace_s), None);
        let session = Session {
            renewals,
            theft,
            ends_ms: 10_000,
        };
        play(&server, &session)
    }

    #[test]
    fn two_tabs_at_the_same_moment_need_a_grace() {
        let both = || vec![renewal(0, 1_000, None), renewal(1, 1_099, None)];
        assert_eq!(played(0, both(), None).honest_out_ms, Some(1_149));
        assert_eq!(played(1, both(), None), SessionOutcome::default());
        // The jar has the next token by then.
        let one_after_the_other = vec![renewal(0, 1_000, None), renewal(1, 1_101, None)];
        assert_eq!(
            played(0, one_after_the_other, None),
            SessionOutcome::default()
        );
    }

    #[test]
    fn a_lost_answer_needs_a_grace_as_long_as_it_takes_to_ask_again() {
        let lost = || vec![renewal(0, 1_000, Some((3_000, WAY)))];
        assert_eq!(played(0, lost(), None).honest_out_ms, Some(4_100));
        assert_eq!(played(3, lost(), None).honest_out_ms, Some(4_100));
        assert_eq!(played(4, lost(), None).honest_out_ms, None);
    }

    #[test]
    fn a_thief_is_found_when_the_user_renews_after_it() {
        let theft = || Theft {
            copied_ms: 500,
            uses: vec![(1_000, WAY), (3_000, WAY)],
        };
        let later = || vec![renewal(0, 2_000, None)];
        let found = played(0, later(), Some(theft())).theft;
        let outcome = TheftOutcome {
            detected_after_ms: Some(1_000),
            stolen: 1,
        };
        assert_eq!(found, Some(outcome));
        let hidden = played(2, later(), Some(theft())).theft;
        let outcome = TheftOutcome {
            detected_after_ms: None,
            stolen: 2,
        };
        assert_eq!(hidden, Some(outcome));
    }
}

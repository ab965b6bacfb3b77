//! The drawn sessions against a running authorization server with a store of its own, many families at a time.
//!
//! Whoever asks over the network sees neither generations nor store operations; so what must hold is judged by when
//! requests were sent and answered, and only where that leaves no doubt.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::audit::{Invariant, Party};
use super::drawn::{SessionOutcome, TheftOutcome};
use super::timing::{Session, Timing, Way};
use crate::clock::millis;
use crate::store::StoreKind;

mod door;

pub use door::OverHttpError;
use door::{Door, Login};

/// The server reads whole milliseconds, and so do we: two times that are closer than this are not told apart.
const RESOLUTION_MS: i64 = 2;

/// What is measured.
#[derive(Clone, Debug)]
pub struct OverHttp {
    /// Which store the server has; its program must be on `PATH`.
    pub store: StoreKind,
    /// The timing model.
    pub timing: Timing,
    /// The grace window.
    pub grace: Duration,
    /// Seed of the sessions, which are those of [`super::drawn::draw`] with the same.
    pub seed: u64,
    /// Families without a thief, and as many with one, all at the same time.
    pub families: u64,
}

/// What was measured.
#[derive(Debug)]
pub struct Measured {
    /// The store's product and version.
    pub store: String,
    /// Sessions without a thief, in the order of their numbers.
    pub honest: Vec<SessionOutcome>,
    /// Sessions with one.
    pub thefts: Vec<SessionOutcome>,
    /// Requests that were answered.
    pub requests: u64,
}

impl OverHttp {
    /// Starts a store and an authorization server in this process, plays all sessions, and ends both.
    ///
    /// Takes as long as a session, and half a period for the logins to be spread over.
    pub async fn measure(&self) -> Result<Measured, OverHttpError> {
        let door = Door::open(self.store, self.grace, 2 * self.families).await?;
        let door = Arc::new(door);
        let mut playing: JoinSet<Result<(u64, SessionOutcome), OverHttpError>> = JoinSet::new();
        let epoch = Instant::now() + Duration::from_millis(50);
        let families = 2 * self.families;
        for number in 0..families {
            let theft = number % 2 == 1;
            let session = self.timing.draw(self.seed, number / 2, theft);
            // One after the other over a period, so that the server is asked evenly.
            let stagger = self.timing.period.mul_f64(number as f64 / families as f64);
            let (door, grace_ms) = (Arc::clone(&door), millis(self.grace));
            playing.spawn(async move {
                sleep_until(epoch + stagger).await;
                let login = door.log_in(number).await?;
                let family = Family::new(Arc::clone(&door), &login, grace_ms);
                Ok((number, family.play(&session, login).await?))
            });
        }
        let mut outcomes = BTreeMap::new();
        while let Some(played) = playing.join_next().await {
            let (number, outcome) = played.map_err(|_| OverHttpError::Cut)??;
            outcomes.insert(number, outcome);
        }
        let (mut honest, mut thefts) = (Vec::new(), Vec::new());
        for (number, outcome) in outcomes {
            if number % 2 == 0 {
                &mut honest
            } else {
                &mut thefts
            }
            .push(outcome);
        }
        Ok(Measured {
            store: door.store(),
            honest,
            thefts,
            requests: door.requests(),
        })
    }
}

/// One family and everybody who has a token of it.
struct Family {
    door: Arc<Door>,
    grace_ms: i64,
    began: Instant,
    shared: Mutex<Shared>,
}

struct Shared {
    jar: String,
    out: [bool; 2],
    seen: Vec<Seen>,
}

/// A request and its answer, times in milliseconds after the family began.
struct Seen {
    party: Party,
    token: String,
    sent_ms: i64,
    answered_ms: i64,
    /// The next token; `None`: refused.
    granted: Option<String>,
}

impl Family {
    fn new(door: Arc<Door>, login: &Login, grace_ms: i64) -> Arc<Self> {
        Arc::new(Self {
            door,
            grace_ms,
            began: Instant::now(),
            shared: Mutex::new(Shared {
                jar: login.refresh_token.clone(),
                out: [false; 2],
                seen: Vec::new(),
            }),
        })
    }

    async fn play(
        self: Arc<Self>,
        session: &Session,
        login: Login,
    ) -> Result<SessionOutcome, OverHttpError> {
        let mut actors = JoinSet::new();
        for renewal in session.renewals.clone() {
            let family = Arc::clone(&self);
            actors.spawn(async move {
                family
                    .renew(renewal.tab, renewal.at_ms, renewal.way, renewal.again)
                    .await
            });
        }
        if let Some(theft) = session.theft.clone() {
            let family = Arc::clone(&self);
            actors.spawn(async move { family.steal(theft.copied_ms, theft.uses).await });
        }
        while let Some(done) = actors.join_next().await {
            done.map_err(|_| OverHttpError::Cut)??;
        }
        let lives = self.door.is_active(&login.access_token).await?;
        Ok(self.outcome(lives))
    }

    async fn renew(
        &self,
        tab: usize,
        at_ms: i64,
        way: Way,
        again: Option<(i64, Way)>,
    ) -> Result<(), OverHttpError> {
        self.wait_until(at_ms).await;
        if self.shared().out[tab] {
            return Ok(());
        }
        let mut answer = self.use_jar(way).await?;
        let mut back_ms = way.back_ms;
        if let Some((after_ms, way)) = again {
            pause(after_ms).await;
            if self.shared().out[tab] {
                return Ok(());
            }
            answer = self.use_jar(way).await?;
            back_ms = way.back_ms;
        }
        pause(back_ms).await;
        let mut shared = self.shared();
        match answer {
            Some(next) => shared.jar = next,
            None => shared.out[tab] = true,
        }
        Ok(())
    }

    async fn use_jar(&self, way: Way) -> Result<Option<String>, OverHttpError> {
        let token = self.shared().jar.clone();
        pause(way.out_ms).await;
        self.present(Party::Honest, token).await
    }

    /// Before each use the thief also tries its copy as another client, which must neither help it nor spoil anything.
    async fn steal(&self, copied_ms: i64, uses: Vec<(i64, Way)>) -> Result<(), OverHttpError> {
        self.wait_until(copied_ms).await;
        let mut copy = self.shared().jar.clone();
        for (at_ms, way) in uses {
            self.wait_until(at_ms + way.out_ms).await;
            if self.door.refresh(&copy, "app-2").await?.is_some() {
                return Err(OverHttpError::OtherClientServed);
            }
            match self.present(Party::Thief, copy).await? {
                Some(next) => copy = next,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    async fn present(&self, party: Party, token: String) -> Result<Option<String>, OverHttpError> {
        let sent_ms = self.now_ms();
        let granted = self.door.refresh(&token, "app").await?;
        let seen = Seen {
            party,
            token,
            sent_ms,
            answered_ms: self.now_ms(),
            granted: granted.clone(),
        };
        self.shared().seen.push(seen);
        Ok(granted)
    }

    fn outcome(&self, lives: bool) -> SessionOutcome {
        let shared = self.shared();
        let seen = &shared.seen;
        let refused = seen.iter().filter(|one| one.granted.is_none());
        let over_ms = refused.map(|one| one.answered_ms).min();
        let thief = seen.iter().filter(|one| one.party == Party::Thief);
        let began_ms = thief.clone().map(|one| one.sent_ms).min();
        let theft = began_ms
            .filter(|began_ms| over_ms.is_none_or(|over_ms| *began_ms <= over_ms))
            .map(|began_ms| TheftOutcome {
                detected_after_ms: over_ms.map(|over_ms| over_ms - began_ms),
                stolen: thief.filter(|one| one.granted.is_some()).count() as u32,
            });
        let ended = over_ms.is_some() || !lives;
        SessionOutcome {
            honest_out_ms: ended.then(|| over_ms.unwrap_or_else(|| self.now_ms())),
            theft,
            broken: broken(seen, self.grace_ms, lives),
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> i64 {
        millis(self.began.elapsed())
    }

    async fn wait_until(&self, ms: i64) {
        sleep_until(self.began + duration(ms)).await;
    }
}

/// What certainly did not hold.
fn broken(seen: &[Seen], grace_ms: i64, lives: bool) -> Option<Invariant> {
    let refused = seen.iter().filter(|one| one.granted.is_none());
    let over_ms = refused.map(|one| one.answered_ms).min();
    let granted = || seen.iter().filter(|one| one.granted.is_some());
    if over_ms.is_some_and(|over_ms| lives || granted().any(|one| one.sent_ms > over_ms)) {
        return Some(Invariant::ReplayEndsFamily);
    }
    let mut successors = HashMap::new();
    for one in granted() {
        if *successors.entry(&one.token).or_insert(&one.granted) != &one.granted {
            return Some(Invariant::RetryHonoured);
        }
    }
    let late = |one: &&Seen| {
        let mut others = seen.iter().filter(|other| other.token == one.token);
        others.any(|other| one.sent_ms - other.answered_ms >= grace_ms + RESOLUTION_MS)
    };
    if granted().any(|one| late(&one)) {
        return Some(Invariant::OneSuccessor);
    }
    let first_refused = seen
        .iter()
        .filter(|one| one.granted.is_none())
        .min_by_key(|one| one.answered_ms)?;
    surely_within(first_refused, seen, grace_ms).then_some(Invariant::RetryHonoured)
}

/// Whether a use came within the grace beyond doubt: it was answered before the grace was over for the first use of its
/// token, and nobody had sent the successor by then.
fn surely_within(one: &Seen, seen: &[Seen], grace_ms: i64) -> bool {
    let same = || seen.iter().filter(|other| other.token == one.token);
    let first_ms = same().map(|other| other.sent_ms).min();
    let in_time =
        first_ms.is_some_and(|first_ms| one.answered_ms - first_ms < grace_ms - RESOLUTION_MS);
    let successor_sent = same().any(|other| {
        let next = other.granted.as_ref();
        seen.iter()
            .any(|third| Some(&third.token) == next && third.sent_ms <= one.answered_ms)
    });
    let ended_by_another = seen.iter().any(|other| {
        other.granted.is_none() && !std::ptr::eq(other, one) && other.sent_ms <= one.answered_ms
    });
    let only = same().count() == 1;
    (only || in_time) && !successor_sent && !ended_by_another
}

async fn pause(ms: i64) {
    sleep(duration(ms)).await;
}

fn duration(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

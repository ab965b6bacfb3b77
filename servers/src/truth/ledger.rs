//! What really happened since the start or the last reset.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::delays::{Delay, Draws};
use super::revocation::Verdict;
use super::samples::{Quantiles, Samples};
use super::settings::TruthSettings;
use super::stall::Stall;

/// At most so many freezes are told.
const STALLS_TOLD: usize = 1_000;

/// What `GET /truth` answers. Members that were not configured, or have no sample yet, are absent.
#[derive(Clone, Debug, Serialize)]
pub struct TruthReport {
    /// `GET /` received.
    pub requests: u64,
    /// Seed of the draws.
    pub seed: u64,
    /// The delays drawn, one for each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawn_us: Option<Quantiles>,
    /// From a request fully read to its answer handed to the socket, of every request answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_us: Option<Quantiles>,
    /// Samples that the two quantiles leave out: they came after the first 8,000,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples_left_out: Option<u64>,
    /// CPU time burnt on purpose per request, in microseconds, by the clock of the thread that burnt it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spun_us_mean: Option<f64>,
    /// Commands sent to the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_commands: Option<u64>,
    /// The freezes that have begun, at most 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stalls: Option<Vec<StallSpan>>,
    /// What was asked about credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocations: Option<Revocations>,
}

/// One freeze, in nanoseconds since the start or the last reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StallSpan {
    /// Its beginning.
    pub from_ns: u64,
    /// Its end.
    pub to_ns: u64,
}

/// Counts; a credential is never named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Revocations {
    /// Credentials issued.
    pub issued: u64,
    /// Credentials revoked, each counted once.
    pub revoked: u64,
    /// `GET /resource` answered 200.
    pub accepted: u64,
    /// `GET /resource` answered 401.
    pub refused: u64,
    /// `GET /resource` answered 503.
    pub unavailable: u64,
}

/// The state that a reset clears.
#[derive(Debug)]
pub(super) struct Ledger {
    delay: Option<Delay>,
    seed: u64,
    stall: Option<Stall>,
    spins: bool,
    asks_store: bool,
    epoch: Mutex<Epoch>,
}

#[derive(Debug)]
struct Epoch {
    number: u64,
    began: Instant,
    draws: Option<Draws>,
    requests: u64,
    drawn: Samples,
    held: Samples,
    spun: Duration,
    store_commands: u64,
    revocations: Revocations,
}

/// One request as it was entered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    epoch: u64,
    /// The delay drawn for it.
    pub(super) delay: Duration,
}

impl Ledger {
    pub(super) fn new(settings: &TruthSettings) -> Self {
        let (delay, seed) = (settings.delay.clone(), settings.seed);
        let epoch = Epoch::new(0, delay.as_ref(), seed);
        Self {
            delay,
            seed,
            stall: settings.stall,
            spins: !settings.spin.is_zero(),
            asks_store: settings.store_round_trips > 0,
            epoch: Mutex::new(epoch),
        }
    }

    /// Begins anew: counts, samples, draws and the freezes' phase. Credentials stay.
    pub(super) fn reset(&self) {
        let mut epoch = self.lock();
        *epoch = Epoch::new(epoch.number + 1, self.delay.as_ref(), self.seed);
    }

    /// Enters a `GET /` and draws its delay: the n-th request gets the n-th draw.
    pub(super) fn enter(&self) -> Entry {
        let mut epoch = self.lock();
        epoch.requests += 1;
        let drawn = epoch.draws.as_mut().map(Draws::draw);
        if let Some(micros) = drawn {
            epoch.drawn.add_micros(micros);
        }
        Entry {
            epoch: epoch.number,
            delay: Duration::from_micros(drawn.unwrap_or(0).into()),
        }
    }

    /// Its answer left; one from before the last reset belongs to no count any more.
    pub(super) fn held(&self, entry: Entry, held: Duration) {
        self.within(entry, |epoch| epoch.held.add(held));
    }

    pub(super) fn spun(&self, entry: Entry, cpu: Duration) {
        self.within(entry, |epoch| epoch.spun += cpu);
    }

    pub(super) fn store_command(&self, entry: Entry) {
        self.within(entry, |epoch| epoch.store_commands += 1);
    }

    pub(super) fn issued(&self) {
        self.lock().revocations.issued += 1;
    }

    pub(super) fn revoked(&self) {
        self.lock().revocations.revoked += 1;
    }

    pub(super) fn judged(&self, verdict: Verdict) {
        let counts = &mut self.lock().revocations;
        match verdict {
            Verdict::Accepted => counts.accepted += 1,
            Verdict::Refused => counts.refused += 1,
            Verdict::Unavailable => counts.unavailable += 1,
        }
    }

    /// When the freeze that holds now ends.
    pub(super) fn frozen_until(&self) -> Option<Instant> {
        let stall = self.stall?;
        let began = self.lock().began;
        Some(began + stall.end_of_freeze(began.elapsed())?)
    }

    pub(super) fn report(&self) -> TruthReport {
        let epoch = self.lock();
        let left_out = epoch.drawn.not_kept().max(epoch.held.not_kept());
        let spun_us = epoch.spun.as_secs_f64() * 1e6 / epoch.requests.max(1) as f64;
        let revocations = epoch.revocations;
        TruthReport {
            requests: epoch.requests,
            seed: self.seed,
            drawn_us: epoch.drawn.quantiles(),
            held_us: epoch.held.quantiles(),
            samples_left_out: (left_out > 0).then_some(left_out),
            spun_us_mean: self.spins.then_some(spun_us),
            store_commands: self.asks_store.then_some(epoch.store_commands),
            stalls: self.stall.map(|stall| told(stall, epoch.began.elapsed())),
            revocations: (revocations != Revocations::default()).then_some(revocations),
        }
    }

    fn within(&self, entry: Entry, add: impl FnOnce(&mut Epoch)) {
        let mut epoch = self.lock();
        if epoch.number == entry.epoch {
            add(&mut epoch);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Epoch> {
        self.epoch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Epoch {
    fn new(number: u64, delay: Option<&Delay>, seed: u64) -> Self {
        Self {
            number,
            began: Instant::now(),
            draws: delay.map(|delay| Draws::new(delay, seed)),
            requests: 0,
            drawn: Samples::default(),
            held: Samples::default(),
            spun: Duration::ZERO,
            store_commands: 0,
            revocations: Revocations::default(),
        }
    }
}

fn told(stall: Stall, now: Duration) -> Vec<StallSpan> {
    let nanos = |moment: Duration| moment.as_nanos() as u64;
    let span = |(from, to)| StallSpan {
        from_ns: nanos(from),
        to_ns: nanos(to),
    };
    stall.begun(now).take(STALLS_TOLD).map(span).collect()
}

//! What is known of a crowd at a moment, and who is asked about next.
//!
//! Every account is in one of three places at least: among those who wait, in the rotation, or being asked about, from where it comes back to either.

use super::seen::{Called, Seen};
use crate::flow::{Credential, PointRequest};
use authbench_reports::histogram::Histogram;
use authbench_reports::revocation::{Acknowledgement, Verdict};
use authbench_reports::run_file::MassAccounts;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One account.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) user: u32,
    /// Which of the watched points its credential is presented at.
    pub(super) point: usize,
    pub(super) request: Arc<PointRequest>,
    /// For calls that its user makes; gone once the call has begun.
    pub(super) credential: Option<Credential>,
    pub(super) seen: Seen,
    /// Whether it is among those who wait.
    is_waiting: bool,
    /// Whether it is in the rotation.
    is_in_rotation: bool,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) members: Vec<Member>,
    /// Whether credentials are asked about.
    pub(super) is_probed: bool,
    /// Whether calls are made, and whose is next.
    pub(super) is_called: bool,
    pub(super) next_call: usize,
    /// Calls that have begun and not ended.
    pub(super) calling: usize,
    pub(super) calls: Histogram,
    pub(super) refused: u64,
    pub(super) unknown: u64,
    /// Just before the first call.
    pub(super) zero: Option<Instant>,
    pub(super) last_answer: Option<Instant>,
    /// Just acknowledged, and not asked about since.
    fresh: VecDeque<usize>,
    /// Still in when last asked about, and when to ask again.
    again: VecDeque<(Instant, usize)>,
    /// Everybody else, and who was put here before being watched; the one who was asked about longest ago comes first.
    rotation: VecDeque<usize>,
    /// Whether the next probe is for the rotation first.
    is_turn_of_rotation: bool,
    pub(super) answered: u64,
}

impl Member {
    /// Nothing is known of it.
    pub(super) fn new(
        user: u32,
        point: usize,
        request: PointRequest,
        credential: Credential,
    ) -> Self {
        Self {
            user,
            point,
            request: Arc::new(request),
            credential: Some(credential),
            seen: Seen::default(),
            is_waiting: false,
            is_in_rotation: false,
        }
    }
}

impl State {
    /// Takes in everybody.
    pub(super) fn fill(&mut self, members: Vec<Member>) {
        self.members = members;
        (0..self.members.len()).for_each(|nth| self.back_into_rotation(nth));
    }

    /// The call of the nth has ended; `sent`: when it was sent, if it was.
    pub(super) fn has_called(&mut self, nth: usize, sent: Option<Instant>, called: Called) {
        self.calling -= 1;
        if let Some(sent) = sent {
            // Calls do not end in the order in which their ends are told of.
            self.last_answer = self.last_answer.max(Some(called.at));
            if called.acknowledgement == Acknowledgement::Received {
                self.calls.record(called.at - sent);
            }
        }
        match called.acknowledgement {
            Acknowledgement::Received => {}
            Acknowledgement::Refused => self.refused += 1,
            Acknowledgement::Unknown => self.unknown += 1,
        }
        let member = &mut self.members[nth];
        member.seen.has_called(sent, called);
        if member.seen.is_watched() && !member.is_waiting {
            member.is_waiting = true;
            self.fresh.push_back(nth);
        }
    }

    /// Whom to ask about now. Of every two probes one is first for those who wait, and one for those in the rotation, so that neither starves the
    /// other.
    pub(super) fn take_next(&mut self) -> Option<usize> {
        let rotation_first = self.is_turn_of_rotation;
        self.is_turn_of_rotation = !rotation_first;
        match rotation_first {
            true => self.take_in_turn().or_else(|| self.take_waiting()),
            false => self.take_waiting().or_else(|| self.take_in_turn()),
        }
    }

    /// What was answered about the nth; whoever is watched is not asked about again before `probe_every` is over.
    pub(super) fn take(
        &mut self,
        nth: usize,
        (sent, done): (Instant, Instant),
        verdict: Verdict,
        probe_every: Duration,
    ) {
        self.answered += u64::from(verdict != Verdict::Gap);
        let member = &mut self.members[nth];
        member.seen.take(sent, done, verdict);
        match (member.seen.is_watched(), member.is_waiting) {
            (true, true) => {}
            (true, false) => {
                member.is_waiting = true;
                self.again.push_back((done + probe_every, nth));
            }
            (false, _) => self.back_into_rotation(nth),
        }
    }

    /// What is known of the accounts, from the first of them on; an acceptance counts for `fresh_for`.
    pub(super) fn accounts(&self, fresh_for: Duration) -> MassAccounts {
        let zero = self.zero.unwrap_or_else(Instant::now);
        let ns = |at: Instant| at.saturating_duration_since(zero).as_nanos() as u64;
        let mut accounts = MassAccounts {
            first_user: self.members.first().map_or(0, |member| member.user),
            ..MassAccounts::default()
        };
        let from_its_start = |member: &Member| member.seen.called.and_then(|called| called.from);
        let are_commands = self.members.iter().any(|it| from_its_start(it).is_some());
        for member in &self.members {
            let seen = &member.seen;
            accounts.point.push(member.point as u32);
            accounts.requested_ns.push(seen.requested.map(ns));
            if are_commands {
                let from = from_its_start(member);
                accounts.acknowledged_from_ns.push(from.map(ns));
            }
            accounts.acknowledged_ns.push(seen.acknowledged().map(ns));
            accounts.accepted_before.push(seen.was_in(fresh_for));
            accounts.last_accepted_ns.push(seen.last_accepted.map(ns));
            accounts.refused_ns.push(seen.refused.map(ns));
            accounts.flaps += seen.flaps;
            accounts.gaps += seen.gaps;
            accounts.refused_early += u64::from(seen.is_refused_early);
        }
        accounts
    }

    fn back_into_rotation(&mut self, nth: usize) {
        if !std::mem::replace(&mut self.members[nth].is_in_rotation, true) {
            self.rotation.push_back(nth);
        }
    }

    /// Who was just acknowledged, before who is still in.
    fn take_waiting(&mut self) -> Option<usize> {
        let now = Instant::now();
        loop {
            let fresh = self.fresh.pop_front();
            let due = || Some(self.again.pop_front_if(|(at, _)| *at <= now)?.1);
            let nth = fresh.or_else(due)?;
            let member = &mut self.members[nth];
            member.is_waiting = false;
            // Whoever is being asked about comes back by itself.
            if member.seen.is_watched() && !member.seen.is_asked {
                return Some(nth);
            }
        }
    }

    fn take_in_turn(&mut self) -> Option<usize> {
        loop {
            let nth = self.rotation.pop_front()?;
            let member = &mut self.members[nth];
            member.is_in_rotation = false;
            // Who is watched has a place among those who wait.
            if !member.seen.is_asked && !member.seen.is_watched() {
                return Some(nth);
            }
        }
    }
}

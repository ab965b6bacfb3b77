//! A goose user whose transaction is one revocation: log in at a random moment, use the credential to a random age, revoke it, watch.

use super::call::Call;
use super::probe::{Answered, Watch, probe, since};
use super::trials::{Assignment, Trials};
use crate::credentials::{LoginLimit, STEP_DEADLINE, expires, login_patiently};
use crate::flow::{
    Credential, FlowClient, PointRequest, await_turn, point_request, refresh, run_steps_now,
};
use crate::load::attack::{IDLE, Mirrored, VirtualUser};
use crate::load::connection::Connection;
use crate::target::{Event, Target};
use crate::undo::{Journal, about_to_touch, bring_back};
use authbench_reports::revocation::{Acknowledgement, After, T0, Trial, segments};
use futures_util::future::{join, join_all};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The close watch begins this long before the revoking call: what a point accepts while it should.
const LEAD: Duration = Duration::from_millis(50);

/// How trials are made; the same for every target of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct TrialSettings {
    /// Intended distance of two probes at one point.
    pub probe_every: Duration,
    /// How long to go on after the first refusal.
    pub tail: Duration,
    /// Ages of credentials that do not say when they expire are drawn up to this.
    pub age_up_to: Duration,
    /// Observation goes on this long past the largest bound of the event.
    pub observe_past_bound: Duration,
    /// But never longer than this, nor are credentials revoked at a greater age.
    pub observe_at_most: Duration,
}

/// Makes one revocation after another at one target.
pub struct TrialUser {
    target: Arc<Target>,
    limit: Arc<LoginLimit>,
    trials: Arc<Trials>,
    journal: Arc<Journal>,
    settings: TrialSettings,
    client: FlowClient,
    connections: Vec<Connection>,
    phase: ChaCha8Rng,
}

impl TrialUser {
    /// A user with a connection to each of the target's points.
    #[must_use]
    pub fn new(
        target: Arc<Target>,
        limit: Arc<LoginLimit>,
        trials: Arc<Trials>,
        journal: Arc<Journal>,
        settings: TrialSettings,
        seed: u64,
    ) -> Self {
        let connections = target
            .flows
            .points
            .iter()
            .map(|point| Connection::new(point.request.origin.peer()));
        Self {
            connections: connections.collect(),
            client: FlowClient::new(STEP_DEADLINE),
            phase: ChaCha8Rng::seed_from_u64(seed),
            target,
            limit,
            trials,
            journal,
            settings,
        }
    }
}

impl VirtualUser for TrialUser {
    async fn start(&mut self) {
        for connection in &mut self.connections {
            // A failure shows as gaps in the first trial; there is nobody to tell here.
            let _ = connection.connect().await;
        }
    }

    async fn turn(&mut self, _limit: u32) -> Option<Mirrored> {
        let Some(assignment) = self.trials.take() else {
            tokio::time::sleep(IDLE).await;
            return None;
        };
        match self.revoke_one(assignment).await {
            Ok(trial) => self.trials.finished(assignment.event, trial),
            Err(NoTrial::Cut) => self.trials.cut(),
            Err(NoTrial::Failed(error)) => self.trials.failed(assignment, error),
        }
        None
    }
}

/// Why nothing came of a trial.
enum NoTrial {
    /// The run is to stop.
    Cut,
    /// No credential was to be had, or nothing could be written down before the event.
    Failed(String),
}

impl NoTrial {
    fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl TrialUser {
    async fn revoke_one(&mut self, assignment: Assignment) -> Result<Trial, NoTrial> {
        let target = Arc::clone(&self.target);
        let event = &target.flows.events[assignment.event];
        let (zero, mut credential) = self.log_in(assignment).await?;
        let requests = target
            .flows
            .points
            .iter()
            .map(|point| point_request(point, &credential));
        let requests: Vec<PointRequest> = requests
            .collect::<Result<_, _>>()
            .map_err(NoTrial::failed)?;

        let issued = credential.issued;
        let expires_at = credential.jwt.and_then(|_| expires(&target, &credential));
        let life = expires_at.map_or(self.settings.age_up_to, |at| {
            at.saturating_duration_since(issued)
        });
        let life = life.min(self.settings.observe_at_most);
        let watch = self.watch(event, zero, issued + life.mul_f64(assignment.age));
        // What the user holds on to: the answer to a logout takes cookies away, and a thief would not have let it.
        let mut held = credential.clone();
        let (call, points) = self
            .revoke_and_probe(event, assignment.user, &mut credential, &requests, &watch)
            .await;
        let call = call?;
        let refresh_after = match call.answered.acknowledgement {
            Acknowledgement::Received => {
                let refresh = watch.unless_cut(self.refresh_after(&mut held));
                refresh.await.flatten()
            }
            // Nothing was promised, so a refresh that works breaks no promise.
            _ => None,
        };
        if let Some(entry) = call.entry {
            // Who cannot be brought back now stays in the journal, and is tried again at the end of the scenario.
            let _ = bring_back(&self.journal, &target, event, assignment.user, entry).await;
        }
        if watch.is_cut() {
            return Err(NoTrial::Cut);
        }
        Ok(Trial {
            user: assignment.user,
            issued_ns: since(zero, issued),
            expires_ns: expires_at.map(|at| since(zero, at) as i64),
            requested_ns: since(zero, call.sent),
            answered_ns: since(zero, call.answered.at),
            acknowledged_from_ns: call.acknowledged_from.map(|from| since(zero, from)),
            acknowledgement: call.answered.acknowledgement,
            points,
            refresh_after,
            occurrence: None,
            witnesses: Vec::new(),
        })
    }

    /// The moment the trial began, and its credential.
    async fn log_in(&mut self, assignment: Assignment) -> Result<(Instant, Credential), NoTrial> {
        let (client, target, limit) = (&mut self.client, &self.target, &self.limit);
        let log_in = async {
            tokio::time::sleep(assignment.wait).await;
            limit.pass().await;
            let zero = Instant::now();
            let credential = login_patiently(client, target, limit, assignment.user).await;
            Ok((zero, credential.map_err(NoTrial::failed)?))
        };
        let mut cut = self.trials.cancelled();
        tokio::select! {
            biased;
            Ok(_) = cut.wait_for(|cut| *cut) => Err(NoTrial::Cut),
            logged_in = log_in => logged_in,
        }
    }

    fn watch(&self, event: &Event, zero: Instant, revoke: Instant) -> Watch {
        let longest = event
            .bounds
            .values()
            .map(|bound| bound.limit)
            .max()
            .unwrap_or_default();
        let used_from = Instant::now();
        Watch {
            zero,
            used_from,
            watched_from: revoke.checked_sub(LEAD).unwrap_or(revoke).max(used_from),
            revoke,
            first_answers: Arc::new(Semaphore::new(0)),
            every: self.settings.probe_every,
            tail: self.settings.tail,
            observe: (longest + self.settings.observe_past_bound)
                .min(self.settings.observe_at_most),
            answered: Arc::new(OnceLock::new()),
            cut: self.trials.cancelled(),
        }
    }

    async fn revoke_and_probe(
        &mut self,
        event: &Event,
        user: u32,
        credential: &mut Credential,
        requests: &[PointRequest],
        watch: &Watch,
    ) -> (
        Result<Call, NoTrial>,
        BTreeMap<String, Vec<authbench_reports::revocation::Segment>>,
    ) {
        let (client, target, draw) = (&mut self.client, &self.target, &mut self.phase);
        let journal = &self.journal;
        let call = async {
            let called = async {
                let in_time = watch.sleep_until(watch.revoke).await;
                // Never closed; every first probe ends, at the latest at the request deadline.
                let _ = watch
                    .first_answers
                    .acquire_many(requests.len() as u32)
                    .await;
                if !in_time {
                    return Err(NoTrial::Cut);
                }
                let turn = watch.unless_cut(await_turn(client, target, &event.steps));
                let turn = match turn.await.ok_or(NoTrial::Cut)? {
                    Ok(turn) => turn,
                    // Nothing was sent, so nobody is to be brought back.
                    Err(error) => return Ok(Call::of(Instant::now(), None, Err(error))),
                };
                let entry = about_to_touch(journal, target, event, user).await;
                let entry = entry.map_err(NoTrial::failed)?;
                let sent = Instant::now();
                let call = run_steps_now(client, target, &event.steps, credential, turn);
                Ok(Call::of(sent, entry, call.await))
            };
            let called = called.await;
            let answered = called.as_ref().map_or_else(
                |_| Answered {
                    at: Instant::now(),
                    acknowledgement: Acknowledgement::Refused,
                },
                |call| call.answered,
            );
            // Nobody else sets it.
            let _ = watch.answered.set(answered);
            called
        };
        let points = self
            .connections
            .iter_mut()
            .zip(&target.flows.points)
            .zip(requests);
        let probes = points.map(|((connection, point), request)| {
            let phase = draw.random_range(0.0..1.0);
            async move {
                let probes = probe(connection, point, request, watch, phase).await;
                (point.name.clone(), probes)
            }
        });
        let (call, probes) = join(call, join_all(probes)).await;
        let call = match call {
            Ok(call) => call,
            Err(none) => return (Err(none), BTreeMap::new()),
        };
        let t0 = T0 {
            earliest_ns: since(
                watch.zero,
                call.acknowledged_from.unwrap_or(call.answered.at),
            ),
            latest_ns: since(watch.zero, call.answered.at),
        };
        (
            Ok(call),
            probes
                .into_iter()
                .map(|(point, probes)| (point, segments(&probes, t0)))
                .collect(),
        )
    }

    /// Whether the user could still get a new credential without logging in.
    async fn refresh_after(&mut self, credential: &mut Credential) -> Option<After> {
        if self.target.flows.refresh.is_empty() {
            return None;
        }
        self.limit.pass().await;
        match refresh(&mut self.client, &self.target, credential).await {
            Ok(None) => None,
            Ok(Some(_)) => Some(After::Worked),
            Err(error) if error.is_refusal() => Some(After::Refused),
            Err(_) => Some(After::Unknown),
        }
    }
}

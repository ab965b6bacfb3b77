//! A goose user whose transaction is one revocation: log in at a random moment, use the credential to a random age, revoke it, watch.

use super::call::{Call, Caller};
use super::probe::{Answered, Watch, probe, since};
use super::stream_probe::probe_stream;
use super::trials::{Assignment, Trials};
use super::witness::{self, Held};
use crate::credentials::{LoginLimit, STEP_DEADLINE, expires, login_patiently_by};
use crate::flow::{Credential, FlowClient, PointRequest, point_request, run_steps};
use crate::load::attack::{IDLE, Mirrored, VirtualUser};
use crate::load::connection::Connection;
use crate::target::{Event, PointKind, Target};
use crate::undo::{Journal, bring_back};
use authbench_reports::revocation::{Acknowledgement, After, Probe, T0, Trial, Witness, segments};
use futures_util::future::{join, join_all};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout_at;

/// The close watch begins this long before the revoking call: what a point accepts while it should.
const LEAD: Duration = Duration::from_millis(50);
/// Witnesses log in this long before the revoking call: late, for a credential that lives for a second or two is to outlast what is watched. The
/// call does not wait for one that takes longer: it would be late just where little is left of a credential's life, and those revocations would be
/// missing from the lags.
const WITNESSES_LEAD: Duration = Duration::from_millis(150);
/// How long before the event the youngest credential of an occurrence is logged in: it has to be used at every point before.
const OCCURRENCE_LEAD: Duration = Duration::from_millis(400);

/// How trials are made; the same for every target of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct TrialSettings {
    /// Intended distance of two probes at one point.
    pub probe_every: Duration,
    /// The part of a lag that two probes may lie apart, where that is more.
    pub resolution: Option<f64>,
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
    /// The account of somebody whom its events leave alone.
    witness: u32,
    client: FlowClient,
    /// Asks for the witnesses, and about them: what is cut short here must not stand in the way of the revoking call.
    for_witnesses: FlowClient,
    connections: Vec<Connection>,
    phase: ChaCha8Rng,
}

impl TrialUser {
    /// A user with a connection to each of the target's points. `witness` is an account of its own whom no event touches.
    #[must_use]
    pub fn new(
        target: Arc<Target>,
        limit: Arc<LoginLimit>,
        trials: Arc<Trials>,
        journal: Arc<Journal>,
        settings: TrialSettings,
        witness: u32,
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
            for_witnesses: FlowClient::new(STEP_DEADLINE),
            phase: ChaCha8Rng::seed_from_u64(seed),
            target,
            limit,
            trials,
            journal,
            settings,
            witness,
        }
    }
}

impl VirtualUser for TrialUser {
    async fn start(&mut self) {
        let points = self.connections.iter_mut().zip(&self.target.flows.points);
        // A stream has a connection for each trial.
        for (connection, _) in points.filter(|(_, point)| point.kind == PointKind::Request) {
            // A failure shows as gaps in the first trial; there is nobody to tell here.
            let _ = connection.connect().await;
        }
    }

    async fn turn(&mut self, _limit: u32) -> Option<Mirrored> {
        let Some(assignment) = self.trials.take() else {
            tokio::time::sleep(IDLE).await;
            return None;
        };
        match self.revoke_one(&assignment).await {
            Ok(trial) => self.trials.finished(assignment.event, trial),
            Err(NoTrial::Cut) => self.trials.cut(),
            Err(NoTrial::Failed(error)) => self.trials.failed(assignment, error),
        }
        None
    }
}

/// Why nothing came of a trial.
pub(super) enum NoTrial {
    /// The run is to stop.
    Cut,
    /// No credential was to be had, or nothing could be written down before the event.
    Failed(String),
}

impl NoTrial {
    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The requests that present a trial's credential, by the index of their point.
type Requests = Vec<(usize, PointRequest)>;

/// What was seen of one trial.
struct Seen {
    call: Call,
    /// By the index of the point.
    probes: Vec<(usize, Vec<Probe>)>,
    witnesses: Vec<Witness>,
}

impl TrialUser {
    async fn revoke_one(&mut self, assignment: &Assignment) -> Result<Trial, NoTrial> {
        let target = Arc::clone(&self.target);
        let event = &target.flows.events[assignment.event];
        let (zero, mut credential) = self.log_in(assignment, event).await?;
        let requests = requests(&target, event, &credential)?;
        let issued = credential.issued;
        let certain_end = expires(&target, &credential);
        let expires_at = certain_end.filter(|_| credential.jwt.is_some());
        let certainly_good = certain_end.map(|at| since(zero, at) as i64);
        let revoke = match &assignment.occurrence {
            // Its credentials are logged in at ages before the one moment.
            Some(member) => member.of.moment(Duration::ZERO),
            None => issued + self.life(issued, expires_at).mul_f64(assignment.age),
        };
        let watch = self.watch(event, zero, revoke);
        // What the user holds on to: the answer to a logout takes cookies away, and a thief would not have let it.
        let mut held = credential.clone();
        let seen = self.revoke_and_probe(assignment, event, &mut credential, &requests, &watch);
        let seen = seen.await?;
        let call = seen.call;
        let refresh_after = match call.answered.acknowledgement {
            Acknowledgement::Received => {
                let refresh = watch.unless_cut(self.refresh_after(event, &mut held));
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
        let mut trial = Trial {
            user: assignment.user,
            issued_ns: since(zero, issued),
            expires_ns: expires_at.map(|at| since(zero, at) as i64),
            requested_ns: since(zero, call.sent),
            answered_ns: since(zero, call.answered.at),
            acknowledged_from_ns: call.acknowledged_from.map(|from| since(zero, from)),
            acknowledgement: call.answered.acknowledgement,
            points: Default::default(),
            refresh_after,
            occurrence: assignment
                .occurrence
                .as_ref()
                .map(|member| member.of.number()),
            witnesses: seen.witnesses,
        };
        note(&mut trial, &target, event, seen.probes, certainly_good);
        Ok(trial)
    }

    /// What is left of a credential's life when it is issued, as far as it is used.
    fn life(&self, issued: Instant, expires_at: Option<Instant>) -> Duration {
        let life = expires_at.map_or(self.settings.age_up_to, |at| {
            at.saturating_duration_since(issued)
        });
        life.min(self.settings.observe_at_most)
    }

    /// The moment the trial began, and its credential.
    async fn log_in(
        &mut self,
        assignment: &Assignment,
        event: &Event,
    ) -> Result<(Instant, Credential), NoTrial> {
        let (client, target, limit) = (&mut self.client, &self.target, &self.limit);
        let age_up_to = self.settings.age_up_to.min(self.settings.observe_at_most);
        let steps = match &event.client {
            Some(client) => target.flows.login_of(client),
            None => &target.flows.login,
        };
        let log_in = async {
            match &assignment.occurrence {
                None => tokio::time::sleep(assignment.wait).await,
                Some(member) => {
                    let lead = assignment.wait + age_up_to + OCCURRENCE_LEAD;
                    let before = age_in_company(age_up_to, assignment.age);
                    let moment = member.of.moment(lead);
                    let at = moment.checked_sub(before).unwrap_or(moment);
                    tokio::time::sleep_until(at.into()).await;
                }
            }
            limit.pass().await;
            let zero = Instant::now();
            let credential =
                login_patiently_by(client, target, steps, limit, assignment.user).await;
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
            resolution: self.settings.resolution,
            tail: self.settings.tail,
            observe: (longest + self.settings.observe_past_bound)
                .min(self.settings.observe_at_most),
            answered: Arc::new(OnceLock::new()),
            cut: self.trials.cancelled(),
        }
    }

    async fn revoke_and_probe(
        &mut self,
        assignment: &Assignment,
        event: &Event,
        credential: &mut Credential,
        requests: &Requests,
        watch: &Watch,
    ) -> Result<Seen, NoTrial> {
        let target = Arc::clone(&self.target);
        let (user, other) = (assignment.user, self.witness);
        let settled = Notify::new();
        let (client, limit, journal) = (&mut self.client, &self.limit, &self.journal);
        let for_witnesses = &mut self.for_witnesses;
        let call = async {
            let lead = watch.revoke.checked_sub(WITNESSES_LEAD);
            let mut held = Vec::new();
            if !event.witnesses.is_empty() && watch.sleep_until(lead.unwrap_or(watch.zero)).await {
                let accounts = (user, other);
                let summon =
                    witness::summon(for_witnesses, &target, limit, event, accounts, &mut held);
                let by = watch.revoke.max(watch.used_from + WITNESSES_LEAD);
                let in_time = timeout_at(by.into(), watch.unless_cut(summon)).await;
                if !matches!(in_time, Ok(Some(()))) {
                    // An answer may still be on its way.
                    *for_witnesses = FlowClient::new(STEP_DEADLINE);
                }
            }
            let in_time = watch.sleep_until(watch.revoke).await;
            // Never closed; every first probe ends, at the latest at the request deadline.
            let _ = watch
                .first_answers
                .acquire_many(requests.len() as u32)
                .await;
            let mut caller = Caller {
                client: &mut *client,
                target: &target,
                journal,
                event,
                user,
            };
            let called = match &assignment.occurrence {
                _ if !in_time => Err(NoTrial::Cut),
                None => caller.call(credential, watch).await,
                Some(member) => caller.call_for_all(member, credential, watch).await,
            };
            // Nobody else sets it.
            let _ = watch.answered.set(called.as_ref().map_or_else(
                |_| Answered {
                    at: Instant::now(),
                    acknowledgement: Acknowledgement::Refused,
                },
                |call| call.answered,
            ));
            let call = called?;
            let heard = hear(for_witnesses, &target, &held, watch, &settled, call).await;
            Ok::<_, NoTrial>((call, heard))
        };
        let draw = &mut self.phase;
        let mut probes = Vec::new();
        for (index, connection) in self.connections.iter_mut().enumerate() {
            let Some((_, request)) = requests.iter().find(|(of, _)| *of == index) else {
                continue;
            };
            let (point, phase) = (&target.flows.points[index], draw.random_range(0.0..1.0));
            probes.push(async move {
                let probes = match point.kind {
                    PointKind::Request => probe(connection, point, request, watch, phase).await,
                    PointKind::Stream => probe_stream(point, request, watch, phase).await,
                };
                (index, probes)
            });
        }
        let probes = async {
            let probes = join_all(probes).await;
            settled.notify_one();
            probes
        };
        let (called, probes) = join(call, probes).await;
        let (call, witnesses) = called?;
        Ok(Seen {
            call,
            probes,
            witnesses,
        })
    }

    /// Whether the user could still get a new credential without logging in.
    async fn refresh_after(&mut self, event: &Event, credential: &mut Credential) -> Option<After> {
        let flows = &self.target.flows;
        let steps = match &event.client {
            Some(client) => flows.refresh_of(client),
            None => &flows.refresh,
        };
        if steps.is_empty() {
            return None;
        }
        self.limit.pass().await;
        match run_steps(&mut self.client, &self.target, steps, credential).await {
            Ok(None) => None,
            Ok(Some(_)) => Some(After::Worked),
            Err(error) if error.is_refusal() => Some(After::Refused),
            Err(_) => Some(After::Unknown),
        }
    }
}

/// What presents `credential` at every point that is probed in `event`.
fn requests(target: &Target, event: &Event, credential: &Credential) -> Result<Requests, NoTrial> {
    let points = target.flows.points.iter().enumerate();
    let probed = points.filter(|(_, point)| point.is_probed_in(&event.name));
    probed
        .map(|(index, point)| Ok((index, point_request(point, credential)?)))
        .collect::<Result<_, crate::flow::EncodeError>>()
        .map_err(NoTrial::failed)
}

/// What the witnesses say once the credential is out everywhere, or just before their own lives are over.
async fn hear(
    client: &mut FlowClient,
    target: &Target,
    held: &[Held],
    watch: &Watch,
    settled: &Notify,
    call: Call,
) -> Vec<Witness> {
    if held.is_empty() || call.answered.acknowledgement != Acknowledgement::Received {
        return Vec::new();
    }
    let their_end = async {
        match witness::good_until(held) {
            Some(end) => tokio::time::sleep_until(end.into()).await,
            None => std::future::pending().await,
        }
    };
    let heard = async {
        tokio::select! {
            () = settled.notified() => {}
            () = their_end => {}
        }
        witness::hear(client, target, held).await
    };
    watch.unless_cut(heard).await.unwrap_or_default()
}

/// How long before the event of an occurrence one of its credentials is logged in; `age` from 0 to 1. None becomes older than one that is revoked
/// alone: it would expire while the others are waited for, and show nothing.
fn age_in_company(age_up_to: Duration, age: f64) -> Duration {
    OCCURRENCE_LEAD + age_up_to.saturating_sub(OCCURRENCE_LEAD).mul_f64(age)
}

/// Sorts what the points said: what bounds are about, and what is to go on.
fn note(
    trial: &mut Trial,
    target: &Target,
    event: &Event,
    probes: Vec<(usize, Vec<Probe>)>,
    certainly_good_ns: Option<i64>,
) {
    let t0: T0 = trial.t0();
    let acknowledged = trial.acknowledgement == Acknowledgement::Received;
    for (index, probes) in probes {
        let name = &target.flows.points[index].name;
        let segments = segments(&probes, t0);
        if !event.goes_on.contains(name) {
            trial.points.insert(name.clone(), segments);
        } else if acknowledged {
            let itself = witness::of_itself(name, &segments, t0, certainly_good_ns);
            trial.witnesses.extend(itself);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_company_nobody_becomes_older_than_alone_and_everybody_is_used_before() {
        let up_to = Duration::from_millis(800);
        let ages = [0.0, 0.5, 1.0].map(|age| age_in_company(up_to, age).as_millis());
        assert_eq!(ages, [400, 600, 800]);
        let brief = Duration::from_millis(200);
        assert_eq!(age_in_company(brief, 1.0), OCCURRENCE_LEAD);
    }
}

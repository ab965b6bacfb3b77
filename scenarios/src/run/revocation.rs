//! Measures revocations under background load.

use super::progress::Progress;
use super::steady::{keep_fresh, log_all_in};
use super::system::System;
use super::{Context, MeasureError};
use crate::load::attack::Attack;
use crate::load::schedule::Schedule;
use crate::load::stream::{Lane, StreamRound, run_round};
use crate::revocation::trial_user::{TrialSettings, TrialUser};
use crate::revocation::trials::Trials;
use crate::scenario_file::{Load, Revocations};
use crate::target::RefreshAfter;
use authbench_reports::recorder::Recorder;
use authbench_reports::revocation::Trial;
use authbench_reports::run_file::{Background, EventRecord, RevocationRecord};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The background load goes on in slices of this length until the last trial is over.
const SLICE: Duration = Duration::from_millis(500);
/// Credentials of a target without a fact `access_ttl` are revoked at an age of up to this.
const AGE_UP_TO: Duration = Duration::from_secs(2);
/// Credentials that do not say when they expire are revoked within this part of their `access_ttl`: it may be counted in whole seconds, and
/// one that has expired already shows nothing.
const CERTAINLY_ALIVE: f64 = 0.4;
/// Observation goes on this long past the largest bound of an event, so that a breach is seen as one.
const OBSERVE_PAST_BOUND: Duration = Duration::from_secs(1);

/// Makes the revocations of `plan` at `systems`, the stream `load` in the background. Interrupted, it returns the trials that were
/// completed.
///
/// # Errors
/// When credentials cannot be had, a process ends, or the generator fails.
pub(super) async fn measure(
    systems: &[System],
    load: &Load,
    plan: &Revocations,
    mut attack: Attack,
    context: &Context<'_>,
) -> Result<RevocationRecord, MeasureError> {
    let wallets = context
        .unless_interrupted(log_all_in(systems, load.credentials_per_target, context))
        .await?;
    let first_user = load.credentials_per_target;
    let trials: Vec<_> = systems
        .iter()
        .zip(0u64..)
        // Each target draws its own order and ages: with the same ones, an odd draw would look like agreement between targets.
        .map(|(system, index)| {
            Arc::new(draw_trials(
                system,
                plan,
                first_user,
                context.seed ^ (index << 48),
            ))
        })
        .collect();
    let mut lanes = Vec::new();
    for ((system, wallet), trials) in systems.iter().zip(&wallets).zip(&trials) {
        let (lane, users) = Lane::new(&wallet.endpoints(), load.connections_per_target as usize);
        attack.crew(&format!("{}, background", system.name()), users)?;
        lanes.push(lane);
        attack.crew(
            &format!("{}, revocations", system.name()),
            trial_users(system, trials, plan, context.seed),
        )?;
    }
    let fresh = keep_fresh(wallets, context.seed);
    let measured = attack
        .run(async {
            let outcome = load_until_done(
                systems,
                &trials,
                &lanes,
                f64::from(load.rate_per_s),
                plan.warm_up,
                context,
            )
            .await;
            lanes.iter().for_each(Lane::close);
            outcome
        })
        .await;
    fresh.iter().for_each(tokio::task::JoinHandle::abort);
    let (mut background, wall) = measured??;
    let events = events(systems, plan, &trials)?;
    background.probes_per_s = probes(&events) as f64 / wall.as_secs_f64();
    Ok(RevocationRecord {
        probe_every_ms: plan.probe_every.as_secs_f64() * 1000.0,
        tail_ms: plan.tail.as_secs_f64() * 1000.0,
        background,
        events,
    })
}

/// The accounts after those of the background load are revoked, each once.
fn draw_trials(system: &System, plan: &Revocations, first_user: u32, seed: u64) -> Trials {
    let events = &system.target().flows.events;
    let wanted: Vec<usize> = (0..events.len())
        .filter(|index| plan.events.contains(&events[*index].name))
        .collect();
    Trials::new(&wanted, plan.revocations, first_user, seed)
}

fn trial_users(
    system: &System,
    trials: &Arc<Trials>,
    plan: &Revocations,
    seed: u64,
) -> Vec<TrialUser> {
    let lifetime = system.target().about.facts.get("access_ttl");
    let settings = TrialSettings {
        probe_every: plan.probe_every,
        tail: plan.tail,
        age_up_to: lifetime.map_or(AGE_UP_TO, |ttl| ttl.mul_f64(CERTAINLY_ALIVE)),
        observe_past_bound: OBSERVE_PAST_BOUND,
    };
    let user = |slot| {
        TrialUser::new(
            Arc::clone(system.target()),
            Arc::clone(system.login_limit()),
            Arc::clone(trials),
            settings,
            seed ^ (u64::from(slot) << 16),
        )
    };
    (0..plan.slots_per_target).map(user).collect()
}

/// Keeps the background load up until every trial is over; what it did, and for how long.
async fn load_until_done(
    systems: &[System],
    trials: &[Arc<Trials>],
    lanes: &[Lane],
    rate_per_s: f64,
    warm_up: Duration,
    context: &Context<'_>,
) -> Result<(Background, Duration), MeasureError> {
    let of: usize = trials.iter().map(|trials| trials.left()).sum();
    let began = Instant::now();
    run_round(
        Schedule::new(rate_per_s, warm_up, lanes.len(), !context.seed),
        lanes,
    )
    .await?;
    trials.iter().for_each(|trials| trials.open());
    let mut background = Background {
        offered_per_s: rate_per_s,
        ..Background::default()
    };
    let (mut answered, mut loaded) = (0, Duration::ZERO);
    for slice in 0u64.. {
        let left: usize = trials.iter().map(|trials| trials.left()).sum();
        context.tell(Progress::Revocations {
            done: of - left,
            of,
        });
        if left == 0 {
            break;
        }
        if context.is_interrupted() {
            trials.iter().for_each(|trials| trials.cancel());
        }
        let round = run_round(
            Schedule::new(rate_per_s, SLICE, lanes.len(), context.seed ^ (slice << 32)),
            lanes,
        )
        .await?;
        answered += round
            .lanes
            .iter()
            .map(|lane| lane.recorder.outcomes.total())
            .sum::<u64>();
        // Evenly spaced starts end one interval before the slice does.
        loaded += round.wall.max(SLICE);
        add(&mut background, systems, &round);
        systems.iter().try_for_each(System::check_alive)?;
    }
    background.achieved_per_s = answered as f64 / loaded.as_secs_f64().max(f64::MIN_POSITIVE);
    Ok((background, began.elapsed()))
}

fn add(background: &mut Background, systems: &[System], round: &StreamRound) {
    for (system, lane) in systems.iter().zip(&round.lanes) {
        let Recorder {
            send_lag,
            response,
            outcomes,
            ..
        } = &lane.recorder;
        background.unsent += lane.unsent;
        background.send_lag.merge(send_lag);
        background.response.merge(response);
        background
            .outcomes
            .entry(system.name().to_owned())
            .or_default()
            .merge(outcomes);
    }
}

fn events(
    systems: &[System],
    plan: &Revocations,
    trials: &[Arc<Trials>],
) -> Result<Vec<EventRecord>, MeasureError> {
    let mut records = Vec::new();
    for (system, trials) in systems.iter().zip(trials) {
        let (done, failed) = trials.take_results();
        if let Some(reason) = failed.into_iter().next() {
            return Err(MeasureError::Trial {
                target: system.name().to_owned(),
                reason,
            });
        }
        let mut by_event: BTreeMap<usize, Vec<Trial>> = BTreeMap::new();
        for (event, trial) in done {
            by_event.entry(event).or_default().push(trial);
        }
        for (index, event) in system.target().flows.events.iter().enumerate() {
            if !plan.events.contains(&event.name) {
                continue;
            }
            let points = system
                .target()
                .flows
                .points
                .iter()
                .map(|point| (point.name.clone(), event.bounds.get(&point.name)));
            let points: Vec<_> = points.collect();
            let limit_ms = |bound: &crate::target::Bound| bound.limit.as_secs_f64() * 1000.0;
            records.push(EventRecord {
                target: system.name().to_owned(),
                event: event.name.clone(),
                bounds_ms: points
                    .iter()
                    .map(|(name, bound)| (name.clone(), bound.map(limit_ms)))
                    .collect(),
                bounds_stated: points
                    .iter()
                    .filter_map(|(name, bound)| Some((name.clone(), bound.as_ref()?.text.clone())))
                    .collect(),
                refresh_after: event.refresh_after.map(|after| match after {
                    RefreshAfter::Refused => "refused".to_owned(),
                    RefreshAfter::Works => "works".to_owned(),
                }),
                trials: by_event.remove(&index).unwrap_or_default(),
            });
        }
    }
    Ok(records)
}

fn probes(events: &[EventRecord]) -> u64 {
    let segments = events
        .iter()
        .flat_map(|event| &event.trials)
        .flat_map(|trial| trial.points.values().flatten());
    segments.map(|segment| u64::from(segment.probes)).sum()
}

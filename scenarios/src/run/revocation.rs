//! Measures revocations under background load.

use super::progress::Progress;
use super::steady::{keep_fresh, log_all_in};
use super::system::System;
use super::{Context, MeasureError};
use crate::accounting::book;
use crate::accounting::clock_steps::ClockWatch;
use crate::credentials::{STEP_DEADLINE, Wallet};
use crate::flow::FlowClient;
use crate::load::attack::Attack;
use crate::load::pacer::LEAD;
use crate::load::schedule::Schedule;
use crate::load::stream::{Lane, LaneRound, offer, run_round, settle};
use crate::revocation::trial_user::{TrialSettings, TrialUser};
use crate::revocation::trials::{PutsOut, Trials, Wanted};
use crate::scenario_file::{Load, Revocations};
use crate::target::{Event, RefreshAfter, Target};
use authbench_reports::revocation::{EventReach, Trial};
use authbench_reports::run_file::{Background, EventRecord, RevocationRecord, counted_s};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The background load goes on in slices of this length, one right after the other, until the last trial is over. A whole second, so
/// that every slice has exactly as many starts as the rate says.
const SLICE: Duration = Duration::from_secs(1);
/// Credentials of a target without a fact `access_ttl` are revoked at an age of up to this.
const AGE_UP_TO: Duration = Duration::from_secs(2);
/// Credentials that do not say when they expire are revoked within this part of their `access_ttl`: it may be counted in whole seconds, and
/// one that has expired already shows nothing.
const CERTAINLY_ALIVE: f64 = 0.4;
/// Observation goes on this long past the largest bound of an event, so that a breach is seen as one.
const OBSERVE_PAST_BOUND: Duration = Duration::from_secs(1);
/// How often it is looked whether the trials without background load are over.
const LOOK: Duration = Duration::from_millis(100);

/// Makes the revocations of `plan` at `systems`, the stream `load` in the background. Events that put out everyone come last, when there is no
/// stream any more: it would be put out, too. Interrupted, it returns the trials that were completed.
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
            trial_users(
                system,
                trials,
                plan,
                first_user + trials.left() as u32,
                context,
            ),
        )?;
    }
    let renewals = wallets.iter().map(Wallet::renewals).collect();
    let fresh = keep_fresh(wallets, context.seed);
    let background = BackgroundLoad {
        systems,
        trials: &trials,
        lanes: &lanes,
        renewals,
        rate_per_s: f64::from(load.rate_per_s),
        context,
    };
    let measured = attack
        .run(async {
            let outcome = background.until_done(plan.warm_up).await;
            lanes.iter().for_each(Lane::close);
            fresh.iter().for_each(tokio::task::JoinHandle::abort);
            let (background, alone) = (outcome?, background.alone().await?);
            Ok::<_, MeasureError>((background.0, background.1 + alone))
        })
        .await;
    fresh.iter().for_each(tokio::task::JoinHandle::abort);
    let (mut background, wall) = measured??;
    let events = events(systems, plan, &trials)?;
    background.probes_per_s = probes(&events) as f64 / wall.as_secs_f64();
    Ok(RevocationRecord {
        probe_every_ms: plan.probe_every.as_secs_f64() * 1000.0,
        tail_ms: plan.tail.as_secs_f64() * 1000.0,
        observe_at_most_ms: Some(plan.observe.as_secs_f64() * 1000.0),
        background,
        events,
    })
}

/// The accounts after those of the background load are revoked, each once.
fn draw_trials(system: &System, plan: &Revocations, first_user: u32, seed: u64) -> Trials {
    Trials::new(&wanted(system.target(), plan), first_user, seed)
}

fn wanted(target: &Target, plan: &Revocations) -> Vec<Wanted> {
    let events = target.flows.events.iter().enumerate();
    let wanted = events.filter(|(_, event)| plan.wants(&target.about.name, &event.name));
    wanted
        .map(|(index, event)| Wanted {
            event: index,
            revocations: plan.revocations_of(&event.name),
            puts_out: match event.reach {
                Some(EventReach::Client) => PutsOut::Several(plan.most_at_once(&event.name)),
                Some(EventReach::Everyone) => PutsOut::Everyone(plan.most_at_once(&event.name)),
                Some(EventReach::Credential | EventReach::Account) | None => PutsOut::One,
            },
        })
        .collect()
}

/// `witnesses`: accounts from there on belong to those whom events leave alone, one for each slot.
fn trial_users(
    system: &System,
    trials: &Arc<Trials>,
    plan: &Revocations,
    witnesses: u32,
    context: &Context<'_>,
) -> Vec<TrialUser> {
    let lifetime = system.target().about.facts.get("access_ttl");
    let settings = TrialSettings {
        probe_every: plan.probe_every,
        resolution: plan.resolution,
        tail: plan.tail,
        age_up_to: lifetime.map_or(AGE_UP_TO, |ttl| ttl.mul_f64(CERTAINLY_ALIVE)),
        observe_past_bound: OBSERVE_PAST_BOUND,
        observe_at_most: plan.observe,
    };
    let user = |slot| {
        TrialUser::new(
            Arc::clone(system.target()),
            Arc::clone(system.login_limit()),
            Arc::clone(trials),
            Arc::clone(&context.journal),
            settings,
            witnesses + slot,
            context.seed ^ (u64::from(slot) << 16),
        )
    };
    (0..plan.slots_per_target).map(user).collect()
}

/// What runs while credentials are revoked.
struct BackgroundLoad<'a> {
    systems: &'a [System],
    trials: &'a [Arc<Trials>],
    lanes: &'a [Lane],
    renewals: Vec<Arc<AtomicU64>>,
    rate_per_s: f64,
    context: &'a Context<'a>,
}

impl BackgroundLoad<'_> {
    /// Keeps the load up until every trial is over; what it did, and for how long. One schedule without a gap: no slice waits for the
    /// answers of the one before, so that one answer that does not come holds nothing up.
    async fn until_done(&self, warm_up: Duration) -> Result<(Background, Duration), MeasureError> {
        let seed = self.context.seed;
        run_round(self.schedule(warm_up, !seed), self.lanes).await?;
        let mut client = FlowClient::new(STEP_DEADLINE);
        let counted = book::counted_by_all(&mut client, self.systems).await;
        let mut clocks = ClockWatch::begin();
        self.trials.iter().for_each(|trials| trials.open());
        let (of, renewed) = (self.left(), self.renewed());
        let mut intended = vec![0; self.lanes.len()];
        let began = Instant::now() + LEAD;
        let mut epoch = began;
        for slice in 0u64.. {
            let done = of - self.left();
            self.context.tell(Progress::Revocations { done, of });
            if done == of {
                break;
            }
            if self.context.is_interrupted() {
                self.trials.iter().for_each(|trials| trials.cancel());
            }
            let starts = self.schedule(SLICE, seed ^ (slice << 32));
            let offered = offer(starts, epoch, self.lanes).await?;
            intended
                .iter_mut()
                .zip(offered)
                .for_each(|(sum, offered)| *sum += offered);
            epoch += SLICE;
            clocks.look();
            self.systems.iter().try_for_each(System::check_alive)?;
        }
        let scheduled = epoch.duration_since(began);
        let renewed = self.renewed() - renewed;
        let rounds = settle(self.lanes, &intended).await;
        let mut background = Background {
            achieved_per_s: achieved_per_s(&rounds, scheduled, began.elapsed()),
            ..self.record(&rounds, renewed, scheduled)
        };
        background.clocks = clocks.take();
        let counted = counted
            .into_iter()
            .zip(book::counted_by_all(&mut client, self.systems).await);
        let named = self.systems.iter().zip(counted);
        background.counters = named
            .filter_map(|(system, (before, after))| {
                Some((system.name().to_owned(), book::difference(before, after)?))
            })
            .collect();
        Ok((background, scheduled))
    }

    /// Without any load: the trials of events that put out everyone; how long they took.
    async fn alone(&self) -> Result<Duration, MeasureError> {
        let began = Instant::now();
        self.trials.iter().for_each(|trials| trials.open_alone());
        let left = || {
            self.trials
                .iter()
                .map(|trials| trials.left())
                .sum::<usize>()
        };
        let of = left();
        loop {
            let done = of - left();
            if done == of {
                return Ok(began.elapsed());
            }
            self.context.tell(Progress::Revocations { done, of });
            if self.context.is_interrupted() {
                self.trials.iter().for_each(|trials| trials.cancel());
            }
            self.systems.iter().try_for_each(System::check_alive)?;
            tokio::time::sleep(LOOK).await;
        }
    }

    fn record(&self, rounds: &[LaneRound], renewed: u64, scheduled: Duration) -> Background {
        let per_s = |count: u64| count as f64 / scheduled.as_secs_f64().max(f64::MIN_POSITIVE);
        let mut background = Background {
            offered_per_s: self.rate_per_s,
            renewals_per_s: Some(per_s(renewed)),
            ..Background::default()
        };
        for (system, lane) in self.systems.iter().zip(rounds) {
            background.unsent += lane.unsent;
            background.send_lag.merge(&lane.recorder.send_lag);
            background.response.merge(&lane.recorder.response);
            let name = system.name().to_owned();
            background
                .outcomes
                .insert(name, lane.recorder.outcomes.clone());
        }
        background
    }

    fn schedule(&self, length: Duration, seed: u64) -> Schedule {
        Schedule::new(self.rate_per_s, length, self.lanes.len(), seed)
    }

    fn left(&self) -> usize {
        let left = self.trials.iter().map(|trials| trials.left_beside_load());
        left.sum()
    }

    fn renewed(&self) -> u64 {
        let counts = self.renewals.iter();
        counts.map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

/// As in a stream: what was never answered is not achieved, and a backlog that outlasts the schedule counts with the time it took.
fn achieved_per_s(rounds: &[LaneRound], scheduled: Duration, wall: Duration) -> f64 {
    let answered = rounds.iter().map(|lane| lane.recorder.outcomes.answered());
    let counted_s = counted_s(scheduled.as_secs_f64(), wall.as_secs_f64());
    answered.sum::<u64>() as f64 / counted_s.max(f64::MIN_POSITIVE)
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
        let target = system.target();
        for wanted in wanted(target, plan) {
            let trials = by_event.remove(&wanted.event).unwrap_or_default();
            records.push(record(target, &target.flows.events[wanted.event], trials));
        }
    }
    Ok(records)
}

fn record(target: &Target, event: &Event, trials: Vec<Trial>) -> EventRecord {
    let ends_there = |name: &String| !event.goes_on.contains(name);
    let points = target.flows.points.iter();
    let points = points.filter(|point| point.is_probed_in(&event.name) && ends_there(&point.name));
    let points: Vec<_> = points
        .map(|point| (point.name.clone(), event.bounds.get(&point.name)))
        .collect();
    let limit_ms = |bound: &crate::target::Bound| bound.limit.as_secs_f64() * 1000.0;
    EventRecord {
        target: target.about.name.clone(),
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
        reach: event.reach,
        trials,
    }
}

fn probes(events: &[EventRecord]) -> u64 {
    let segments = events
        .iter()
        .flat_map(|event| &event.trials)
        .flat_map(|trial| trial.points.values().flatten());
    segments.map(|segment| u64::from(segment.probes)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use authbench_reports::recorder::Recorder;
    use authbench_reports::run_file::Outcomes;

    const SCHEDULED: Duration = Duration::from_secs(10);

    /// Ten seconds' worth of 100 requests/s, of which so many timed out and broke.
    fn lane(timed_out: u64, broken: u64) -> LaneRound {
        let recorder = Recorder {
            outcomes: Outcomes {
                expected: 1000 - timed_out - broken,
                timed_out,
                broken,
                ..Outcomes::default()
            },
            ..Recorder::default()
        };
        LaneRound {
            intended: 1000,
            unsent: 0,
            recorder,
            reconnects: 0,
        }
    }

    #[test]
    fn only_what_was_answered_is_achieved() {
        assert_eq!(achieved_per_s(&[lane(0, 0)], SCHEDULED, SCHEDULED), 100.0);
        let both = [lane(150, 50), lane(0, 0)];
        assert_eq!(achieved_per_s(&both, SCHEDULED, SCHEDULED), 180.0);
    }

    #[test]
    fn a_backlog_counts_with_the_time_it_took_but_for_the_grace_of_half_a_second() {
        let until = |wall_s| {
            let wall = Duration::from_secs_f64(wall_s);
            achieved_per_s(&[lane(0, 0)], SCHEDULED, wall)
        };
        assert_eq!(until(10.5), 100.0);
        assert_eq!(until(13.0), 80.0);
    }
}

//! Measures one event for many accounts: at one target after another, a stream of other users beside it in three parts.

use super::progress::Progress;
use super::steady::{keep_fresh, log_all_in, target_round};
use super::system::System;
use super::{Context, MeasureError};
use crate::accounting::book;
use crate::accounting::canary::{Canary, SLICE, SLICES, canary};
use crate::accounting::clock_steps::ClockWatch;
use crate::credentials::{STEP_DEADLINE, log_in_as};
use crate::flow::FlowClient;
use crate::load::attack::Attack;
use crate::load::pacer::LEAD;
use crate::load::schedule::Schedule;
use crate::load::stream::{Lane, offer, run_round, settle};
use crate::mass::{Crowd, MassCaller, MassProber, fresh_for};
use crate::scenario_file::{Load, MassEvent};
use crate::undo::{about_to_touch_all, bring_many_back};
use authbench_reports::run_file::{
    Counters, MassMoment, MassPart, MassPoint, MassRecord, MassSlice, MassTarget, SizesAt,
    TargetRound,
};
use std::future::Future;
use std::ops::Range;
use std::slice::from_ref;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio::time::sleep_until;

/// Observation goes on this long past the largest bound, so that a breach is seen as one.
const OBSERVE_PAST_BOUND: Duration = Duration::from_secs(1);
/// How often it is looked whether calls that were under way when a run was to stop are over.
const LOOK: Duration = Duration::from_millis(20);

/// Lets the event of `plan` happen to its accounts at one of `systems` after another, the stream `load` beside it.
/// Interrupted, it returns the targets that were completed.
///
/// # Errors
/// When a target has no such event, credentials cannot be had, a process ends, nothing can be written down beforehand, or the generator fails.
pub(super) async fn measure(
    systems: &[System],
    load: &Load,
    plan: &MassEvent,
    mut attack: Attack,
    context: &Context<'_>,
) -> Result<MassRecord, MeasureError> {
    let wallets = context
        .unless_interrupted(log_all_in(systems, load.credentials_per_target, context))
        .await?;
    let mut stage = Stage {
        load,
        plan,
        context,
        turns: Vec::new(),
    };
    for (system, wallet) in systems.iter().zip(&wallets) {
        let (lane, users) = Lane::new(&wallet.endpoints(), load.connections_per_target as usize);
        attack.crew(&format!("{}, others", system.name()), users)?;
        let crowd = crowd(system, plan)?;
        let callers = (0..plan.calls_at_once).map(|_| MassCaller::new(&crowd));
        let name = format!("{}, {}", system.name(), plan.event);
        attack.crew(&name, callers.collect())?;
        let probers = (0..plan.probe_connections).map(|_| MassProber::new(&crowd));
        attack.crew(&format!("{}, probes", system.name()), probers.collect())?;
        stage.turns.push(Turn {
            system,
            lane,
            crowd,
        });
    }
    let fresh = keep_fresh(wallets, context.seed);
    let targets = attack.run(stage.targets()).await;
    fresh.iter().for_each(JoinHandle::abort);
    Ok(MassRecord {
        event: plan.event.clone(),
        accounts: plan.accounts,
        calls_at_once: plan.calls_at_once,
        background_per_s: f64::from(load.rate_per_s),
        connections_per_target: load.connections_per_target,
        credentials_per_target: load.credentials_per_target,
        probes_per_s: f64::from(plan.probes_per_s),
        probe_connections: plan.probe_connections,
        probe_every_ms: plan.probe_every.as_secs_f64() * 1e3,
        accepted_within_ms: Some(fresh_for(plan.accounts, plan.probes_per_s).as_secs_f64() * 1e3),
        observe_at_most_ms: plan.observe.as_secs_f64() * 1e3,
        warm_up_s: plan.warm_up.as_secs_f64(),
        slice_s: plan.slice.as_secs_f64(),
        targets: targets??,
    })
}

fn crowd(system: &System, plan: &MassEvent) -> Result<Arc<Crowd>, MeasureError> {
    let failed = |reason: &str| MeasureError::Trial {
        target: system.name().to_owned(),
        reason: format!("{}: {reason}", plan.event),
    };
    let (target, event) = (system.target(), plan.event.as_str());
    let crowd = Crowd::new(target, event, plan.probes_per_s, plan.probe_every)
        .ok_or_else(|| failed("it has no such event, or no point at which its end is seen"))?;
    match crowd.event().hits_many() {
        true => Err(failed(
            "one call puts out many at once; mass makes one for each account",
        )),
        false => Ok(crowd),
    }
}

struct Stage<'a> {
    load: &'a Load,
    plan: &'a MassEvent,
    context: &'a Context<'a>,
    turns: Vec<Turn<'a>>,
}

/// What one target has for its turn.
struct Turn<'a> {
    system: &'a System,
    lane: Lane,
    crowd: Arc<Crowd>,
}

/// What is known of a target before anything happens to its accounts.
struct Calm {
    client: FlowClient,
    sizes: Vec<SizesAt>,
    logged_in: Duration,
    counted: Option<Counters>,
    speed: Canary,
    before: MassSlice,
}

impl Stage<'_> {
    async fn targets(self) -> Result<Vec<MassTarget>, MeasureError> {
        let mut targets = Vec::new();
        let outcome = self.fill(&mut targets).await;
        self.turns.iter().for_each(|turn| turn.lane.close());
        match outcome {
            Ok(()) | Err(MeasureError::Interrupted) => Ok(targets),
            Err(error) => Err(error),
        }
    }

    async fn fill(&self, targets: &mut Vec<MassTarget>) -> Result<(), MeasureError> {
        for turn in &self.turns {
            let target = turn.system.name().to_owned();
            let alone = Progress::Alone {
                target,
                round: 1,
                rounds: 1,
            };
            self.context.tell(alone);
            let calm = self.context.unless_interrupted(self.before(turn)).await;
            let calm = calm.inspect_err(|_| turn.crowd.close())?;
            // Not broken off: what is in the journal by then must be known, or everybody would be undone to whom nothing was sent.
            let entries = self.write_down(turn).await;
            let entries = entries.inspect_err(|_| turn.crowd.close())?;
            let event = self.event(turn, calm);
            let outcome = self.context.unless_interrupted(event).await;
            // Whatever came of it.
            let brought_back = self.bring_back(turn, entries).await;
            targets.push(MassTarget {
                brought_back,
                ..outcome?
            });
            turn.system.check_alive()?;
        }
        Ok(())
    }

    /// Everything at one target until the first call.
    async fn before(&self, turn: &Turn<'_>) -> Result<Calm, MeasureError> {
        let Turn { system, crowd, .. } = turn;
        let mut client = FlowClient::new(STEP_DEADLINE);
        let mut sizes = Vec::new();
        look(&mut client, system, MassMoment::Start, &mut sizes).await;
        let logged_in = self.log_in(turn).await?;
        look(&mut client, system, MassMoment::LoggedIn, &mut sizes).await;
        let warm_up = self.stream(self.plan.warm_up, 0);
        run_round(warm_up, from_ref(&turn.lane)).await?;
        let counted = book::counted(&mut client, system).await;
        let speed = canary(SLICES, SLICE);
        crowd.open_probes();
        let all_asked = self.plan.slice + self.plan.observe;
        let is_over =
            |past| past >= self.plan.slice && (crowd.all_were_asked() || past >= all_asked);
        let before = self.slice(turn, MassPart::Before, || (), is_over).await?;
        Ok(Calm {
            client,
            sizes,
            logged_in,
            counted,
            speed,
            before,
        })
    }

    /// The calls, and what comes of them.
    async fn event(&self, turn: &Turn<'_>, calm: Calm) -> Result<MassTarget, MeasureError> {
        let Turn { system, crowd, .. } = turn;
        let Calm {
            mut client,
            mut sizes,
            logged_in,
            counted,
            speed,
            before,
        } = calm;
        let begins = || crowd.open_calls();
        let is_over = |_| crowd.calls_are_over();
        let during = self.slice(turn, MassPart::During, begins, is_over).await?;
        look(&mut client, system, MassMoment::Ended, &mut sizes).await;
        let observed = self.observed(crowd);
        let is_over = |past| past >= self.plan.slice && (crowd.all_are_out() || past >= observed);
        let after = self.slice(turn, MassPart::After, || (), is_over).await?;
        crowd.close();
        look(&mut client, system, MassMoment::Settled, &mut sizes).await;
        let counted_after = book::counted(&mut client, system).await;
        let calls = crowd.calls();
        Ok(MassTarget {
            target: system.name().to_owned(),
            points: points(crowd),
            logged_in_s: logged_in.as_secs_f64(),
            calls_s: calls.took.as_secs_f64(),
            calls: calls.times,
            calls_refused: calls.refused,
            calls_unknown: calls.unknown,
            accounts: crowd.accounts(),
            slices: vec![
                with(before, speed),
                during,
                with(after, canary(SLICES, SLICE)),
            ],
            sizes,
            counters: book::difference(counted, counted_after),
            brought_back: None,
        })
    }

    /// How long it took.
    async fn log_in(&self, turn: &Turn<'_>) -> Result<Duration, MeasureError> {
        let Turn { system, crowd, .. } = turn;
        self.context.tell(Progress::LoggingIn {
            target: system.name().to_owned(),
            credentials: self.plan.accounts,
        });
        let began = Instant::now();
        let (target, limit) = (system.target(), system.login_limit());
        let client = crowd.event().client.as_deref();
        let issued = log_in_as(target, limit, client, self.users(), || ()).await?;
        crowd.fill(self.users().start, issued)?;
        Ok(began.elapsed())
    }

    /// The accounts after those of the stream.
    fn users(&self) -> Range<u32> {
        let first = self.load.credentials_per_target;
        first..first + self.plan.accounts
    }

    async fn write_down(&self, turn: &Turn<'_>) -> Result<Range<u64>, MeasureError> {
        let (target, event) = (turn.system.target(), turn.crowd.event());
        let journal = &self.context.journal;
        let written = about_to_touch_all(journal, target, event, self.users()).await;
        written.map_err(|error| MeasureError::Trial {
            target: turn.system.name().to_owned(),
            reason: format!("write down whom the event is about to touch: {error}"),
        })
    }

    /// How long after the last call credentials are watched at most: past every bound, and until everybody was asked about once more. In full where
    /// a point promises nothing.
    fn observed(&self, crowd: &Crowd) -> Duration {
        crowd.longest_bound().map_or(self.plan.observe, |longest| {
            (longest + OBSERVE_PAST_BOUND + self.once_around()).min(self.plan.observe)
        })
    }

    /// In what time everybody is asked about again, generously.
    fn once_around(&self) -> Duration {
        let around = f64::from(self.plan.accounts) / f64::from(self.plan.probes_per_s);
        Duration::from_secs_f64(2.0 * around) + OBSERVE_PAST_BOUND
    }

    /// Measures the stream until `is_over`, which is told for how long it has gone on. `begins` is called at its first intended start.
    async fn slice(
        &self,
        turn: &Turn<'_>,
        part: MassPart,
        begins: impl FnOnce(),
        is_over: impl Fn(Duration) -> bool,
    ) -> Result<MassSlice, MeasureError> {
        let (system, lane) = (from_ref(turn.system), from_ref(&turn.lane));
        let mut clocks = ClockWatch::begin();
        // CPU and probes are counted from here on.
        let began = Instant::now();
        let before = book::read(system)?;
        let _ = turn.crowd.take_answered();
        let (epoch, step) = (Instant::now() + LEAD, self.step());
        let (mut intended, mut scheduled) = (0, Duration::ZERO);
        let mut begins = Some(async move {
            sleep_until(epoch.into()).await;
            begins();
        });
        for number in 1u64.. {
            let starts = self.stream(step, number << 8 | part as u64);
            let offered = beside(begins.take(), offer(starts, epoch + scheduled, lane)).await?;
            intended += offered.iter().sum::<u64>();
            scheduled += step;
            if part != MassPart::Before {
                let (done, of) = (turn.crowd.called(), self.plan.accounts as usize);
                self.context.tell(Progress::Revocations { done, of });
            }
            clocks.look();
            turn.system.check_alive()?;
            if is_over(scheduled) {
                break;
            }
        }
        let mut others = settle(lane, &[intended]).await;
        let wall = began.elapsed();
        let mut used = book::read(system)?.since(&before, system);
        let others = target_round(turn.system.name(), others.swap_remove(0));
        Ok(MassSlice {
            part,
            scheduled_s: scheduled.as_secs_f64(),
            wall_s: wall.as_secs_f64(),
            probes: turn.crowd.take_answered(),
            generator_cpu_ns: used.generator_cpu_ns,
            steal_share: used.steal_share,
            canary: Vec::new(),
            clocks: clocks.take(),
            others: TargetRound {
                // One system in, one out.
                processes: used.processes.swap_remove(0),
                ..others
            },
        })
    }

    /// As short as gives the rate a whole number of starts, so that a part ends soon after what it waits for.
    fn step(&self) -> Duration {
        match self.load.rate_per_s % 10 {
            0 => Duration::from_millis(100),
            _ => Duration::from_secs(1),
        }
    }

    fn stream(&self, length: Duration, draw: u64) -> Schedule {
        let seed = self.context.seed ^ (draw << 16);
        Schedule::new(f64::from(self.load.rate_per_s), length, 1, seed)
    }

    /// Undoes the event for everybody whose call was sent; how many were brought back. Whoever is left stays in the journal.
    async fn bring_back(&self, turn: &Turn<'_>, entries: Range<u64>) -> Option<u32> {
        let Turn { system, crowd, .. } = turn;
        crowd.close();
        while !crowd.calls_are_over() {
            tokio::time::sleep(LOOK).await;
        }
        if entries.is_empty() {
            return None;
        }
        let first = self.users().start;
        let entry = |user: u32| entries.start + u64::from(user - first);
        let (touched, others) = crowd.touched();
        let journal = &self.context.journal;
        // Of them nothing was sent. If this cannot be written down, they are undone for nothing.
        let _ = journal
            .all_undone(others.into_iter().map(entry).collect())
            .await;
        let users = touched.into_iter().map(|user| (user, entry(user)));
        let at_once = self.plan.calls_at_once;
        let (event, users) = (&self.plan.event, users.collect());
        Some(bring_many_back(journal, system.target(), event, users, at_once).await)
    }
}

/// Waits for both.
async fn beside<T>(first: Option<impl Future<Output = ()>>, other: impl Future<Output = T>) -> T {
    match first {
        Some(first) => tokio::join!(first, other).1,
        None => other.await,
    }
}

async fn look(
    client: &mut FlowClient,
    system: &System,
    moment: MassMoment,
    into: &mut Vec<SizesAt>,
) {
    let sizes = book::sizes(client, system).await;
    if !sizes.is_empty() {
        into.push(SizesAt { moment, sizes });
    }
}

fn points(crowd: &Crowd) -> Vec<MassPoint> {
    let bounds = &crowd.event().bounds;
    let points = crowd.points().map(|point| {
        let bound = bounds.get(&point.name);
        MassPoint {
            point: point.name.clone(),
            bound_ms: bound.map(|bound| bound.limit.as_secs_f64() * 1e3),
            bound: bound.map(|bound| bound.text.clone()),
        }
    });
    points.collect()
}

fn with(slice: MassSlice, speed: Canary) -> MassSlice {
    MassSlice {
        canary: vec![speed],
        ..slice
    }
}

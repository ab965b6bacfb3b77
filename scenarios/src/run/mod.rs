//! One run: every scenario in turn, its targets started, measured and stopped.

mod capacity;
mod connections;
mod demand;
mod hosts;
mod journey;
mod login;
mod mass;
pub mod progress;
mod renewal;
mod revocation;
mod solo;
mod steady;
mod sweep;
pub mod system;

pub use self::demand::DemandError;

use self::demand::MassTimes;
use self::progress::Progress;
use self::system::{StartError, System};
use crate::flow::{EncodeError, StepError};
use crate::load::attack::{Attack, AttackError};
use crate::process::{ProcessError, RunSettings};
use crate::scenario_file::{ClientPlan, Ladder, Plan as Workload, Profile, Scenario};
use crate::target::TargetFile;
use crate::transport::ConnectError;
use crate::undo::{Journal, Left, bring_all_back};
use authbench_reports::run_file::{LifetimeRecord, ScenarioRecord, StoreInfo, TargetRecord};
use nix::errno::Errno;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What a run measures and with what.
pub struct Plan {
    /// Each scenario with its targets, read and checked, the control first.
    pub scenarios: Vec<(Scenario, Vec<TargetFile>)>,
    /// How long and how thorough.
    pub profile: Profile,
    /// How processes are started.
    pub settings: RunSettings,
    /// Seed of every random draw that shapes the traffic.
    pub seed: u64,
    /// Where goose's own report goes, when it is asked for.
    pub goose_reports: Option<PathBuf>,
    /// Where it is written down whom events touch.
    pub journal: Arc<Journal>,
}

/// What a run measured.
#[derive(Debug, Default)]
pub struct Measured {
    /// The store behind the targets.
    pub store: Option<StoreInfo>,
    /// The targets, in the order in which they were first measured.
    pub targets: Vec<TargetRecord>,
    /// The scenarios that ran, the last one perhaps not to its end.
    pub scenarios: Vec<ScenarioRecord>,
    /// Whether it was told to stop.
    pub interrupted: bool,
    /// Users whom an event touched and who could not be brought back.
    pub left: Vec<Left>,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A scenario asks more of a target than it has or allows; nothing was started.
    #[error(transparent)]
    Demand(#[from] DemandError),
    /// A target does not run.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A scenario could not be measured.
    #[error("scenario {scenario}: {source}")]
    Measure {
        /// The scenario's name.
        scenario: String,
        /// Why.
        source: MeasureError,
        /// What had been measured until then.
        measured: Box<Measured>,
    },
}

/// Why a scenario could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// A user could not log in.
    #[error(transparent)]
    Login(#[from] StepError),
    /// A credential lacks what a point's request needs.
    #[error("build a request: {0}")]
    Request(#[from] EncodeError),
    /// A connection could not be made.
    #[error("connect to {target}: {source}")]
    Connect {
        /// The target.
        target: String,
        /// Why.
        source: ConnectError,
    },
    /// The virtual users failed.
    #[error(transparent)]
    Attack(#[from] AttackError),
    /// A process ended.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The CPU clock of a process could not be read: it is gone.
    #[error("read the CPU clock of a process: {0}")]
    Clock(#[from] Errno),
    /// The operating system refused a timer.
    #[error("set a timer: {0}")]
    Timer(#[from] std::io::Error),
    /// Told to stop before there was anything to keep.
    #[error("interrupted")]
    Interrupted,
    /// A revocation could not be tried.
    #[error("a revocation at {target} could not be tried: {reason}")]
    Trial {
        /// The target.
        target: String,
        /// Why.
        reason: String,
    },
}

impl MeasureError {
    /// Whether the target file asks for something that cannot be had, rather than something broke on the way.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        matches!(self, Self::Login(_) | Self::Request(_))
    }
}

/// What every measurement needs to know of the run it belongs to.
struct Context<'a> {
    seed: u64,
    profile: Profile,
    goose_reports: Option<PathBuf>,
    interrupted: watch::Receiver<bool>,
    journal: Arc<Journal>,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl Context<'_> {
    fn tell(&self, progress: Progress) {
        (self.progress)(progress);
    }

    fn is_interrupted(&self) -> bool {
        *self.interrupted.borrow()
    }

    /// Gives `work` up when interrupted.
    async fn unless_interrupted<T>(
        &self,
        work: impl Future<Output = Result<T, MeasureError>>,
    ) -> Result<T, MeasureError> {
        let mut interrupted = self.interrupted.clone();
        tokio::select! {
            biased;
            Ok(_) = interrupted.wait_for(|interrupted| *interrupted) => Err(MeasureError::Interrupted),
            outcome = work => outcome,
        }
    }

    /// The users of `scenario`; goose's own report of them goes where it was asked for.
    fn attack(&self, scenario: &str) -> Attack {
        let report = |directory: &PathBuf| directory.join(format!("goose-{scenario}.html"));
        Attack::new(self.goose_reports.as_ref().map(report))
    }
}

/// Measures every scenario of `plan`. Call it on the main thread, inside a current-thread runtime. When `interrupted` becomes true, it
/// stops soon and returns what was measured until then.
///
/// # Errors
/// With the first failure; every process is ended then.
pub async fn run(
    plan: Plan,
    interrupted: watch::Receiver<bool>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Measured, RunError> {
    for target in plan.scenarios.iter().flat_map(|(_, targets)| targets) {
        System::check_permitted(target, &plan.settings)?;
    }
    let scenarios = plan.scenarios.iter().map(|(scenario, _)| scenario);
    demand::at_most_one_mass_event(scenarios, plan.profile)?;
    for (scenario, targets) in &plan.scenarios {
        demand::check(scenario, plan.profile, targets)?;
    }
    let context = Context {
        seed: plan.seed,
        profile: plan.profile,
        goose_reports: plan.goose_reports,
        interrupted,
        journal: plan.journal,
        progress,
    };
    let mut measured = Measured::default();
    for (scenario, files) in plan.scenarios {
        if context.is_interrupted() {
            break;
        }
        run_scenario(&scenario, files, &plan.settings, &context, &mut measured).await?;
    }
    measured.interrupted = context.is_interrupted();
    Ok(measured)
}

async fn run_scenario(
    scenario: &Scenario,
    files: Vec<TargetFile>,
    settings: &RunSettings,
    context: &Context<'_>,
    measured: &mut Measured,
) -> Result<(), RunError> {
    let (name, question) = (scenario.name.clone(), scenario.question.clone());
    context.tell(Progress::Scenario {
        name,
        question,
        expected: expected(scenario.plan(context.profile), &files),
    });
    let mut systems = Vec::with_capacity(files.len());
    for file in files {
        context.tell(Progress::Starting {
            target: file.about.name.clone(),
        });
        systems.push(System::start(file, settings)?);
        // A ctrl-c must not wait for the rest to start.
        if context.is_interrupted() {
            break;
        }
    }
    note(&systems, measured);
    let outcome = match context.is_interrupted() {
        true => Err(MeasureError::Interrupted),
        false => {
            hosts::share(&mut systems);
            demand::check_running(scenario, context.profile, &systems)?;
            measure(scenario, &systems, context).await
        }
    };
    // Whatever came of it: a trial that was broken off has not undone its event.
    for system in &systems {
        let left = bring_all_back(&context.journal, system.target()).await;
        measured.left.extend(left);
    }
    // In order, whatever came of it: a user's store is cleaned up at the end of its process.
    systems.into_iter().for_each(System::stop);
    match outcome {
        Ok(record) => measured.scenarios.push(record),
        Err(MeasureError::Interrupted) => {}
        Err(source) => {
            let (scenario, measured) = (scenario.name.clone(), Box::new(std::mem::take(measured)));
            return Err(RunError::Measure {
                scenario,
                source,
                measured,
            });
        }
    }
    Ok(())
}

async fn measure(
    scenario: &Scenario,
    systems: &[System],
    context: &Context<'_>,
) -> Result<ScenarioRecord, MeasureError> {
    let names: Vec<&str> = systems.iter().map(System::name).collect();
    let mut record = ScenarioRecord {
        name: scenario.name.clone(),
        question: scenario.question.clone(),
        resolved: scenario.as_measured(&names, |variable| {
            systems.iter().any(|system| system.shows_variable(variable))
        }),
        settings: systems
            .iter()
            .map(|system| {
                (
                    system.name().to_owned(),
                    system.target().about.settings.clone(),
                )
            })
            .collect(),
        lifetimes: Vec::new(),
        steady: None,
        revocation: None,
        capacity: None,
        sweep: None,
        login: None,
        mass: None,
        journey: None,
    };
    let (load, attack) = (&scenario.load, context.attack(&scenario.name));
    match scenario.plan(context.profile) {
        Workload::Steady(plan) => {
            record.steady = Some(steady::measure(systems, load, plan, attack, context).await?);
        }
        Workload::Revocation(plan) => {
            record.revocation =
                Some(revocation::measure(systems, load, plan, attack, context).await?);
        }
        Workload::Capacity(plan) => {
            record.capacity = Some(capacity::measure(systems, load, plan, attack, context).await?);
        }
        Workload::Sweep(plan) => {
            record.sweep = Some(sweep::measure(systems, load, plan, attack, context).await?);
        }
        Workload::Login(plan) => {
            record.login = Some(login::measure(systems, load, plan, attack, context).await?);
        }
        Workload::Mass(plan) => {
            record.mass = Some(mass::measure(systems, load, plan, attack, context).await?);
        }
        Workload::Journey(plan) => {
            record.journey = Some(journey::measure(systems, plan, attack, context).await?);
        }
    }
    record.lifetimes = systems.iter().flat_map(lifetimes).collect();
    Ok(record)
}

/// What the token responses of `system` said of how long their tokens live.
fn lifetimes(system: &System) -> Vec<LifetimeRecord> {
    let target = system.target();
    let stated = target.about.facts.get("access_ttl");
    let record = |(source, named): (_, crate::flow::Named)| LifetimeRecord {
        target: system.name().to_owned(),
        source,
        n: named.n,
        shortest_s: named.shortest.as_secs_f64(),
        longest_s: named.longest.as_secs_f64(),
        stated_s: stated.map(Duration::as_secs_f64),
    };
    target.lifetimes.take().into_iter().map(record).collect()
}

/// About how long a scenario takes; logging in and starting processes are guesses.
fn expected(workload: &Workload, files: &[TargetFile]) -> Duration {
    const PREPARATION: Duration = Duration::from_secs(12);
    const ONE_REVOCATION: Duration = Duration::from_millis(2800);
    const PROBES_OF_A_FIRST_SEARCH: u32 = 15;
    const PROBES_OF_A_LATER_SEARCH: u32 = 9;
    const PROBES_OF_A_SHORT_SEARCH: u32 = 12;
    let targets = files.len() as u32;
    // Half of a search's probes are overloads, whose backlog has to be waited for.
    let one_probe = |warm_up: Duration, slice: Duration| (warm_up + slice).mul_f64(1.2);
    match workload {
        Workload::Steady(plan) => PREPARATION + plan.warm_up + plan.round * plan.rounds,
        Workload::Revocation(plan) => {
            let each = plan.events.iter().map(|event| plan.revocations_of(event));
            let in_turn = each.sum::<u32>() / plan.slots_per_target.max(1);
            PREPARATION + plan.warm_up + ONE_REVOCATION * in_turn
        }
        Workload::Capacity(plan) => {
            let later = PROBES_OF_A_LATER_SEARCH * plan.rounds.saturating_sub(1);
            let probes = PROBES_OF_A_FIRST_SEARCH + later;
            PREPARATION + one_probe(plan.warm_up, plan.slice) * probes * targets
        }
        Workload::Sweep(plan) => {
            let probes = match &plan.ladder {
                Ladder::Rates(rates) => rates.len() as u32 * plan.rounds,
                Ladder::Fractions { of, .. } => {
                    PROBES_OF_A_SHORT_SEARCH + of.len() as u32 * plan.rounds
                }
            };
            PREPARATION + one_probe(plan.warm_up, plan.slice) * probes * targets
        }
        Workload::Login(plan) => {
            let slices = (plan.rates_per_s.len() as u32 + 1) * plan.rounds;
            PREPARATION + one_probe(plan.warm_up, plan.slice) * slices * targets
        }
        Workload::Mass(plan) => {
            // A thousand logins or calls a second, or as limits say; how long the last one stays in is what is asked.
            let unlimited = Duration::from_millis(u64::from(plan.accounts));
            let all = hosts::of_files(files);
            let each = all.iter().map(|here| {
                let times = MassTimes::of(plan, here);
                times.logins.max(unlimited) + times.calls.max(unlimited)
            });
            let slices = (plan.warm_up + plan.slice * 2) * targets;
            PREPARATION + slices + each.sum::<Duration>()
        }
        Workload::Journey(plan) => {
            let lives = plan.clients.iter().map(ClientPlan::expected);
            let alone: Duration = lives.clone().map(|life| plan.slice + life).sum();
            let longest = lives.max().unwrap_or_default();
            let mixed = plan.slice + longest;
            PREPARATION + plan.warm_up + longest + (alone + mixed) * plan.rounds
        }
    }
}

fn note(systems: &[System], measured: &mut Measured) {
    for system in systems {
        measured.store = measured.store.take().or_else(|| system.store());
        if !measured
            .targets
            .iter()
            .any(|known| known.name == system.name())
        {
            measured.targets.push(system.record());
        }
    }
}

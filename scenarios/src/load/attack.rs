//! One goose attack: starts the virtual users, runs them until the measurement is over, stops them.

use authbench_reports::recorder::{Outcome, Sample};
use goose::config::{GooseConfiguration, GooseDefault, GooseDefaultType};
use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction, TransactionResult};
use goose::{GooseAttack, GooseError, client::GooseClientBuilder};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Users started per second. Goose starts one per second unless told otherwise.
const START_RATE: &str = "1000";
/// All users must have started after this long.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// Requests per transaction where goose's metrics need not see each of them. What goose does around a transaction, its clock
/// readings and a boxed future, is then shared by many.
const REQUESTS_PER_TURN: u32 = 100;

/// What a virtual user does, over and over.
pub trait VirtualUser: Send + 'static {
    /// Once, before the measurement begins: connects.
    fn start(&mut self) -> impl Future<Output = ()> + Send;

    /// One transaction: at most `limit` requests (at least one) one after another; the last of them. Must return soon after the
    /// measurement is over, and must await something every time: goose never gets to stop a user that does not, and joins its users
    /// without a time-out.
    fn turn(&mut self, limit: u32) -> impl Future<Output = Option<Mirrored>> + Send;
}

/// One request as goose's own metrics see it, when they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Mirrored {
    /// Response time: done − intended start, which goose itself cannot know.
    pub response_time: Duration,
    /// Whether the outcome was the expected one.
    pub expected: bool,
    /// The status, when there was an answer.
    pub status: Option<u16>,
}

impl From<&Sample> for Mirrored {
    fn from(sample: &Sample) -> Self {
        let (expected, status) = match sample.outcome {
            Outcome::Expected => (true, Some(200)),
            Outcome::Unexpected(status) => (false, Some(status)),
            Outcome::TimedOut | Outcome::Broken => (false, None),
        };
        Self {
            response_time: sample.response_time(),
            expected,
            status,
        }
    }
}

/// Why an attack failed.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// Goose refused its configuration or failed.
    #[error("goose: {0}")]
    Goose(#[from] GooseError),
    /// Not all users started in time.
    #[error("only {started} of {users} virtual users started within {} s", START_DEADLINE.as_secs())]
    NotStarted {
        /// How many started.
        started: usize,
        /// How many should have.
        users: usize,
    },
    /// Goose stopped its users before the measurement was over.
    #[error("goose stopped its users before the measurement was over")]
    EndedEarly,
}

/// The virtual users of one measurement. Goose keeps global state: one attack at a time in a process.
pub struct Attack {
    scenarios: Vec<Scenario>,
    users: usize,
    started: Arc<Semaphore>,
    report: Option<PathBuf>,
}

impl Attack {
    /// No users yet. With `report`, goose's own metrics are kept and its report is written there.
    #[must_use]
    pub fn new(report: Option<PathBuf>) -> Self {
        Self {
            scenarios: Vec::new(),
            users: 0,
            started: Arc::new(Semaphore::new(0)),
            report,
        }
    }

    /// Adds a group of users that do the same: one goose scenario, weighted by its number of users.
    ///
    /// # Errors
    /// When goose refuses the weight (no users).
    pub fn crew<U: VirtualUser>(&mut self, name: &str, users: Vec<U>) -> Result<(), AttackError> {
        let count = users.len();
        let waiting = Arc::new(Mutex::new(VecDeque::from(users)));
        let start = Transaction::new(start_transaction(waiting, Arc::clone(&self.started)));
        let turn = Transaction::new(turn_transaction::<U>(name.into(), self.report.is_some()));
        let scenario = Scenario::new(name)
            .register_transaction(start.set_name("start").set_on_start())
            .register_transaction(turn.set_name(name))
            .set_weight(count)?;
        self.scenarios.push(scenario);
        self.users += count;
        Ok(())
    }

    /// Starts the users, awaits `measurement` once all of them have started, then stops them. What the users are waiting for must end
    /// with the measurement.
    ///
    /// # Errors
    /// [`AttackError`]; the users are stopped in every case.
    pub async fn run<T>(self, measurement: impl Future<Output = T>) -> Result<T, AttackError> {
        let (started, users) = (Arc::clone(&self.started), self.users);
        let goose = self.into_goose()?.execute();
        let measure = async {
            let all =
                tokio::time::timeout(START_DEADLINE, started.acquire_many(users as u32)).await;
            let outcome = match all {
                Ok(_) => Ok(measurement.await),
                Err(_) => Err(AttackError::NotStarted {
                    started: started.available_permits(),
                    users,
                }),
            };
            goose::trigger_killswitch("the measurement is over");
            outcome
        };
        tokio::pin!(goose, measure);
        tokio::select! {
            outcome = &mut measure => {
                goose.await?;
                outcome
            }
            ended = &mut goose => {
                ended?;
                Err(AttackError::EndedEarly)
            }
        }
    }

    fn into_goose(self) -> Result<GooseAttack, AttackError> {
        let attack = GooseAttack::initialize_with_config(GooseConfiguration::default())?
            // One shared client, never used: goose would otherwise build one per user.
            .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())?
            .set_default(GooseDefault::Host, "http://127.0.0.1")?
            .set_default(GooseDefault::Users, self.users)?
            .set_default(GooseDefault::IncreaseRate, START_RATE)?
            .set_default(GooseDefault::NoTelnet, true)?
            // With metrics kept, or reset but not displayed, goose prints nothing: standard output is the report's.
            .set_default(GooseDefault::NoPrintMetrics, true)?
            .set_default(GooseDefault::Quiet, 3usize)?;
        let attack = match &self.report {
            Some(path) => {
                attack.set_default(GooseDefault::ReportFile, path.to_string_lossy().as_ref())?
            }
            None => attack.set_default(GooseDefault::NoMetrics, true)?,
        };
        Ok(self
            .scenarios
            .into_iter()
            .fold(*attack, GooseAttack::register_scenario))
    }
}

/// What a goose user carries: its own virtual user. Goose wants session data it can clone, hence the shared pointer; the lock is never
/// contended, because a goose user runs one transaction at a time.
struct Carried<U>(Arc<tokio::sync::Mutex<U>>);

impl<U> Clone for Carried<U> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Hands each goose user of a crew one of the crew's virtual users.
fn start_transaction<U: VirtualUser>(
    waiting: Arc<Mutex<VecDeque<U>>>,
    started: Arc<Semaphore>,
) -> TransactionFunction {
    Arc::new(move |goose: &mut GooseUser| {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let started = Arc::clone(&started);
        Box::pin(async move {
            if let Some(mut user) = next {
                user.start().await;
                goose.set_session_data(Carried(Arc::new(tokio::sync::Mutex::new(user))));
                started.add_permits(1);
            }
            Ok(())
        })
    })
}

fn turn_transaction<U: VirtualUser>(name: Arc<str>, mirror: bool) -> TransactionFunction {
    let limit = if mirror { 1 } else { REQUESTS_PER_TURN };
    Arc::new(move |goose: &mut GooseUser| {
        let name = Arc::clone(&name);
        Box::pin(async move {
            let carried = goose.get_session_data::<Carried<U>>().cloned();
            match carried {
                Some(Carried(user)) => match user.lock().await.turn(limit).await {
                    Some(request) if mirror => mirrored(goose, &name, request).await,
                    _ => Ok(()),
                },
                // Cannot be reached while every crew has as many goose users as virtual users; idle rather than spin.
                None => {
                    tokio::time::sleep(IDLE).await;
                    Ok(())
                }
            }
        })
    })
}

async fn mirrored(goose: &mut GooseUser, name: &str, request: Mirrored) -> TransactionResult {
    let Mirrored {
        response_time,
        expected,
        status,
    } = request;
    goose
        .record_custom_request_duration("GET", name, response_time, expected, status, None)
        .await
}

/// How long a user idles when there is nothing left to do: long enough not to burn CPU, short enough to be stopped soon.
pub const IDLE: Duration = Duration::from_millis(20);

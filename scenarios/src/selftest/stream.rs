//! An open-loop stream against one truth server, through the same engine as any run.

use super::fault::Fault;
use super::row::Circumstances;
use super::truth_server::{Report, TruthServer};
use super::{Bench, SelftestError, Truth};
use crate::credentials::{Wallet, log_in};
use crate::load::alarm::Alarm;
use crate::load::attack::Attack;
use crate::load::pacer::Timer;
use crate::load::schedule::Schedule;
use crate::load::stream::{Lane, StreamRound, run_round_timed_by};
use crate::run::system::System;
use authbench_reports::histogram::Histogram;
use authbench_reports::recorder::Recorder;
use authbench_reports::selftest::Noise;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const TARGET: &str = include_str!("targets/load.toml");
/// Unmeasured traffic beforehand: connections, caches and the branch predictor are warm then.
const WARM_UP: Duration = Duration::from_millis(300);

/// What to send where.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// The group it is measured for.
    pub(super) group: Truth,
    /// The server's behaviour: one option of `authbench serve truth`; `None`: it answers at once.
    pub(super) behaviour: Option<String>,
    /// Intended starts per second.
    pub(super) rate_per_s: f64,
    /// For how long.
    pub(super) length: Duration,
    /// Over how many connections. Enough of them (the rate × the longest common delay), or waiting for a free one adds to the delay.
    pub(super) connections: usize,
    /// Keeps the generator from doing anything now and then; `None`: it is left alone.
    pub(super) blocked: Option<Blocked>,
}

/// How the generator's thread is blocked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocked {
    /// From the beginning of one block to that of the next.
    pub(super) every: Duration,
    /// How long each is.
    pub(super) for_: Duration,
}

/// What came of it.
pub(super) struct Streamed {
    /// What the instrument measured.
    pub(super) recorder: Recorder,
    /// What the server says that it did.
    pub(super) report: Report,
    /// How long the generator's thread was blocked, each time.
    pub(super) blocks: Vec<Duration>,
    intended: u64,
    noise: Noise,
}

impl Streamed {
    /// The response times; service times in their place where that fault is put in.
    pub(super) fn response(&self, bench: &Bench) -> &Histogram {
        if bench.has(Fault::ClockAtSend) {
            &self.recorder.service
        } else {
            &self.recorder.response
        }
    }

    /// What must be known to judge its durations.
    pub(super) fn circumstances(&self) -> Circumstances<'_> {
        let answered = self.recorder.outcomes.expected.min(self.report.requests);
        Circumstances {
            noise: &self.noise,
            n: self.recorder.outcomes.total(),
            unanswered: self.intended.saturating_sub(answered),
        }
    }
}

/// About how long a stream of this length takes, with all that belongs to it.
pub(super) fn takes(length: Duration) -> Duration {
    const AROUND: Duration = Duration::from_millis(1200);
    length + WARM_UP + AROUND
}

/// Starts a server, sends the stream, stops the server.
pub(super) async fn stream(bench: &Bench, stream: &Stream) -> Result<Streamed, SelftestError> {
    let behaviour = stream.behaviour.as_deref();
    let variables: Vec<(&str, &str)> = behaviour.map(|it| ("behaviour", it)).into_iter().collect();
    let system = bench.start(bench.file(stream.group.name(), TARGET, &variables)?)?;
    let outcome = send(bench, stream, &system).await;
    system.stop();
    outcome
}

async fn send(bench: &Bench, stream: &Stream, system: &System) -> Result<Streamed, SelftestError> {
    let (target, limit) = (system.target(), system.login_limit());
    let anonymous = log_in(target, limit, 0..1, || ()).await?;
    let wallet = Wallet::new(Arc::clone(target), Arc::clone(limit), anonymous)?;
    let (lane, users) = Lane::new(&wallet.endpoints(), stream.connections);
    let mut attack = Attack::new(None);
    attack.crew(stream.group.name(), users)?;
    let lanes = [lane];
    let measured = attack.run(async {
        let work = measure(bench, stream, TruthServer::of(system), &lanes);
        let outcome = bench.unless_interrupted(work).await;
        lanes[0].close();
        outcome
    });
    measured.await?
}

async fn measure(
    bench: &Bench,
    stream: &Stream,
    mut server: TruthServer,
    lanes: &[Lane],
) -> Result<Streamed, SelftestError> {
    let schedule = |length| Schedule::new(stream.rate_per_s, length, 1, bench.seed);
    paced(bench, schedule(WARM_UP), lanes).await?;
    let watch = bench.watch();
    // The server's stalls count from here.
    server.reset().await?;
    let blocks = Arc::<Mutex<Vec<Duration>>>::default();
    let blocked = stream
        .blocked
        .map(|blocked| tokio::spawn(block(blocked, Arc::clone(&blocks))));
    let round = paced(bench, schedule(stream.length), lanes).await;
    if let Some(blocked) = blocked {
        ended(blocked).await?;
    }
    let mut round = round?;
    let noise = bench.quiet_since(watch, &stream.told());
    let lane = round.lanes.remove(0);
    Ok(Streamed {
        recorder: lane.recorder,
        report: server.report().await?,
        intended: lane.intended,
        blocks: std::mem::take(&mut *blocks.lock().unwrap_or_else(PoisonError::into_inner)),
        noise,
    })
}

/// Sleeps on the thread that everything else needs, which is the point, and notes for how long: a thread is woken later than it asked. The moments are
/// not left to tokio's timer: it would round them to whole milliseconds, and so bring each block into the same step with the starts.
async fn block(blocked: Blocked, blocks: Arc<Mutex<Vec<Duration>>>) -> io::Result<()> {
    let mut alarm = Alarm::new(Timer::default())?;
    let mut next = Instant::now();
    loop {
        next += blocked.every;
        let began = alarm.wait_until(next).await?;
        std::thread::sleep(blocked.for_);
        let mut blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.push(began.elapsed());
    }
}

/// Ends the blocks; the reason why there were none, if so.
async fn ended(blocked: JoinHandle<io::Result<()>>) -> io::Result<()> {
    blocked.abort();
    blocked.await.unwrap_or(Ok(()))
}

async fn paced(bench: &Bench, schedule: Schedule, lanes: &[Lane]) -> io::Result<StreamRound> {
    let timer = if bench.has(Fault::TokioSleep) {
        Timer::TokioSleep
    } else {
        Timer::default()
    };
    run_round_timed_by(timer, schedule, lanes).await
}

impl Stream {
    fn told(&self) -> String {
        format!("{} at {} requests/s", self.group, self.rate_per_s)
    }
}

//! One task that pushes every intended start to its target's queue at its moment.
//!
//! Tokio's own timer rounds up to a whole millisecond, which would stand in every latency: on Linux the pacer waits on a timerfd.

pub use super::alarm::Timer;

use super::alarm::Alarm;
use super::queue::StartQueue;
use super::schedule::IntendedStart;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the pacer of this build waits on, as it stands in the run file.
pub const PACER: &str = if cfg!(target_os = "linux") {
    "timerfd"
} else {
    "sleep-then-yield"
};

/// Pushes every start of `schedule`, the first one at `epoch`. Returns how many fell to each queue. A start that is due is never
/// dropped or moved: if this task is woken late, all that became due meanwhile is pushed at once, with its intended time.
///
/// # Errors
/// When the operating system refuses a timer.
pub async fn pace(
    timer: Timer,
    schedule: impl IntoIterator<Item = IntendedStart>,
    epoch: Instant,
    queues: &[Arc<StartQueue>],
) -> io::Result<Vec<u64>> {
    let mut alarm = Alarm::new(timer)?;
    let mut pushed = vec![0; queues.len()];
    let mut now = Instant::now();
    for start in schedule {
        let intended = epoch + start.offset;
        // All that is due goes out after one look at the clock.
        if intended > now {
            now = alarm.wait_until(intended).await?;
        }
        queues[start.target].push(intended);
        pushed[start.target] += 1;
    }
    Ok(pushed)
}

/// How long after the call a schedule may begin: enough for every task to go to sleep first.
pub const LEAD: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::super::schedule::Schedule;
    use super::*;

    #[tokio::test]
    async fn every_start_is_pushed_with_its_intended_time_and_never_early() {
        let queues = [
            Arc::new(StartQueue::default()),
            Arc::new(StartQueue::default()),
        ];
        let epoch = Instant::now() + Duration::from_millis(5);
        let schedule = Schedule::new(2000.0, Duration::from_millis(50), 2, 3);
        let expected: Vec<_> = schedule.clone().collect();
        let pushed = pace(Timer::default(), schedule, epoch, &queues)
            .await
            .expect("timers exist");
        assert_eq!(pushed.iter().sum::<u64>(), 100);
        assert!(Instant::now() >= epoch + expected[99].offset);
        for start in expected {
            assert_eq!(queues[start.target].pop().await, Some(epoch + start.offset));
        }
    }
}

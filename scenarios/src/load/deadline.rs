//! A deadline for one request after another, at the price of one timer for many.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Instant;
use tokio::time::Sleep;

/// Keeps what one user awaits, one thing at a time, to a limit that only ever moves on.
///
/// `tokio::time::timeout` puts a timer into the runtime's wheel for every request and takes it out again, a few per cent of what a
/// request costs. Nearly all requests are answered long before: so the timer of an early request stays, and when it fires, it is set to the
/// limit of whichever request is then under way.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// What `work` comes to; `None` once `limit` has passed. No `limit` may lie before that of an earlier call.
    pub(super) async fn keep<T>(
        &mut self,
        limit: Instant,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = pin!(work);
        let limit = tokio::time::Instant::from_std(limit);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(limit)));
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
            while timer.as_mut().poll(context).is_ready() {
                if timer.deadline() >= limit {
                    return Poll::Ready(None);
                }
                timer.as_mut().reset(limit);
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn what_does_not_end_is_given_up_at_its_limit_and_not_before() {
        let mut deadline = Deadline::default();
        for _ in 0..2 {
            let limit = Instant::now() + Duration::from_millis(20);
            let ended = deadline.keep(limit, std::future::pending::<()>()).await;
            assert_eq!(ended, None);
            assert!(Instant::now() >= limit);
        }
    }

    #[tokio::test]
    async fn an_earlier_limit_does_not_cut_off_what_comes_later() {
        let mut deadline = Deadline::default();
        let early = Instant::now() + Duration::from_millis(20);
        let yielding = tokio::task::yield_now();
        assert_eq!(deadline.keep(early, yielding).await, Some(()));
        let late = Instant::now() + Duration::from_secs(60);
        let past_the_early_one = tokio::time::sleep(Duration::from_millis(60));
        assert_eq!(deadline.keep(late, past_the_early_one).await, Some(()));
        assert!(Instant::now() > early);
    }
}

//! A virtual user of the open-loop stream: pops an intended start, sends one request, records it.

use super::attack::{IDLE, Mirrored, VirtualUser};
use super::queue::StartQueue;
use super::sender::Sender;
use std::sync::Arc;

/// One user with one connection to one enforcement point of one target.
pub struct StreamUser {
    pub(super) queue: Arc<StartQueue>,
    pub(super) sender: Sender,
}

impl VirtualUser for StreamUser {
    async fn start(&mut self) {
        self.sender.start().await;
    }

    async fn turn(&mut self, limit: u32) -> Option<Mirrored> {
        let mut last = None;
        for _ in 0..limit {
            let Some(intended) = self.queue.pop().await else {
                tokio::time::sleep(IDLE).await;
                return last;
            };
            let sample = self.sender.send(intended).await;
            self.queue.finished();
            self.sender.recover().await;
            last = Some(Mirrored::from(&sample));
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::super::answering_server;
    use super::super::requests::RequestPool;
    use super::super::stream::Lane;
    use super::*;
    use crate::wire::RequestBytes;
    use std::time::Instant;

    #[tokio::test]
    async fn a_turn_serves_as_many_starts_as_it_may_and_the_end_of_the_queue_ends_it() {
        let (address, _) = answering_server::start().await;
        let request = RequestBytes::encode("GET", "/", "test", [], b"").expect("encodes");
        let pool = RequestPool::new(vec![request], Box::new(|status, _| status == 200));
        let (lane, mut users) = Lane::new(&[(address.into(), pool)], 1);
        let user = &mut users[0];
        user.start().await;
        let queue = Arc::clone(&user.queue);
        (0..4).for_each(|_| queue.push(Instant::now()));
        assert!(user.turn(1).await.is_some_and(|last| last.expected));
        assert!(user.turn(2).await.is_some_and(|last| last.expected));
        assert_eq!(queue.discard_waiting(), 1);
        lane.close();
        assert!(user.turn(2).await.is_none());
    }
}

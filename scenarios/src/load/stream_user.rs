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

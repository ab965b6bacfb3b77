//! What is done for each `GET /` before its answer may leave.

use std::io;
use std::time::{Duration, Instant};

use super::ledger::{Entry, Ledger};
use super::settings::TruthSettings;
use super::spin::Spin;
use super::timer::Timer;
use crate::store::{Store, StoreError};

/// Asked for in the store, where nobody ever puts it: a truth server leaves nothing behind in a store.
const ABSENT_KEY: &str = "truth:absent";

/// Holds answers back.
#[derive(Debug)]
pub(super) struct Work {
    timer: Timer,
    spin: Spin,
    store: Option<Store>,
    round_trips: u32,
}

impl Work {
    /// Calibrates and starts what holding answers back needs. On the thread that will do the work: another core may be slower.
    pub(super) fn prepare(settings: &TruthSettings, store: Option<Store>) -> io::Result<Self> {
        Ok(Self {
            timer: Timer::start()?,
            spin: Spin::calibrate(settings.spin)?,
            store,
            round_trips: settings.store_round_trips,
        })
    }

    /// Does the work for a request that was read at `read`: waits for its delay, asks the store, burns CPU. One after the
    /// other, so that each adds to the time of the request.
    pub(super) async fn done_for(
        &self,
        entry: Entry,
        read: Instant,
        ledger: &Ledger,
    ) -> Result<(), StoreError> {
        self.timer.until(read + entry.delay).await;
        if let Some(store) = &self.store {
            for _ in 0..self.round_trips {
                ledger.store_command(entry);
                store.get(ABSENT_KEY).await?;
            }
        }
        // Without the clock there is nothing to enter; calibration has shown that there is one.
        if let Ok(cpu) = self.spin.burn() {
            ledger.spun(entry, cpu);
        }
        Ok(())
    }

    /// Waits out a freeze. A freeze may begin while another is waited for: hence the loop.
    pub(super) async fn thawed(&self, ledger: &Ledger) {
        while let Some(end) = ledger.frozen_until() {
            self.timer.until(end).await;
        }
    }

    /// Waits for `pause`.
    pub(super) async fn withheld(&self, pause: Duration) {
        self.timer.until(Instant::now() + pause).await;
    }
}

//! Who may load the machine.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tests that load all models at once take turns: together they would keep a small machine from answering in time, which is not what they ask about.
pub(crate) fn my_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

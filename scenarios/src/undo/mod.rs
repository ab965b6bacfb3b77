//! Users are brought back after an event: after each trial, when a run is told to stop, when it fails, and, from its journal, after it was
//! killed.
//!
//! * `journal`: whom an event is about to touch, on disk before it is sent; `lines` are what it says

mod journal;
mod lines;

pub use journal::{JOURNAL_FILE, Journal, JournalError};
pub use lines::Touched;

use crate::credentials::STEP_DEADLINE;
use crate::flow::{FlowClient, StepError, undo};
use crate::target::{Event, Target};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How often an undo is tried: a system that was just loaded may be slow for a moment.
const TRIED: u32 = 3;
/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// A user who was not brought back.
#[derive(Debug)]
pub struct Left {
    /// Who, and by what.
    pub touched: Touched,
    /// Why not.
    pub reason: String,
}

/// Writes down that `event` is about to touch user number `user`, where the event can be undone: the entry's number.
///
/// # Errors
/// When it cannot be written: the event must then not be sent.
pub async fn about_to_touch(
    journal: &Arc<Journal>,
    target: &Target,
    event: &Event,
    user: u32,
) -> io::Result<Option<u64>> {
    let Some(users) = target
        .about
        .users
        .as_ref()
        .filter(|_| !event.undo.is_empty())
    else {
        return Ok(None);
    };
    let account = users.account(user);
    let touched = Touched {
        target: target.about.name.clone(),
        event: event.name.clone(),
        user: account.name.clone(),
        number: account.number,
        loaded: target.loaded.clone(),
    };
    journal.about_to_touch(touched).await.map(Some)
}

/// Undoes `event` for user number `user`, whose entry is `id`, and writes that down. Tried several times.
///
/// # Errors
/// With the last failure; the entry then stays open.
pub async fn bring_back(
    journal: &Arc<Journal>,
    target: &Target,
    event: &Event,
    user: u32,
    id: u64,
) -> Result<(), StepError> {
    let mut client = FlowClient::new(STEP_DEADLINE);
    let mut outcome = undo(&mut client, target, event, user).await;
    for _ in 1..TRIED {
        if outcome.is_ok() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        outcome = undo(&mut client, target, event, user).await;
    }
    outcome?;
    // An entry that cannot be closed is undone once more by whoever reads the journal.
    let _ = journal.undone(id).await;
    Ok(())
}

/// Brings back everybody whom the journal has as touched at `target`; those who could not be.
pub async fn bring_all_back(journal: &Arc<Journal>, target: &Target) -> Vec<Left> {
    let mut left = Vec::new();
    let here = |touched: &Touched| {
        touched.target == target.about.name && touched.loaded.is_same_form(&target.loaded)
    };
    for (id, touched) in journal.open() {
        if !here(&touched) {
            continue;
        }
        let outcome = match target.flows.event(&touched.event) {
            None => Err(format!("the target has no event {:?}", touched.event)),
            Some(event) if event.undo.is_empty() => Err("the event has no undo".to_owned()),
            Some(event) => match name_of(target, touched.number) {
                // The file is another than it was: somebody else would be brought back.
                name if name != touched.user => Err(format!(
                    "user number {} of the file is {name:?}",
                    touched.number
                )),
                _ => bring_back(journal, target, event, touched.number, id)
                    .await
                    .map_err(|error| error.to_string()),
            },
        };
        if let Err(reason) = outcome {
            left.push(Left { touched, reason });
        }
    }
    left
}

fn name_of(target: &Target, number: u32) -> String {
    let users = target.about.users.as_ref();
    users.map_or_else(String::new, |users| users.account(number).name)
}

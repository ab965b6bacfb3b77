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
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often an undo is tried: a system that was just loaded may be slow for a moment.
const TRIED: u32 = 3;
/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// A target that left so many undos running without an answer is down: for thousands of users, finding that out for each takes hours.
const UNANSWERED_AT_MOST: u32 = 5;

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
    match touches(target, event, user) {
        Some(touched) => journal.about_to_touch(touched).await.map(Some),
        None => Ok(None),
    }
}

/// The same of many users at once: the entries' numbers, in order; none where the event cannot be undone.
///
/// # Errors
/// When they cannot be written: the event must then be sent for none of them.
pub async fn about_to_touch_all(
    journal: &Arc<Journal>,
    target: &Target,
    event: &Event,
    users: Range<u32>,
) -> io::Result<Range<u64>> {
    let touched = users.filter_map(|user| touches(target, event, user));
    match touched.collect::<Vec<_>>() {
        nobody if nobody.is_empty() => Ok(0..0),
        touched => journal.about_to_touch_all(touched).await,
    }
}

/// Undoes `event` for many users, each with the number of their entry, so many at a time; how many were brought back. The others' entries stay
/// open: of those whose undo failed, and of everybody who was left when the target gave no answer any more.
pub async fn bring_many_back(
    journal: &Arc<Journal>,
    target: &Arc<Target>,
    event: &str,
    users: Vec<(u32, u64)>,
    at_once: u32,
) -> u32 {
    let waiting = Arc::new(Mutex::new(VecDeque::from(users)));
    let answers = Arc::new(Answers::default());
    let worker = |_| {
        let (target, event) = (Arc::clone(target), event.to_owned());
        let (waiting, answers) = (Arc::clone(&waiting), Arc::clone(&answers));
        tokio::spawn(async move {
            let mut client = FlowClient::new(STEP_DEADLINE);
            let mut done = Vec::new();
            let next = || {
                let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                waiting.pop_front().filter(|_| !answers.are_missing())
            };
            while let (Some(event), Some((user, id))) = (target.flows.event(&event), next()) {
                let outcome = undo(&mut client, &target, event, user).await;
                answers.take(outcome.as_ref().err());
                if outcome.is_ok() {
                    done.push(id);
                }
            }
            done
        })
    };
    let workers: Vec<_> = (0..at_once).map(worker).collect();
    let mut back = Vec::new();
    for worker in workers {
        back.extend(worker.await.unwrap_or_default());
    }
    let brought_back = back.len() as u32;
    // Entries that cannot be closed are undone once more by whoever reads the journal.
    let _ = journal.all_undone(back).await;
    brought_back
}

/// What is written down; `None` where the event cannot be undone, or nobody is touched by name.
fn touches(target: &Target, event: &Event, user: u32) -> Option<Touched> {
    let users = target.about.users.as_ref();
    let account = users.filter(|_| !event.undo.is_empty())?.account(user);
    Some(Touched {
        target: target.about.name.clone(),
        event: event.name.clone(),
        user: account.name,
        number: account.number,
        loaded: target.loaded.clone(),
    })
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

/// Brings back everybody whom the journal has as touched at `target`; those who could not be. It is given up when the target gives no answer any
/// more: the rest stay in the journal.
pub async fn bring_all_back(journal: &Arc<Journal>, target: &Target) -> Vec<Left> {
    let mut left = Vec::new();
    let answers = Answers::default();
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
                _ if answers.are_missing() => Err(format!(
                    "not tried: {UNANSWERED_AT_MOST} undos before it had no answer from the target; undo again when it is there"
                )),
                _ => {
                    let outcome = bring_back(journal, target, event, touched.number, id).await;
                    answers.take(outcome.as_ref().err());
                    outcome.map_err(|error| error.to_string())
                }
            },
        };
        if let Err(reason) = outcome {
            left.push(Left { touched, reason });
        }
    }
    left
}

/// How many undos running a target has left without an answer.
#[derive(Debug, Default)]
struct Answers {
    missing: AtomicU32,
}

impl Answers {
    /// What became of one.
    fn take(&self, failure: Option<&StepError>) {
        match failure.is_some_and(StepError::is_unanswered) {
            true => _ = self.missing.fetch_add(1, Ordering::Relaxed),
            false => self.missing.store(0, Ordering::Relaxed),
        }
    }

    /// Whether it is down.
    fn are_missing(&self) -> bool {
        self.missing.load(Ordering::Relaxed) >= UNANSWERED_AT_MOST
    }
}

fn name_of(target: &Target, number: u32) -> String {
    let users = target.about.users.as_ref();
    users.map_or_else(String::new, |users| users.account(number).name)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

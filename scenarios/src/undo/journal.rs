//! The undo journal: whom an event is about to touch, on disk before the event is sent, so that even a killed run can be cleaned up after.
//!
//! What its lines say is in `lines`.

use super::lines::{Line, SCHEMA, Touched, create, parse, whole_or_not_at_all, write_lines};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Its name in a run directory.
pub const JOURNAL_FILE: &str = "undo.journal";
/// A journal that is being written. Nothing is created before the first entry.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    unreadable: Vec<usize>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    file: Option<File>,
    entries: u64,
    open: BTreeMap<u64, Touched>,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is none.
    #[error("{path} is not there: no event of that run could be undone, or it is no run")]
    Missing {
        /// The journal.
        path: String,
    },
    /// Somebody is writing it.
    #[error("{path} is in use: that run, or another undo of it, is still going on")]
    InUse {
        /// The journal.
        path: String,
    },
    /// The system does not let it be read.
    #[error("read {path}: {source}")]
    Read {
        /// The journal.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Not a journal, or not one of this format.
    #[error("{path}:{line}: this is not a line of an undo journal ({SCHEMA})")]
    Format {
        /// The journal.
        path: String,
        /// The line, counted from 1.
        line: usize,
    },
}

impl Journal {
    /// The journal of a new run in `directory`, which is made with the first entry unless it exists.
    #[must_use]
    pub fn of_new_run(directory: &Path) -> Arc<Self> {
        Arc::new(Self {
            path: directory.join(JOURNAL_FILE),
            unreadable: Vec::new(),
            inner: Mutex::default(),
        })
    }

    /// The journal that an earlier run left in `directory`, to be continued.
    ///
    /// # Errors
    /// When there is none, it is not one, or whoever writes it is still there.
    pub fn of_earlier_run(directory: &Path) -> Result<Arc<Self>, JournalError> {
        let path = directory.join(JOURNAL_FILE);
        let name = || path.display().to_string();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => JournalError::Missing { path: name() },
            _ => JournalError::Read {
                path: name(),
                source,
            },
        };
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::InUse { path: name() },
            TryLockError::Error(error) => failed(error),
        })?;
        let bytes = fs::read(&path).map_err(failed)?;
        let text = String::from_utf8_lossy(&bytes);
        let parsed = parse(&text).map_err(|line| JournalError::Format { path: name(), line })?;
        // A last line that was cut off belongs to an event that was never sent.
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole_lines = end.map_or(0, |end| end + 1);
        file.set_len(whole_lines as u64).map_err(failed)?;
        Ok(Arc::new(Self {
            path,
            unreadable: parsed.unreadable,
            inner: Mutex::new(Inner {
                file: Some(file),
                entries: parsed.entries,
                open: parsed.open,
            }),
        }))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Those who have not been brought back, with the number of their entry, in the order in which they were touched.
    #[must_use]
    pub fn open(&self) -> Vec<(u64, Touched)> {
        let open = &self.lock().open;
        open.iter().map(|(id, what)| (*id, what.clone())).collect()
    }

    /// Removes it, and its directory if nothing else is in there; nothing is done while somebody is left.
    pub fn remove_when_done(&self) {
        if self.lock().open.is_empty() && fs::remove_file(&self.path).is_ok() {
            // It stays where there is something else in it.
            let _ = self.path.parent().map(fs::remove_dir);
        }
    }

    /// Writes down that `what` is about to happen; when this returns, it is on the disk. The number of the entry.
    ///
    /// # Errors
    /// When it cannot be written: the event must then not be sent.
    pub async fn about_to_touch(self: &Arc<Self>, what: Touched) -> io::Result<u64> {
        let ids = self.about_to_touch_all(vec![what]).await?;
        Ok(ids.start)
    }

    /// The same of many at once, which the disk is waited for only once. The numbers of their entries, in order.
    ///
    /// # Errors
    /// When they cannot be written: none of the events must then be sent.
    pub async fn about_to_touch_all(self: &Arc<Self>, all: Vec<Touched>) -> io::Result<Range<u64>> {
        let journal = Arc::clone(self);
        off_this_thread(move || {
            let mut inner = journal.lock();
            let first = inner.entries + 1;
            let numbered: Vec<(u64, Touched)> = (first..).zip(all).collect();
            let lines = numbered.iter().map(|(id, what)| Line::Touched {
                id: *id,
                what: what.clone(),
            });
            journal.append(&mut inner, &lines.collect::<Vec<_>>())?;
            inner.entries += numbered.len() as u64;
            inner.open.extend(numbered);
            Ok(first..inner.entries + 1)
        })
        .await
    }

    /// Writes down that the user of entry `id` has been brought back.
    ///
    /// # Errors
    /// When it cannot be written; whoever reads the journal will undo once more.
    pub async fn undone(self: &Arc<Self>, id: u64) -> io::Result<()> {
        self.all_undone(vec![id]).await
    }

    /// The same of many at once.
    ///
    /// # Errors
    /// As [`Journal::undone`].
    pub async fn all_undone(self: &Arc<Self>, ids: Vec<u64>) -> io::Result<()> {
        let journal = Arc::clone(self);
        off_this_thread(move || {
            let mut inner = journal.lock();
            ids.iter().for_each(|id| drop(inner.open.remove(id)));
            let lines = ids.iter().map(|id| Line::Undone { id: *id });
            journal.append(&mut inner, &lines.collect::<Vec<_>>())
        })
        .await
    }

    fn append(&self, inner: &mut Inner, lines: &[Line]) -> io::Result<()> {
        let file = match &mut inner.file {
            Some(file) => file,
            None => inner.file.insert(create(&self.path)?),
        };
        whole_or_not_at_all(file, |file| {
            write_lines(file, lines)?;
            file.sync_data()
        })
    }

    /// Numbers of lines that could not be read, counted from 1. Each may have named somebody.
    #[must_use]
    pub fn unreadable(&self) -> &[usize] {
        &self.unreadable
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A disk may take its time, and the generator must not wait with it.
async fn off_this_thread<T: Send + 'static>(
    write: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(write).await?
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;

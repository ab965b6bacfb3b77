//! The undo journal: whom an event is about to touch, on disk before the event is sent, so that even a killed run can be cleaned up after.
//!
//! Lines of JSON, the first one naming the format. It holds names of users and no secret.

use crate::target::Loaded;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Its name in a run directory.
pub const JOURNAL_FILE: &str = "undo.journal";
/// The format this build writes.
const SCHEMA: &str = "authbench.undo/1";

/// One user whom an event was about to touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touched {
    /// The target's name.
    pub target: String,
    /// The event.
    pub event: String,
    /// The user's name.
    pub user: String,
    /// The user's number in the target's population.
    pub number: u32,
    /// How the target was loaded.
    #[serde(default)]
    pub loaded: Loaded,
}

impl Touched {
    /// The target's name in its file.
    #[must_use]
    pub fn name_in_file(&self) -> &str {
        self.loaded.variant_of.as_deref().unwrap_or(&self.target)
    }
}

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

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Schema(String),
    Touched { id: u64, what: Touched },
    Undone { id: u64 },
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
        let journal = Arc::clone(self);
        off_this_thread(move || {
            let mut inner = journal.lock();
            let id = inner.entries + 1;
            journal.append(
                &mut inner,
                &Line::Touched {
                    id,
                    what: what.clone(),
                },
            )?;
            inner.entries = id;
            inner.open.insert(id, what);
            Ok(id)
        })
        .await
    }

    /// Writes down that the user of entry `id` has been brought back.
    ///
    /// # Errors
    /// When it cannot be written; whoever reads the journal will undo once more.
    pub async fn undone(self: &Arc<Self>, id: u64) -> io::Result<()> {
        let journal = Arc::clone(self);
        off_this_thread(move || {
            let mut inner = journal.lock();
            inner.open.remove(&id);
            journal.append(&mut inner, &Line::Undone { id })
        })
        .await
    }

    fn append(&self, inner: &mut Inner, line: &Line) -> io::Result<()> {
        let file = match &mut inner.file {
            Some(file) => file,
            None => inner.file.insert(create(&self.path)?),
        };
        whole_or_not_at_all(file, |file| {
            write_line(file, line)?;
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

fn create(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new()
        .append(true)
        .create_new(true)
        .open(path)?;
    // Whoever writes it is there as long as it is locked: the system lets go of the lock when the process ends, however it does.
    file.lock()?;
    if let Err(error) = write_line(&mut file, &Line::Schema(SCHEMA.to_owned())) {
        // What has no first line is no journal, and would stand in the way of the next try.
        let _ = fs::remove_file(path);
        return Err(error);
    }
    if let Some(directory) = path.parent() {
        // The file's name is part of its directory, and must not be lost either.
        File::open(directory)?.sync_all()?;
    }
    Ok(file)
}

/// Takes back what `write` has appended, if it fails: half a line would hide the next one.
fn whole_or_not_at_all(
    file: &mut File,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let whole = file.metadata()?.len();
    let written = write(file);
    if written.is_err() {
        // If not even this works, whoever reads the journal skips that line and says so.
        let _ = file.set_len(whole);
    }
    written
}

fn write_line(file: &mut File, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    file.write_all(text.as_bytes())
}

/// What stands in a journal.
#[derive(Default)]
struct Parsed {
    entries: u64,
    open: BTreeMap<u64, Touched>,
    unreadable: Vec<usize>,
}

/// The first line must name the format; its number if it does not. Others that are none are skipped: one bad line must not keep everybody else
/// from being brought back. The last line may be cut off.
fn parse(text: &str) -> Result<Parsed, usize> {
    let mut parsed = Parsed::default();
    let whole = text.ends_with('\n');
    let last = text.lines().count();
    for (number, line) in (1..).zip(text.lines()) {
        match serde_json::from_str(line) {
            Ok(Line::Schema(schema)) if number == 1 && schema == SCHEMA => {}
            Ok(Line::Touched { id, what }) if number > 1 => {
                parsed.entries = parsed.entries.max(id);
                parsed.open.insert(id, what);
            }
            Ok(Line::Undone { id }) if number > 1 => _ = parsed.open.remove(&id),
            _ if number == 1 => return Err(number),
            Err(_) if number == last && !whole => {}
            _ => parsed.unreadable.push(number),
        }
    }
    match last {
        0 => Err(1),
        _ => Ok(parsed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(number: u32) -> Touched {
        Touched {
            target: "mine".to_owned(),
            event: "disabled".to_owned(),
            user: format!("user-{number}"),
            number,
            loaded: Loaded::default(),
        }
    }

    #[tokio::test]
    async fn what_was_not_undone_is_there_for_whoever_comes_later() {
        let directory = tempfile::tempdir().expect("a folder");
        let journal = Journal::of_new_run(directory.path());
        assert!(!journal.path().exists(), "a run without events leaves none");
        let first = journal.about_to_touch(touched(1)).await.expect("written");
        let second = journal.about_to_touch(touched(2)).await.expect("written");
        journal.undone(first).await.expect("written");
        let in_use = Journal::of_earlier_run(directory.path());
        assert!(matches!(in_use, Err(JournalError::InUse { .. })));
        drop(journal);
        let later = Journal::of_earlier_run(directory.path()).expect("a journal");
        assert_eq!(later.open(), [(second, touched(2))]);
        let third = later.about_to_touch(touched(3)).await.expect("written");
        later.undone(second).await.expect("written");
        drop(later);
        let last = Journal::of_earlier_run(directory.path()).expect("a journal");
        assert_eq!(last.open(), [(third, touched(3))]);
    }

    #[tokio::test]
    async fn a_line_that_was_cut_off_is_an_event_that_was_never_sent() {
        let directory = tempfile::tempdir().expect("a folder");
        let journal = Journal::of_new_run(directory.path());
        let first = journal.about_to_touch(touched(1)).await.expect("written");
        let mut file = OpenOptions::new()
            .append(true)
            .open(journal.path())
            .expect("opens");
        file.write_all(br#"{"touched":{"id":2,"wh"#)
            .expect("written");
        drop((journal, file));
        let later = Journal::of_earlier_run(directory.path()).expect("a journal");
        assert_eq!(later.open(), [(first, touched(1))]);
    }

    #[tokio::test]
    async fn a_line_that_cannot_be_read_hides_nobody_else() {
        let directory = tempfile::tempdir().expect("a folder");
        let journal = Journal::of_new_run(directory.path());
        let first = journal.about_to_touch(touched(1)).await.expect("written");
        let mut file = OpenOptions::new()
            .append(true)
            .open(journal.path())
            .expect("opens");
        file.write_all(b"{\"touched\":{\"id\":2,\xff\n")
            .expect("written");
        let third = journal.about_to_touch(touched(3)).await.expect("written");
        drop((journal, file));
        let later = Journal::of_earlier_run(directory.path()).expect("a journal");
        assert_eq!(later.open(), [(first, touched(1)), (third, touched(3))]);
        assert_eq!(later.unreadable(), [3]);
    }

    #[test]
    fn what_cannot_be_written_whole_is_taken_back() {
        let directory = tempfile::tempdir().expect("a folder");
        let mut file = create(&directory.path().join(JOURNAL_FILE)).expect("created");
        let line = Line::Undone { id: 1 };
        let torn = whole_or_not_at_all(&mut file, |file| {
            file.write_all(b"{\"touched\":{\"id\":1,\"wh")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(torn.is_err());
        whole_or_not_at_all(&mut file, |file| write_line(file, &line)).expect("written");
        let text = fs::read_to_string(directory.path().join(JOURNAL_FILE)).expect("read");
        assert_eq!(text.lines().nth(1), Some("{\"undone\":{\"id\":1}}"));
        assert_eq!(parse(&text).map(|parsed| parsed.unreadable), Ok(Vec::new()));
    }

    #[test]
    fn anything_else_is_no_journal() {
        let directory = tempfile::tempdir().expect("a folder");
        let read = |text: &str| {
            fs::write(directory.path().join(JOURNAL_FILE), text).expect("written");
            Journal::of_earlier_run(directory.path()).map_err(|error| error.to_string())
        };
        for (text, line) in [
            ("", 1),
            ("{\"schema\":\"authbench.undo/9\"}\n", 1),
            ("{\"undone\":{\"id\":1}}\n", 1),
        ] {
            let error = read(text).expect_err(text);
            assert!(
                error.contains(&format!("{JOURNAL_FILE}:{line}:")),
                "{error}"
            );
        }
    }
}

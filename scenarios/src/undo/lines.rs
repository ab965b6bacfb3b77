//! The lines of an undo journal: JSON, the first one naming the format. They hold names of users and no secret.

use crate::target::Loaded;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// The format this build writes.
pub(super) const SCHEMA: &str = "authbench.undo/1";

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

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    Schema(String),
    Touched { id: u64, what: Touched },
    Undone { id: u64 },
}

/// A new journal at `path`, locked, with its first line.
pub(super) fn create(path: &Path) -> io::Result<File> {
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
pub(super) fn whole_or_not_at_all(
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

pub(super) fn write_line(file: &mut File, line: &Line) -> io::Result<()> {
    write_lines(file, std::slice::from_ref(line))
}

pub(super) fn write_lines(file: &mut File, lines: &[Line]) -> io::Result<()> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
    }
    file.write_all(text.as_bytes())
}

/// What stands in a journal.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) entries: u64,
    pub(super) open: BTreeMap<u64, Touched>,
    pub(super) unreadable: Vec<usize>,
}

/// The first line must name the format; its number if it does not. Others that are none are skipped: one bad line must not keep everybody else
/// from being brought back. The last line may be cut off.
pub(super) fn parse(text: &str) -> Result<Parsed, usize> {
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

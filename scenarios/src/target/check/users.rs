//! Checks `[users]`: a pattern, or the rows of a CSV file.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;

use super::scope::Scope;
use super::{Checker, MAX_USERS, SHOWN};
use crate::target::raw::RawUsers;
use crate::target::source::FileError;
use crate::target::template::{Template, is_name};
use crate::target::users::{Account, Population, Users};

/// The column that every file must have: who a user is, in messages too.
const NAME: &str = "name";
/// A column of this name would hide the position in the file.
const NUMBER: &str = "number";

impl Checker<'_> {
    /// `are_undone`: whether an event has an undo, for which a later program must find the same users.
    pub(super) fn users(&self, raw: &RawUsers, are_undone: bool) -> Result<Users, FileError> {
        match &raw.csv {
            Some(csv) => self.listed(csv, raw),
            None => self.generated(raw, are_undone),
        }
    }

    fn generated(&self, raw: &RawUsers, are_undone: bool) -> Result<Users, FileError> {
        let (Some(count), Some(name), Some(password)) = (&raw.count, &raw.name, &raw.password)
        else {
            let given = [
                raw.count.as_ref().map(Spanned::span),
                raw.name.as_ref().map(Spanned::span),
                raw.password.as_ref().map(Spanned::span),
            ];
            let span = given.into_iter().flatten().next().unwrap_or(0..0);
            let allowed = "count, name and password, all three; or csv = \"FILE\"";
            return Err(self
                .source
                .error(&span, "users", "is not complete", allowed));
        };
        let names = Scope::default()
            .with_public_vars(&self.vars, SHOWN)
            .with_names(["number"]);
        if are_undone && self.is_drawn(name.get_ref()) {
            let problem = "is drawn anew at every start (${unique}), and an event has an undo: after a crash nobody would know whom to bring back";
            let allowed = "names that stay the same";
            return Err(self.error(name, "users.name", problem, allowed));
        }
        let passwords = Scope::default()
            .with_vars(&self.vars)
            .with_names(["number"])
            .with_all_under("env.");
        Ok(Users {
            count: self.whole(count, "users.count", 1..=MAX_USERS)?,
            population: Population::Generated {
                name: self.template(name, "users.name", &names)?,
                password: self.template(password, "users.password", &passwords)?,
            },
        })
    }

    /// Whether `text` refers to a variable that is made of something drawn.
    fn is_drawn(&self, text: &str) -> bool {
        let template = Template::parse(text);
        template.is_ok_and(|template| {
            template.references().any(|reference| {
                let variable = reference.name.strip_prefix("vars.");
                variable.is_some_and(|name| self.vars.get(name).is_some_and(|var| var.drawn))
            })
        })
    }

    fn listed(&self, csv: &Spanned<String>, raw: &RawUsers) -> Result<Users, FileError> {
        for (other, key) in [(&raw.name, "users.name"), (&raw.password, "users.password")] {
            if let Some(other) = other {
                let allowed = "a column of the file of that name";
                return Err(self.error(other, key, "comes from the csv file", allowed));
            }
        }
        let fail = |(problem, allowed)| self.error(csv, "users.csv", problem, allowed);
        let accounts = read(&self.beside_the_file(csv)).map_err(fail)?;
        let rows = i64::try_from(accounts.len()).unwrap_or(i64::MAX);
        let count = match &raw.count {
            Some(count) if *count.get_ref() > rows => {
                let problem = format!(
                    "{} is more than the {rows} rows of the csv file",
                    count.get_ref()
                );
                return Err(self.error(count, "users.count", problem, format!("1 to {rows}")));
            }
            Some(count) => self.whole(count, "users.count", 1..=MAX_USERS)?,
            None => accounts.len() as u32,
        };
        Ok(Users {
            count,
            population: Population::Listed(accounts.into()),
        })
    }

    /// A path as the file means it: relative to its own folder.
    fn beside_the_file(&self, path: &Spanned<String>) -> std::path::PathBuf {
        let folder = Path::new(self.source.name_at(&path.span())).parent();
        folder.unwrap_or(Path::new("")).join(path.get_ref())
    }
}

/// The rows, or what is wrong and what would be right. Never quotes a value.
fn read(path: &Path) -> Result<Vec<Account>, (String, &'static str)> {
    let in_file = |problem: String| format!("{}: {problem}", path.display());
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .from_path(path)
        .map_err(|error| (in_file(error.to_string()), ""))?;
    let columns = reader
        .headers()
        .map_err(|error| (in_file(malformed(&error)), ""))?
        .clone();
    for (index, column) in columns.iter().enumerate() {
        let first = columns.iter().position(|other| other == column) == Some(index);
        if !is_name(column) || column == NUMBER || !first {
            // Not quoted: where the header line was forgotten, it is somebody's password.
            let place = index + 1;
            let problem = in_file(format!(
                "field {place} of the first line cannot name a column"
            ));
            return Err((
                problem,
                "letters, digits, _ and -, each name once, and not number",
            ));
        }
    }
    if !columns.iter().any(|column| column == NAME) {
        let problem = in_file("no column is called name".to_owned());
        return Err((problem, "a header line with name among its columns"));
    }
    let mut accounts = Vec::new();
    for (record, number) in reader.records().zip(0u32..) {
        let record = record.map_err(|error| (in_file(malformed(&error)), ""))?;
        let cells = columns.iter().zip(record.iter());
        let mut secrets: BTreeMap<String, String> = cells
            .map(|(column, cell)| (column.to_owned(), cell.to_owned()))
            .collect();
        accounts.push(Account {
            number,
            name: secrets.remove(NAME).unwrap_or_default(),
            secrets,
        });
    }
    if accounts.is_empty() {
        return Err((in_file("has no row".to_owned()), "a row for each user"));
    }
    if accounts.len() as i64 > MAX_USERS {
        return Err((in_file("has too many rows".to_owned()), "at most 10000000"));
    }
    Ok(accounts)
}

/// What the reader says of a row it cannot read: lengths and lines, no content.
fn malformed(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos: Some(position),
            expected_len,
            len,
        } => format!(
            "line {} has {len} columns where the header has {expected_len}",
            position.line()
        ),
        csv::ErrorKind::Utf8 {
            pos: Some(position),
            ..
        } => format!("line {} is not UTF-8", position.line()),
        _ => error.to_string(),
    }
}

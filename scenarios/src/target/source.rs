//! A file being read, and errors that name its file, line and key and say what is allowed there.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::extends;

/// What is wrong with a target or scenario file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}{problem}{}", prefix(.key), suffix(.allowed))]
pub struct FileError {
    /// The file as the user named it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The key, dotted; empty when the file as a whole is meant.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right; empty where the problem says it.
    pub allowed: String,
}

#[derive(Deserialize)]
struct Header {
    schema: Option<Spanned<String>>,
}

/// A file's name and text, and the file that it extends, if it does.
///
/// A position in it is a byte of all the texts one after the other, those of what it extends first.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
    base: Option<Box<Self>>,
}

impl Source {
    /// A file that extends none, as far as is known.
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            base: None,
        }
    }

    /// The same, as a file that says only what is different from `base`.
    pub(super) fn extending(self, base: Self) -> Self {
        Self {
            base: Some(Box::new(base)),
            ..self
        }
    }

    /// Reads the text, with that of what it extends, into raw types; unknown keys and wrong TOML types end here.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, FileError> {
        let texts = self.texts();
        let mut merged: Option<Spanned<DeTable<'_>>> = None;
        for text in &texts {
            let table = DeTable::parse(text).map_err(|error| self.not_toml(&error))?;
            merged = Some(match merged {
                None => table,
                Some(base) => extends::merge(base, table, text.len()),
            });
        }
        let merged = merged.unwrap_or_else(|| Spanned::new(0..0, DeTable::new()));
        T::deserialize(Deserializer::from(merged)).map_err(|error| self.parse_error(&error))
    }

    /// Its own text last, each behind as many line breaks as come before it in bytes: so what is found in one stands at its position.
    fn texts(&self) -> Vec<String> {
        let mut texts = self
            .base
            .as_ref()
            .map_or_else(Vec::new, |base| base.texts());
        texts.push("\n".repeat(self.offset()) + &self.text);
        texts
    }

    /// Where its own text begins.
    fn offset(&self) -> usize {
        let base = self.base.as_ref();
        base.map_or(0, |base| base.offset() + base.text.len() + 1)
    }

    /// The file that a position is in, and the byte of its text.
    fn at(&self, position: usize) -> (&Self, usize) {
        let offset = self.offset();
        match &self.base {
            Some(base) if position < offset => base.at(position),
            _ => (self, position.saturating_sub(offset)),
        }
    }

    /// The name of the file that a position is in.
    pub(super) fn name_at(&self, span: &Range<usize>) -> &str {
        &self.at(span.start).0.name
    }

    /// The format must be the one we read, before anything else is complained about: a newer format has keys that are no
    /// mistakes there.
    pub(crate) fn check_schema(&self, schema: &str) -> Result<(), FileError> {
        let found: Header = self.parse()?;
        match found.schema {
            Some(found) if found.get_ref() == schema => Ok(()),
            Some(found) => {
                let problem = format!(
                    "{:?} is not a format this program reads here",
                    found.get_ref()
                );
                Err(self.error(&found.span(), "schema", problem, schema))
            }
            None => Err(self.error(
                &(0..0),
                "schema",
                "is missing",
                format!("schema = {schema:?}"),
            )),
        }
    }

    /// An error at `span`, a byte range of the text.
    pub(crate) fn error(
        &self,
        span: &Range<usize>,
        key: impl Into<String>,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) -> FileError {
        let (file, offset) = self.at(span.start);
        FileError {
            file: file.name.clone(),
            line: file.line(offset),
            key: key.into(),
            problem: problem.into(),
            allowed: allowed.into(),
        }
    }

    /// Of a text that is no TOML nobody knows what its keys are: the line is all that is said of the place.
    fn not_toml(&self, error: &toml::de::Error) -> FileError {
        let message = error.message().lines().next().unwrap_or_default();
        let problem = format!("is not TOML: {message}");
        self.error(&error.span().unwrap_or(0..0), "", problem, "")
    }

    fn parse_error(&self, error: &toml::de::Error) -> FileError {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().lines().next().unwrap_or_default();
        let message = without_value(message);
        let (file, offset) = self.at(span.start);
        if let Some(field) = missing_field(&message) {
            let table = match span.start {
                0 => String::new(),
                _ => file.key_at(offset) + ".",
            };
            return self.error(&span, table + field, "is missing", "");
        }
        // serde says "unknown field `x`, expected one of …" in one breath.
        let (problem, allowed) = message.split_once(", expected ").unwrap_or((&message, ""));
        self.error(&span, file.key_at(offset), problem, in_words(allowed))
    }

    fn line(&self, offset: usize) -> usize {
        self.before(offset).matches('\n').count() + 1
    }

    fn before(&self, offset: usize) -> &str {
        self.text
            .get(..offset.min(self.text.len()))
            .unwrap_or(&self.text)
    }

    /// The dotted key at `offset`, read off the text: the nearest table header above, and what stands before `=`.
    fn key_at(&self, offset: usize) -> String {
        let offset = offset.min(self.text.len());
        let line_start = self
            .before(offset)
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let line = self.text[line_start..].lines().next().unwrap_or("").trim();
        let header = header_name(line);
        let table = self
            .before(line_start)
            .lines()
            .rev()
            .find_map(|above| header_name(above.trim()));
        match (header, table, line.split_once('=')) {
            (Some(header), _, _) => header.to_owned(),
            (None, Some(table), Some((key, _))) => format!("{table}.{}", key.trim()),
            (None, Some(table), None) => table.to_owned(),
            (None, None, Some((key, _))) => key.trim().to_owned(),
            (None, None, None) => String::new(),
        }
    }
}

/// serde quotes what it found in the place of something else, "invalid type: string "hunter2", expected a map", and it may be a credential.
fn without_value(message: &str) -> Cow<'_, str> {
    let Some(found) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
    else {
        return message.into();
    };
    let kind = found.split(['"', '`', ',']).next().unwrap_or_default();
    // The last: a text may have these words in it, too.
    let expected = found
        .rsplit_once(", expected ")
        .map_or("", |(_, what)| what);
    format!("is {}, expected {expected}", with_article(kind.trim())).into()
}

/// serde says "missing field `x`" of the table that lacks it.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// What Rust calls a type that is allowed.
fn in_words(allowed: &str) -> &str {
    match allowed {
        "i64" | "u64" | "i32" | "u32" | "u16" => "a whole number",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        other => other,
    }
}

fn with_article(kind: &str) -> String {
    match kind {
        "integer" => "an integer".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "a table".to_owned(),
        kind => format!("a {kind}"),
    }
}

fn header_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix('[')?.split(']').next()?;
    Some(name.trim_start_matches('[').trim())
}

fn prefix(key: &str) -> String {
    if key.is_empty() {
        String::new()
    } else {
        format!("{key}: ")
    }
}

fn suffix(allowed: &str) -> String {
    if allowed.is_empty() {
        String::new()
    } else {
        format!(" (allowed: {allowed})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_wrong_place_is_named_by_kind_and_not_quoted() {
        let cases = [
            (
                "invalid type: string \"hunter2, expected \\\"x\", expected a map",
                "is a string, expected a map",
            ),
            (
                "invalid type: integer `4815162342`, expected a string",
                "is an integer, expected a string",
            ),
            (
                "invalid type: sequence, expected a string",
                "is a list, expected a string",
            ),
            (
                "unknown field `a`, expected `b`",
                "unknown field `a`, expected `b`",
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(without_value(message), expected);
        }
    }
}

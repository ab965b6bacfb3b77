//! A file being read, and errors that name its file, line and key and say what is allowed there.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

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

/// A file's name and text.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Source {
    /// Reads the text into raw types; unknown keys and wrong TOML types end here.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, FileError> {
        toml::from_str(&self.text).map_err(|error| self.parse_error(&error))
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
        FileError {
            file: self.name.clone(),
            line: self.line(span.start),
            key: key.into(),
            problem: problem.into(),
            allowed: allowed.into(),
        }
    }

    fn parse_error(&self, error: &toml::de::Error) -> FileError {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().lines().next().unwrap_or("not TOML");
        let message = without_value(message);
        // serde says "unknown field `x`, expected one of …" in one breath.
        let (problem, allowed) = message.split_once(", expected ").unwrap_or((&message, ""));
        self.error(&span, self.key_at(span.start), problem, allowed)
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

fn with_article(kind: &str) -> String {
    match kind {
        "integer" => "an integer".to_owned(),
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
                "is a sequence, expected a string",
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

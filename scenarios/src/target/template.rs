//! Text with `${…}` references.
//!
//! A reference is a name (`access_token`, `uuid`) or a dotted pair (`vars.alg`, `user.name`, `store.url`). There are no
//! conditions, loops or functions; `$${` stands for a literal `${`. Which names exist where is the checker's business.
//!
//! References are replaced in two steps: first what the author or a child process supplied (`resolve`, and `resolve_url` of a URL), then what
//! belongs to one user or came from a response (`render`). In the path and the query of a URL both are data, and encoded for the place.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986 §2.3: a value can end neither its path segment nor the query.
const IN_URL: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Text with references. `Debug` shows the references only: once resolved, the text may hold secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Reference(Reference),
}

/// One `${…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// What stands between the braces, padding removed.
    pub(crate) name: String,
    /// Zero padding to this many digits; from `${number:05}`.
    pub(crate) width: usize,
}

/// Why a text is no template; fragments that follow "the text".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("has a ${{ without its }}")]
    Unclosed,
    // What stands there is not shown: a `${` may be part of a password.
    #[error("has a ${{…}} that holds no name; $${{ stands for ${{ itself")]
    NotAName,
    #[error("pads ${{{0}}}, which is not a number, or not with a zero and one to nine digits")]
    Padding(String),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut template = Self::default();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                template.push_text(&rest[..at]);
                template.push_text("{");
                rest = &rest[at + 2..];
                continue;
            }
            template.push_text(&rest[..at]);
            let inner = &rest[at + 2..];
            let end = inner.find('}').ok_or(TemplateError::Unclosed)?;
            template
                .parts
                .push(Part::Reference(Reference::parse(&inner[..end])?));
            rest = &inner[end + 1..];
        }
        template.push_text(rest);
        Ok(template)
    }

    /// Whether it refers to this program.
    pub(crate) fn names_authbench(&self) -> bool {
        self.references()
            .any(|reference| reference.name == "authbench")
    }

    pub(crate) fn literal(text: &str) -> Self {
        let mut template = Self::default();
        template.push_text(text);
        template
    }

    pub(crate) fn append(&mut self, other: &Self) {
        for part in &other.parts {
            match part {
                Part::Text(text) => self.push_text(text),
                Part::Reference(_) => self.parts.push(part.clone()),
            }
        }
    }

    pub(crate) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.parts.iter().filter_map(|part| match part {
            Part::Reference(reference) => Some(reference),
            Part::Text(_) => None,
        })
    }

    /// The reference, if the template is that one reference and nothing else.
    pub(crate) fn sole_reference(&self) -> Option<&Reference> {
        match self.parts.as_slice() {
            [Part::Reference(reference)] => Some(reference),
            _ => None,
        }
    }

    /// The text, if no reference is left.
    pub(crate) fn text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text before the first reference.
    pub(crate) fn leading_text(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// What is left after the first `length` bytes, which must be part of [`leading_text`](Self::leading_text).
    pub(crate) fn after(&self, length: usize) -> Self {
        let mut rest = Self::literal(self.leading_text().get(length..).unwrap_or(""));
        let following = self
            .parts
            .iter()
            .skip(usize::from(!self.leading_text().is_empty()));
        rest.parts.extend(following.cloned());
        rest
    }

    /// Replaces the references that `known` knows by its text; leaves the others.
    pub(crate) fn resolve<E>(
        &self,
        mut known: impl FnMut(&Reference) -> Result<Option<String>, E>,
    ) -> Result<Self, E> {
        let mut resolved = Self::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => resolved.push_text(text),
                Part::Reference(reference) => match known(reference)? {
                    Some(text) => resolved.push_text(&text),
                    None => resolved.parts.push(part.clone()),
                },
            }
        }
        Ok(resolved)
    }

    /// The same of a URL: what lands in its path or its query is percent-encoded; what makes up scheme, host and port, and whatever a value at
    /// the very beginning goes on with, is taken as it is.
    pub(crate) fn resolve_url<E>(
        &self,
        mut known: impl FnMut(&Reference) -> Result<Option<String>, E>,
    ) -> Result<Self, E> {
        let mut resolved = Self::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => resolved.push_text(text),
                Part::Reference(reference) => match known(reference)? {
                    Some(text) if resolved.is_past_authority() => {
                        resolved.push_text(&in_url(&text));
                    }
                    Some(text) => resolved.push_text(&text),
                    None => resolved.parts.push(part.clone()),
                },
            }
        }
        Ok(resolved)
    }

    /// Whether a URL that begins with this is in its path already. A reference at its beginning stands for scheme and host.
    fn is_past_authority(&self) -> bool {
        let leading = self.leading_text();
        let first = leading.split_once("://").map_or(leading, |(_, rest)| rest);
        let others = self.parts.iter().skip(usize::from(!leading.is_empty()));
        let others = others.filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Reference(_) => None,
        });
        std::iter::once(first)
            .chain(others)
            .any(|text| text.contains(['/', '?', '#']))
    }

    /// Text in which `none` stands for what `gone` names.
    pub(crate) fn without(&self, gone: impl Fn(&Reference) -> bool) -> Self {
        let known =
            |reference: &Reference| Ok::<_, Infallible>(gone(reference).then(|| "none".to_owned()));
        let Ok(without) = self.resolve(known);
        without
    }

    /// The text with every reference replaced by its value, encoded by `encode`; the name of the first one that has none.
    pub(crate) fn render<'v>(
        &self,
        value: impl Fn(&Reference) -> Option<Cow<'v, str>>,
        encode: impl Fn(&str) -> String,
    ) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Reference(reference) => {
                    let value = value(reference).ok_or_else(|| reference.name.clone())?;
                    text.push_str(&encode(&value));
                }
            }
        }
        Ok(text)
    }

    fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }
}

impl Reference {
    fn parse(inner: &str) -> Result<Self, TemplateError> {
        let (name, padding) = match inner.split_once(':') {
            Some((name, padding)) => (name, Some(padding)),
            None => (inner, None),
        };
        if !name.split('.').all(is_name) || name.split('.').count() > 2 {
            return Err(TemplateError::NotAName);
        }
        let width = padding.map_or(Some(0), |padding| padding_width(name, padding));
        let width = width.ok_or_else(|| TemplateError::Padding(inner.to_owned()))?;
        Ok(Self {
            name: name.to_owned(),
            width,
        })
    }

    /// `number` with this reference's zero padding.
    pub(crate) fn padded(&self, number: u32) -> String {
        format!("{number:0width$}", width = self.width)
    }
}

/// A value as it stands in the path or the query of a URL.
pub(crate) fn in_url(value: &str) -> String {
    utf8_percent_encode(value, IN_URL).to_string()
}

/// Letters, digits, `_` and `-`: what captures, variables and processes are called.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// What a target may be called: readable in every table, and never taken for a path.
pub(crate) fn is_target_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+=.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(fits)
        && !super::is_path(text)
}

/// Whatever [`is_target_name`] takes, in words.
pub(crate) const TARGET_NAME: &str = "letters, digits and _ - + = . ; no name of a file";

/// `05` pads to five digits. Only a number can be padded, to at most nine digits.
fn padding_width(name: &str, padding: &str) -> Option<usize> {
    let width = padding
        .strip_prefix('0')
        .filter(|_| matches!(name, "number" | "user.number"))?;
    width.parse().ok().filter(|width| (1..=9).contains(width))
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(")?;
        for part in &self.parts {
            match part {
                Part::Text(_) => f.write_str("…")?,
                Part::Reference(reference) => write!(f, "${{{}}}", reference.name)?,
            }
        }
        f.write_str(")")
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;

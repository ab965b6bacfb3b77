//! Checks what a step captures.

use regex::Regex;
use scraper::Selector;
use toml::Spanned;

use super::Checker;
use crate::target::flows::{Capture, CaptureFrom, CapturePart, JsonPlace};
use crate::target::raw::RawCapture;
use crate::target::source::FileError;
use crate::target::template::is_name;

/// Captures must not hide what these mean.
const RESERVED: [&str; 5] = ["uuid", "secret", "unique", "number", "authbench"];
const ALLOWED: &str = "exactly one of json, cookie, header, html; with header or html: query or regex; with html: attr; with json: of_first";

/// What a step gives to capture from.
#[derive(Clone, Copy)]
pub(super) enum Captured {
    /// A response; whether the step takes part in the credential's jar.
    Response { keeps_cookies: bool },
    /// What a command prints.
    Output,
}

impl Checker<'_> {
    pub(super) fn capture(
        &self,
        name: &str,
        raw: &Spanned<RawCapture>,
        key: &str,
        captured: Captured,
    ) -> Result<Capture, FileError> {
        if !is_name(name) || RESERVED.contains(&name) {
            let allowed = format!(
                "letters, digits, _ and -, and none of {}",
                RESERVED.join(", ")
            );
            let problem = format!("{name:?} cannot name a captured value");
            return Err(self.error(raw, key, problem, allowed));
        }
        let from = self.capture_from(raw, key)?;
        match (&from, captured) {
            (CaptureFrom::Json(_), _) => {}
            (_, Captured::Output) => {
                let problem = "a command has no response";
                return Err(self.error(raw, key, problem, "json: what it prints"));
            }
            (
                CaptureFrom::Cookie(_),
                Captured::Response {
                    keeps_cookies: false,
                },
            ) => {
                let problem = "a step with cookies of its own keeps none";
                return Err(self.error(raw, key, problem, "a step without cookies = { … }"));
            }
            _ => {}
        }
        Ok(Capture {
            name: name.to_owned(),
            from,
        })
    }

    fn capture_from(&self, raw: &Spanned<RawCapture>, key: &str) -> Result<CaptureFrom, FileError> {
        let inner = raw.get_ref();
        let places = [&inner.json, &inner.cookie, &inner.header, &inner.html];
        if places.into_iter().flatten().count() != 1 {
            return Err(self.error(raw, key, "needs one place to capture from", ALLOWED));
        }
        let of_text = inner.query.is_some() || inner.regex.is_some();
        let misplaced = (of_text && inner.header.is_none() && inner.html.is_none())
            || (inner.attr.is_some() && inner.html.is_none())
            || (!inner.of_first.is_empty() && inner.json.is_none())
            || (inner.query.is_some() && inner.regex.is_some());
        if misplaced {
            return Err(self.error(raw, key, "does not know what to take", ALLOWED));
        }
        match inner {
            RawCapture {
                json: Some(pointer),
                ..
            } => {
                self.pointer(raw, pointer, key)?;
                Ok(CaptureFrom::Json(JsonPlace {
                    pointer: pointer.clone(),
                    of_first: self.values_at(raw, &inner.of_first, &format!("{key}.of_first"))?,
                }))
            }
            RawCapture {
                cookie: Some(cookie),
                ..
            } => Ok(CaptureFrom::Cookie(cookie.clone())),
            RawCapture {
                html: Some(selector),
                attr,
                ..
            } => Ok(CaptureFrom::Html {
                selector: self.selector(raw, selector, key)?,
                written: selector.clone(),
                attr: attr.clone(),
                part: self.part(raw, key)?,
            }),
            _ => Ok(CaptureFrom::Header {
                name: inner.header.clone().unwrap_or_default(),
                part: self.part(raw, key)?,
            }),
        }
    }

    fn part(&self, raw: &Spanned<RawCapture>, key: &str) -> Result<CapturePart, FileError> {
        match raw.get_ref() {
            RawCapture {
                query: Some(parameter),
                ..
            } => Ok(CapturePart::Query(parameter.clone())),
            RawCapture {
                regex: Some(pattern),
                ..
            } => {
                let pattern = self.regex(raw, pattern, &format!("{key}.regex"))?;
                if pattern.captures_len() < 2 {
                    let problem = "has no group to capture";
                    let allowed = "a regular expression with a group, such as \"code=([^&]+)\"";
                    return Err(self.error(raw, format!("{key}.regex"), problem, allowed));
                }
                Ok(CapturePart::Regex(pattern))
            }
            _ => Ok(CapturePart::Whole),
        }
    }

    pub(super) fn regex<T>(
        &self,
        at: &Spanned<T>,
        pattern: &str,
        key: &str,
    ) -> Result<Regex, FileError> {
        Regex::new(pattern).map_err(|error| {
            // The last line says what is wrong; those before it draw where.
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim();
            let why = why.trim_start_matches("error: ");
            let problem = format!("{pattern:?} is not a regular expression: {why}");
            self.error(at, key, problem, "the syntax of the Rust crate regex")
        })
    }

    fn selector(
        &self,
        at: &Spanned<RawCapture>,
        selector: &str,
        key: &str,
    ) -> Result<Selector, FileError> {
        Selector::parse(selector).map_err(|_| {
            let problem = format!("{selector:?} is not a CSS selector");
            let allowed = "such as input[name=csrf] or #login form";
            self.error(at, format!("{key}.html"), problem, allowed)
        })
    }
}

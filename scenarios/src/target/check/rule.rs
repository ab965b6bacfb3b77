//! Checks statuses, captures and the rules that tell acceptance from refusal.

use serde_json::Value as Json;
use toml::{Spanned, Value};

use super::Checker;
use crate::target::flows::{Capture, CaptureFrom};
use crate::target::judge::{HeaderRule, Rule, Statuses};
use crate::target::raw::{RawCapture, RawRule};
use crate::target::source::FileError;
use crate::target::template::is_name;

/// Captures must not hide what these mean.
const RESERVED: [&str; 5] = ["uuid", "secret", "unique", "number", "authbench"];

impl Checker<'_> {
    pub(super) fn statuses(&self, raw: &Spanned<Value>, key: &str) -> Result<Statuses, FileError> {
        let one = |value: &Value| {
            value
                .as_integer()
                .and_then(|status| u16::try_from(status).ok())
        };
        let codes: Option<Vec<u16>> = match raw.get_ref() {
            Value::Array(list) => list.iter().map(one).collect(),
            single => one(single).map(|status| vec![status]),
        };
        codes.and_then(Statuses::new).ok_or_else(|| {
            self.error(
                raw,
                key,
                "is not a status",
                "a status from 200 to 599, or a list of them",
            )
        })
    }

    pub(super) fn rule(&self, raw: &Spanned<RawRule>, key: &str) -> Result<Rule, FileError> {
        let inner = raw.get_ref();
        let mut json = Vec::new();
        for (pointer, value) in &inner.json {
            let key = format!("{key}.json.{pointer}");
            self.pointer(raw, pointer, &key)?;
            json.push((pointer.clone(), self.scalar(value, &key)?));
        }
        let header = inner.header.as_ref();
        Ok(Rule {
            status: self.statuses(&inner.status, &format!("{key}.status"))?,
            header: header.map(|rule| HeaderRule {
                name: rule.name.clone(),
                contains: rule.contains.clone(),
            }),
            json,
        })
    }

    /// `keeps_cookies`: whether the step takes part in the credential's jar.
    pub(super) fn capture(
        &self,
        name: &str,
        raw: &Spanned<RawCapture>,
        key: &str,
        keeps_cookies: bool,
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
        if matches!(from, CaptureFrom::Cookie(_)) && !keeps_cookies {
            let problem = "a step with cookies of its own keeps none";
            return Err(self.error(raw, key, problem, "a step without cookies = { … }"));
        }
        Ok(Capture {
            name: name.to_owned(),
            from,
        })
    }

    fn capture_from(&self, raw: &Spanned<RawCapture>, key: &str) -> Result<CaptureFrom, FileError> {
        let inner = raw.get_ref();
        match (&inner.json, &inner.cookie, &inner.header) {
            (Some(pointer), None, None) => {
                self.pointer(raw, pointer, key)?;
                Ok(CaptureFrom::Json(pointer.clone()))
            }
            (None, Some(cookie), None) => Ok(CaptureFrom::Cookie(cookie.clone())),
            (None, None, Some(header)) => Ok(CaptureFrom::Header(header.clone())),
            _ => {
                let allowed = "exactly one of json, cookie, header";
                Err(self.error(raw, key, "needs one place to capture from", allowed))
            }
        }
    }

    /// RFC 6901: empty, or beginning with a slash.
    fn pointer<T>(&self, at: &Spanned<T>, pointer: &str, key: &str) -> Result<(), FileError> {
        if pointer.is_empty() || pointer.starts_with('/') {
            return Ok(());
        }
        Err(self.error(
            at,
            key,
            format!("{pointer:?} is not a JSON pointer"),
            "a path that begins with /, such as /active",
        ))
    }

    fn scalar(&self, raw: &Spanned<Value>, key: &str) -> Result<Json, FileError> {
        match raw.get_ref() {
            Value::String(text) => Ok(text.as_str().into()),
            Value::Boolean(truth) => Ok((*truth).into()),
            Value::Integer(number) => Ok((*number).into()),
            _ => Err(self.error(
                raw,
                key,
                "cannot be compared",
                "a text, a whole number, true or false",
            )),
        }
    }
}

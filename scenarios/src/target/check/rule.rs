//! Checks statuses and the rules that tell acceptance from refusal.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use toml::{Spanned, Value};

use super::Checker;
use crate::target::judge::{HeaderRule, HeaderTest, Rule, Statuses, THROTTLED};
use crate::target::raw::{RawHeaderRule, RawRule};
use crate::target::source::FileError;

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
                "a number from 200 to 599, or a list of them",
            )
        })
    }

    pub(super) fn rule(&self, raw: &Spanned<RawRule>, key: &str) -> Result<Rule, FileError> {
        let inner = raw.get_ref();
        let json = self.values_at(raw, &inner.json, &format!("{key}.json"))?;
        let status = self.statuses(&inner.status, &format!("{key}.status"))?;
        if status.contains(THROTTLED) {
            let problem = "429 is throttling: it says nothing about a credential";
            let allowed = "statuses that accept or refuse one";
            return Err(self.error(&inner.status, format!("{key}.status"), problem, allowed));
        }
        let header = inner.header.as_ref();
        Ok(Rule {
            status,
            header: header
                .map(|rule| self.header_rule(rule, &format!("{key}.header")))
                .transpose()?,
            json,
        })
    }

    /// Values, and the pointers that they are to stand at.
    pub(super) fn values_at<T>(
        &self,
        at: &Spanned<T>,
        raw: &BTreeMap<String, Spanned<Value>>,
        key: &str,
    ) -> Result<Vec<(String, Json)>, FileError> {
        let mut values = Vec::new();
        for (pointer, value) in raw {
            let key = format!("{key}.{pointer}");
            self.pointer(at, pointer, &key)?;
            values.push((pointer.clone(), self.scalar(value, &key)?));
        }
        Ok(values)
    }

    fn header_rule(
        &self,
        raw: &Spanned<RawHeaderRule>,
        key: &str,
    ) -> Result<HeaderRule, FileError> {
        let test = match (&raw.get_ref().contains, &raw.get_ref().regex) {
            (Some(text), None) => HeaderTest::Contains(text.clone()),
            (None, Some(pattern)) => {
                HeaderTest::Matches(self.regex(raw, pattern, &format!("{key}.regex"))?)
            }
            _ => {
                let allowed = "exactly one of contains, regex";
                return Err(self.error(raw, key, "needs one test", allowed));
            }
        };
        Ok(HeaderRule {
            name: raw.get_ref().name.clone(),
            test,
        })
    }

    /// RFC 6901: empty, or beginning with a slash.
    pub(super) fn pointer<T>(
        &self,
        at: &Spanned<T>,
        pointer: &str,
        key: &str,
    ) -> Result<(), FileError> {
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

//! The settings of a target in one scenario, as they stand in every row label.

use crate::number;
use jiff::{Span, SpanRelativeTo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings by name: `{"alg": "RS256", "access_ttl_s": 300, "leeway_s": 0}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Settings(BTreeMap<String, Setting>);

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Setting {
    /// A length of time in seconds; its key ends in `_s`.
    Seconds(f64),
    /// Anything else, as written.
    Text(String),
}

/// Named first in a label, in this order; the others follow alphabetically.
const FIRST: [&str; 2] = ["alg", "access_ttl_s"];

impl Settings {
    /// From the words of a run file: what reads as a duration (`300s`, `24h`) becomes seconds and gains the suffix `_s`.
    #[must_use]
    pub fn of(words: &BTreeMap<String, String>) -> Self {
        let typed = words.iter().map(|(key, word)| match seconds(word) {
            Some(seconds) => (format!("{key}_s"), Setting::Seconds(seconds)),
            None => (key.clone(), Setting::Text(word.clone())),
        });
        Self(typed.collect())
    }

    /// The duration `name` (without `_s`) in seconds.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<f64> {
        match self.0.get(&format!("{name}_s")) {
            Some(Setting::Seconds(seconds)) => Some(*seconds),
            _ => None,
        }
    }

    /// The setting `name`, if it is a whole number.
    #[must_use]
    pub fn whole(&self, name: &str) -> Option<u64> {
        match self.0.get(name) {
            Some(Setting::Text(word)) => word.parse().ok(),
            _ => None,
        }
    }

    /// The setting `name`, if it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Setting::Text(word)) => Some(word),
            _ => None,
        }
    }

    /// All but the setting `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let others = self.0.iter().filter(|(key, _)| *key != name);
        Self(
            others
                .map(|(key, setting)| (key.clone(), setting.clone()))
                .collect(),
        )
    }

    /// As they stand beside a name: `RS256 · TTL 300 s · leeway 0 s`; empty without settings.
    #[must_use]
    pub fn label(&self) -> String {
        let first = FIRST.iter().filter_map(|key| self.0.get_key_value(*key));
        let others = self
            .0
            .iter()
            .filter(|(key, _)| !FIRST.contains(&key.as_str()));
        let parts: Vec<String> = first
            .chain(others)
            .map(|(key, setting)| part(key, setting))
            .collect();
        parts.join(" · ")
    }
}

fn part(key: &str, setting: &Setting) -> String {
    match (key, setting) {
        ("alg", Setting::Text(word)) => word.clone(),
        ("access_ttl_s", Setting::Seconds(seconds)) => format!("TTL {}", in_seconds(*seconds)),
        (_, Setting::Text(word)) => format!("{} {word}", key.replace('_', " ")),
        (_, Setting::Seconds(seconds)) => {
            let name = key.strip_suffix("_s").unwrap_or(key).replace('_', " ");
            format!("{name} {}", in_seconds(*seconds))
        }
    }
}

/// Zero keeps the unit that people configure in.
fn in_seconds(seconds: f64) -> String {
    if seconds == 0.0 {
        "0 s".to_owned()
    } else {
        number::span(seconds * 1000.0)
    }
}

/// `300s`, `150ms`, `24h`, `30d`; `None` for anything that is no duration.
pub(crate) fn seconds(word: &str) -> Option<f64> {
    let span: Span = word.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Some(duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(words: &[(&str, &str)]) -> Settings {
        let words = words
            .iter()
            .map(|(key, word)| ((*key).to_owned(), (*word).to_owned()))
            .collect();
        Settings::of(&words)
    }

    #[test]
    fn durations_become_seconds_and_labels_lead_with_the_algorithm() {
        let settings = settings(&[
            ("access_ttl", "300s"),
            ("leeway", "0s"),
            ("alg", "RS256"),
            ("refresh_absolute", "30d"),
        ]);
        assert_eq!(settings.seconds("refresh_absolute"), Some(2_592_000.0));
        assert_eq!(
            settings.label(),
            "RS256 · TTL 300 s · leeway 0 s · refresh absolute 720 h"
        );
        assert_eq!(
            serde_json::to_value(&settings).expect("serializes"),
            serde_json::json!({"alg": "RS256", "access_ttl_s": 300.0, "leeway_s": 0.0, "refresh_absolute_s": 2_592_000.0})
        );
    }

    #[test]
    fn what_is_no_duration_stays_text() {
        assert_eq!(
            settings(&[("login_hash", "cheap"), ("shards", "12")]).label(),
            "login hash cheap · shards 12"
        );
    }
}

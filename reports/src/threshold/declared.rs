//! The thresholds of one scenario, by target.

use super::{Metric, Threshold, ThresholdError};
use serde_json::Value;
use std::collections::BTreeMap;

/// The key of what is for every target; no target can be called so.
pub const EVERY_TARGET: &str = "*";

/// The thresholds of one scenario, as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// For every target but negative controls, which are there to fail.
    pub every: Vec<String>,
    /// For one target, by its name: they take the place of those for every target about the same figure.
    pub of: BTreeMap<String, Vec<String>>,
}

/// One of them, as written and as read.
pub(super) struct Declared {
    pub(super) text: String,
    pub(super) threshold: Result<Threshold, ThresholdError>,
}

impl Thresholds {
    /// From the key `thresholds` of a resolved scenario: a list, or a table of lists.
    #[must_use]
    pub fn in_resolved(scenario: &Value) -> Self {
        let texts = |list: &Value| -> Vec<String> {
            let items = list.as_array().into_iter().flatten();
            let texts = items.map(|item| item.as_str().map(str::to_owned));
            texts
                .map(|text| text.unwrap_or_else(|| "no text".to_owned()))
                .collect()
        };
        match scenario.get("thresholds") {
            Some(Value::Object(tables)) => {
                let mut of: BTreeMap<String, Vec<String>> = tables
                    .iter()
                    .map(|(target, list)| (target.clone(), texts(list)))
                    .collect();
                let every = of.remove(EVERY_TARGET).unwrap_or_default();
                Self { every, of }
            }
            Some(list) => Self {
                every: texts(list),
                ..Self::default()
            },
            None => Self::default(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.every.is_empty() && self.of.values().all(Vec::is_empty)
    }

    /// Those of `target` alone.
    pub(super) fn own(&self, target: &str) -> Vec<Declared> {
        read(self.of.get(target).map_or(&[], Vec::as_slice))
    }

    /// Those for every target.
    pub(super) fn common(&self) -> Vec<Declared> {
        read(&self.every)
    }
}

impl Declared {
    pub(super) fn metric(&self) -> Option<&Metric> {
        let threshold = self.threshold.as_ref().ok()?;
        Some(&threshold.metric)
    }
}

fn read(texts: &[String]) -> Vec<Declared> {
    let declared = |text: &String| Declared {
        text: text.clone(),
        threshold: text.parse(),
    };
    texts.iter().map(declared).collect()
}

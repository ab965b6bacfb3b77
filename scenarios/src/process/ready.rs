//! The one line that a process prints when it listens.

use std::collections::BTreeMap;
use std::fmt;

use authbench_reports::run_file::StoreInfo;
use serde_json::{Map, Value};

/// A ready line: a JSON object with a text member `ready`. `Debug` shows the names of its members only: a store's URL carries its
/// password.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadyLine(Map<String, Value>);

impl ReadyLine {
    /// Parses the line; `None` when it is something else.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let Ok(Value::Object(members)) = serde_json::from_str(line) else {
            return None;
        };
        members
            .get("ready")
            .is_some_and(Value::is_string)
            .then_some(Self(members))
    }

    /// That of a process which prints none.
    pub(super) fn silent() -> Self {
        Self(Map::new())
    }

    /// The text members: what `${process.member}` can mean.
    pub(crate) fn members(&self) -> BTreeMap<String, String> {
        let text =
            |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        self.0.iter().filter_map(text).collect()
    }

    /// The member `pid`: the process to account CPU to, where it is not the child itself.
    pub(super) fn pid(&self) -> Option<u32> {
        self.0
            .get("pid")?
            .as_u64()
            .and_then(|pid| u32::try_from(pid).ok())
    }

    /// The member `store`: what the store is.
    #[must_use]
    pub fn store(&self) -> Option<StoreInfo> {
        serde_json::from_value(self.0.get("store")?.clone()).ok()
    }
}

impl fmt::Debug for ReadyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

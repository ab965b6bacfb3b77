//! How a target file was loaded: what it does not say itself, and whoever loads it again has to know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a target file was loaded. Holds no value that may be a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Loaded {
    /// Built-in name or path, as it was given.
    pub file: String,
    /// The name in the file, where the target was given another one: it is a variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant_of: Option<String>,
    /// Variables that were set to something else than the file says.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
    /// Names of those whose value may be a credential.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

impl Loaded {
    /// Of `file`, whose variables are `declared`, with those in `overrides` that it has.
    pub(super) fn new(
        file: &str,
        declared: impl Fn(&str) -> bool,
        is_shown: impl Fn(&str) -> bool,
        overrides: &BTreeMap<String, String>,
    ) -> Self {
        let of_the_file = overrides.iter().filter(|(name, _)| declared(name));
        let (vars, withheld): (BTreeMap<_, _>, BTreeMap<_, _>) = of_the_file
            .map(|(name, text)| (name.clone(), text.clone()))
            .partition(|(name, _)| is_shown(name));
        Self {
            file: file.to_owned(),
            variant_of: None,
            vars,
            withheld: withheld.into_keys().collect(),
        }
    }

    /// Whether both are the same form of a target, by whatever path its file was named.
    #[must_use]
    pub fn is_same_form(&self, other: &Self) -> bool {
        let form = |loaded: &Self| Self {
            file: String::new(),
            ..loaded.clone()
        };
        form(self) == form(other)
    }
}

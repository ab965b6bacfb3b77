//! Which references a place in the file may use.

use std::collections::BTreeMap;

use crate::target::vars::Vars;

/// The references that one place may use, and why some that exist may not be used there.
#[derive(Clone, Default)]
pub(super) struct Scope {
    names: Vec<String>,
    prefixes: Vec<String>,
    barred: BTreeMap<String, &'static str>,
}

impl Scope {
    /// A variable may be used anywhere except where a secret would be shown.
    pub(super) fn with_vars(mut self, vars: &Vars) -> Self {
        self.names
            .extend(vars.keys().map(|name| format!("vars.{name}")));
        self
    }

    /// Variables that are no secrets; `reason` says why a secret does not belong here.
    pub(super) fn with_public_vars(mut self, vars: &Vars, reason: &'static str) -> Self {
        for (name, var) in vars {
            let name = format!("vars.{name}");
            if var.secret {
                self.barred.insert(name, reason);
            } else {
                self.names.push(name);
            }
        }
        self
    }

    pub(super) fn with_names<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Every name under `prefix`, which must end in a dot: what exists there is known later, or elsewhere.
    pub(super) fn with_all_under(mut self, prefix: impl Into<String>) -> Self {
        self.prefixes.push(prefix.into());
        self
    }

    /// Names under `prefix` exist, but not for this place.
    pub(super) fn bar_all_under(mut self, prefix: impl Into<String>, reason: &'static str) -> Self {
        self.barred.insert(prefix.into(), reason);
        self
    }

    pub(super) fn without(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        for name in names {
            self.names.retain(|known| known != name);
        }
        self
    }

    /// These names exist, but not for this place.
    pub(super) fn bar<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
        reason: &'static str,
    ) -> Self {
        let names = names.into_iter().map(|name| (name.into(), reason));
        self.barred.extend(names);
        self
    }

    /// Nothing if `name` may be used; otherwise the problem and what is allowed.
    pub(super) fn check(&self, name: &str) -> Result<(), (String, String)> {
        let under = |prefix: &str| prefix.ends_with('.') && name.starts_with(prefix);
        if self.names.iter().any(|known| known == name)
            || self.prefixes.iter().any(|prefix| under(prefix))
        {
            return Ok(());
        }
        let barred = self
            .barred
            .iter()
            .find(|(barred, _)| *barred == name || under(barred));
        match barred {
            Some((_, reason)) => Err((format!("${{{name}}} {reason}"), String::new())),
            None => Err((format!("unknown ${{{name}}}"), self.allowed())),
        }
    }

    fn allowed(&self) -> String {
        let mut all: Vec<String> = self
            .names
            .iter()
            .map(|name| format!("${{{name}}}"))
            .collect();
        all.extend(self.prefixes.iter().map(|prefix| format!("${{{prefix}…}}")));
        all.sort();
        if all.is_empty() {
            "no references here".to_owned()
        } else {
            all.join(", ")
        }
    }
}

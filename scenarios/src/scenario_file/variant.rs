//! `[variant.NAME]`: a target under another name, with variables of its own.

use std::collections::BTreeMap;
use std::ops::Range;

use super::check;
use crate::target::{self, LoadError, Source, TargetFile};

/// A target under another name, with variables of its own, so that one scenario measures it several times: with and without TLS, with
/// tokens of several sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// A built-in name or a path.
    pub target: String,
    /// Replace the target's variables, and the scenario's; plain text.
    pub vars: BTreeMap<String, String>,
    pub(super) at: Range<usize>,
}

impl Variant {
    /// Loads the target as `name`, with `vars` for what the variant does not set itself.
    pub(super) fn load(
        &self,
        source: &Source,
        name: &str,
        vars: &BTreeMap<String, String>,
    ) -> Result<TargetFile, LoadError> {
        let mut all = vars.clone();
        all.extend(self.vars.clone());
        let file = TargetFile::load(&self.target, &all)?;
        if let Some(unknown) = self.vars.keys().find(|name| !file.has_variable(name)) {
            let key = format!("variant.{name}.vars.{unknown}");
            let problem = format!("{} has no variable of this name", self.target);
            return Err(source.error(&self.at, key, problem, "").into());
        }
        Ok(file.as_variant(name, &self.vars))
    }
}

impl check::Checker<'_> {
    /// Every `[variant.NAME]`: each must be one of the scenario's targets, or it would be measured by nobody.
    pub(super) fn variants(
        &self,
        raw: &super::raw::RawScenario,
        targets: &[String],
    ) -> Result<BTreeMap<String, Variant>, crate::target::FileError> {
        let mut variants = BTreeMap::new();
        for (name, variant) in &raw.variant {
            let key = format!("variant.{name}");
            if !target::is_target_name(name) {
                let problem = "is no name for a variant";
                return Err(self.error(variant, key, problem, target::TARGET_NAME));
            }
            if !targets.contains(name) {
                let problem = "is not one of targets";
                return Err(self.error(variant, key, problem, targets.join(", ")));
            }
            let raw = variant.get_ref();
            if raw.target.get_ref() == name || raw.target.get_ref().is_empty() {
                let problem = "is the variant itself, or empty";
                let allowed = "a built-in target or a path";
                return Err(self.error(&raw.target, format!("{key}.target"), problem, allowed));
            }
            let vars = self.plain_texts(&raw.vars, &format!("{key}.vars"))?;
            let (target, at) = (raw.target.get_ref().clone(), variant.span());
            variants.insert(name.clone(), Variant { target, vars, at });
        }
        Ok(variants)
    }
}

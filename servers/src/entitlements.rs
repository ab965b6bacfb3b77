//! Entitlements: the claims about a user that grow with an organisation.
//!
//! Their number is a setting, because their size is what is measured: they stand in a session's
//! record, in a JWT, or in an introspection answer, and each model pays for them in its own place.

use std::sync::Arc;

/// The most bytes of entitlements that a server can be told to issue.
pub const MAX_BYTES: usize = 8 * 1024;
/// The fewest, unless there are none at all.
pub const MIN_BYTES: usize = 200;

/// The entitlements of every account of a server. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Entitlements(Arc<[String]>);

/// A size that entitlements cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes of claims cannot be issued (0, or {MIN_BYTES} to {MAX_BYTES})")]
pub struct UnfitSize(pub usize);

impl Entitlements {
    /// Entitlements whose JSON, an array of strings, has exactly `bytes` bytes; none for 0.
    pub fn of_size(bytes: usize) -> Result<Self, UnfitSize> {
        match bytes {
            0 => Ok(Self::default()),
            MIN_BYTES..=MAX_BYTES => Ok(Self(names(bytes).into())),
            _ => Err(UnfitSize(bytes)),
        }
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

fn names(bytes: usize) -> Vec<String> {
    // The brackets, and for the first name a comma too many.
    let mut left = bytes - 2 + 1;
    let mut names: Vec<String> = Vec::new();
    loop {
        let name = name(names.len());
        let taken = name.len() + r#""","#.len();
        if taken > left {
            break;
        }
        left -= taken;
        names.push(name);
    }
    if let Some(last) = names.last_mut() {
        last.push_str(&"-archive"[..left.min(8)]);
        last.push_str(&"0".repeat(left.saturating_sub(8)));
    }
    names
}

/// Of the length that such names have: a service, a region, a thing and what may be done with it.
fn name(index: usize) -> String {
    const SERVICES: [&str; 4] = ["billing", "orders", "reports", "support"];
    const ACTIONS: [&str; 3] = ["read", "approve", "export"];
    let (service, action) = (
        SERVICES[index % SERVICES.len()],
        ACTIONS[index % ACTIONS.len()],
    );
    format!(
        "{service}:region-{:02}:unit-{index:03}:{action}",
        index % 12
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_json_has_exactly_the_size_asked_for() {
        for bytes in (MIN_BYTES..=MAX_BYTES).step_by(61).chain([MAX_BYTES]) {
            let entitlements = Entitlements::of_size(bytes).expect("a size");
            let json = serde_json::to_string(entitlements.names()).expect("strings");
            assert_eq!(json.len(), bytes);
            assert!(!json.contains('\\'));
        }
    }

    #[test]
    fn there_are_many_names_and_no_long_one() {
        let entitlements = Entitlements::of_size(4_096).expect("a size");
        let names = entitlements.names();
        assert!(names.len() > 100, "{}", names.len());
        assert!(names.iter().all(|name| name.len() < 100));
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn other_sizes_are_refused() {
        for bytes in [1, 199, 8_193] {
            assert_eq!(Entitlements::of_size(bytes).err(), Some(UnfitSize(bytes)));
        }
        assert!(Entitlements::of_size(0).expect("none").names().is_empty());
    }
}

//! What token responses say of how long their tokens live.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use authbench_reports::run_file::LifetimeSource;

/// The lifetimes that one target has named since the last look.
#[derive(Debug, Default)]
pub(crate) struct Lifetimes(Mutex<BTreeMap<LifetimeSource, Named>>);

/// Every lifetime that one source named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) n: u64,
    pub(crate) shortest: Duration,
    pub(crate) longest: Duration,
}

impl Lifetimes {
    pub(super) fn note(&self, source: LifetimeSource, lifetime: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let named = all.entry(source).or_insert(Named {
            n: 0,
            shortest: lifetime,
            longest: lifetime,
        });
        named.n += 1;
        named.shortest = named.shortest.min(lifetime);
        named.longest = named.longest.max(lifetime);
    }

    /// All since the last call.
    pub(crate) fn take(&self) -> BTreeMap<LifetimeSource, Named> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_and_the_longest_are_kept_by_source() {
        let lifetimes = Lifetimes::default();
        let seconds = Duration::from_secs;
        for lifetime in [300, 60, 3600] {
            lifetimes.note(LifetimeSource::ExpiresIn, seconds(lifetime));
        }
        lifetimes.note(LifetimeSource::Exp, seconds(5));
        let taken = lifetimes.take();
        let named = taken[&LifetimeSource::ExpiresIn];
        assert_eq!(
            (named.n, named.shortest, named.longest),
            (3, seconds(60), seconds(3600))
        );
        assert_eq!(taken[&LifetimeSource::Exp].n, 1);
        assert!(lifetimes.take().is_empty());
    }
}

//! Whether the store kept what it was given.

use crate::number::count;
use crate::run_file::Counters;
use crate::validity::{Check, Finding, Verdict};

/// What the store behind `whose` lost, by `counters`; what nobody counted is in the list of what could not be judged.
pub(super) fn losses<'a>(
    whose: &str,
    counters: impl IntoIterator<Item = &'a Counters>,
    taints: &str,
) -> Option<Finding> {
    let (evicted, refused) = counters
        .into_iter()
        .fold((0, 0), |(evicted, refused), round| {
            (
                evicted + round.store_evictions.unwrap_or(0),
                refused + round.store_out_of_memory.unwrap_or(0),
            )
        });
    (evicted + refused > 0).then(|| Finding {
        check: Check::StoreEvictions,
        verdict: Verdict::Invalid,
        what: format!(
            "the store behind {whose} ran out of memory: it threw away {} keys and refused {} writes",
            count(evicted),
            count(refused)
        ),
        taints: format!(
            "{taints}: a session that was thrown away looks like one that was revoked, and a deny-list entry like a revocation that never was"
        ),
        advice: "raise maxmemory of the store, or leave it empty of everything else; a store for sessions should have `maxmemory-policy noeviction`".to_owned(),
    })
}

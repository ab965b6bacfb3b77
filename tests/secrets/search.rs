//! Looks for every form of every canary at once.

use crate::canary::Canary;
use std::collections::{BTreeSet, HashMap};

/// Bytes that a window is first compared by; no needle is shorter.
const WINDOW: usize = 8;

/// All needles of some canaries, by their first bytes.
pub(crate) struct Search {
    needles: HashMap<[u8; WINDOW], Vec<(Vec<u8>, String)>>,
    /// A bit for every beginning of three bytes that a needle has: most of what is searched has none of them.
    beginnings: Vec<u64>,
}

impl Search {
    /// A search for `canaries`.
    pub(crate) fn new(canaries: &[Canary]) -> Self {
        let mut needles: HashMap<_, Vec<_>> = HashMap::new();
        let mut beginnings = vec![0; (1 << 24) / 64];
        for canary in canaries {
            for needle in canary.needles() {
                let first = needle
                    .first_chunk()
                    .unwrap_or_else(|| panic!("{}: too short to be told apart", canary.place));
                let bit = beginning(first);
                beginnings[bit / 64] |= 1 << (bit % 64);
                needles
                    .entry(*first)
                    .or_default()
                    .push((needle.clone(), canary.place.clone()));
            }
        }
        Self {
            needles,
            beginnings,
        }
    }

    /// The canaries that sing in `bytes`, each with what stands around it.
    pub(crate) fn hits(&self, bytes: &[u8]) -> Vec<String> {
        let mut hits = Vec::new();
        self.each(bytes, |place, at| {
            let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + 60)];
            hits.push(format!("{place}: …{}…", String::from_utf8_lossy(around)));
        });
        hits
    }

    /// The places of those that sing in `bytes`.
    pub(crate) fn places(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut places = BTreeSet::new();
        self.each(bytes, |place, _| {
            places.insert(place.to_owned());
        });
        places
    }

    fn each(&self, bytes: &[u8], mut found: impl FnMut(&str, usize)) {
        let mut at = 0;
        while at + WINDOW <= bytes.len() {
            let bit = beginning(&bytes[at..]);
            if self.beginnings[bit / 64] & (1 << (bit % 64)) != 0 {
                let candidates = bytes[at..]
                    .first_chunk::<WINDOW>()
                    .and_then(|window| self.needles.get(window));
                for (needle, place) in candidates.into_iter().flatten() {
                    if bytes[at..].starts_with(needle) {
                        found(place, at);
                    }
                }
            }
            at += 1;
        }
    }
}

fn beginning(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])
}

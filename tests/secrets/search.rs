//! Looks for every form of every canary at once.

use crate::canary::Canary;
use std::collections::HashMap;

/// Bytes that a window is first compared by; no needle is shorter.
const WINDOW: usize = 8;

/// All needles of some canaries, by their first bytes.
pub(crate) struct Search {
    needles: HashMap<[u8; WINDOW], Vec<(Vec<u8>, String)>>,
}

impl Search {
    /// A search for `canaries`.
    pub(crate) fn new(canaries: &[Canary]) -> Self {
        let mut needles: HashMap<_, Vec<_>> = HashMap::new();
        for canary in canaries {
            for needle in canary.needles() {
                let first = needle
                    .first_chunk()
                    .unwrap_or_else(|| panic!("{}: too short to be told apart", canary.place));
                needles
                    .entry(*first)
                    .or_default()
                    .push((needle.clone(), canary.place.clone()));
            }
        }
        Self { needles }
    }

    /// The canaries that sing in `bytes`, each with what stands around it.
    pub(crate) fn hits(&self, bytes: &[u8]) -> Vec<String> {
        let mut hits = Vec::new();
        for (at, window) in bytes.windows(WINDOW).enumerate() {
            let Some(candidates) = window
                .first_chunk::<WINDOW>()
                .and_then(|window| self.needles.get(window))
            else {
                continue;
            };
            for (needle, place) in candidates {
                if bytes[at..].starts_with(needle) {
                    let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + 60)];
                    hits.push(format!("{place}: …{}…", String::from_utf8_lossy(around)));
                }
            }
        }
        hits
    }
}

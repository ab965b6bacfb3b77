//! The search for the highest rate that is held, as a function of verdicts alone: it asks for a rate and is told what came of it.
//!
//! From its start it goes up by a factor until a rate is not held (down, if the first one is not), then halves what lies between,
//! geometrically, until the bracket is as narrow as asked. A rate that is not held is asked once more and counts as not held only
//! if it fails again: on a machine with neighbours one hiccup would otherwise cost a fifth of the capacity. A bad second or two can still
//! fail both, and all that follows would then close in on that rate from below; so before the search ends, its upper end is asked a
//! last time, and if that is held now, the search goes on upwards from there. The price is small and known: a rate that is held one
//! time in two passes seven times in eight, so the search leans to the upper edge of what is in doubt.

use authbench_reports::number::rounded;
use authbench_reports::run_file::SearchEnd;

/// How often a search may go on after its upper end was held at last: two disturbances are bad luck, more are the machine.
const REOPENED_AT_MOST: u32 = 2;

/// What a search may ask, and how finely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SearchRange {
    /// The first rate.
    pub(crate) start_per_s: f64,
    /// The factor (above 1) by which the rate is changed until there is a bracket.
    pub(crate) growth: f64,
    /// No rate below this is asked.
    pub(crate) floor_per_s: f64,
    /// No rate above this is asked.
    pub(crate) ceiling_per_s: f64,
    /// The search ends when the bracket is at most this share wide.
    pub(crate) resolution: f64,
}

/// A search under way.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    range: SearchRange,
    asked_per_s: f64,
    in_doubt: bool,
    closing: bool,
    reopened: u32,
    held_per_s: Option<f64>,
    missed_per_s: Option<f64>,
    end: Option<SearchEnd>,
}

impl Search {
    /// A search that has asked nothing yet. A start outside of floor and ceiling is moved to the nearer of them.
    pub(crate) fn new(range: SearchRange) -> Self {
        let ceiling = range.ceiling_per_s;
        let floor_per_s = range.floor_per_s.min(ceiling);
        let range = SearchRange {
            floor_per_s,
            ..range
        };
        Self {
            asked_per_s: rounded(range.start_per_s).clamp(floor_per_s, ceiling),
            range,
            in_doubt: false,
            closing: false,
            reopened: 0,
            held_per_s: None,
            missed_per_s: None,
            end: None,
        }
    }

    /// The rate to probe next; `None` when the search is over.
    pub(crate) fn next(&self) -> Option<f64> {
        self.end.is_none().then_some(self.asked_per_s)
    }

    /// What came of the rate that [`Self::next`] named.
    pub(crate) fn tell(&mut self, held: bool) {
        if self.closing {
            self.close(held);
            return;
        }
        if !held && !self.in_doubt {
            self.in_doubt = true;
            return;
        }
        self.in_doubt = false;
        let asked = Some(self.asked_per_s);
        if held {
            self.held_per_s = asked;
        } else {
            self.missed_per_s = asked;
        }
        self.advance();
    }

    /// How it ended; `Interrupted` while it is not over.
    pub(crate) fn end(&self) -> SearchEnd {
        self.end.unwrap_or(SearchEnd::Interrupted)
    }

    /// The highest rate that was held.
    pub(crate) fn held_per_s(&self) -> Option<f64> {
        self.held_per_s
    }

    /// The lowest rate that was not.
    pub(crate) fn missed_per_s(&self) -> Option<f64> {
        self.missed_per_s
    }

    fn advance(&mut self) {
        let SearchRange {
            growth,
            floor_per_s: floor,
            ceiling_per_s: ceiling,
            ..
        } = self.range;
        match (self.held_per_s, self.missed_per_s) {
            (Some(held), None) if held >= ceiling => self.end = Some(SearchEnd::Ceiling),
            (Some(held), None) => self.asked_per_s = rounded(held * growth).min(ceiling),
            (None, Some(missed)) if missed <= floor => self.end = Some(SearchEnd::NothingHeld),
            (None, Some(missed)) => self.asked_per_s = rounded(missed / growth).max(floor),
            (Some(held), Some(missed)) => self.halve(held, missed),
            (None, None) => {}
        }
    }

    fn halve(&mut self, held: f64, missed: f64) {
        let middle = rounded((held * missed).sqrt());
        // Rates have four digits; between neighbours there is none to ask.
        if missed <= held * (1.0 + self.range.resolution) || middle <= held || middle >= missed {
            if self.reopened == REOPENED_AT_MOST {
                self.end = Some(SearchEnd::Bracketed);
            }
            self.asked_per_s = missed;
            self.closing = true;
        } else {
            self.asked_per_s = middle;
        }
    }

    /// What came of the last look at the upper end.
    fn close(&mut self, held: bool) {
        if !held {
            self.end = Some(SearchEnd::Bracketed);
            return;
        }
        self.closing = false;
        self.reopened += 1;
        self.held_per_s = self.missed_per_s.take();
        self.advance();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    const RANGE: SearchRange = SearchRange {
        start_per_s: 2000.0,
        growth: 2.0,
        floor_per_s: 30.0,
        ceiling_per_s: 1e6,
        resolution: 0.03,
    };

    /// Searches where `held` says of each rate whether it was held; with the rates that were asked.
    fn searched(range: SearchRange, mut held: impl FnMut(f64) -> bool) -> (Search, Vec<f64>) {
        let (mut search, mut asked) = (Search::new(range), Vec::new());
        while let Some(rate) = search.next() {
            asked.push(rate);
            search.tell(held(rate));
            assert!(asked.len() < 500, "does not end: {asked:?}");
        }
        (search, asked)
    }

    #[test]
    fn it_doubles_then_halves_asks_twice_where_a_rate_failed_and_looks_at_the_end_again() {
        let range = SearchRange {
            resolution: 0.2,
            ..RANGE
        };
        let (search, asked) = searched(range, |rate| rate <= 6000.0);
        assert_eq!(
            asked,
            [
                2000.0, 4000.0, 8000.0, 8000.0, 5657.0, 6727.0, 6727.0, 6727.0
            ]
        );
        assert_eq!(
            (search.held_per_s(), search.missed_per_s(), search.end()),
            (Some(5657.0), Some(6727.0), SearchEnd::Bracketed)
        );
    }

    #[test]
    fn one_hiccup_at_every_rate_costs_nothing() {
        let mut failed = Vec::new();
        let (search, _) = searched(RANGE, |rate| {
            let again = failed.contains(&rate.to_bits());
            failed.push(rate.to_bits());
            again && rate <= 20_000.0
        });
        let held = search.held_per_s().expect("some rate");
        assert!((19_400.0..=20_000.0).contains(&held), "{held}");
    }

    /// The fifth to the eighth probe fail whatever they ask: a second or two in which the machine did something else.
    #[test]
    fn a_bad_moment_that_fails_a_rate_twice_is_found_out_at_the_end() {
        let mut probes = 0;
        let (search, asked) = searched(RANGE, |rate| {
            probes += 1;
            !(5..9).contains(&probes) && rate <= 60_000.0
        });
        assert_eq!(asked[4..8], [32_000.0, 32_000.0, 22_630.0, 22_630.0]);
        let held = search.held_per_s().expect("some rate");
        assert!((58_000.0..=60_000.0).contains(&held), "{held} {asked:?}");
    }

    #[test]
    fn below_its_start_it_goes_down_and_finds_nothing_below_its_floor() {
        let (search, asked) = searched(RANGE, |rate| rate <= 100.0);
        let held = search.held_per_s().expect("some rate");
        assert!((97.0..=100.0).contains(&held), "{held}");
        assert_eq!(asked[..4], [2000.0, 2000.0, 1000.0, 1000.0]);
        let (search, asked) = searched(RANGE, |_| false);
        assert_eq!(
            (search.end(), search.held_per_s()),
            (SearchEnd::NothingHeld, None)
        );
        assert_eq!(asked.last(), Some(&30.0));
    }

    #[test]
    fn it_never_asks_more_than_its_ceiling() {
        let range = SearchRange {
            ceiling_per_s: 50_000.0,
            ..RANGE
        };
        let (search, asked) = searched(range, |_| true);
        assert_eq!(
            (search.end(), search.held_per_s()),
            (SearchEnd::Ceiling, Some(50_000.0))
        );
        assert_eq!(asked.last(), Some(&50_000.0));
        let low = SearchRange {
            ceiling_per_s: 10.0,
            ..RANGE
        };
        assert_eq!(searched(low, |_| true).1, [10.0]);
    }

    #[test]
    fn it_is_interrupted_until_it_is_over() {
        let mut search = Search::new(RANGE);
        search.tell(true);
        assert_eq!(search.end(), SearchEnd::Interrupted);
        assert_eq!(search.held_per_s(), Some(2000.0));
    }

    /// A target that fails now and then for reasons of its own: one probe in ten, whatever the rate.
    #[test]
    fn with_hiccups_the_median_of_five_searches_is_within_five_percent() {
        for seed in 0..50 {
            let mut draw = ChaCha8Rng::seed_from_u64(seed);
            let mut found: Vec<f64> = (0..5)
                .map(|_| {
                    let held = |rate| rate <= 30_000.0 && draw.random::<f64>() > 0.1;
                    searched(RANGE, held).0.held_per_s().expect("some rate")
                })
                .collect();
            found.sort_by(f64::total_cmp);
            assert!((28_500.0..=30_000.0).contains(&found[2]), "{found:?}");
        }
    }

    proptest! {
        #[test]
        fn a_steady_target_is_bracketed_as_finely_as_asked(
            capacity in 31.0..900_000.0_f64,
            start in 30.0..100_000.0_f64,
            growth in 1.1..3.0_f64,
            resolution in 0.005..0.3_f64,
        ) {
            let range = SearchRange { start_per_s: start, growth, resolution, ..RANGE };
            let (search, asked) = searched(range, |rate| rate <= capacity);
            let (held, missed) = (search.held_per_s().expect("held"), search.missed_per_s().expect("missed"));
            prop_assert_eq!(search.end(), SearchEnd::Bracketed);
            prop_assert!(held <= capacity && capacity < missed);
            prop_assert!(missed / held <= 1.0 + resolution + 2e-3);
            // Each rate twice at most; so many factors of growth, then halvings.
            let growths = (capacity / start).ln().abs() / growth.ln() + 2.0;
            let halvings = (growth.ln() / (1.0 + resolution).ln()).log2().max(0.0) + 2.0;
            prop_assert!(asked.len() as f64 <= 2.0 * (growths + halvings) + 1.0, "{asked:?}");
        }

        #[test]
        fn whatever_it_is_told_it_ends_within_its_range(seed: u64, share in 0.0..1.0_f64) {
            let mut draw = ChaCha8Rng::seed_from_u64(seed);
            let (search, asked) = searched(RANGE, |_| draw.random::<f64>() < share);
            prop_assert!(asked.iter().all(|rate| (30.0..=1e6).contains(rate)));
            if let (Some(held), Some(missed)) = (search.held_per_s(), search.missed_per_s()) {
                prop_assert!(held < missed);
            }
            prop_assert!(search.end() != SearchEnd::Interrupted);
        }
    }
}

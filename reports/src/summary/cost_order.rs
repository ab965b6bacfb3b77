//! Which of two targets costs less, as far as the rounds of their stream tell.

use super::Summary;
use super::load::RoundSpread;
use crate::comparison::paired::Paired;
use crate::comparison::quantity::Quantity;
use std::cmp::Ordering;

/// With fewer rounds than this their own spread says too little.
const PAIRS_NEEDED: usize = 5;
/// The chance of calling one of two that cost the same the cheaper, in each direction.
const LEVEL: f64 = 0.01;

impl Summary {
    /// Whether the target `one` costs less than `other`; equal where their rounds do not tell them apart.
    ///
    /// All targets share one stream, so what slows the machine down in a round slows it down for both: the ratios of the rounds are told apart
    /// by the paired t, beyond the margin within which two builds count as the same, too. With fewer rounds, or in files that do not have each of
    /// them, the two are alike where the cheapest and the dearest rounds overlap.
    #[must_use]
    pub fn by_cost(&self, one: &str, other: &str) -> Ordering {
        let found = |name: &str| self.targets.iter().find(|target| target.name == name);
        let (Some(one), Some(other)) = (found(one), found(other)) else {
            return Ordering::Equal;
        };
        let rounds = || Some((&one.load.as_ref()?.rounds, &other.load.as_ref()?.rounds));
        match (rounds(), one.cpu_us(), other.cpu_us()) {
            (Some((of_one, of_other)), Some(one_us), Some(other_us)) => {
                by_rounds(of_one, of_other).unwrap_or_else(|| one_us.total_cmp(&other_us))
            }
            _ => Ordering::Equal,
        }
    }
}

/// `None` without a spread of rounds.
fn by_rounds(one: &RoundSpread, other: &RoundSpread) -> Option<Ordering> {
    if let Some(paired) = paired(&one.cpu_us_by_round, &other.cpu_us_by_round) {
        let margin = Quantity::CpuPerRequest.log_margin();
        return Some(if paired.upper(LEVEL) < -margin {
            Ordering::Less
        } else if paired.lower(LEVEL) > margin {
            Ordering::Greater
        } else {
            Ordering::Equal
        });
    }
    let (one, other) = (one.cpu_us?, other.cpu_us?);
    Some(match one.overlaps(&other) {
        true => Ordering::Equal,
        false => one.min.total_cmp(&other.min),
    })
}

/// Of the ratios `one` ÷ `other`, round by round; a round that cost nothing has none.
fn paired(one: &[f64], other: &[f64]) -> Option<Paired> {
    if one.len() != other.len() || one.len() < PAIRS_NEEDED {
        return None;
    }
    let ratios: Vec<f64> = one.iter().zip(other).map(|(a, b)| (a / b).ln()).collect();
    ratios
        .iter()
        .all(|ratio| ratio.is_finite())
        .then(|| Paired::of(&ratios))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Spread;

    fn rounds(us: &[f64]) -> RoundSpread {
        RoundSpread {
            n: us.len() as u64,
            work_repeats: true,
            p50_ms: None,
            cpu_us: Spread::of(us),
            cpu_us_by_round: us.to_vec(),
        }
    }

    /// A machine that becomes half as fast again in the middle.
    const DRIFT: [f64; 6] = [80.0, 81.0, 79.0, 120.0, 121.0, 119.0];

    fn times(factor: f64) -> RoundSpread {
        // A little noise of its own, or every ratio would be the same.
        let noise = [1.0, 1.002, 0.998, 1.001, 0.999, 1.0];
        let us: Vec<f64> = DRIFT
            .iter()
            .zip(noise)
            .map(|(us, by)| us * factor * by)
            .collect();
        rounds(&us)
    }

    #[test]
    fn what_drifts_together_is_told_apart_although_the_rounds_overlap() {
        let (cheap, dear) = (rounds(&DRIFT), times(1.2));
        assert!(
            cheap
                .cpu_us
                .expect("rounds")
                .overlaps(&dear.cpu_us.expect("rounds"))
        );
        assert_eq!(by_rounds(&cheap, &dear), Some(Ordering::Less));
        assert_eq!(by_rounds(&dear, &cheap), Some(Ordering::Greater));
    }

    #[test]
    fn within_the_margin_or_the_noise_two_are_alike() {
        assert_eq!(
            by_rounds(&rounds(&DRIFT), &times(1.02)),
            Some(Ordering::Equal)
        );
        let noisy = rounds(&[80.0, 130.0, 79.0, 170.0, 90.0, 160.0]);
        assert_eq!(by_rounds(&rounds(&DRIFT), &noisy), Some(Ordering::Equal));
    }

    #[test]
    fn with_few_rounds_or_without_each_of_them_overlapping_ones_are_alike() {
        let few = |us: &[f64]| rounds(us);
        assert_eq!(
            by_rounds(&few(&[70.0, 72.0]), &few(&[71.0, 75.0])),
            Some(Ordering::Equal)
        );
        assert_eq!(
            by_rounds(&few(&[70.0, 72.0]), &few(&[73.0, 75.0])),
            Some(Ordering::Less)
        );
        let old = RoundSpread {
            cpu_us_by_round: Vec::new(),
            ..times(1.2)
        };
        assert_eq!(by_rounds(&rounds(&DRIFT), &old), Some(Ordering::Equal));
        let nothing = RoundSpread {
            cpu_us: None,
            ..old
        };
        assert_eq!(by_rounds(&rounds(&DRIFT), &nothing), None);
    }
}

//! One target at several lifetimes of one thing (a token, a cache entry, a list): the lag over the lifetime, held against theory.
//!
//! Whatever is believed for a time T and asked anew when that is over, is revoked at a random age: what is left is uniform from 0 to T. So half
//! of the callers are out after T ÷ 2, and all after T, a leeway added to either. A form follows the theory when its median is no further from
//! T ÷ 2 than chance allows once in a thousand times, and no lag was certainly longer than T.

use crate::frontier::guarding;
use crate::settings;
use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};
use std::collections::BTreeMap;

/// `exp` has whole seconds, so a token may live this much less than its `access_ttl`.
const WHOLE_SECONDS_MS: f64 = 1000.0;
/// Standard deviations beyond which a median is odder than one in a thousand.
const ODD: f64 = 3.29;
/// Lifetimes that nobody waits for, in seconds: where all forms follow the theory, it is computed for those that are longer than any watched.
const PROJECTED_S: [f64; 3] = [60.0, 300.0, 3600.0];
/// Through fewer forms any line goes.
const FORMS_FOR_A_FIT: usize = 3;

/// One target whose forms differ in one lifetime alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Lifetimes<'a> {
    /// The target of which all are forms.
    pub of: String,
    /// The variable that differs: `access_ttl`, `introspection_cache`, …
    pub key: String,
    /// The event whose lags are compared.
    pub event: &'a str,
    /// The enforcement point.
    pub point: &'a str,
    /// The forms, the shortest lifetime first.
    pub forms: Vec<Form<'a>>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Form<'a> {
    /// The target's name.
    pub target: &'a str,
    /// The lifetime in seconds.
    pub lifetime_s: f64,
    /// What is added to it, in seconds.
    pub leeway_s: f64,
    /// Its lags.
    pub row: &'a RevocationSummary,
    /// Whether they are what theory says.
    pub theory: Theory,
}

/// What lags say of the theory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theory {
    /// Median and maximum are as it says.
    Followed,
    /// The median is too far from half of the lifetime.
    MedianOff,
    /// Some lag was certainly longer than the lifetime.
    LongerThanLifetime,
    /// Most callers were never accepted again, or observation ended first: something else than the lifetime ends acceptance, or nothing does.
    DoesNotApply,
}

/// A straight line through the forms: `slope` × lifetime + `intercept_ms`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Milliseconds of lag per millisecond of lifetime.
    pub slope: f64,
    /// Milliseconds.
    pub intercept_ms: f64,
}

/// What theory says of a lifetime that was not watched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    /// The lifetime in seconds.
    pub lifetime_s: f64,
    /// Half of it, and the leeway.
    pub p50_ms: f64,
    /// All of it, and the leeway.
    pub max_ms: f64,
}

impl<'a> Lifetimes<'a> {
    /// Every set of targets in `summary` that are forms of one and differ in one lifetime alone.
    #[must_use]
    pub fn of(summary: &'a Summary) -> Vec<Self> {
        let targets = || {
            summary
                .targets
                .iter()
                .filter(|target| !target.revocation.is_empty())
        };
        let mut keys: Vec<&str> = targets()
            .filter_map(|target| target.variant.as_ref())
            .flat_map(|variant| &variant.vars)
            .filter(|(_, value)| settings::seconds(value).is_some())
            .map(|(key, _)| key.as_str())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let mut found = Vec::new();
        for key in keys {
            let mut alike: BTreeMap<Alike, Vec<(f64, &TargetSummary)>> = BTreeMap::new();
            for target in targets() {
                if let Some(lifetime_s) = lifetime_s(target, key) {
                    alike
                        .entry(Alike::but(target, key))
                        .or_default()
                        .push((lifetime_s, target));
                }
            }
            found.extend(
                alike
                    .into_iter()
                    .filter_map(|(alike, forms)| Self::through(alike.of, key, forms)),
            );
        }
        found
    }

    fn through(of: String, key: &str, mut forms: Vec<(f64, &'a TargetSummary)>) -> Option<Self> {
        forms.sort_by(|(one, _), (next, _)| one.total_cmp(next));
        forms.dedup_by(|(later, _), (earlier, _)| later == earlier);
        let (_, first) = *forms.first().filter(|_| forms.len() > 1)?;
        let compared = guarding(first).find(|row| {
            forms
                .iter()
                .all(|(_, target)| row_of(target, &row.event, &row.point).is_some())
        })?;
        let (event, point) = (compared.event.as_str(), compared.point.as_str());
        let forms = forms.into_iter().filter_map(|(lifetime_s, target)| {
            let row = row_of(target, event, point)?;
            let leeway_s = row.settings.seconds("leeway").unwrap_or(0.0);
            Some(Form {
                target: &target.name,
                lifetime_s,
                leeway_s,
                row,
                theory: Theory::of(row, key, lifetime_s, leeway_s),
            })
        });
        Some(Self {
            of,
            key: key.to_owned(),
            event,
            point,
            forms: forms.collect(),
        })
    }

    /// Whether every form follows the theory.
    #[must_use]
    pub fn followed(&self) -> bool {
        self.forms
            .iter()
            .all(|form| form.theory == Theory::Followed)
    }

    /// A line through the medians and one through the maxima (least squares); `None` with fewer than three forms, or where a figure is missing.
    #[must_use]
    pub fn fits(&self) -> Option<[Fit; 2]> {
        let through = |of: &dyn Fn(&Form<'a>) -> Option<f64>| {
            let points: Option<Vec<(f64, f64)>> = self
                .forms
                .iter()
                .map(|form| Some((form.lifetime_s * 1e3, of(form)?)))
                .collect();
            Fit::through(&points?)
        };
        Some([through(&Form::p50_ms)?, through(&Form::max_ms)?])
    }

    /// For lifetimes longer than any that was watched; empty where a form does not follow the theory.
    #[must_use]
    pub fn projections(&self) -> Vec<Projection> {
        let watched = self.forms.last().map_or(0.0, |form| form.lifetime_s);
        let leeway_s = self.forms.last().map_or(0.0, |form| form.leeway_s);
        let longer = PROJECTED_S
            .into_iter()
            .filter(|seconds| *seconds > watched && self.followed());
        longer
            .map(|lifetime_s| Projection {
                lifetime_s,
                p50_ms: (lifetime_s / 2.0 + leeway_s) * 1e3,
                max_ms: (lifetime_s + leeway_s) * 1e3,
            })
            .collect()
    }
}

impl Form<'_> {
    /// Half of all callers were out by then, the ones that were never accepted included.
    #[must_use]
    pub fn p50_ms(&self) -> Option<f64> {
        self.row.out_by_ms?.p50
    }

    /// All of them were.
    #[must_use]
    pub fn max_ms(&self) -> Option<f64> {
        self.row.out_by_ms?.max
    }
}

impl Theory {
    fn of(row: &RevocationSummary, key: &str, lifetime_s: f64, leeway_s: f64) -> Self {
        let (lifetime_ms, leeway_ms) = (lifetime_s * 1e3, leeway_s * 1e3);
        if row.certain_max_ms.unwrap_or(0.0) > lifetime_ms + leeway_ms {
            return Self::LongerThanLifetime;
        }
        let Some(p50_ms) = row.out_by_ms.and_then(|out| out.p50) else {
            return Self::DoesNotApply;
        };
        if row.censored > 0 || row.typically_immediate() {
            return Self::DoesNotApply;
        }
        let shorter_ms = if key == "access_ttl" {
            WHOLE_SECONDS_MS.min(lifetime_ms)
        } else {
            0.0
        };
        // The median of n uniform draws has the standard deviation 1 ÷ (2 √n).
        let chance_ms = ODD * lifetime_ms / (2.0 * (row.sampled() as f64).sqrt());
        let width_ms = row.resolution_ms.unwrap_or(0.0);
        let from = (lifetime_ms - shorter_ms) / 2.0 + leeway_ms - chance_ms;
        let until = lifetime_ms / 2.0 + leeway_ms + chance_ms + width_ms;
        if (from..=until).contains(&p50_ms) {
            Self::Followed
        } else {
            Self::MedianOff
        }
    }

    /// In a few words.
    #[must_use]
    pub fn said(self) -> &'static str {
        match self {
            Self::Followed => "followed",
            Self::MedianOff => "median off",
            Self::LongerThanLifetime => "longer than the lifetime",
            Self::DoesNotApply => "does not apply",
        }
    }
}

impl Fit {
    /// Least squares through (lifetime, lag), both in milliseconds.
    fn through(points: &[(f64, f64)]) -> Option<Self> {
        if points.len() < FORMS_FOR_A_FIT {
            return None;
        }
        let n = points.len() as f64;
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
        let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let together: f64 = points
            .iter()
            .map(|(x, y)| (x - mean_x) * (y - mean_y))
            .sum();
        let slope = together / spread;
        Some(Self {
            slope,
            intercept_ms: mean_y - slope * mean_x,
        })
    }
}

/// What forms have in common: the file, and every other variable that was set.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    of: String,
    vars: BTreeMap<String, String>,
}

impl Alike {
    fn but(target: &TargetSummary, key: &str) -> Self {
        let variant = target.variant.as_ref();
        let mut vars = variant.map_or_else(BTreeMap::new, |variant| variant.vars.clone());
        vars.remove(key);
        Self {
            of: variant.map_or_else(|| target.name.clone(), |variant| variant.of.clone()),
            vars,
        }
    }
}

/// As the form sets it; of the file as it stands, as its settings say.
fn lifetime_s(target: &TargetSummary, key: &str) -> Option<f64> {
    let variant = target.variant.as_ref();
    let set = variant.and_then(|variant| settings::seconds(variant.vars.get(key)?));
    let settings = || target.revocation.first()?.settings.seconds(key);
    set.or_else(settings).filter(|seconds| *seconds > 0.0)
}

fn row_of<'a>(
    target: &'a TargetSummary,
    event: &str,
    point: &str,
) -> Option<&'a RevocationSummary> {
    guarding(target).find(|row| row.event == event && row.point == point)
}

#[cfg(test)]
mod tests {
    use super::Fit;

    #[test]
    fn a_line_goes_through_points_that_lie_on_one() {
        let fit = Fit::through(&[(1000.0, 505.0), (2000.0, 1005.0), (5000.0, 2505.0)]);
        let fit = fit.expect("three points");
        assert!((fit.slope - 0.5).abs() < 1e-9 && (fit.intercept_ms - 5.0).abs() < 1e-6);
        assert_eq!(Fit::through(&[(1.0, 1.0), (2.0, 2.0)]), None);
    }
}

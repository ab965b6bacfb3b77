//! A run held against the thresholds of its scenarios.

use super::asked::{Asked, Measured, asked};
use super::declared::Declared;
use super::figure::{in_searches, in_stream, in_words};
use super::lag::{held_against, points};
use super::{
    Comparison, EVERY_TARGET, LagFigure, Limit, Metric, Threshold, ThresholdOutcome,
    ThresholdResult,
};
use crate::run_file::{RunFile, TargetRecord};
use crate::summary::lag::carries_traffic;
use crate::validity::{Doubts, Figures};

/// What became of every threshold of `run`, in the order of its scenarios, then of its targets.
#[must_use]
pub fn judge(run: &RunFile) -> Vec<ThresholdResult> {
    let asked = asked(run);
    if asked.is_empty() {
        return Vec::new();
    }
    let judge = Judge {
        run,
        doubts: Doubts::of(run),
    };
    asked
        .iter()
        .flat_map(|asked| judge.scenario(asked))
        .collect()
}

struct Judge<'a> {
    run: &'a RunFile,
    doubts: Doubts,
}

/// One threshold of one target.
struct Case<'a> {
    asked: &'a Asked<'a>,
    target: &'a TargetRecord,
    declared: &'a Declared,
    threshold: &'a Threshold,
    measured: Measured<'a>,
}

impl Judge<'_> {
    fn scenario(&self, asked: &Asked<'_>) -> Vec<ThresholdResult> {
        let common = asked.thresholds.common();
        let mut concerns_somebody = vec![false; common.len()];
        let mut results = Vec::new();
        for target in self.run.targets.iter().filter(|target| asked.has(target)) {
            let own = asked.thresholds.own(&target.name);
            let replaced =
                |common: &Declared| own.iter().any(|own| own.metric() == common.metric());
            for (declared, somebody) in common.iter().zip(&mut concerns_somebody) {
                if asked.concerns(declared, target) {
                    *somebody = true;
                    if !replaced(declared) {
                        results.extend(self.of_target(asked, target, declared));
                    }
                }
            }
            for declared in &own {
                results.extend(self.of_target(asked, target, declared));
            }
        }
        let nobody = common.iter().zip(concerns_somebody);
        let nobody = nobody.filter(|(_, somebody)| !somebody);
        results.extend(nobody.map(|(declared, _)| {
            let what = "no target of the run has such a figure";
            not_shown(asked, EVERY_TARGET, declared, what.to_owned())
        }));
        results.extend(self.of_nobody(asked));
        results
    }

    /// What is asked of targets that were not part of the run: a name that is spelt wrong must not pass.
    fn of_nobody(&self, asked: &Asked<'_>) -> Vec<ThresholdResult> {
        let part_of_run = |name: &str| {
            let mut targets = self.run.targets.iter();
            targets.any(|target| target.name == name && asked.has(target))
        };
        let names = asked.thresholds.of.keys();
        names
            .filter(|name| !part_of_run(name))
            .flat_map(|name| {
                let own = asked.thresholds.own(name);
                let what = || "it was no part of the run".to_owned();
                let results = own.iter().map(|own| not_shown(asked, name, own, what()));
                results.collect::<Vec<_>>()
            })
            .collect()
    }

    /// One result; of lags, one for each point.
    fn of_target(
        &self,
        asked: &Asked<'_>,
        target: &TargetRecord,
        declared: &Declared,
    ) -> Vec<ThresholdResult> {
        let not_shown = |what: String| vec![not_shown(asked, &target.name, declared, what)];
        let threshold = match &declared.threshold {
            Ok(threshold) => threshold,
            Err(error) => return not_shown(format!("this program does not know it: {error}")),
        };
        let Some(measured) = asked.measured(threshold.metric.part(), target) else {
            return not_shown("it was not measured".to_owned());
        };
        let case = Case {
            asked,
            target,
            declared,
            threshold,
            measured,
        };
        match &threshold.metric {
            Metric::Revocation { event, figure } => self.lags(&case, event, *figure),
            Metric::Capacity => vec![self.capacity(&case)],
            _ => vec![self.stream(&case)],
        }
    }

    fn stream(&self, case: &Case<'_>) -> ThresholdResult {
        let metric = &case.threshold.metric;
        let record = case.measured.record;
        let found = match &record.steady {
            Some(steady) => in_stream(metric, record, steady, case.target),
            None => Err("it was not measured".to_owned()),
        };
        let figures = match metric {
            Metric::Response(_) | Metric::CpuTotal => Figures::Timing,
            Metric::WireBytes | Metric::StoreCommands => Figures::Work,
            _ => Figures::Counts,
        };
        match found {
            Ok(figure) => {
                let holds = case.holds(figure);
                self.doubted(case, figures, case.result(figure, holds))
            }
            Err(why) => not_shown(case.asked, &case.target.name, case.declared, why),
        }
    }

    /// What is only a lower bound shows that a target holds enough, and nothing else.
    fn capacity(&self, case: &Case<'_>) -> ThresholdResult {
        let record = case.measured.record;
        match in_searches(&self.run.manifest, record, case.target) {
            Ok((per_s, at_least)) => {
                let holds = case.holds(per_s);
                let mut result = case.result(per_s, holds);
                let comparison = case.threshold.comparison;
                let enough = holds && matches!(comparison, Comparison::Above | Comparison::AtLeast);
                if at_least && !enough {
                    result.outcome = ThresholdOutcome::NotShown;
                    result.what =
                        format!("at least {}: something else gave out first", result.what);
                }
                self.doubted(case, Figures::Capacity, result)
            }
            Err(why) => not_shown(case.asked, &case.target.name, case.declared, why),
        }
    }

    fn lags(&self, case: &Case<'_>, event: &str, figure: LagFigure) -> Vec<ThresholdResult> {
        let record = case.measured.record;
        let events = record.revocation.iter().flat_map(|record| &record.events);
        let mut of_target = events.filter(|record| record.target == case.target.name);
        let Some(found) = of_target.find(|record| record.event == event) else {
            let why = format!("`{event}` was not made there");
            return vec![not_shown(case.asked, &case.target.name, case.declared, why)];
        };
        let limit = case.threshold.limit;
        let points = points(found, limit, |point| carries_traffic(case.target, point));
        if points.is_empty() {
            let why = match limit {
                Limit::Bound => "it promises no bound at any point",
                Limit::Value(_) => "no point of it was probed",
            };
            let result = not_shown(case.asked, &case.target.name, case.declared, why.to_owned());
            return vec![result];
        }
        let at_point = |point: &str| {
            let at = held_against(found, point, figure, case.threshold.comparison, limit);
            let result = ThresholdResult {
                point: Some(point.to_owned()),
                outcome: at.outcome,
                figure: at.figure_ms,
                limit: at.limit_ms,
                ..case.result(0.0, false)
            };
            let result = ThresholdResult {
                what: at.what,
                ..result
            };
            self.doubted(case, Figures::Lag(event), result)
        };
        points.into_iter().map(at_point).collect()
    }

    /// A figure that the run's own checks do not trust shows nothing, however it lies.
    fn doubted(
        &self,
        case: &Case<'_>,
        figures: Figures<'_>,
        result: ThresholdResult,
    ) -> ThresholdResult {
        let doubt = self
            .doubts
            .about(case.measured.number, &case.target.name, figures);
        match doubt {
            Some(finding) if result.outcome != ThresholdOutcome::NotShown => ThresholdResult {
                outcome: ThresholdOutcome::NotShown,
                what: format!(
                    "{}, and that is not to be trusted: {}",
                    result.what, finding.what
                ),
                ..result
            },
            _ => result,
        }
    }
}

impl Case<'_> {
    fn holds(&self, figure: f64) -> bool {
        match self.threshold.limit {
            Limit::Value(limit) => self.threshold.comparison.holds(figure, limit),
            Limit::Bound => false,
        }
    }

    fn result(&self, figure: f64, holds: bool) -> ThresholdResult {
        let unit = self.threshold.metric.unit();
        let limit = match self.threshold.limit {
            Limit::Value(limit) => Some(limit),
            Limit::Bound => None,
        };
        ThresholdResult {
            scenario: self.asked.scenario.to_owned(),
            target: self.target.name.clone(),
            point: None,
            threshold: self.declared.text.clone(),
            outcome: if holds {
                ThresholdOutcome::Kept
            } else {
                ThresholdOutcome::NotKept
            },
            figure: Some(figure),
            limit,
            unit: Some(unit),
            what: in_words(figure, unit),
        }
    }
}

fn not_shown(
    asked: &Asked<'_>,
    target: &str,
    declared: &Declared,
    what: String,
) -> ThresholdResult {
    ThresholdResult {
        scenario: asked.scenario.to_owned(),
        target: target.to_owned(),
        point: None,
        threshold: declared.text.clone(),
        outcome: ThresholdOutcome::NotShown,
        figure: None,
        limit: None,
        unit: None,
        what,
    }
}

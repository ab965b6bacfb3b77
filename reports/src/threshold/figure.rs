//! The figures of streams and searches that thresholds are about: those that the summary prints.

use super::{Metric, ResponseFigure, Unit};
use crate::histogram::SAMPLES_BEYOND;
use crate::number::{count, exact, percent, rounded, significant, span};
use crate::run_file::{Manifest, ScenarioRecord, SteadyRecord, TargetRecord};
use crate::settings::Settings;
use crate::summary::capacity::CapacitySummary;
use crate::summary::load::{LoadSummary, merged_response};

/// A figure, or why there is none.
pub(super) type Found = Result<f64, String>;

/// Of `target` in the stream of `scenario`.
pub(super) fn in_stream(
    metric: &Metric,
    scenario: &ScenarioRecord,
    steady: &SteadyRecord,
    target: &TargetRecord,
) -> Found {
    let settings = scenario.settings.get(&target.name).map(Settings::of);
    let load = LoadSummary::of(steady, target, &settings.unwrap_or_default())
        .ok_or("no request was sent to it")?;
    match metric {
        Metric::Response(figure) => response(*figure, steady, target, &load),
        Metric::CpuTotal => {
            let cpu = load.cpu_us_per_request;
            let total = cpu.map(|cpu| cpu.total);
            total.ok_or_else(|| "the CPU of its processes was not measured".to_owned())
        }
        Metric::WireBytes => {
            let bytes = load.wire_bytes_per_request;
            Ok(rounded(bytes.sent + bytes.received))
        }
        Metric::StoreCommands => load
            .store_commands_per_request
            .ok_or_else(|| "it declares no counters of store commands".to_owned()),
        Metric::Achieved => Ok(rounded(load.achieved_per_s / load.offered_per_s)),
        Metric::Unexpected => Ok(load.unexpected as f64),
        Metric::Unsent => Ok(load.unsent as f64),
        Metric::Revocation { .. } | Metric::Capacity => Err("a stream has none".to_owned()),
    }
}

fn response(
    figure: ResponseFigure,
    steady: &SteadyRecord,
    target: &TargetRecord,
    load: &LoadSummary,
) -> Found {
    let (quantile, found) = match figure {
        ResponseFigure::P50 => (0.5, load.response_ms.p50),
        ResponseFigure::P90 => (0.9, load.response_ms.p90),
        ResponseFigure::P99 => (0.99, load.response_ms.p99),
        ResponseFigure::P999 => {
            let all = merged_response(steady, &target.name);
            (0.999, all.quantile_ms(0.999).map(rounded))
        }
        ResponseFigure::Max => (1.0, load.response_ms.max),
    };
    found.ok_or_else(|| {
        let needed = SAMPLES_BEYOND / (1.0 - quantile);
        format!(
            "{} of {} requests that it needs were sent",
            count(load.requests),
            count(needed.round() as u64)
        )
    })
}

/// The capacity of `target` in the searches of `scenario`, and whether it may hold more.
pub(super) fn in_searches(
    manifest: &Manifest,
    scenario: &ScenarioRecord,
    target: &TargetRecord,
) -> Result<(f64, bool), String> {
    let found = CapacitySummary::in_scenario(manifest, scenario, &target.name)
        .ok_or("no search at it came to its end")?;
    let per_s = found.per_s.ok_or("it held no rate within its objective")?;
    Ok((per_s, found.at_least))
}

/// `figure` with its unit, as people write it.
pub(super) fn in_words(figure: f64, unit: Unit) -> String {
    match unit {
        Unit::Ms => span(figure),
        Unit::Us => format!("{} µs of CPU per request", significant(figure)),
        Unit::Bytes => format!("{} bytes per request", significant(figure)),
        Unit::Commands => format!("{} store commands per request", exact(figure)),
        Unit::Share => format!("{} of the rate asked", percent(figure)),
        Unit::Count => count(figure as u64),
        Unit::PerS => format!("{} requests/s", significant(figure)),
    }
}

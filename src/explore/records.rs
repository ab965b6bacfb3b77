//! From what `servers` explored to what `reports` keeps.

use authbench_reports::interleavings::{
    BrokenRecord, CastRecord, CurvePoint, HttpPoint, NoticedRecord, OutcomeRecord, Share,
    StepRecord, TheftRecord, TimingRecord,
};
use authbench_reports::number::rounded;
use authbench_reports::statistics::order_statistic;
use authbench_servers::rotation::interleavings::drawn::{Drawn, SessionOutcome, TheftOutcome};
use authbench_servers::rotation::interleavings::explore::{
    Broken, Exploration, Explored, OrderOutcome,
};
use authbench_servers::rotation::interleavings::over_http::Measured;
use authbench_servers::rotation::interleavings::timing::Timing;

pub(super) fn cast(exploration: &Exploration, explored: &Explored) -> CastRecord {
    CastRecord {
        cast: exploration.cast.name.to_owned(),
        about: exploration.cast.about.to_owned(),
        grace_s: exploration.grace.as_secs_f64(),
        orders: explored.orders,
        points: explored.points,
        cut: explored.cut,
        longest: explored.longest,
        outcomes: explored.outcomes.iter().map(outcome).collect(),
        broken: explored.broken.iter().map(broken).collect(),
    }
}

fn outcome((outcome, orders): (&OrderOutcome, &u64)) -> OutcomeRecord {
    OutcomeRecord {
        orders: *orders,
        thief_acted: outcome.thief_acted,
        detected_at_step: outcome.detected.map(|detected| detected.step),
        detected_at_ms: outcome.detected.map(|detected| detected.at_ms),
        stolen: outcome.stolen,
        honest_out: outcome.honest_out,
    }
}

fn broken(broken: &Broken) -> BrokenRecord {
    let steps = broken.shortest.iter().map(|told| StepRecord {
        at_ms: told.at_ms,
        who: told.who.to_owned(),
        what: told.what.clone(),
    });
    BrokenRecord {
        invariant: broken.invariant.name().to_owned(),
        says: broken.invariant.sentence().to_owned(),
        source: broken.invariant.source().to_owned(),
        orders: broken.orders,
        shortest: steps.collect(),
    }
}

pub(super) fn timing(timing: &Timing) -> TimingRecord {
    let noticed = timing.noticed.iter().map(|noticed| NoticedRecord {
        how: noticed.how.to_owned(),
        share: noticed.share,
        at_least_s: noticed.at_least.as_secs_f64(),
        then_s: noticed.then.as_secs_f64(),
    });
    TimingRecord {
        period_s: timing.period.as_secs_f64(),
        rounds: timing.rounds,
        gap_s: timing.gap.as_secs_f64(),
        one_way_s: timing.one_way.as_secs_f64(),
        lost: timing.lost,
        noticed: noticed.collect(),
        theft_delay_s: timing.theft_delay.as_secs_f64(),
    }
}

pub(super) fn point(drawn: &Drawn) -> CurvePoint {
    let sessions = drawn.honest.iter().chain(&drawn.thefts);
    CurvePoint {
        grace_s: drawn.grace.as_secs_f64(),
        logged_out: logged_out(&drawn.honest),
        theft: theft(&drawn.thefts),
        broken: sessions.filter(|one| one.broken.is_some()).count() as u64,
    }
}

pub(super) fn http_point(measured: &Measured, drawn: &Drawn) -> HttpPoint {
    let sessions = measured.honest.iter().chain(&measured.thefts);
    let mut broken: Vec<String> = sessions
        .filter_map(|one| Some(one.broken?.name().to_owned()))
        .collect();
    broken.sort_unstable();
    broken.dedup();
    HttpPoint {
        grace_s: drawn.grace.as_secs_f64(),
        requests: measured.requests,
        logged_out: logged_out(&measured.honest),
        logged_out_predicted: logged_out(&drawn.honest),
        detected: theft(&measured.thefts).detected,
        detected_predicted: theft(&drawn.thefts).detected,
        broken,
    }
}

fn logged_out(sessions: &[SessionOutcome]) -> Share {
    let out = sessions.iter().filter(|one| one.honest_out_ms.is_some());
    Share::of(out.count() as u64, sessions.len() as u64)
}

/// Of those in which a copy was used while its family lived.
fn theft(sessions: &[SessionOutcome]) -> TheftRecord {
    let thefts: Vec<TheftOutcome> = sessions.iter().filter_map(|one| one.theft).collect();
    let mut after_s: Vec<f64> = thefts
        .iter()
        .map(|theft| {
            theft
                .detected_after_ms
                .map_or(f64::INFINITY, |ms| ms as f64 / 1e3)
        })
        .collect();
    after_s.sort_by(f64::total_cmp);
    let quantile = |quantile| {
        order_statistic(&after_s, quantile)
            .filter(|s| s.is_finite())
            .map(rounded)
    };
    let detected = after_s.iter().filter(|s| s.is_finite()).count() as u64;
    let stolen: u64 = thefts.iter().map(|theft| u64::from(theft.stolen)).sum();
    TheftRecord {
        detected: Share::of(detected, thefts.len() as u64),
        detected_p50_s: quantile(0.5),
        detected_p90_s: quantile(0.9),
        stolen_mean: rounded(stolen as f64 / thefts.len().max(1) as f64),
        stolen_max: thefts.iter().map(|theft| theft.stolen).max().unwrap_or(0),
    }
}

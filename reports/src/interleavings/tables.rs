//! The tables of an exploration.

use super::{CastRecord, CurvePoint, InterleavingsFile};
use crate::number::{count, exact, percent};
use crate::render::table::{ABSENT, Row, Table};

/// Title of the table of verdicts.
pub(super) const VERDICTS: &str = "Verdicts";

/// A grace as tables and charts show it: `0 s`, `250 ms`, `10 s`, `5 min`.
pub(super) fn grace(seconds: f64) -> String {
    match seconds {
        0.0 => "0 s".to_owned(),
        brief if brief < 1.0 => format!("{} ms", exact(brief * 1e3)),
        long if long >= 120.0 => format!("{} min", exact(long / 60.0)),
        _ => format!("{} s", exact(seconds)),
    }
}

/// How often what happens, by grace.
pub(super) fn curve(file: &InterleavingsFile) -> Table {
    let columns = [
        "grace",
        "#logged out",
        "#95 % interval",
        "#thefts found",
        "#found after, p50 s",
        "#p90 s",
        "#granted to thief, mean",
        "#most",
    ];
    let note = format!(
        "{} sessions without a thief and as many with one, drawn from the timing model; each grace meets the same sessions. \
         Logged out: by mistake, of those without a thief. Found after: from the thief's first request, thefts not found counted as longest.",
        count(file.curve.first().map_or(0, |point| point.logged_out.of))
    );
    let mut table = Table::new("By grace window", note, &columns);
    table
        .rows
        .extend(file.curve.iter().map(|point| curve_row(file, point)));
    table
}

fn curve_row(file: &InterleavingsFile, point: &CurvePoint) -> Row {
    let theft = &point.theft;
    let seconds = |value: Option<f64>| value.map_or_else(|| ABSENT.to_owned(), exact);
    let knee = file.knee_s == Some(point.grace_s);
    Row {
        heading: None,
        detail: knee.then(|| "the knee".to_owned()),
        cells: vec![
            grace(point.grace_s),
            point.logged_out.percent(),
            point.logged_out.interval(),
            theft.detected.percent(),
            seconds(theft.detected_p50_s),
            seconds(theft.detected_p90_s),
            exact(theft.stolen_mean),
            count(u64::from(theft.stolen_max)),
        ],
    }
}

/// What was explored.
pub(super) fn orders(file: &InterleavingsFile) -> Table {
    let columns = [
        "cast",
        "#grace",
        "#orders",
        "#distinct points",
        "#cut",
        "#logged out, no thief",
        "#thefts hidden",
        "#broken",
    ];
    let note = format!(
        "Every order of the first {} steps, what is left after them (*cut*) in one fixed order. Points of orders at which everything is \
         alike were played once. Shares are of orders, which are not equally likely: they say what can happen, not how often.",
        file.depth
    );
    let mut table = Table::new("Every order", note, &columns);
    let mut above = None;
    for cast in &file.explored {
        let heading = format!("{}: {}", cast.cast, cast.about);
        table.rows.push(Row {
            heading: (above != Some(&cast.cast)).then_some(heading),
            detail: None,
            cells: orders_row(cast),
        });
        above = Some(&cast.cast);
    }
    table
}

fn orders_row(cast: &CastRecord) -> Vec<String> {
    let share = |part: u64, whole: u64| match whole {
        0 => ABSENT.to_owned(),
        _ => percent(part as f64 / whole as f64),
    };
    let thefts = cast.orders_with(|one| one.stolen > 0);
    let hidden = cast.orders_with(|one| one.stolen > 0 && one.detected_at_step.is_none());
    let honest = cast.orders_with(|one| !one.thief_acted);
    let out = cast.orders_with(|one| !one.thief_acted && one.honest_out);
    let broken = cast.broken.iter().map(|broken| broken.orders);
    vec![
        cast.cast.clone(),
        grace(cast.grace_s),
        count(cast.orders),
        count(cast.points),
        count(cast.cut),
        share(out, honest),
        share(hidden, thefts),
        count(broken.sum()),
    ]
}

/// What was measured beside what the explorer says.
pub(super) fn over_http(file: &InterleavingsFile) -> Table {
    let columns = [
        "grace",
        "#requests",
        "#logged out",
        "#as explored",
        "#thefts found",
        "#as explored ",
        "agrees",
        "broken",
    ];
    let Some(http) = &file.over_http else {
        return Table::new("Over HTTP", "", &columns);
    };
    let note = format!(
        "The same kind of sessions, with access tokens of {} s, against a running authorization server with {}; they agree where they are within four \
         standard deviations of so many sessions.",
        exact(http.timing.period_s),
        http.store
    );
    let mut table = Table::new("Over HTTP", note, &columns);
    let rows = http.points.iter().map(|point| Row {
        cells: vec![
            grace(point.grace_s),
            count(point.requests),
            point.logged_out.percent(),
            point.logged_out_predicted.percent(),
            point.detected.percent(),
            point.detected_predicted.percent(),
            if point.agrees() { "yes" } else { "NO" }.to_owned(),
            match point.broken.as_slice() {
                [] => ABSENT.to_owned(),
                broken => broken.join(", "),
            },
        ],
        ..Row::default()
    });
    table.rows.extend(rows);
    table
}

/// What the standards ask.
pub(super) fn verdicts(file: &InterleavingsFile) -> Table {
    let columns = ["grace", "verdict", "seen"];
    let mut table = Table::new(VERDICTS, "", &columns);
    let mut rules: Vec<(&str, &str)> = Vec::new();
    for verdict in &file.verdicts {
        let rule = (verdict.source.as_str(), verdict.rule.as_str());
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    for (source, rule) in rules {
        let of_rule = file.verdicts.iter();
        let of_rule =
            of_rule.filter(|one| (one.source.as_str(), one.rule.as_str()) == (source, rule));
        for (number, verdict) in of_rule.enumerate() {
            table.rows.push(Row {
                heading: (number == 0).then(|| format!("{source}: {rule}")),
                detail: None,
                cells: vec![
                    grace(verdict.grace_s),
                    verdict.kept.name().to_owned(),
                    verdict.why.clone(),
                ],
            });
        }
    }
    table
}

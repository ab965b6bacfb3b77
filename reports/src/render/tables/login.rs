//! What a login storm does, at each rate.

use super::{figure, settings};
use crate::number::{count, exact, significant};
use crate::render::table::{ABSENT, Row, Table};
use crate::summary::load::CpuPerRequest;
use crate::summary::login::{LoginPoint, LoginSummary, OtherRoutes};
use crate::summary::{Summary, TargetSummary};

const STORMS: &str = "One target at a time, a stream on its other routes all the while; all rounds merged. Response time is from the intended start, service from the \
    moment it was sent: the target's own queue before the hash is in both, waiting for a connection in the first only. Turned away: 429 and 503, in brackets those that said when to come \
    back. Rates above what the target can hash are a result. The last columns are the other routes meanwhile, against the slices in which nobody logged in.";
const COSTS: &str = "What the processes used beyond what the same stream used in as many slices without logins, per login that succeeded; logins that were turned away are part \
    of it.";

/// Logins at each rate, and the other routes meanwhile.
#[must_use]
pub fn storms(summary: &Summary) -> Table {
    let columns = [
        "logins /s",
        "#n",
        "#achieved /s",
        "#turned away",
        "#failed",
        "#unsent",
        "#p50 ms",
        "#p99 ms",
        "#service p50 ms",
        "#service p99 ms",
        "#others p50 ms",
        "#others p99 ms",
        "#× quiet",
        "#others' errors",
    ];
    let mut table = Table::new("Login storm", STORMS, &columns);
    each(summary, |target, login| {
        let heading = heading(target, login);
        table.rows.push(Row {
            heading: Some(heading),
            detail: None,
            cells: quiet(&login.quiet, columns.len()),
        });
        table.rows.extend(login.rates.iter().map(|point| Row {
            cells: cells(point),
            ..Row::default()
        }));
    });
    table.without_empty_columns()
}

/// CPU of a login by process.
#[must_use]
pub fn login_cpu(summary: &Summary) -> Table {
    let columns = [
        "logins /s",
        "#n",
        "#CPU ms/login",
        "#authorization server",
        "#gateway",
        "#resource server",
        "#store",
        "#other",
    ];
    let mut table = Table::new("CPU per login", COSTS, &columns);
    each(summary, |target, login| {
        for (number, point) in login.rates.iter().enumerate() {
            let cpu = point.cpu_us_per_login.as_ref();
            let ms =
                |of: fn(&CpuPerRequest) -> Option<f64>| figure(cpu.and_then(of).map(|us| us / 1e3));
            table.rows.push(Row {
                heading: (number == 0).then(|| heading(target, login)),
                detail: None,
                cells: vec![
                    exact(point.asked_per_s),
                    count(point.succeeded),
                    ms(|cpu| Some(cpu.total)),
                    ms(|cpu| cpu.authorization_server),
                    ms(|cpu| cpu.gateway),
                    ms(|cpu| cpu.resource_server),
                    ms(|cpu| cpu.store),
                    ms(|cpu| cpu.other),
                ],
            });
        }
    });
    table.without_empty_columns()
}

/// The p99 of the other routes at the highest login rate, against that while nobody logs in.
pub(super) fn fiercest_ratio(target: &TargetSummary) -> Option<f64> {
    target.login.as_ref()?.rates.last()?.others_p99_ratio
}

fn each(summary: &Summary, mut what: impl FnMut(&TargetSummary, &LoginSummary)) {
    for target in &summary.targets {
        if let Some(login) = &target.login {
            what(target, login);
        }
    }
}

fn quiet(others: &OtherRoutes, columns: usize) -> Vec<String> {
    let mut cells = vec![ABSENT.to_owned(); columns];
    cells[0] = "none".to_owned();
    cells[columns - 4] = figure(others.response_ms.p50);
    cells[columns - 3] = figure(others.response_ms.p99);
    cells[columns - 1] = count(others.unexpected + others.unsent);
    cells
}

fn cells(point: &LoginPoint) -> Vec<String> {
    let turned_away = match (point.turned_away, point.told_when) {
        (0, _) => count(0),
        (away, told) => format!("{} ({})", count(away), count(told)),
    };
    vec![
        exact(point.asked_per_s),
        count(point.succeeded),
        significant(point.achieved_per_s),
        turned_away,
        count(point.failed),
        count(point.unsent),
        figure(point.response_ms.p50),
        figure(point.response_ms.p99),
        figure(point.service_ms.p50),
        figure(point.service_ms.p99),
        figure(point.others.response_ms.p50),
        figure(point.others.response_ms.p99),
        figure(point.others_p99_ratio),
        count(point.others.unexpected + point.others.unsent),
    ]
}

fn heading(target: &TargetSummary, login: &LoginSummary) -> String {
    let under = settings(target, &login.settings);
    under.map_or_else(
        || target.name.clone(),
        |under| format!("{} ({under})", target.name),
    )
}

//! What the users of each client notice, and what their sessions cost.

use super::{figure, settings};
use crate::number::{count, percent, significant};
use crate::render::table::{ABSENT, Row, Table};
use crate::summary::journey::{ClientSummary, JourneySummary, SessionSummary};
use crate::summary::load::CpuPerRequest;
use crate::summary::{Summary, TargetSummary};

const NOTICED: &str = "From all slices, in which each client type was alone or all were mixed. 401 seen: a refusal that no silent renewal mended. Again: logins other than the first of \
    a session; a service, a job or a partner has no user who would notice, and asks for another token. False logouts: refused renewals of sessions that nobody had ended. Response time \
    is counted from the moment the client wanted to send a request, a silent renewal before it included; that of a login from the start of the session.";
const COSTS: &str = "Bytes on the client's connections, logins, renewals and preflights included. Preflights: what a browser asks before a page of another origin sends a request \
    that is not a simple one, once per URL, method and headers for as long as the answer says. CPU is that of all the target's processes and comes from the slices in which a client type was alone: \
    a processor's clock does not say for whom it ran. Lifetimes are those of a laboratory, so sessions renew more often than in production. Mixed: all types at once, and in \
    brackets what follows from the types alone.";

/// How often a session is disturbed, and how long its requests take.
#[must_use]
pub fn noticed(summary: &Summary) -> Table {
    let columns = [
        "client",
        "#share",
        "#sessions",
        "#errors",
        "#401 seen /1,000",
        "#again /1,000",
        "#false logouts /1,000",
        "#refreshes /session",
        "#throttled",
        "#p50 ms",
        "#p99 ms",
        "#login p50 ms",
    ];
    rows(
        Table::new("What users notice, by client type", NOTICED, &columns),
        summary,
        |sessions| {
            vec![
                count(sessions.counts.sessions),
                count(sessions.unexpected),
                significant(sessions.visible_refusals_per_1000),
                significant(sessions.repeated_logins_per_1000),
                significant(sessions.false_logouts_per_1000),
                significant(sessions.refreshes_per_session),
                count(sessions.counts.throttled),
                figure(sessions.response_ms.p50),
                figure(sessions.response_ms.p99),
                figure(sessions.login_ms.p50),
            ]
        },
        |_| None,
    )
}

/// Bytes and CPU of a session.
#[must_use]
pub fn sessions(summary: &Summary) -> Table {
    let columns = [
        "client",
        "#share",
        "#requests",
        "#bytes sent",
        "#bytes received",
        "#preflights",
        "#their bytes",
        "#CPU µs/session",
        "#of rounds",
        "#gateway",
        "#resource server",
        "#authorization server",
        "#store",
        "#other",
    ];
    rows(
        Table::new("What a session costs, by client type", COSTS, &columns),
        summary,
        |sessions| {
            let cpu = sessions.cpu_us_per_session;
            let preflights = sessions.preflight_bytes_per_session;
            let of = |role: fn(&CpuPerRequest) -> Option<f64>| figure(cpu.as_ref().and_then(role));
            vec![
                significant(sessions.requests_per_session),
                significant(sessions.wire_bytes_per_session.sent),
                significant(sessions.wire_bytes_per_session.received),
                figure(sessions.preflights_per_session),
                figure(preflights.map(|bytes| bytes.sent + bytes.received)),
                of(|cpu| Some(cpu.total)),
                sessions.cpu_us_rounds.map_or_else(absent, |spread| {
                    format!("{}–{}", significant(spread.min), significant(spread.max))
                }),
                of(|cpu| cpu.gateway),
                of(|cpu| cpu.resource_server),
                of(|cpu| cpu.authorization_server),
                of(|cpu| cpu.store),
                of(|cpu| cpu.other),
            ]
        },
        mixed,
    )
}

/// A heading per target, a row per client type; who is not served says why.
fn rows(
    mut table: Table,
    summary: &Summary,
    figures: impl Fn(&SessionSummary) -> Vec<String>,
    last: impl Fn(&JourneySummary) -> Option<Vec<String>>,
) -> Table {
    let columns = table.columns.len();
    for target in &summary.targets {
        let Some(journey) = &target.journey else {
            continue;
        };
        let first = table.rows.len();
        for client in &journey.clients {
            let mut cells = vec![client.client.clone(), percent(client.share)];
            cells.extend(client.sessions.iter().flat_map(&figures));
            cells.resize(columns, absent());
            table.rows.push(Row {
                heading: None,
                detail: why_not(client),
                cells,
            });
        }
        table.rows.extend(last(journey).map(|mut cells| {
            cells.resize(columns, absent());
            Row {
                cells,
                ..Row::default()
            }
        }));
        if let Some(row) = table.rows.get_mut(first) {
            row.heading = Some(heading(target, journey));
        }
    }
    table.without_empty_columns()
}

fn why_not(client: &ClientSummary) -> Option<String> {
    match (&client.not_served, &client.sessions) {
        (Some(why), _) => Some(format!("not served: {why}")),
        (None, None) => Some("no sessions".to_owned()),
        (None, Some(_)) => None,
    }
}

/// Sessions of all client types, and what in them did not end as it should have.
pub(super) fn samples(target: &TargetSummary) -> [String; 2] {
    let Some(journey) = &target.journey else {
        return [absent(), absent()];
    };
    let sessions = || journey.clients.iter().filter_map(|it| it.sessions.as_ref());
    [
        count(sessions().map(|it| it.counts.sessions).sum()),
        count(sessions().map(|it| it.unexpected).sum()),
    ]
}

fn mixed(journey: &JourneySummary) -> Option<Vec<String>> {
    let mix = journey.mix.as_ref()?;
    let measured = mix.cpu_us_per_session.map(significant)?;
    let computed = mix.cpu_us_from_types_alone.map(significant);
    let cpu = computed.map_or_else(|| measured.clone(), |sum| format!("{measured} ({sum})"));
    let mut cells = vec!["mixed".to_owned()];
    cells.resize(7, absent());
    cells.push(cpu);
    Some(cells)
}

fn heading(target: &TargetSummary, journey: &JourneySummary) -> String {
    let under = settings(target, &journey.settings);
    under.map_or_else(
        || target.name.clone(),
        |under| format!("{} ({under})", target.name),
    )
}

fn absent() -> String {
    ABSENT.to_owned()
}

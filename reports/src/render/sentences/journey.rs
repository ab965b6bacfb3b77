//! Whose users have to log in again, in one sentence.

use crate::number::{count, significant};
use crate::summary::Summary;
use crate::summary::journey::ClientSummary;

/// Of the client type with the largest share that two targets with logins serve; `None` without one.
pub(super) fn journey(summary: &Summary) -> Option<String> {
    let first = summary
        .targets
        .iter()
        .find_map(|target| target.journey.as_ref())?;
    let mut types: Vec<&ClientSummary> = first.clients.iter().collect();
    types.sort_by(|one, other| other.share.total_cmp(&one.share));
    let (client, rows) = types.into_iter().find_map(|client| {
        let rows = again(summary, &client.client);
        (rows.len() > 1).then_some((&client.client, rows))
    })?;
    let each: Vec<String> = rows
        .iter()
        .map(|(target, again, _)| format!("{} times with `{target}`", significant(*again)))
        .collect();
    let sessions: u64 = rows.iter().map(|(.., sessions)| sessions).sum();
    Some(format!(
        "Per 1,000 sessions of `{client}`, users had to log in again {} ({} sessions watched).",
        each.join(", "),
        count(sessions)
    ))
}

/// Target, repeated logins per 1,000 sessions, sessions; fewest first.
fn again<'a>(summary: &'a Summary, client: &str) -> Vec<(&'a str, f64, u64)> {
    let with_logins = summary.targets.iter().filter(|target| !target.is_control());
    let mut rows: Vec<_> = with_logins
        .filter_map(|target| {
            let clients = &target.journey.as_ref()?.clients;
            let row = clients.iter().find(|row| row.client == client)?;
            let sessions = row.sessions.as_ref()?;
            Some((
                target.name.as_str(),
                sessions.repeated_logins_per_1000,
                sessions.counts.sessions,
            ))
        })
        .collect();
    rows.sort_by(|one, other| one.1.total_cmp(&other.1));
    rows
}

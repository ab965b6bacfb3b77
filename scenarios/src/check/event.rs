//! One event: a fresh login, the points before, the event, the points after it, and what a refresh and a login do then.

use super::ask::Presented;
use super::stages::blame;
use super::walker::{List, Walker};
use super::{CheckPlan, lag};
use crate::flow::{Credential, point_request};
use crate::target::{Event, RefreshAfter};
use crate::undo::{Journal, about_to_touch};
use authbench_reports::check::{
    BoundKept, CheckedEvent, CoarseLag, Expected, Finding, PointVerdict, Severity,
};
use authbench_reports::revocation::After;
use std::sync::Arc;

/// Makes every event of the plan happen, in the file's order.
pub(super) async fn all(walker: &mut Walker<'_>, plan: &CheckPlan) {
    let target = Arc::clone(walker.target);
    let wanted = |event: &Event| plan.events.is_empty() || plan.events.contains(&event.name);
    admin_login(walker).await;
    let mut spare = plan.user;
    for (index, event) in target.flows.events.iter().enumerate() {
        if !wanted(event) || walker.is_interrupted() {
            continue;
        }
        (walker.progress)(&event.name);
        // What is not undone may end the account, and the next event needs a login.
        if event.undo.is_empty() {
            spare += 1;
        }
        let user = match event.undo.is_empty() {
            true => spare,
            false => plan.user,
        };
        let users = target.about.users.as_ref();
        if users.is_some_and(|users| user >= users.count) {
            no_spare_user(walker, &event.name);
            continue;
        }
        one(walker, &plan.journal, index, user).await;
    }
}

/// Numbers past the population wrap around, and would end the account that is still needed.
fn no_spare_user(walker: &mut Walker<'_>, event: &str) {
    let says = "not made to happen: it has no undo, may end its user's account, and no user comes after the one who walks";
    let advice = "raise users.count, walk another user (--user), or write [[event.undo]]";
    let about = format!("event.{event}");
    walker.find(Finding::new(Severity::Warning, about, says).advising(advice));
}

/// The administrator's login is made where a step needs it, and out of sight; once, it is made to be seen.
async fn admin_login(walker: &mut Walker<'_>) {
    let target = Arc::clone(walker.target);
    let mut admin = Credential::of(None);
    let steps = &target.flows.admin_login;
    if let Err(failed) = walker.steps(List::AdminLogin, steps, &mut admin).await {
        blame(walker, "admin_login", failed);
    }
}

async fn one(walker: &mut Walker<'_>, journal: &Arc<Journal>, index: usize, user: u32) {
    let target = Arc::clone(walker.target);
    let event = &target.flows.events[index];
    let about = format!("event.{}", event.name);
    let mut credential = match walker.login_for(event, user).await {
        Ok(credential) => credential,
        Err(failed) => return blame(walker, &about, failed),
    };
    let points = walker.target.flows.points.iter();
    let requests = points.map(|point| point_request(point, &credential));
    let Ok(requests) = requests.collect::<Result<Vec<_>, _>>() else {
        // Said at the first login already.
        return;
    };
    let (whole, before) = (Presented::Whole, format!("before {}", event.name));
    let expected = Expected::Accepted;
    let accepted = walker.moment(&before, &credential, whole, expected).await;
    let held = credential.clone();
    let entry = match about_to_touch(journal, &target, event, user).await {
        Ok(entry) => entry,
        Err(error) => {
            let path = journal.path().display();
            return walker.find_wrong(
                about,
                format!("not sent, for {path} cannot be written: {error}"),
            );
        }
    };
    let acknowledged = match walker
        .steps(List::Event(index), &event.steps, &mut credential)
        .await
    {
        Ok(acknowledged) => acknowledged,
        Err(failed) => {
            blame(walker, &about, failed);
            None
        }
    };
    let mut checked = CheckedEvent {
        event: event.name.clone(),
        user: name_of(&held),
        acknowledged: acknowledged.is_some(),
        observed_ms: 0.0,
        lags: Vec::new(),
        refresh: None,
        undone: None,
        logs_in_again: None,
    };
    if let Some(acknowledged) = acknowledged {
        let t0 = lag::T0 {
            earliest: acknowledged.not_before,
            latest: acknowledged.done,
        };
        let (mut lags, observed) = lag::watch(walker, event, &held, &requests, t0).await;
        for (lag, before) in lags.iter_mut().zip(accepted) {
            if before.verdict != PointVerdict::Accepted {
                // A refusal says nothing where the credential was never accepted.
                lag.kept = BoundKept::Unknown;
            }
        }
        judge_bounds(walker, &about, &lags);
        (checked.lags, checked.observed_ms) = (lags, observed.as_secs_f64() * 1000.0);
        let after = format!("after {}", event.name);
        let anything = Expected::Anything;
        walker.moment(&after, &held, whole, anything).await;
        checked.refresh = refresh_after(walker, event, &about, &held).await;
    }
    if let Some(entry) = entry {
        checked.undone = Some(undo(walker, journal, entry, index, user).await);
    }
    if checked.acknowledged && !walker.is_interrupted() {
        checked.logs_in_again = log_in_again(walker, event, &about, user).await;
    }
    walker.check.events.push(checked);
}

/// Whether the user was brought back.
async fn undo(
    walker: &mut Walker<'_>,
    journal: &Arc<Journal>,
    entry: u64,
    index: usize,
    user: u32,
) -> bool {
    let target = Arc::clone(walker.target);
    let event = &target.flows.events[index];
    let users = target.about.users.as_ref();
    // As after a crash: nothing but the account is known.
    let mut nothing = Credential::of(users.map(|users| users.account(user)));
    let undone = walker
        .steps(List::Undo(index), &event.undo, &mut nothing)
        .await;
    if let Err(failed) = undone {
        blame(walker, &format!("event.{}.undo", event.name), failed);
        return false;
    }
    // An entry that cannot be closed is undone once more by whoever reads the journal.
    let _ = journal.undone(entry).await;
    true
}

/// Whether the user can log in after all; `None`: not tried, for the target ends with its processes.
async fn log_in_again(
    walker: &mut Walker<'_>,
    event: &Event,
    about: &str,
    user: u32,
) -> Option<bool> {
    if event.undo.is_empty() && !walker.system.processes().is_empty() {
        return None;
    }
    let Err(failed) = walker.login(user).await else {
        return Some(true);
    };
    if event.undo.is_empty() {
        let says = "ends the account: its user cannot log in any more";
        let advice =
            "a run does this to one account for each revocation; [[event.undo]] brings them back";
        let finding = Finding::new(Severity::Warning, about, says);
        walker.find(finding.advising(advice));
    } else {
        let about = format!("{about}.undo");
        walker.find_wrong(
            about,
            format!(
                "acknowledged, and the user still cannot log in: {}",
                failed.error.failure
            ),
        );
    }
    Some(false)
}

fn name_of(credential: &Credential) -> String {
    let account = credential.account.as_ref();
    account.map_or_else(String::new, |account| account.name.clone())
}

fn judge_bounds(walker: &mut Walker<'_>, about: &str, lags: &[CoarseLag]) {
    for lag in lags {
        let about = format!("{about}.bound.{}", lag.point);
        let bound = lag.bound.as_deref().unwrap_or_default();
        match lag.kept {
            BoundKept::Broken => walker.find_wrong(
                about,
                format!("the credential was accepted after the bound ({bound}) had passed"),
            ),
            BoundKept::NotObserved => {
                let says = format!("{bound}: longer than a check watches, so not observed");
                let advice = "a run watches for as long as the bound";
                let finding = Finding::new(Severity::Note, about, says);
                walker.find(finding.advising(advice));
            }
            BoundKept::Kept | BoundKept::NoBound | BoundKept::Unknown => {}
        }
    }
}

/// Whether the user could still get a new credential without logging in, and whether that is what the file says.
async fn refresh_after(
    walker: &mut Walker<'_>,
    event: &Event,
    about: &str,
    held: &Credential,
) -> Option<After> {
    let target = Arc::clone(walker.target);
    let (list, steps) = match walker.client_of(event) {
        Some(client) => (
            List::RefreshOf(client),
            &target.flows.clients[client].refresh,
        ),
        None => (List::Refresh, &target.flows.refresh),
    };
    if steps.is_empty() || walker.is_interrupted() {
        return None;
    }
    let outcome = walker.steps(list, steps, &mut held.clone()).await;
    let after = match &outcome {
        Ok(_) => After::Worked,
        Err(failed) if failed.error.is_refusal() => After::Refused,
        Err(_) => After::Unknown,
    };
    let broken = match (event.refresh_after, after) {
        (Some(RefreshAfter::Refused), After::Worked) => "a refresh still worked afterwards",
        (Some(RefreshAfter::Works), After::Refused) => "a refresh was refused afterwards",
        _ => return Some(after),
    };
    walker.find_wrong(format!("{about}.refresh_after"), broken);
    Some(after)
}

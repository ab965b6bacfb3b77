//! The walk: login, the points with and without the credential, refresh, logout, then every event.

use super::ask::Presented;
use super::walker::{Failed, List, Walker};
use super::{CheckPlan, event};
use crate::flow::Credential;
use authbench_reports::check::{Expected, Finding, Severity};
use std::sync::Arc;

/// Walks as far as it gets.
pub(super) async fn walk(walker: &mut Walker<'_>, plan: &CheckPlan) {
    (walker.progress)("login");
    let credential = match walker.login(plan.user).await {
        Ok(credential) => credential,
        Err(failed) => return blame(walker, "login", failed),
    };
    if walker.target.flows.login.is_empty() {
        ask_whole(walker, "without a login", &credential, Expected::Accepted).await;
        return;
    }
    ask_whole(walker, "after login", &credential, Expected::Accepted).await;
    for (name, presented) in [
        ("without a credential", Presented::Nothing),
        ("with a changed credential", Presented::Changed),
    ] {
        let expected = Expected::Refused;
        walker.moment(name, &credential, presented, expected).await;
    }
    let credential = refresh(walker, credential).await;
    logout(walker, credential).await;
    event::all(walker, plan).await;
}

async fn ask_whole(
    walker: &mut Walker<'_>,
    name: &str,
    credential: &Credential,
    expected: Expected,
) {
    let presented = Presented::Whole;
    walker.moment(name, credential, presented, expected).await;
}

/// The renewed credential; the old one where there is no refresh, or it failed.
async fn refresh(walker: &mut Walker<'_>, credential: Credential) -> Credential {
    let target = Arc::clone(walker.target);
    if target.flows.refresh.is_empty() || walker.is_interrupted() {
        return credential;
    }
    (walker.progress)("refresh");
    let mut renewed = credential.clone();
    if let Err(failed) = walker
        .steps(List::Refresh, &target.flows.refresh, &mut renewed)
        .await
    {
        blame(walker, "refresh", failed);
        return credential;
    }
    ask_whole(walker, "after refresh", &renewed, Expected::Accepted).await;
    // Self-contained tokens live on, others may: it is worth knowing, and neither is wrong.
    let name = "the one before the refresh";
    ask_whole(walker, name, &credential, Expected::Anything).await;
    if !changes_what_is_presented(walker, &credential, &renewed) {
        let says = "changes nothing of what the points are presented with";
        walker.find(Finding::new(Severity::Warning, "refresh", says));
    }
    renewed
}

fn changes_what_is_presented(walker: &Walker<'_>, old: &Credential, new: &Credential) -> bool {
    let mut presented = new
        .captures()
        .filter(|(name, _)| walker.target.presents(name));
    presented.any(|(name, value)| old.captured(name) != Some(value))
}

async fn logout(walker: &mut Walker<'_>, credential: Credential) {
    let target = Arc::clone(walker.target);
    if target.flows.logout.is_empty() || walker.is_interrupted() {
        return;
    }
    (walker.progress)("logout");
    // What a thief would hold: the answer to a logout takes cookies away.
    let mut leaving = credential.clone();
    match walker
        .steps(List::Logout, &target.flows.logout, &mut leaving)
        .await
    {
        Ok(_) => ask_whole(walker, "after [[logout]]", &credential, Expected::Anything).await,
        Err(failed) => blame(walker, "logout", failed),
    }
}

/// A step that should have worked did not.
pub(super) fn blame(walker: &mut Walker<'_>, about: &str, failed: Failed) {
    let Failed { error, explained } = failed;
    let says = format!("{}: {}", error.step, error.failure);
    let finding = Finding::new(Severity::Wrong, about, says);
    walker.find(
        finding
            .looking_like(explained.cause)
            .advising(explained.why),
    );
}

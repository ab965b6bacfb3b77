//! What administrators do about others' accounts, and what they may not.

use std::time::Duration;

use authbench_servers::model::Model;
use serde_json::Value;

use crate::accounts::{KEPT, handle, listed, own_sessions};
use crate::answer::{ADMIN_FORBIDDEN, DONE, OK, Outcome, check};
use crate::call::Call;
use crate::row::{AUTH, HYBRID, Row, steps};
use crate::target::{START_MS, Target, USER};

pub(crate) const ROWS: &[Row] = &[
    steps!("ADM/one", KEPT, an_administrator_ends_one).on_every_store(),
    steps!("ADM/roles", AUTH, an_auditor_may_only_look),
    steps!("ADM/listed", KEPT, what_is_listed).on_every_store(),
    steps!("ADM/logged", KEPT, what_administrators_do_is_logged),
    steps!("ADM/renewed", HYBRID, a_renewal_is_seen),
];

async fn sessions_of(target: &Target, user: &str) -> Result<Vec<Value>, String> {
    let path = format!("/accounts/{user}/sessions");
    listed(&target.admin("GET", &path).send().await)
}

async fn an_administrator_ends_one(target: &Target) -> Outcome {
    let ended = target.log_in(USER).await?;
    target.passes(Duration::from_millis(1));
    let kept = target.log_in(USER).await?;
    let sessions = sessions_of(target, USER).await?;
    let first = sessions
        .iter()
        .find(|entry| entry["created_ms"] == START_MS);
    let first = first.and_then(|entry| entry["handle"].as_str());
    let path = format!("/accounts/{USER}/sessions/{}", first.ok_or("no first")?);
    target.admin("DELETE", &path).send().await.is(DONE, "one")?;
    if target.model == Model::Hybrid {
        target.cannot_renew(&ended, "ended").await?;
        return target.renew(&kept, "the other").await.map(drop);
    }
    target.is_refused(&ended, "ended").await?;
    target.is_accepted(&kept, "the other").await
}

async fn an_auditor_may_only_look(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let secret = target.wiring.auditor_secret.as_ref().ok_or("no secret")?;
    let as_auditor = |method: &str, path: &str| {
        let path = format!("/accounts/{USER}{path}");
        Call::new(method, &target.authorization.admin_url, &path).bearer(secret.expose())
    };
    for path in ["", "/sessions"] {
        as_auditor("GET", path).send().await.is(OK, path)?;
    }
    for (method, path) in [
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("POST", "/end-sessions"),
        ("DELETE", "/sessions/x"),
        ("PUT", "/roles/admin"),
        ("DELETE", "/roles/writer"),
    ] {
        let answer = as_auditor(method, path).send().await;
        answer.is(ADMIN_FORBIDDEN, path)?;
    }
    target.is_accepted(&login, "nothing has changed").await?;
    let log = target.audit(&["admin_refused", "auditor"]).await?;
    check(!log.contains(secret.expose()), "its secret is in the log")
}

async fn what_is_listed(target: &Target) -> Outcome {
    target.log_in(USER).await?;
    let sessions = sessions_of(target, USER).await?;
    check(sessions.len() == 1, format!("{sessions:?}"))?;
    let entry = &sessions[0];
    check(entry["client"] == "app", entry.to_string())?;
    check(entry["created_ms"] == START_MS, entry.to_string())?;
    check(
        entry["expires_at_ms"].as_i64() > Some(START_MS),
        entry.to_string(),
    )?;
    // The store's clock runs, the servers' stands still: never before the login, never long after.
    let last_seen = entry["last_seen_ms"].as_i64();
    let expected = match target.model {
        Model::Opaque => last_seen.is_none(),
        _ => last_seen.is_some_and(|seen| (START_MS..START_MS + 1_000).contains(&seen)),
    };
    check(expected, entry.to_string())
}

/// A family's idle time begins anew at each renewal, and so its last use moves.
async fn a_renewal_is_seen(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.passes(Duration::from_secs(60));
    target.renew(&login, "a minute later").await?;
    let sessions = sessions_of(target, USER).await?;
    let entry = &sessions[0];
    let last_seen = entry["last_seen_ms"].as_i64().unwrap_or_default();
    check(last_seen >= START_MS + 59_000, entry.to_string())?;
    check(entry["created_ms"] == START_MS, entry.to_string())
}

async fn what_administrators_do_is_logged(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let own = handle(&own_sessions(target, &login).await?, true)?;
    sessions_of(target, USER).await?;
    for (method, path) in [
        ("DELETE", format!("sessions/{own}")),
        ("PUT", "roles/admin".to_owned()),
        ("DELETE", "roles/admin".to_owned()),
        ("POST", "end-sessions".to_owned()),
        ("POST", "disable".to_owned()),
        ("POST", "enable".to_owned()),
    ] {
        let path = format!("/accounts/{USER}/{path}");
        target.admin(method, &path).send().await.is(DONE, &path)?;
    }
    let log = target
        .audit(&[
            "sessions_listed",
            "session_ended",
            "role_given",
            "role_taken",
            "sessions_ended",
            "account_disabled",
            "account_enabled",
        ])
        .await?;
    let by_operator = log.matches(r#""actor":"operator""#).count();
    check(by_operator == 7, format!("{by_operator} of 7: {log}"))?;
    let secrets = login.secrets();
    check(
        !secrets.iter().any(|secret| log.contains(secret)) && !log.contains(&own),
        "a credential, or the whole of its hash, is in the log",
    )
}

//! Refresh rotation: one successor per token, theft ends the family, a lost answer does not (RFC
//! 9700 §4.14.2).

use std::time::Duration;

use authbench_servers::secret::Fingerprint;

use crate::answer::{Answer, INACTIVE, INVALID_GRANT, OK, Outcome, check};
use crate::call::Call;
use crate::credential::{Login, differ};
use crate::row::{HYBRID, Row, steps};
use crate::target::{ACCESS_TTL, SHORT_IDLE, Target, USER};

/// The window in which a retry gets the same successor.
const GRACE: Duration = Duration::from_secs(10);
/// The longest life of a family in the row that needs one.
const ABSOLUTE: Duration = Duration::from_secs(3_600);

pub(crate) const ROWS: &[Row] = &[
    steps!("RFR-02", HYBRID, two_tabs_at_once).on_every_store(),
    steps!("RFR-03", HYBRID, hundred_parallel_uses).on_every_store(),
    steps!("RFR-05", HYBRID, replay_by_another_client).on_every_store(),
    steps!("RFR-06", HYBRID, replay_after_the_successor_was_used).on_every_store(),
    steps!("RFR-08", HYBRID, owner_first_thief_second).on_every_store(),
    steps!("RFR-09", HYBRID, lost_answer).on_every_store(),
    steps!("RFR-12", HYBRID, each_token_its_own_user).on_every_store(),
    steps!("RFR-20", HYBRID, absolute_lifetime)
        .on_every_store()
        .with(|plan| plan.authorization.refresh_absolute = ABSOLUTE),
    steps!("RFR-21", HYBRID, idle_family)
        .on_every_store()
        .with(|plan| plan.authorization.refresh_idle = SHORT_IDLE),
    steps!("RFR-24", HYBRID, ending_all_sessions).on_every_store(),
    steps!("RFR-26", HYBRID, tokens_are_not_stored).on_every_store(),
    steps!("RFR-27", HYBRID, clock_jumps_back).on_every_store(),
    steps!("RFR-29", HYBRID, cookie_of_one_path),
    steps!("RFR/replay", HYBRID, replay_after_the_grace).on_every_store(),
    steps!("RFR/no-grace", HYBRID, without_a_grace_every_reuse_is_theft)
        .on_every_store()
        .with(|plan| plan.authorization.refresh_grace = Duration::ZERO),
];

/// `count` renewals with one token, all at once.
async fn at_once(target: &Target, login: &Login, count: usize) -> Result<Vec<Answer>, String> {
    let calls = (0..count).map(|_| tokio::spawn(until_decided(target.refresh(login))));
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.map_err(|error| error.to_string())?);
    }
    Ok(answers)
}

/// Does what a client does: on a busy machine the store may miss its deadline, and a 503 means that
/// nothing was decided.
async fn until_decided(call: Call) -> Answer {
    for _ in 0..20 {
        let answer = call.send().await;
        if answer.status != 503 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    call.send().await
}

async fn two_tabs_at_once(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    for answer in at_once(target, &login, 2).await? {
        let tab = Login::of(answer.is(OK, "a tab")?);
        target.is_accepted(&tab, "a tab's access token").await?;
        target.renew(&tab, "a tab's next renewal").await?;
    }
    Ok(())
}

async fn hundred_parallel_uses(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let mut successors = Vec::new();
    for answer in at_once(target, &login, 100).await? {
        successors.push(Login::of(answer.is(OK, "one of a hundred")?));
    }
    let first = &successors[0];
    let one = successors
        .iter()
        .all(|other| other.cookie() == first.cookie());
    check(one, "more than one successor")?;
    let next = target.renew(first, "the successor").await?;
    differ(&next, first)
}

async fn replay_by_another_client(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let next = target.renew(&login, "by its client").await?;
    for stolen in [&login, &next] {
        let form = [("grant_type", "refresh_token"), ("client_id", "app-2")];
        let answer = target
            .post("/token", &form)
            .cookie(stolen.cookie())
            .send()
            .await;
        answer.is(INVALID_GRANT, "by another client")?;
    }
    target.audit(&["other_clients_token"]).await?;
    // The alarm names the attempt; the owner, who has done nothing, stays.
    target.renew(&next, "by its client again").await.map(drop)
}

async fn replay_after_the_successor_was_used(target: &Target) -> Outcome {
    let first = target.log_in(USER).await?;
    let second = target.renew(&first, "R1").await?;
    let third = target.renew(&second, "R2").await?;
    target
        .cannot_renew(&first, "R1 again, within the grace")
        .await?;
    is_dead(target, &[first, second, third]).await
}

/// The thief has copied R1. Whoever comes first, the other's use gives the theft away.
async fn owner_first_thief_second(target: &Target) -> Outcome {
    let copied = target.log_in(USER).await?;
    let owner = target.renew(&copied, "the owner").await?;
    target.passes(GRACE);
    target.cannot_renew(&copied, "the thief").await?;
    target.audit(&["refresh_replay"]).await?;
    is_dead(target, &[owner, copied]).await
}

async fn replay_after_the_grace(target: &Target) -> Outcome {
    let copied = target.log_in(USER).await?;
    let thief = target.renew(&copied, "the thief").await?;
    target.passes(GRACE);
    target.cannot_renew(&copied, "the owner").await?;
    is_dead(target, &[thief, copied]).await
}

/// Nobody can renew any more, and the issuer says so of the access tokens.
async fn is_dead(target: &Target, logins: &[Login]) -> Outcome {
    for login in logins {
        target.cannot_renew(login, "the family has ended").await?;
        let said = target.introspect(login.token()).send().await;
        said.is(INACTIVE, "of an ended family")?;
    }
    Ok(())
}

async fn lost_answer(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let lost = target.renew(&login, "its answer is lost").await?;
    target.passes(GRACE - Duration::from_millis(1));
    let retried = target.renew(&login, "a retry within the grace").await?;
    check(retried.cookie() == lost.cookie(), "another successor")?;
    target.renew(&retried, "and on").await.map(drop)
}

async fn without_a_grace_every_reuse_is_theft(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let next = target.renew(&login, "first").await?;
    target.cannot_renew(&login, "second").await?;
    is_dead(target, &[next]).await
}

async fn each_token_its_own_user(target: &Target) -> Outcome {
    let one = target.log_in(USER).await?;
    let other = target.log_in("user-00002").await?;
    for (login, user) in [(&one, USER), (&other, "user-00002")] {
        // Naming somebody else changes nothing.
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("username", "user-00003"),
        ];
        let answer = target
            .post("/token", &form)
            .cookie(login.cookie())
            .send()
            .await;
        let renewed = Login::of(answer.is(OK, user)?);
        let said = target.introspect(renewed.token()).send().await;
        check(said.json()["sub"] == user, format!("{user}: {said:?}"))?;
    }
    Ok(())
}

async fn absolute_lifetime(target: &Target) -> Outcome {
    let mut login = target.log_in(USER).await?;
    let step = ABSOLUTE / 4;
    for _ in 0..3 {
        target.passes(step);
        login = target.renew(&login, "in time").await?;
    }
    target.passes(step);
    target
        .cannot_renew(&login, "past the family's lifetime")
        .await
}

/// The store forgets an idle family by its own clock, so this one waits.
async fn idle_family(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let login = target.renew(&login, "at once").await?;
    tokio::time::sleep(SHORT_IDLE + Duration::from_millis(100)).await;
    target.cannot_renew(&login, "after idling").await
}

/// There is no password to change here; what a change of password has to do is to end all sessions
/// of the account.
async fn ending_all_sessions(target: &Target) -> Outcome {
    let one = target.log_in(USER).await?;
    let other = target.log_in(USER).await?;
    let bystander = target.log_in("user-00002").await?;
    target.administers(USER, "end-sessions").await?;
    target.cannot_renew(&one, "ended").await?;
    target.cannot_renew(&other, "ended, too").await?;
    target.renew(&bystander, "another user").await.map(drop)
}

async fn tokens_are_not_stored(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let next = target.renew(&login, "a renewal").await?;
    for token in [login.cookie_value(), next.cookie_value()] {
        let family = token.split('.').next().unwrap_or_default();
        check(
            !target.tap.heard(token),
            "a refresh token reached the store",
        )?;
        check(
            !target.tap.heard(family),
            "a family reached the store in clear",
        )?;
        let hashed = Fingerprint::of(family).to_base64();
        check(target.tap.heard(&hashed), "its hash did not")?;
    }
    Ok(())
}

async fn clock_jumps_back(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let next = target.renew(&login, "before").await?;
    target.passes(GRACE.max(ACCESS_TTL));
    target.is_refused(&next, "expired").await?;
    target.time.set_back(Duration::from_secs(600));
    target
        .is_refused(&next, "expired, and the clock set back")
        .await?;
    target
        .cannot_renew(&login, "past the grace, and the clock set back")
        .await
}

async fn cookie_of_one_path(target: &Target) -> Outcome {
    let login = target.login(USER).send().await;
    let renewal = target.refresh(&Login::of(&login)).send().await;
    for answer in [login, renewal] {
        let cookie = answer.header("set-cookie").unwrap_or_default();
        let (pair, attributes) = cookie.split_once("; ").unwrap_or_default();
        check(pair.starts_with("__Secure-refresh="), pair)?;
        check(
            attributes == "Path=/token; Secure; HttpOnly; SameSite=Strict",
            attributes,
        )?;
        check(
            answer.json().get("refresh_token").is_none(),
            "it is in the body, too",
        )?;
    }
    Ok(())
}

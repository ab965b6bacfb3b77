//! Opaque tokens: asking about them, and keeping answers for a stated time and no longer (RFC
//! 7662).

use std::time::Duration;

use authbench_servers::authorization::AUDIENCE;
use authbench_servers::clock::{Clock, ManualTime};
use authbench_servers::model::Model;
use authbench_servers::resource::{self, ResourceSettings, ResourceWiring, RunningResourceServer};
use authbench_servers::secret::Secret;
use serde_json::json;

use crate::answer::{ACCEPTED, Answer, Expected, INVALID_TOKEN, OK, Outcome, UNAVAILABLE, check};
use crate::call::Call;
use crate::fake::FakeServer;
use crate::row::{OPAQUE, Row, steps};
use crate::target::{START_MS, Target, USER};
use crate::wire::Message;

/// How long the resource servers of this family keep an answer, where they keep any.
const CACHE: Duration = Duration::from_secs(2);

pub(crate) const ROWS: &[Row] = &[
    steps!("OPQ-06", OPAQUE, a_token_for_somebody_else),
    steps!("OPQ-12", OPAQUE, long_tokens_are_told_apart),
    steps!("OPQ-13", OPAQUE, many_tokens_are_told_apart),
    steps!("OPQ-15", OPAQUE, a_refusal_is_kept_no_longer_than_stated),
    steps!(
        "OPQ-16",
        OPAQUE,
        a_revoked_token_lives_no_longer_than_stated
    )
    .on_every_store()
    .with(|plan| plan.resource.introspection_cache = CACHE),
    steps!("OPQ-18", OPAQUE, five_hundred_ask_once),
    steps!("OPQ-19", OPAQUE, an_error_is_not_a_no),
    steps!("OPQ-21", OPAQUE, active_as_text),
    steps!("OPQ-22", OPAQUE, active_as_number_or_twice),
    steps!("OPQ/garbage", OPAQUE, unreadable_answers),
];

/// A resource server that asks a fake authorization server.
struct Asking {
    fake: FakeServer,
    resource: RunningResourceServer,
    time: ManualTime,
}

impl Asking {
    async fn start(
        cache: Duration,
        delay: Duration,
        script: impl Fn(&Message) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let fake = FakeServer::start(delay, script).await;
        let settings = ResourceSettings {
            model: Model::Opaque,
            authorization_server: Some(fake.url.clone()),
            introspection_cache: cache,
            upstream_deadline: Duration::from_secs(10),
            ..ResourceSettings::default()
        };
        let wiring = ResourceWiring {
            introspection_secret: Some(Secret::new("any")),
            ..ResourceWiring::default()
        };
        let (clock, time) = Clock::manual(START_MS);
        let resource = resource::start(settings, wiring, clock).await;
        Self {
            fake,
            resource: resource.expect("a resource server"),
            time,
        }
    }

    async fn read(&self, token: &str) -> Answer {
        let call = Call::get(&self.resource.url, "/resource");
        call.bearer(token).send().await
    }
}

fn active() -> String {
    let exp = START_MS / 1_000 + 300;
    json!({"active": true, "sub": USER, "scope": "read", "aud": AUDIENCE, "exp": exp}).to_string()
}

/// What becomes of a token about which this is said.
async fn answered(status: u16, body: &str, expected: Expected) -> Outcome {
    let body = body.to_owned();
    let what = body.clone();
    let asking = Asking::start(Duration::ZERO, Duration::ZERO, move |_| {
        (status, body.clone())
    })
    .await;
    asking.read("a-token").await.is(expected, &what).map(drop)
}

async fn a_token_for_somebody_else(_: &Target) -> Outcome {
    for aud in [
        json!("https://other.test"),
        json!(["a", "b"]),
        json!([AUDIENCE, 1]),
        json!(1),
    ] {
        let body = json!({"active": true, "sub": USER, "scope": "read", "aud": aud});
        answered(200, &body.to_string(), INVALID_TOKEN).await?;
    }
    answered(200, &active(), ACCEPTED).await
}

/// Answers yes to exactly one token.
fn only(token: &str) -> impl Fn(&Message) -> (u16, String) + Send + Sync + use<> {
    let asked = format!("token={token}&");
    move |request| match request.body.starts_with(asked.as_bytes()) {
        true => (200, active()),
        false => (200, r#"{"active":false}"#.to_owned()),
    }
}

async fn long_tokens_are_told_apart(_: &Target) -> Outcome {
    let common = "t".repeat(64);
    let asking = Asking::start(CACHE, Duration::ZERO, only(&format!("{common}1"))).await;
    for _ in 0..2 {
        asking
            .read(&format!("{common}1"))
            .await
            .is(ACCEPTED, "the good one")?;
        for other in ["2", "", "11"] {
            let answer = asking.read(&format!("{common}{other}")).await;
            answer.is(INVALID_TOKEN, "the same 64 bytes")?;
        }
    }
    Ok(())
}

/// No collision can be made for SHA-256; weaker keys would show among so many.
async fn many_tokens_are_told_apart(_: &Target) -> Outcome {
    let asking = Asking::start(CACHE, Duration::ZERO, only("good")).await;
    asking.read("good").await.is(ACCEPTED, "the good one")?;
    for number in 0..2_000 {
        let answer = asking.read(&format!("bad-{number}")).await;
        answer.is(INVALID_TOKEN, "another one")?;
    }
    asking
        .read("good")
        .await
        .is(ACCEPTED, "the good one, kept")
        .map(drop)
}

async fn a_refusal_is_kept_no_longer_than_stated(_: &Target) -> Outcome {
    let asking = Asking::start(CACHE, Duration::ZERO, only("later")).await;
    asking
        .fake
        .answer(|_| (200, r#"{"active":false}"#.to_owned()));
    asking
        .read("later")
        .await
        .is(INVALID_TOKEN, "before it is issued")?;
    asking.fake.answer(only("later"));
    asking.time.advance(CACHE);
    asking
        .read("later")
        .await
        .is(ACCEPTED, "a TTL later")
        .map(drop)
}

async fn a_revoked_token_lives_no_longer_than_stated(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.is_accepted(&login, "before").await?;
    target
        .revoke("app", login.token())
        .send()
        .await
        .is(OK, "revoke")?;
    target.passes(CACHE - Duration::from_millis(1));
    target.is_accepted(&login, "within the TTL").await?;
    target.passes(Duration::from_millis(1));
    target.is_refused(&login, "a TTL later").await
}

async fn five_hundred_ask_once(_: &Target) -> Outcome {
    let asking = Asking::start(CACHE, Duration::from_millis(300), only("cold")).await;
    let call = Call::get(&asking.resource.url, "/resource").bearer("cold");
    let calls = (0..500).map(|_| {
        let call = call.clone();
        tokio::spawn(async move { call.send().await })
    });
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.map_err(|error| error.to_string())?;
        answer.is(ACCEPTED, "one of five hundred")?;
    }
    let asked = asking.fake.requests();
    check(asked == 1, format!("asked {asked} times"))
}

async fn an_error_is_not_a_no(_: &Target) -> Outcome {
    for status in [500, 502, 503, 401, 403, 404, 302] {
        answered(status, &active(), UNAVAILABLE).await?;
    }
    Ok(())
}

async fn active_as_text(_: &Target) -> Outcome {
    for value in [r#""false""#, r#""true""#, r#""""#] {
        answered(200, &active().replace("true", value), INVALID_TOKEN).await?;
    }
    Ok(())
}

async fn active_as_number_or_twice(_: &Target) -> Outcome {
    for value in ["1", "0", "null", "[true]", "{}"] {
        answered(200, &active().replace("true", value), INVALID_TOKEN).await?;
    }
    for twice in [
        r#"{"active":false,"active":true}"#,
        r#"{"active":true,"activ\u0065":false}"#,
    ] {
        answered(200, twice, INVALID_TOKEN).await?;
    }
    Ok(())
}

async fn unreadable_answers(_: &Target) -> Outcome {
    for body in [
        "",
        "true",
        "[]",
        "{}",
        "<html>",
        r#"{"active":true"#,
        r#"{"active":true}{}"#,
    ] {
        answered(200, body, INVALID_TOKEN).await?;
    }
    for member in [
        r#""exp":"soon""#,
        r#""exp":1"#,
        r#""sub":1"#,
        r#""scope":["read"]"#,
    ] {
        answered(
            200,
            &format!(r#"{{"active":true,{member}}}"#),
            INVALID_TOKEN,
        )
        .await?;
    }
    Ok(())
}

//! Until when a credential is accepted.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use authbench_servers::clock::Clock;
use authbench_servers::truth::{
    self, AfterRevocation, CredentialEnd, Expiry, StartTruthError, TruthSettings, TruthWiring,
};
use serde_json::json;

use crate::client::{Client, start};

const MS: Duration = Duration::from_millis(1);
const WATCHED: Duration = Duration::from_millis(900);

fn after(after: AfterRevocation) -> TruthSettings {
    TruthSettings {
        credential_end: CredentialEnd::Revocation {
            after,
            only_instance: None,
        },
        ..TruthSettings::default()
    }
}

/// Logs in, revokes, and uses the credential for a while. The statuses that were seen, repetitions aside, and when each was first seen,
/// counted from before the revoking call was *sent*: whatever the server counts from the acknowledgement comes later.
async fn statuses_after(script: AfterRevocation) -> (Vec<u16>, Vec<Duration>) {
    let server = start(after(script)).await;
    let mut client = Client::connect(&server.urls[0]).await;
    let token = client.log_in().await;
    assert_eq!(client.used(&token).await, 200);
    let sent = Instant::now();
    client.revoke(&token).await;
    let (mut seen, mut first_seen) = (Vec::new(), Vec::new());
    while sent.elapsed() < WATCHED {
        let status = client.used(&token).await;
        if seen.last() != Some(&status) {
            seen.push(status);
            first_seen.push(sent.elapsed());
        }
        tokio::time::sleep(MS).await;
    }
    (seen, first_seen)
}

#[tokio::test]
async fn without_a_lag_nothing_is_accepted_after_the_acknowledgement() {
    let (seen, _) = statuses_after(AfterRevocation::Lag(Duration::ZERO)).await;
    assert_eq!(seen, [401]);
}

#[tokio::test]
async fn a_lag_counts_from_the_acknowledgement() {
    let (seen, first_seen) = statuses_after(AfterRevocation::Lag(300 * MS)).await;
    assert_eq!(seen, [200, 401]);
    assert!(first_seen[1] >= 300 * MS, "{first_seen:?}");
}

#[tokio::test]
async fn a_flap_is_refused_then_accepted_then_refused() {
    let (from, to) = (200 * MS, 600 * MS);
    let (seen, first_seen) = statuses_after(AfterRevocation::Flap { from, to }).await;
    assert_eq!(seen, [401, 200, 401]);
    assert!(
        first_seen[1] >= from && first_seen[2] >= to,
        "{first_seen:?}"
    );
}

#[tokio::test]
async fn an_outage_is_neither_acceptance_nor_refusal() {
    let (from, to) = (Duration::ZERO, 400 * MS);
    let (seen, first_seen) = statuses_after(AfterRevocation::Outage { from, to }).await;
    assert_eq!(seen, [503, 401]);
    assert!(first_seen[1] >= to, "{first_seen:?}");
    let from = 200 * MS;
    let (seen, first_seen) = statuses_after(AfterRevocation::Outage { from, to }).await;
    assert_eq!(seen, [200, 503, 401]);
    assert!(
        first_seen[1] >= from && first_seen[2] >= to,
        "{first_seen:?}"
    );
}

#[tokio::test]
async fn never_revoked_stays_accepted_and_counts_name_nobody() {
    let server = start(after(AfterRevocation::NeverRefused)).await;
    let mut client = Client::connect(&server.urls[0]).await;
    let token = client.log_in().await;
    client.revoke(&token).await;
    client.revoke(&token).await;
    assert_eq!(client.used(&token).await, 200);
    assert_eq!(client.used("made-up").await, 401);
    assert_eq!(client.get("/resource").await.status, 401);
    let report = client.report().await;
    let counts = json!({"issued": 1, "revoked": 1, "accepted": 1, "refused": 2, "unavailable": 0});
    assert_eq!(report["revocations"], counts);
    assert!(!report.to_string().contains(&token));
}

#[tokio::test]
async fn a_withheld_acknowledgement_keeps_the_credential_until_it_leaves() {
    let blocked = 500 * MS;
    let server = start(TruthSettings {
        block_revocation: blocked,
        ..TruthSettings::default()
    })
    .await;
    let (mut revoking, mut using) = (
        Client::connect(&server.urls[0]).await,
        Client::connect(&server.urls[0]).await,
    );
    let token = revoking.log_in().await;
    let asked = Instant::now();
    let revocation = async {
        let acknowledged = revoking.revoke(&token).await;
        assert!(acknowledged - asked >= blocked);
    };
    let uses = async {
        let mut accepted = 0;
        loop {
            let sent = Instant::now();
            if using.used(&token).await == 401 {
                return accepted;
            }
            accepted += usize::from(sent - asked > 100 * MS);
            tokio::time::sleep(MS).await;
        }
    };
    let ((), accepted_meanwhile) = tokio::join!(revocation, uses);
    assert!(accepted_meanwhile > 0);
}

#[tokio::test]
async fn only_the_lagging_instance_lags() {
    let third = NonZeroUsize::new(3).expect("not zero");
    let server = start(TruthSettings {
        instances: third,
        credential_end: CredentialEnd::Revocation {
            after: AfterRevocation::NeverRefused,
            only_instance: Some(third),
        },
        ..TruthSettings::default()
    })
    .await;
    let mut statuses = Vec::new();
    let mut first = Client::connect(&server.urls[0]).await;
    let token = first.log_in().await;
    first.revoke(&token).await;
    for url in &server.urls {
        statuses.push(Client::connect(url).await.used(&token).await);
    }
    assert_eq!(statuses, [401, 401, 200]);
}

#[tokio::test]
async fn an_instance_that_does_not_exist_cannot_lag() {
    let settings = TruthSettings {
        credential_end: CredentialEnd::Revocation {
            after: AfterRevocation::NeverRefused,
            only_instance: NonZeroUsize::new(2),
        },
        ..TruthSettings::default()
    };
    let refused = truth::start(settings, TruthWiring::default(), Clock::system()).await;
    let error = refused.expect_err("there is one instance");
    assert!(matches!(error, StartTruthError::NoSuchInstance { .. }));
    assert_eq!(error.to_string(), "let only instance 2 lag: there are 1");
}

#[tokio::test]
async fn self_contained_credentials_end_by_the_clock_and_by_nothing_else() {
    // Three quarters into a second, which `exp` cannot tell: 1.25 s of the 2 s are left, and the leeway.
    let (clock, time) = Clock::manual(1_700_000_000_750);
    let leeway = 500 * MS;
    let settings = TruthSettings {
        credential_end: CredentialEnd::Expiry(
            Expiry::new(Duration::from_secs(2), leeway).expect("a life"),
        ),
        ..TruthSettings::default()
    };
    let server = truth::start(settings, TruthWiring::default(), clock)
        .await
        .expect("a truth server");
    let mut client = Client::connect(&server.urls[0]).await;
    let answer = client.post("/login", "username=a&password=b").await.json();
    assert_eq!(answer["expires_in"], 2);
    let token = answer["access_token"].as_str().expect("a token");
    assert_eq!(token.split('.').count(), 3);
    client.revoke(token).await;
    time.advance(1_250 * MS + leeway - MS);
    assert_eq!(client.used(token).await, 200);
    time.advance(MS);
    assert_eq!(client.used(token).await, 401);
}

#[tokio::test]
async fn a_revoking_call_without_a_token_is_a_mistake() {
    let server = start(TruthSettings::default()).await;
    let mut client = Client::connect(&server.urls[0]).await;
    assert_eq!(client.post("/revoke", "tok=a").await.status, 400);
    assert_eq!(client.post("/revoke", "token=unknown").await.status, 204);
}

//! Revocation channels between an issuer and those who follow it, over real stores: what was acknowledged is not lost, whatever happens to
//! connections and stores; and whoever cannot know what has ended knows that.

mod durable;
mod faults;
mod lookups;
mod relay;
mod snapshots;

use std::time::Duration;

use authbench_servers::clock::Clock;
use authbench_servers::revocation::{
    Announcer, Denials, Ended, Presentation, Revocation, RevocationSettings,
};
use authbench_servers::store::{Store, StoreOptions};

const LIFE: Duration = Duration::from_secs(600);
const ISSUER: &str = "http://issuer.test";

fn settings(channel: Revocation) -> RevocationSettings {
    RevocationSettings {
        channel,
        staleness: Duration::from_millis(500),
        ..RevocationSettings::default()
    }
}

async fn connect(url: &str) -> Store {
    // These tests ask what is answered, not how fast: a busy machine must not fail them.
    let options = StoreOptions {
        deadline: Duration::from_secs(10),
        response_timeout: Duration::from_secs(5),
        ..StoreOptions::default()
    };
    Store::connect(url, options).await.expect("connected")
}

async fn issuer_by(url: &str, channel: Revocation, clock: Clock) -> Announcer {
    let store = connect(url).await;
    let settings = settings(channel);
    let announcer = Announcer::start(&settings, &store, ISSUER, clock, LIFE);
    announcer.await.expect("a channel")
}

async fn issuer(url: &str) -> Announcer {
    issuer_by(url, Revocation::DenylistPush, Clock::system()).await
}

/// One who follows with the project's own time-outs, for they are what is tested.
async fn follower(url: &str) -> Denials {
    let store = Store::connect(url, StoreOptions::default())
        .await
        .expect("connected");
    let settings = settings(Revocation::DenylistPush);
    Denials::follow(&store, &settings, Duration::ZERO, Clock::system()).await
}

fn token(number: usize) -> Ended {
    Ended::Token {
        id: id(number),
        expires_at_ms: Clock::system().now_ms() + 600_000,
    }
}

fn id(number: usize) -> String {
    format!("token-{number}")
}

fn presented(id: &str) -> Presentation<'_> {
    Presentation {
        id,
        session: None,
        subject: "user-00001",
        client: "app",
        key: None,
        issued_at_ms: i64::MAX,
    }
}

/// Announces as a client does that is answered 503: again, until it is acknowledged.
async fn announce(announcer: &Announcer, ended: &Ended) {
    while announcer.announce(ended).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn knows(denials: &Denials, numbers: impl IntoIterator<Item = usize>) -> bool {
    let mut numbers = numbers.into_iter();
    numbers.all(|number| denials.covers(&presented(&id(number))))
}

/// Waits until something is so. How long it took is not judged here, only that it ends.
async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..4_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {what}");
}

async fn until_known(denials: &Denials, numbers: std::ops::Range<usize>) {
    eventually("all of it is known", async || {
        knows(denials, numbers.clone())
    })
    .await;
}

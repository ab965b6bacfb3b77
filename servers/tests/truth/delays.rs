//! What holds up `GET /`.

use std::time::{Duration, Instant};

use authbench_servers::truth::{Delay, STALL_OFFSET, Stall, TruthSettings};
use serde_json::json;

use crate::client::{Client, start};

const MS: Duration = Duration::from_millis(1);

fn held_by(delay: Delay) -> TruthSettings {
    TruthSettings {
        delay: Some(delay),
        ..TruthSettings::default()
    }
}

#[tokio::test]
async fn an_answer_never_leaves_before_its_delay() {
    let server = start(held_by(Delay::fixed(5 * MS).expect("a delay"))).await;
    let mut client = Client::connect(&server.urls[0]).await;
    for _ in 0..10 {
        let answer = client.get("/").await;
        assert_eq!(
            (answer.status, &answer.body[..]),
            (200, &br#"{"ok":true}"#[..])
        );
        assert!(answer.took >= 5 * MS, "{:?}", answer.took);
    }
    let report = client.report().await;
    assert_eq!(report["requests"], 10);
    let all_alike = json!({"p50": 5000, "p90": 5000, "p99": 5000, "p999": 5000, "max": 5000});
    assert_eq!(report["drawn_us"], all_alike);
    assert!(report["held_us"]["p50"].as_u64() >= Some(5_000), "{report}");
}

#[tokio::test]
async fn answers_leave_in_the_order_of_their_delays_and_not_of_their_requests() {
    let law = Delay::bimodal(MS, 80 * MS, 0.5).expect("a delay");
    let settings = TruthSettings {
        seed: seed_that_draws_slow_then_fast(&law).await,
        ..held_by(law)
    };
    let server = start(settings).await;
    let (mut slow, mut fast) = (
        Client::connect(&server.urls[0]).await,
        Client::connect(&server.urls[0]).await,
    );
    let slow_done = async {
        slow.get("/").await;
        Instant::now()
    };
    let fast_done = async {
        // So that the slow one is the first to be entered.
        tokio::time::sleep(10 * MS).await;
        fast.get("/").await;
        Instant::now()
    };
    let (slow_done, fast_done) = tokio::join!(slow_done, fast_done);
    assert!(fast_done < slow_done);
}

async fn seed_that_draws_slow_then_fast(law: &Delay) -> u64 {
    for seed in 1..100 {
        let settings = TruthSettings {
            seed,
            ..held_by(law.clone())
        };
        let server = start(settings).await;
        let mut client = Client::connect(&server.urls[0]).await;
        client.get("/").await;
        let first = client.report().await["drawn_us"]["max"].clone();
        client.get("/").await;
        let smaller = client.report().await["drawn_us"]["p50"].clone();
        if (first, smaller) == (json!(80_000), json!(1_000)) {
            return seed;
        }
    }
    panic!("a hundred seeds draw alike");
}

#[tokio::test]
async fn equal_seeds_hold_equally_after_every_reset() {
    let law = Delay::log_normal(Duration::from_micros(300), 1.0).expect("a delay");
    let server = start(held_by(law.clone())).await;
    let other = start(held_by(law)).await;
    let mut drawn = Vec::new();
    for url in [&server.urls[0], &server.urls[0], &other.urls[0]] {
        let mut client = Client::connect(url).await;
        assert_eq!(client.post("/truth/reset", "").await.status, 204);
        for _ in 0..40 {
            client.get("/").await;
        }
        let report = client.report().await;
        assert_eq!(
            (&report["requests"], &report["seed"]),
            (&json!(40), &json!(1))
        );
        assert!(report["held_us"]["max"].as_u64() >= report["drawn_us"]["max"].as_u64());
        drawn.push(report["drawn_us"].clone());
    }
    assert_eq!(drawn[0], drawn[1]);
    assert_eq!(drawn[0], drawn[2]);
}

#[tokio::test]
async fn nothing_leaves_while_frozen_and_everything_at_the_end() {
    const CONNECTIONS: usize = 20;
    let freeze = 500 * MS;
    let server = start(TruthSettings {
        stall: Some(Stall::new(freeze, Duration::from_secs(10)).expect("a stall")),
        ..TruthSettings::default()
    })
    .await;
    let mut first = Client::connect(&server.urls[0]).await;
    let reset = Instant::now();
    first.post("/truth/reset", "").await;
    let epoch = Instant::now();
    first.get("/").await;
    tokio::time::sleep_until((epoch + STALL_OFFSET).into()).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut client = Client::connect(&server.urls[0]).await;
        asking.spawn(async move {
            client.get("/").await;
            Instant::now()
        });
    }
    // Not only the load: a login is frozen like everything else.
    first.post("/login", "").await;
    let frozen_until = reset + STALL_OFFSET + freeze;
    assert!(Instant::now() >= frozen_until);
    for done in asking.join_all().await {
        assert!(done >= frozen_until);
    }
    let report = first.report().await;
    let stall = json!([{"from_ns": 4_000_000_000_u64, "to_ns": 4_500_000_000_u64}]);
    assert_eq!(report["stalls"], stall);
    assert_eq!(report["requests"], CONNECTIONS + 1);
}

#[tokio::test]
async fn what_was_not_configured_is_not_reported() {
    let server = start(TruthSettings::default()).await;
    let mut client = Client::connect(&server.urls[0]).await;
    assert_eq!(client.report().await, json!({"requests": 0, "seed": 1}));
    client.get("/").await;
    let report = client.report().await;
    let members: Vec<&String> = report.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["held_us", "requests", "seed"]);
    assert_eq!(client.get("/elsewhere").await.status, 404);
}

#[tokio::test]
async fn burnt_cpu_is_measured_where_it_is_burnt() {
    let server = start(TruthSettings {
        spin: 2 * MS,
        ..TruthSettings::default()
    })
    .await;
    let mut client = Client::connect(&server.urls[0]).await;
    for _ in 0..3 {
        client.get("/").await;
    }
    let report = client.report().await;
    // The work was calibrated a moment ago by the same clock; how exactly it repeats depends on the machine.
    assert!(report["spun_us_mean"].as_f64() > Some(200.0), "{report}");
    assert!(report["held_us"]["p50"].as_u64() > Some(200), "{report}");
}

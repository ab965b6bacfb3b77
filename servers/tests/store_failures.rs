//! The store on a bad day: gone, frozen, unreachable, locked. What must hold: an error, soon, that says which
//! of the three things happened and shows no password; and recovery without anybody's help.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use authbench_servers::store::{
    ConnectError, Silence, StartedStore, Store, StoreError, StoreKind, StoreOptions,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const LONG: Duration = Duration::from_secs(600);
/// Far above the 150 ms that are promised: this tells an error from a hang, on any machine.
const SOON: Duration = Duration::from_secs(2);
const RECOVERY: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_dead_store_is_an_error_within_the_deadline_and_is_used_again_once_back() {
    for kind in StartedStore::kinds_here() {
        let mut started = StartedStore::start(kind).expect("the store starts");
        let store = connect(&started).await;
        recovered(&store).await;
        let failures = store.counters().failures;
        started.stop();
        for _ in 0..5 {
            let start = Instant::now();
            let read = store.get("k").await.expect_err("nobody is there");
            let write = store
                .put("k", b"w", LONG)
                .await
                .expect_err("nobody is there");
            assert!(start.elapsed() < SOON, "{kind:?}: {:?}", start.elapsed());
            assert!(
                matches!(
                    read,
                    StoreError::Unavailable {
                        operation: "get",
                        ..
                    }
                ),
                "{kind:?}: {read:?}"
            );
            assert!(
                matches!(
                    write,
                    StoreError::Unknown {
                        operation: "put",
                        ..
                    }
                ),
                "{kind:?}: {write:?}"
            );
        }
        assert_eq!(store.counters().failures, failures + 10);
        started.start_again().expect("the store starts again");
        assert_eq!(recovered(&store).await, None, "it came back empty");
    }
}

#[tokio::test]
async fn a_frozen_store_leaves_a_write_in_doubt_and_is_used_again_once_it_moves() {
    for kind in StartedStore::kinds_here() {
        let started = StartedStore::start(kind).expect("the store starts");
        if kind == StoreKind::Embedded {
            continue; // It is a thread of this process, which cannot freeze itself.
        }
        let store = connect(&started).await;
        let pid = Pid::from_raw(started.pid().expect("it runs") as i32);
        kill(pid, Signal::SIGSTOP).expect("frozen");
        let start = Instant::now();
        let write = store.put("k", b"v", LONG).await;
        let took = start.elapsed();
        kill(pid, Signal::SIGCONT).expect("thawed");
        assert_eq!(
            write,
            Err(StoreError::Unknown {
                operation: "put",
                silence: Silence::Deadline
            })
        );
        assert!(took < SOON, "{took:?}");
        // The write in doubt was applied after all.
        assert_eq!(recovered(&store).await, Some(b"v".to_vec()));
    }
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_told_at_once_and_what_to_do() {
    let start = Instant::now();
    let error = refused_by("redis://:hunter2@127.0.0.1:1").await;
    assert!(
        matches!(error, ConnectError::Unreachable { .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains("127.0.0.1:1") && text.contains("connection refused"),
        "{text}"
    );
    assert!(
        text.contains("start it there, or leave the store URL out"),
        "{text}"
    );
    assert!(start.elapsed() < SOON + SOON);
}

#[tokio::test]
async fn an_address_that_never_answers_is_told_soon() {
    // Accepts (the system does, for it) and stays silent.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!(
        "redis://:hunter2@{}",
        silent.local_addr().expect("its address")
    );
    let start = Instant::now();
    let error = refused_by(&url).await;
    assert!(
        matches!(error, ConnectError::Unreachable { .. }),
        "{error:?}"
    );
    assert!(start.elapsed() < SOON + SOON);
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    for kind in StartedStore::kinds_here() {
        let started = StartedStore::start(kind).expect("the store starts");
        let (_, address) = started
            .url()
            .split_once('@')
            .expect("the URL has a password");
        let error = refused_by(&format!("redis://:hunter2@{address}")).await;
        assert!(
            matches!(error, ConnectError::Refused { .. }),
            "{kind:?}: {error:?}"
        );
        assert!(
            error.to_string().contains("check the user and password"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn nothing_of_a_store_prints_its_password() {
    let started = StartedStore::start(StoreKind::Embedded).expect("it starts anywhere");
    let store = connect(&started).await;
    let (password, _) = started
        .url()
        .trim_start_matches("redis://:")
        .split_once('@')
        .expect("the URL has a password");
    assert!(!password.is_empty());
    for text in [
        format!("{store:?}"),
        format!("{:?}", started.description()),
        format!("{started:?}"),
    ] {
        assert!(!text.contains(password), "{text}");
    }
}

async fn connect(started: &StartedStore) -> Store {
    Store::connect(started.url(), StoreOptions::default())
        .await
        .expect("connected")
}

/// The error of connecting to `url`, none of whose texts shows the password `hunter2`.
async fn refused_by(url: &str) -> ConnectError {
    let error = Store::connect(url, StoreOptions::default())
        .await
        .expect_err("no store");
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hunter2"), "{text}");
    error
}

/// What `k` holds, as soon as the store answers.
async fn recovered(store: &Store) -> Option<Vec<u8>> {
    let start = Instant::now();
    loop {
        match store.get("k").await {
            Ok(value) => return value,
            Err(error) => assert!(start.elapsed() < RECOVERY, "still {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

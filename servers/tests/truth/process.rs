//! The truth server as a process: its ready line, its store, its end.
//!
//! The process is this test program again, told by its argument to be the truth server.

use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroUsize;
use std::process::{Child, Command, Stdio};

use authbench_servers::clock::Clock;
use authbench_servers::store::{StartedStore, StoreKind, StoreUrl};
use authbench_servers::truth::{self, StartTruthError, TruthSettings, TruthWiring};
use serde_json::Value;

use crate::client::Client;

/// Not a test: the truth server of the test below.
#[test]
#[ignore = "run by the test beside it, as a process of its own"]
fn truth_process() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the wiring");
    let wiring = serde_json::from_str(&line).expect("valid wiring");
    let settings = TruthSettings {
        instances: NonZeroUsize::new(3).expect("not zero"),
        ..TruthSettings::default()
    };
    truth::serve(settings, wiring, true).expect("it serves");
}

#[tokio::test]
async fn it_says_where_it_listens_and_ends_with_its_input() {
    let mut process = start_process();
    let mut stdin = process.stdin.take().expect("a pipe");
    stdin
        .write_all(b"{\"store_url\": null}\n")
        .expect("written");
    let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
    let ready = ready_line(&mut stdout);
    assert_eq!(
        (&ready["ready"], &ready["pid"]),
        (&"truth".into(), &process.id().into())
    );
    assert_eq!(ready["url"], ready["url_1"]);
    for member in ["url_1", "url_2", "url_3"] {
        let url = ready[member].as_str().expect("a URL");
        assert_eq!(Client::connect(url).await.get("/").await.status, 200);
    }
    assert!(ready.get("url_4").is_none());
    drop(stdin);
    assert!(process.wait().expect("it ends").success());
}

#[tokio::test]
async fn store_round_trips_are_made_and_need_a_store() {
    let settings = TruthSettings {
        store_round_trips: 3,
        ..TruthSettings::default()
    };
    let none = truth::start(settings.clone(), TruthWiring::default(), Clock::system()).await;
    assert!(matches!(
        none.expect_err("no store"),
        StartTruthError::NoStore
    ));

    let store = StartedStore::start(StoreKind::Embedded).expect("a store");
    let store_url = Some(StoreUrl::new(store.url()));
    let server = truth::start(settings, TruthWiring { store_url }, Clock::system())
        .await
        .expect("a truth server");
    let mut client = Client::connect(&server.urls[0]).await;
    for _ in 0..2 {
        assert_eq!(client.get("/").await.status, 200);
    }
    assert_eq!(client.report().await["store_commands"], 6);
}

fn start_process() -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args([
            "process::truth_process",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started")
}

/// The test harness prints lines of its own before the server's only one, and the beginning of one on the same line.
fn ready_line(stdout: &mut impl BufRead) -> Value {
    let json = |line: String| {
        let object = &line[line.find("{\"")?..];
        serde_json::from_str(object).ok()
    };
    let mut lines = stdout.lines().map(|line| line.expect("text"));
    lines.find_map(json).expect("a ready line")
}

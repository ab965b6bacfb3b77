//! Runs in which something fails, and a talkative server or a wrong address would like to tell everybody.

use crate::canary::Canary;
use crate::evidence::Evidence;
use crate::foreign::{Planted, revocation, steady};
use crate::program::{Workspace, stderr};
use crate::server::Server;
use authbench_servers::store::{StartedStore, StoreKind};
use std::net::TcpListener;

/// Runs `scenario` against a server asked at `paths`, so often: its complaints differ from time to time. Something must have been said.
fn complained(turns: usize, scenario: &str, paths: [&str; 3], told: &[&str]) {
    let (server, planted) = (Server::start(), Planted::new());
    let turns: Vec<usize> = (0..turns).collect();
    let evidence = Evidence::of_each(&turns, |turn, evidence| {
        let workspace = Workspace::new();
        let target = workspace.write("theirs.toml", &planted.target(&server, paths));
        let scenario = workspace.write("scenario.toml", scenario);
        let arguments = [
            "run",
            "--scenario",
            &scenario,
            "--target",
            &target,
            "--out",
            "run",
        ];
        let output = evidence.run(&workspace, &arguments, &planted.variables());
        if workspace.path("run").exists() {
            evidence.folder(&workspace.path("run"));
        }
        evidence.run(
            &workspace,
            &["check", "--target", &target],
            &planted.variables(),
        );
        let code = output.status.code();
        assert!(matches!(code, Some(1..=4)), "turn {turn}: {code:?}");
    });
    for part in told {
        assert!(evidence.has(part), "nobody says {part:?}");
    }
    evidence.assert_silent(&[planted.canaries(), server.issued.canaries()].concat());
}

#[test]
fn a_login_that_is_refused_with_everything_repeated() {
    complained(
        4,
        &steady(),
        ["/refused", "/login", "/logout"],
        &["/refused", "got 400", "no: "],
    );
}

#[test]
fn a_login_that_breaks_after_it_made_a_token() {
    complained(
        4,
        &steady(),
        ["/broken", "/login", "/logout"],
        &["/broken", "got 500", "access_token"],
    );
}

#[test]
fn a_login_whose_token_is_not_where_it_is_looked_for() {
    complained(
        4,
        &steady(),
        ["/elsewhere", "/login", "/logout"],
        &["/elsewhere", "cannot capture"],
    );
}

#[test]
fn an_event_that_is_refused_with_everything_repeated() {
    complained(
        1,
        &revocation(),
        ["/login", "/login", "/refused"],
        &["logout"],
    );
}

/// A process that repeats what it was told, and gives up.
const TALKATIVE: &str = r#"
schema = "authbench.target/1"
name = "mine"
model = "mine"
[[process]]
name = "server"
role = "other"
command = ["sh", "-c", "read line; echo told: $line >&2; exit 3"]
stdin = { password = "${env.CANARY}", store = "${run.store_url}" }
[[point]]
name = "api"
request = "GET http://127.0.0.1:1/"
accept = { status = 200 }
refuse = { status = 401 }
"#;

#[test]
fn a_process_that_prints_what_it_was_told_is_quoted_without_it() {
    let (password, store) = (
        Canary::password("what a process was told"),
        Canary::token("password of the store"),
    );
    let workspace = Workspace::new();
    let file = workspace.write("mine.toml", TALKATIVE);
    let url = format!("redis://:{}@127.0.0.1:1/0", store.text);
    let mut evidence = Evidence::default();
    let fixed = ["run", "--scenario", "steady", "--target", &file];
    let arguments = [&fixed[..], &["--store-url", &url]].concat();
    let output = evidence.run(&workspace, &arguments, &[("CANARY", &password.text)]);
    assert_ne!(output.status.code(), Some(0));
    assert!(evidence.has("told: "), "{}", stderr(&output));
    evidence.assert_silent(&[password, store]);
}

#[test]
fn a_store_that_cannot_be_used() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port();
    drop(taken);
    let store = StartedStore::start(StoreKind::Embedded).expect("the store starts");
    let (_, real) = store.url().rsplit_once('@').expect("it has a password");
    let password = Canary::token("password of the store");
    let text = &password.text;
    let urls = [
        format!("redis://:{text}@127.0.0.1:{port}/0"),
        format!("redis://someone:{text}@127.0.0.1:{port}/0"),
        // Where passwords end up by mistake.
        format!("redis://{text}@127.0.0.1:{port}"),
        format!("redis://127.0.0.1:{port}/?password={text}"),
        format!("redis://127.0.0.1:{port}/{text}"),
        format!("redis:/:{text}@127.0.0.1"),
        format!("http://:{text}@127.0.0.1:{port}"),
        text.clone(),
        // Somebody is there, and knows another password.
        format!("redis://:{text}@{real}"),
    ];
    let evidence = Evidence::of_each(&urls, |url, evidence| {
        let workspace = Workspace::new();
        for (arguments, variables) in [
            (vec!["--store-url", url.as_str()], vec![]),
            (vec![], vec![("REDIS_URL", url.as_str())]),
        ] {
            let fixed = ["run", "--scenario", "revocation", "--target", "session"];
            let arguments = [&fixed[..], &arguments].concat();
            let output = evidence.run(&workspace, &arguments, &variables);
            let told = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{url}: {told}");
            assert!(told.contains("error: "), "{told}");
        }
    });
    evidence.assert_silent(&[password]);
}

//! A store of the user's own: used as it is, and left as it was found.

use crate::program::{Workspace, json, stderr};
use authbench_servers::store::{StartedStore, StoreKind};

const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "short"
kind = "revocation"
question = "Is anything left behind?"
targets = ["session", "opaque"]
[vars]
access_ttl = "2s"
login_hash = "cheap"
[load]
rate_per_s = 20
connections_per_target = 2
credentials_per_target = 4
[revocation]
events = ["account_disabled"]
probe_every = "10ms"
tail = "50ms"
slots_per_target = 4
[profile.quick]
warm_up = "100ms"
revocations = 4
[profile.standard]
warm_up = "100ms"
revocations = 4
[profile.full]
warm_up = "100ms"
revocations = 4
"#;

#[test]
fn a_users_store_is_left_as_it_was_found_and_serves_a_second_run() {
    let kinds = StartedStore::kinds_here();
    let Some(kind) = kinds.into_iter().find(|kind| *kind != StoreKind::Embedded) else {
        return;
    };
    let store = StartedStore::start(kind).expect("the store starts");
    let mut connection = redis::Client::open(store.url())
        .and_then(|client| client.get_connection())
        .expect("answers");
    redis::cmd("SET")
        .arg("authbench:theirs")
        .arg("1")
        .exec(&mut connection)
        .expect("is set");

    let workspace = Workspace::new();
    let scenario = workspace.write("short.toml", SCENARIO);
    // The second run disables the same accounts: what the first one did must not be in its way.
    for out in ["first", "second"] {
        let arguments = [
            "run",
            "--scenario",
            &scenario,
            "--store-url",
            store.url(),
            "--out",
            out,
            "--quiet",
        ];
        let output = workspace.run(&arguments);
        assert!(
            matches!(output.status.code(), Some(0 | 4)),
            "{}",
            stderr(&output)
        );
        let summary = json(&workspace.path(out).join("summary.json"));
        assert_eq!(summary["store"]["started_by"], "user");
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("*")
            .query(&mut connection)
            .expect("answers");
        assert_eq!(keys, ["authbench:theirs"]);
        assert_no_password(&workspace, out, store.url());
    }
}

/// The password in the URL stands in no file of the run.
fn assert_no_password(workspace: &Workspace, out: &str, url: &str) {
    let password = url
        .split_once('@')
        .and_then(|(before, _)| before.rsplit(':').next())
        .expect("the URL has one");
    assert!(password.len() > 10);
    let mut folders = vec![workspace.path(out)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("a file");
                let found = bytes
                    .windows(password.len())
                    .any(|window| window == password.as_bytes());
                assert!(!found, "{}", path.display());
            }
        }
    }
}

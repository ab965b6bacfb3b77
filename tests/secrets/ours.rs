//! Our own servers: what they are told, what they issue, and the password of their store.

use crate::canary::Canary;
use crate::evidence::Evidence;
use crate::foreign::{revocation, steady};
use crate::program::{Workspace, stderr};
use crate::relay::Relay;
use authbench_servers::store::StartedStore;
use std::collections::BTreeSet;

/// The model's own target file, with secrets that the test knows, audit logs in the run's folder, and a relay before the authorization server.
fn overheard(model: &str, relay: &Relay) -> String {
    let path = format!(
        "{}/scenarios/targets/{model}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut text = std::fs::read_to_string(path).expect("it comes with the program");
    for name in drawn(&text) {
        let drawn = format!("{name} = \"${{secret}}\"");
        text = text.replace(&drawn, &format!("{name} = \"${{env.CANARY_{name}}}\""));
    }
    assert!(
        !text.contains("${secret}"),
        "a secret that the test does not know"
    );
    for (server, port) in [
        ("authorization-server", relay.behind),
        ("resource-server", 0),
    ] {
        let command = format!("\"serve\", \"{server}\", \"--wired\",");
        // The services behind a gateway are told their ports already.
        let listen = match model == "gateway" && port == 0 {
            true => String::new(),
            false => format!(" \"--listen\", \"127.0.0.1:{port}\","),
        };
        let options =
            format!("{command}{listen} \"--audit-log\", \"${{run.dir}}/{server}.audit\",");
        assert!(text.contains(&command));
        text = text.replace(&command, &options);
    }
    let own = format!("http://127.0.0.1:{}", relay.port);
    for endpoint in ["login", "token", "logout"] {
        text = text.replace(
            &format!("${{authorization.url}}/{endpoint}"),
            &format!("{own}/{endpoint}"),
        );
    }
    text
}

/// The variables of a target file that hold a secret.
fn drawn(target: &str) -> BTreeSet<String> {
    let lines = target.lines();
    let names = lines.filter_map(|line| line.split_once(" = \"${secret}\""));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn our_servers_and_their_store_leave_no_credential() {
    let kind = *StartedStore::kinds_here().last().expect("the embedded one");
    // Ended last: a run keeps its keys there until it ends.
    let store = StartedStore::start(kind).expect("the store starts");
    let workspace = Workspace::new();
    let relays =
        ["session", "jwt", "opaque", "hybrid", "gateway"].map(|model| (model, Relay::start()));
    let scenarios = [
        workspace.write("stream.toml", &renewing(&steady())),
        workspace.write("ends.toml", &renewing(&revocation())),
    ];
    let mut arguments = vec!["run", "--store-url", store.url(), "--out", "run"];
    arguments.extend(scenarios.iter().flat_map(|path| ["--scenario", path]));
    let files: Vec<String> = relays
        .iter()
        .map(|(model, relay)| workspace.write(&format!("{model}.toml"), &overheard(model, relay)))
        .collect();
    arguments.extend(files.iter().flat_map(|file| ["--target", file]));
    arguments.push("--goose-report");
    let secrets: Vec<(String, Canary)> = files
        .iter()
        .flat_map(|file| referred(&std::fs::read_to_string(file).expect("was written")))
        .collect::<BTreeSet<String>>()
        .into_iter()
        .map(|name| (name.clone(), Canary::key(&name)))
        .collect();
    assert!(secrets.len() >= 7, "{} secrets", secrets.len());
    let variables: Vec<(&str, &str)> = secrets
        .iter()
        .map(|(name, canary)| (name.as_str(), canary.text.as_str()))
        .collect();

    let mut evidence = Evidence::default();
    let output = evidence.run(&workspace, &arguments, &variables);
    let told = stderr(&output);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{told}");
    evidence.folder(&workspace.path("run"));
    let audit = std::fs::read_to_string(workspace.path("run/logs/authorization-server.audit"));
    let audit = audit.expect("the audit log is in the run's folder");
    assert!(audit.contains("user-0"), "{audit}");

    let mut canaries: Vec<Canary> = secrets.into_iter().map(|(_, canary)| canary).collect();
    canaries.push(password(&store));
    for (model, relay) in &relays {
        let issued = relay.issued(model);
        assert!(issued.len() >= 8, "{model} issued {}", issued.len());
        canaries.extend(issued);
    }
    evidence.assert_silent(&canaries);
    // Our JWTs begin with these letters, whatever they say.
    assert!(!evidence.has("eyJ"), "a JWT");
}

/// The variables of the environment that a target file refers to.
fn referred(target: &str) -> Vec<String> {
    let names = target.split("${env.").skip(1);
    names
        .filter_map(|rest| Some(rest.split_once('}')?.0.to_owned()))
        .collect()
}

/// With a token life that makes renewals happen.
fn renewing(scenario: &str) -> String {
    format!("{scenario}\n[vars]\naccess_ttl = \"1s\"\nlogin_hash = \"cheap\"\n")
}

fn password(store: &StartedStore) -> Canary {
    let (before, _) = store.url().rsplit_once('@').expect("it has a password");
    let password = before.rsplit(':').next().expect("after the colon");
    Canary::known("password of the store", password)
}

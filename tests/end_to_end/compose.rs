//! `docker-compose.yml` without Docker: its own commands, secrets and target files, on this machine. That they also work in containers has to be
//! tried by hand (CONTRIBUTING.md).

use crate::program::{Workspace, json, stderr};
use crate::serve::Server;
use authbench_servers::store::StartedStore;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const TARGETS: [&str; 5] = ["no_auth", "session", "jwt", "opaque", "hybrid"];
/// What the load is told by its environment.
const SECRETS: [&str; 3] = [
    "admin_secret",
    "population_password",
    "introspection_secret",
];

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn target(name: &str) -> String {
    read(&format!("scenarios/examples/compose/{name}.toml"))
}

/// The part of the compose file that describes this service.
fn service<'a>(compose: &'a str, name: &str) -> &'a str {
    let (_, rest) = compose
        .split_once(&format!("\n  {name}:\n"))
        .unwrap_or_else(|| panic!("{name} is no service"));
    let next = rest
        .match_indices("\n  ")
        .find(|(at, _)| !rest[at + 3..].starts_with([' ', '#']));
    &rest[..next.map_or(rest.len(), |(at, _)| at)]
}

/// A service's command, as JSON writes lists, too.
fn command(service: &str) -> Vec<String> {
    let (_, rest) = service.split_once("command:").expect("a command");
    let list = &rest[..=rest.find(']').expect("a list")];
    serde_json::from_str(list.trim()).unwrap_or_else(|error| panic!("{list}: {error}"))
}

/// Every host that a target file asks.
fn hosts(target: &str) -> BTreeSet<&str> {
    let urls = target.split("http://").skip(1);
    urls.filter_map(|url| url.split(':').next()).collect()
}

#[test]
fn every_host_is_a_service_and_is_cleared() {
    let compose = read("docker-compose.yml");
    let load = service(&compose, "load");
    let (_, cleared) = load.split_once("for host in ").expect("a list of hosts");
    let cleared: BTreeSet<&str> = cleared
        .lines()
        .take_while(|line| line.trim() != "do")
        .flat_map(str::split_whitespace)
        .filter(|word| *word != "\\")
        .collect();
    let targets = TARGETS.map(target);
    let asked: BTreeSet<&str> = targets.iter().flat_map(|target| hosts(target)).collect();
    assert_eq!(asked, cleared);
    for host in asked {
        assert!(command(service(&compose, host)).contains(&"serve".to_owned()));
    }
}

#[test]
fn the_scenarios_and_targets_are_right_and_nothing_is_asked_that_was_not_cleared() {
    for scenario in ["steady", "revocation"] {
        let workspace = Workspace::new();
        let path = repository(&format!("scenarios/examples/compose/{scenario}.toml"));
        let path = path.to_string_lossy();
        let mut command = workspace.authbench(&["run", "--scenario", &path, "--out", "run"]);
        let output = command
            .envs(SECRETS.map(|name| (name, "a-secret")))
            .output()
            .expect("the program starts");
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("allow"), "{told}");
    }
}

/// Draws the secrets as the store does before it starts.
fn secrets(workspace: &Workspace, compose: &str) {
    let folder = workspace.path("secrets");
    fs::create_dir(&folder).expect("a folder");
    let (_, script) = service(compose, "redis")
        .split_once("- |\n")
        .expect("a script");
    let script: String = script
        .lines()
        .map_while(|line| line.strip_prefix("        "))
        .map(|line| format!("{line}\n"))
        .collect();
    let script = script
        .replace("$$", "$")
        .replace("exec docker-entrypoint.sh", "exit #")
        .replace("/run/authbench", &folder.to_string_lossy());
    for _ in ["draws", "keeps what was drawn"] {
        let drawn = Command::new("sh").args(["-euc", &script]).status();
        assert!(drawn.expect("a shell").success(), "{script}");
    }
}

/// Starts the servers with the commands of their services; where each can be reached, by what the compose file calls it.
fn servers(workspace: &Workspace, compose: &str) -> (Vec<Server>, BTreeMap<String, String>) {
    let (mut running, mut places) = (Vec::new(), BTreeMap::new());
    let folder = workspace.path("secrets").to_string_lossy().into_owned();
    for name in TARGETS {
        let name = name.replace('_', "-");
        for role in ["authorization", "resource"] {
            let host = format!("{name}-{role}");
            if !compose.contains(&format!("\n  {host}:\n")) {
                continue;
            }
            let mut words = command(service(compose, &host));
            for word in &mut words {
                *word = replaced(word, &places)
                    .replace("/run/authbench", &folder)
                    .replace("0.0.0.0:9000", "127.0.0.1:0")
                    .replace("0.0.0.0:9001", "127.0.0.1:0")
                    .replace("10s", "2s");
            }
            // It would name itself by a name that nobody knows here.
            if let Some(at) = words.iter().position(|word| word == "--issuer") {
                words.drain(at..at + 2);
            }
            let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            let server = Server::start(workspace, &words);
            places.insert(format!("http://{host}:9000"), server.url());
            places.extend(
                server
                    .admin_url()
                    .map(|url| (format!("http://{host}:9001"), url)),
            );
            running.push(server);
        }
    }
    (running, places)
}

fn replaced(text: &str, places: &BTreeMap<String, String>) -> String {
    places
        .iter()
        .fold(text.to_owned(), |text, (name, url)| text.replace(name, url))
}

fn scenario(name: &str, targets: &[&str], measured: &str, profile: &str) -> String {
    let targets: Vec<String> = targets.iter().map(|it| format!("{it}.toml")).collect();
    let profiles: String = ["quick", "standard", "full"]
        .iter()
        .map(|name| format!("[profile.{name}]\nwarm_up = \"100ms\"\n{profile}\n"))
        .collect();
    format!(
        "schema = \"authbench.scenario/1\"\nname = \"{name}\"\nkind = \"{name}\"\nquestion = \"Do they work?\"\ntargets = {targets:?}\n\
         [load]\nrate_per_s = 50\nconnections_per_target = 2\ncredentials_per_target = 2\n{measured}\n{profiles}"
    )
}

#[test]
fn the_commands_and_targets_of_the_compose_file_work_together() {
    let compose = read("docker-compose.yml");
    let kind = *StartedStore::kinds_here().last().expect("the embedded one");
    let store = StartedStore::start(kind).expect("the store starts");
    let workspace = Workspace::new();
    secrets(&workspace, &compose);
    let drawn = fs::read_to_string(workspace.path("secrets/store_url")).expect("was written");
    assert!(drawn.starts_with("redis://:") && drawn.ends_with("@redis:6379/0"));
    workspace.write("secrets/store_url", store.url());
    let (_running, places) = servers(&workspace, &compose);

    let mut arguments = vec!["run".to_owned(), "--out".to_owned(), "run".to_owned()];
    let revocation = "[revocation]\nevents = [\"logout\", \"account_disabled\"]\nprobe_every = \"10ms\"\ntail = \"50ms\"\nslots_per_target = 2";
    for (name, targets, measured, profile) in [
        ("steady", &TARGETS[..], "", "rounds = 2\nround = \"1s\""),
        ("revocation", &TARGETS[1..], revocation, "revocations = 4"),
    ] {
        let text = scenario(name, targets, measured, profile);
        let path = workspace.write(&format!("{name}-scenario.toml"), &text);
        arguments.extend(["--scenario".to_owned(), path]);
    }
    for name in TARGETS {
        let text = replaced(&target(name), &places).replace("10s", "2s");
        workspace.write(&format!("{name}.toml"), &text);
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let secret = |name: &'static str| {
        let value = fs::read_to_string(workspace.path("secrets").join(name));
        (name, value.expect("was drawn"))
    };
    let output = workspace
        .authbench(&words)
        .envs(SECRETS.map(secret))
        .output()
        .expect("the program starts");
    let told = stderr(&output);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{told}");
    let summary = json(&workspace.path("run/summary.json"));
    let targets = summary["targets"].as_array().expect("targets");
    let names: Vec<_> = targets
        .iter()
        .filter_map(|it| it["name"].as_str())
        .collect();
    assert_eq!(names, TARGETS);
    for target in targets {
        assert_eq!(target["unexpected"], 0, "{target}");
        assert!(target["requests"].as_u64() > Some(10), "{target}");
        if target["name"] == "no_auth" {
            continue;
        }
        let rows = target["revocation"].as_array().expect("revocations");
        assert!(rows.len() >= 2, "{target}");
        for row in rows {
            assert_eq!(row["breaches"], 0, "{row}");
            assert!(row["n"].as_u64() >= Some(3), "{row}");
        }
    }
}

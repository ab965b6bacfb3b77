//! Hosts that are not this machine: nothing is sent unasked, and little when asked.

use crate::program::{Workspace, stderr};
use crate::stranger::{Stranger, address_besides_loopback};
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn nothing_is_sent_to_another_host_unless_it_is_named() {
    let workspace = Workspace::new();
    let Some(host) = address_besides_loopback() else {
        return;
    };
    let listener = TcpListener::bind((host, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("an address");
    let stranger = Stranger::start_at(address.ip());
    let text = stranger
        .target("0s", "")
        .replace("http://", &format!("http://{address}/?was="));
    let target = workspace.write("remote.toml", &text);
    std::fs::create_dir(workspace.path("killed")).expect("a folder");
    workspace.write(
        "killed/undo.journal",
        "{\"schema\":\"authbench.undo/1\"}\n\
         {\"touched\":{\"id\":1,\"what\":{\"target\":\"stranger\",\"event\":\"account_disabled\",\"user\":\"person-0000\",\"number\":0}}}\n",
    );
    let (url, elsewhere) = (format!("http://{address}"), "127.0.0.1");
    let commands: [&[&str]; 4] = [
        &["run", "--scenario", "revocation", "--target", &target],
        &["check", "--target", &target],
        &["undo", "killed", "--target", &target],
        &["target", "init", "--discovery", &url],
    ];
    for command in commands {
        // To have allowed another host changes nothing.
        for arguments in [
            command.to_vec(),
            [command, &["--allow-remote-target", elsewhere]].concat(),
        ] {
            let output = workspace.run(&arguments);
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
            assert!(
                said.contains("must be allowed") && said.contains("--allow-remote-target"),
                "{said}"
            );
            assert!(listener.accept().is_err(), "{arguments:?} connected");
        }
    }
    assert_eq!(stranger.asked().len(), 0);
}

#[test]
fn a_name_of_this_machine_is_no_exception() {
    // Whatever it resolves to, loopback and others.
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    let name = name.trim().to_ascii_lowercase();
    if name == "localhost" || name.is_empty() {
        return;
    }
    let workspace = Workspace::new();
    let text = Stranger::start()
        .target("0s", "")
        .replace("127.0.0.1", &name);
    let target = workspace.write("named.toml", &text);
    let output = workspace.run(&["check", "--target", &target]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("must be allowed"),
        "{}",
        stderr(&output)
    );
}

/// Six trials at once and six logins for the load: without limits they would all come within seconds. Stream and probes together are just what is
/// allowed.
const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "slow"
kind = "revocation"
question = "Are the limits kept?"
targets = ["session"]
[load]
rate_per_s = 5
connections_per_target = 2
credentials_per_target = 6
[revocation]
events = ["account_disabled"]
probe_every = "400ms"
tail = "100ms"
slots_per_target = 6
[profile.quick]
revocations = 6
warm_up = "1s"
[profile.standard]
revocations = 6
warm_up = "1s"
[profile.full]
revocations = 6
warm_up = "1s"
"#;

/// Every request is lost once and sent twice, and so is every login: three times what a session of good fortune takes, and in bursts.
const SESSIONS: &str = r#"
schema = "authbench.scenario/1"
name = "bursts"
kind = "journey"
question = "Are the limits kept?"
targets = ["session"]
[journey]
sessions_per_s = 2
renew_before = "0ms"
[[client]]
type = "unlucky"
weight = 1
presents = ["header"]
requests_per_session = 3
think = "1ms"
retry_share = 1
lost_response_share = 1
[profile.quick]
rounds = 1
slice = "2s"
warm_up = "100ms"
[profile.standard]
rounds = 1
slice = "2s"
warm_up = "100ms"
[profile.full]
rounds = 1
slice = "2s"
warm_up = "100ms"
"#;

/// Runs `scenario` at a stranger on another address than loopback, which is as many targets as there are `limits`; what that was asked, and what
/// the program said. `None` on a machine without a network.
fn asked(scenario: &str, limits: &[&str]) -> Option<(Stranger, String)> {
    let workspace = Workspace::new();
    let host = address_besides_loopback()?;
    let stranger = Stranger::start_at(host);
    let files: Vec<String> = (limits.iter().enumerate())
        .map(|(number, limits)| {
            let name = format!("name = \"stranger-{number}\"");
            let text = stranger.target("0s", limits);
            let text = text.replacen("name = \"stranger\"", &name, 1);
            workspace.write(&format!("stranger-{number}.toml"), &text)
        })
        .collect();
    let scenario = workspace.write("slow.toml", scenario);
    let host = host.to_string();
    let fixed = ["run", "--scenario", &scenario, "--out", "run"];
    let mut arguments = [&fixed[..], &["--allow-remote-target", &host]].concat();
    arguments.extend(files.iter().flat_map(|file| ["--target", file]));
    let output = workspace.run(&arguments);
    Some((stranger, stderr(&output)))
}

/// In no second of those in which `stranger` was asked for `path` more than `per_s` times; `least`: how often it was asked at least. Moments are
/// handed out evenly, so an arrival or two that is late can only make a few more out of it.
fn assert_kept(stranger: &Stranger, path: &str, per_s: usize, least: usize) {
    let asked = stranger.asked().into_iter();
    let asked: Vec<_> = asked.filter(|asked| asked.path.starts_with(path)).collect();
    assert!(asked.len() >= least, "{} of {path}", asked.len());
    let at_most = per_s + per_s / 4 + 1;
    for window in asked.windows(at_most + 1) {
        let took = window[at_most].at.duration_since(window[0].at);
        assert!(
            took >= Duration::from_secs(1),
            "{} of {path} in {took:?}",
            window.len()
        );
    }
}

#[test]
fn a_remote_host_is_asked_no_more_than_it_allows() {
    let Some((stranger, said)) = asked(SCENARIO, &[""]) else {
        return;
    };
    assert_eq!(stranger.disabled().len(), 0, "{said}");
    assert_kept(&stranger, "/login", 2, 12);
    assert_kept(&stranger, "/admin/", 1, 12);
}

#[test]
fn bursts_of_sessions_are_held_to_the_limits_too() {
    let Some((stranger, said)) = asked(SESSIONS, &["[limits]\nlogins_per_s = 50"]) else {
        return;
    };
    assert!(stranger.asked().len() > 27, "{said}");
    assert_kept(&stranger, "/api", 20, 18);
}

/// Six logins a second for each of two targets, of which one may get three and the other fifty: the host gets three.
#[test]
fn targets_on_one_host_share_its_limits_and_the_lower_holds() {
    let sessions = SESSIONS
        .replace("sessions_per_s = 2", "sessions_per_s = 3")
        .replace("requests_per_session = 3", "requests_per_session = 2");
    let limits = ["[limits]\nlogins_per_s = 50", "[limits]\nlogins_per_s = 3"];
    let Some((stranger, _)) = asked(&sessions, &limits) else {
        return;
    };
    assert_kept(&stranger, "/login", 3, 9);

    // And what they would be sent together is held against what it may get.
    let (stranger, said) = asked(SCENARIO, &["", ""]).expect("there is a network");
    for part in [
        "stranger-0 (with stranger-1, on the same host) allows 20 requests per second",
        "30 probes",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert_eq!(stranger.asked().len(), 0);
}

#[test]
fn a_scenario_that_wants_more_is_refused_with_the_way_to_allow_it() {
    let workspace = Workspace::new();
    let Some(host) = address_besides_loopback() else {
        return;
    };
    let stranger = Stranger::start_at(host);
    let host = host.to_string();
    let run = |limits: &str| {
        let target = workspace.write("stranger.toml", &stranger.target("0s", limits));
        let arguments = [
            "run",
            "--scenario",
            "revocation",
            "--target",
            &target,
            "--allow-remote-target",
            &host,
        ];
        workspace.run(&arguments)
    };
    let output = run("");
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in [
        "20 requests per second",
        "not this machine",
        "requests_per_s = 4200",
        "[limits]",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert_eq!(stranger.asked().len(), 0);
    let said = stderr(&run("[limits]\nrequests_per_s = 30"));
    assert!(said.contains("allows 30 requests per second"), "{said}");
}

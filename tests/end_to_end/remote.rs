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

/// Nine trials; the load is well below what is allowed, probes come on top.
const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "slow"
kind = "revocation"
question = "Are the limits kept?"
targets = ["session"]
[load]
rate_per_s = 5
connections_per_target = 2
credentials_per_target = 3
[revocation]
events = ["account_disabled"]
probe_every = "200ms"
tail = "100ms"
slots_per_target = 3
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

#[test]
fn a_remote_host_is_asked_no_more_than_it_allows() {
    let workspace = Workspace::new();
    let Some(host) = address_besides_loopback() else {
        return;
    };
    let stranger = Stranger::start_at(host);
    let target = workspace.write("stranger.toml", &stranger.target("0s", ""));
    let scenario = workspace.write("slow.toml", SCENARIO);
    let host = host.to_string();
    let allowed = ["--allow-remote-target", &host];
    let run = [
        "run",
        "--scenario",
        &scenario,
        "--target",
        &target,
        "--out",
        "run",
    ];
    let output = workspace.run(&[&run[..], &allowed[..]].concat());
    assert!(
        workspace.path("run/run.json").exists(),
        "{}",
        stderr(&output)
    );
    assert_eq!(stranger.disabled().len(), 0);
    // Whoever is held to so many per second takes at least so long for all of them.
    for (path, per_s, least) in [("/login", 2.0, 9), ("/admin/", 1.0, 12), ("/api", 20.0, 20)] {
        let asked: Vec<_> = stranger
            .asked()
            .into_iter()
            .filter(|asked| asked.path.starts_with(path))
            .collect();
        assert!(asked.len() >= least, "{} of {path}", asked.len());
        let took = asked[asked.len() - 1].at.duration_since(asked[0].at);
        let shortest = Duration::from_secs_f64((asked.len() - 1) as f64 / per_s);
        // An arrival may be early by what the one before it was late.
        assert!(
            took + Duration::from_millis(200) >= shortest,
            "{} of {path} in {took:?}",
            asked.len()
        );
    }
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

//! Real children, most of them shells.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::thread;

use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::*;

const LONG: Duration = Duration::from_secs(20);

fn settings(dir: &Path) -> RunSettings {
    RunSettings {
        authbench: "/bin/sh".into(),
        store_url: None,
        redis_server: Some("/opt/redis".into()),
        require_real_redis: true,
        dir: dir.to_owned(),
        cpus: Vec::new(),
        allow_commands: false,
        remote: RemoteTargets::refused(),
        interrupted: tokio::sync::watch::channel(false).1,
    }
}

/// A target with these `[[process]]` tables.
fn target(processes: &str) -> TargetFile {
    let text = format!(
        "schema = 'authbench.target/1'\nname = 't'\nmodel = 't'\n{processes}\n[[point]]\nname = 'api'\n\
        request = 'GET http://127.0.0.1:1/'\naccept = {{ status = 200 }}\nrefuse = {{ status = 401 }}\n"
    );
    TargetFile::parse("t.toml", &text, &BTreeMap::new()).expect("a target file")
}

/// A process `p` that is a shell running `script`.
fn shell(script: &str) -> TargetFile {
    target(&format!(
        "[[process]]\nname = 'p'\nrole = 'other'\ncommand = ['/bin/sh', '-c', '''{script}''']\nstdin = {{}}\n"
    ))
}

fn start(target: &TargetFile) -> Result<(Processes, tempfile::TempDir), String> {
    let dir = tempfile::tempdir().expect("a directory");
    let processes =
        Processes::start(target, &settings(dir.path())).map_err(|error| error.to_string())?;
    Ok((processes, dir))
}

/// Waits until `condition` holds; a condition that never does fails the test, not a clock.
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Gone, or a zombie that only waits for an init that does not reap.
fn is_gone(pid: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat"));
    kill(Pid::from_raw(pid as i32), None).is_err() || state.is_ok_and(|stat| stat.contains(") Z "))
}

#[test]
fn children_are_wired_in_order_and_end_with_their_input() {
    let target = target(
        r#"
[[process]]
name = "store"
role = "store"
command = ["${authbench}", "-c", '''read line; echo "$line" > ${run.dir}/store.json
    echo '{"ready":"store","url":"redis://:store-password@x","pid":77,"store":{"kind":"redis","product":"Redis","version":"7","persistence":"none","transport":"tcp","started_by":"authbench"}}'
    cat > /dev/null''']
stdin = { store_url = "${run.store_url}", redis_server = "${run.redis_server}", require_real_redis = "${run.require_real_redis}", limit = 3 }
[[process]]
name = "api"
role = "resource_server"
count = 2
command = ["/bin/sh", "-c", '''read line; echo "$line" >> ${run.dir}/api.json; echo '{"ready":"api","url":"http://127.0.0.1:9"}'; cat > /dev/null''']
stdin = { store_url = "${store.url}", text = "real: ${run.require_real_redis}" }
counters = { url = "${self.url}/metrics", store_commands = "commands_total" }
"#,
    );
    let (processes, dir) = start(&target).expect("processes");
    let line = |file: &str| fs::read_to_string(dir.path().join(file)).expect(file);
    assert_eq!(
        line("store.json"),
        "{\"limit\":3,\"redis_server\":\"/opt/redis\",\"require_real_redis\":true,\"store_url\":null}\n"
    );
    assert_eq!(
        line("api.json"),
        "{\"store_url\":\"redis://:store-password@x\",\"text\":\"real: true\"}\n".repeat(2)
    );

    let [store, one, two] = processes.started() else {
        panic!("three processes")
    };
    assert_eq!(
        (store.name.as_str(), store.pid),
        ("store", Some(77)),
        "the pid of the ready line"
    );
    assert_eq!(
        store.ready.store().map(|store| store.label()).as_deref(),
        Some("Redis 7")
    );
    assert_eq!((one.name.as_str(), two.name.as_str()), ("api-1", "api-2"));
    let counters = two.counters.as_ref().expect("counters");
    assert!(
        counters
            .scrape
            .bytes
            .as_bytes()
            .starts_with(b"GET /metrics HTTP/1.1\r\n")
    );
    assert_eq!(
        (counters.store_commands.as_deref(), &counters.introspections),
        (Some("commands_total"), &None)
    );
    assert_eq!(processes.members()["api-1"]["url"], "http://127.0.0.1:9");
    assert!(
        !format!("{processes:?} {:?}", processes.started()).contains("store-password"),
        "{processes:?}"
    );

    processes.check_alive().expect("all alive");
    let pids = [one.pid.expect("a child"), two.pid.expect("a child")];
    processes.stop();
    assert!(pids.into_iter().all(is_gone));
}

#[test]
fn a_store_that_runs_elsewhere_has_no_pid() {
    let target = target(
        "[[process]]\nname = 's'\nrole = 'store'\ncommand = ['/bin/sh', '-c', '''echo '{\"ready\":\"store\"}'; cat''']\nstdin = {}\n",
    );
    let (processes, _dir) = start(&target).expect("processes");
    assert_eq!(
        (
            processes.started()[0].pid,
            processes.started()[0].ready.store()
        ),
        (None, None)
    );
}

#[test]
fn what_goes_wrong_at_the_start_is_told() {
    let cases = [
        (
            "echo one >&2; echo two >&2; exit 3",
            "exited with status 3; its standard error ends with:\none\ntwo",
        ),
        ("kill -TERM $$", "ended by SIGTERM"),
        (
            "exec >&-; sleep 1000",
            "its first line of output is not a JSON object with a \"ready\" text",
        ),
        (
            "echo hello; cat",
            "its first line of output is not a JSON object with a \"ready\" text",
        ),
        (
            "echo '{\"ready\":1}'; cat",
            "its first line of output is not a JSON object with a \"ready\" text",
        ),
    ];
    for (script, expected) in cases {
        let message = start(&shell(script)).expect_err(script);
        assert_eq!(
            message,
            format!("target t, process p: {expected}"),
            "{script}"
        );
    }
    let missing =
        target("[[process]]\nname = 'p'\nrole = 'other'\ncommand = ['/no/such/program']\n");
    let message = start(&missing).expect_err("no program");
    assert_eq!(
        message,
        "target t, process p: running /no/such/program: No such file or directory (os error 2)"
    );
    let unset = target(
        "[[process]]\nname = 'p'\nrole = 'other'\ncommand = ['/bin/sh', '${run.store_url}']\n",
    );
    let message = start(&unset).expect_err("no store_url");
    assert_eq!(
        message,
        "target t, process p: ${run.store_url} has no value in this run, and can only stand alone in stdin"
    );
}

#[test]
fn a_member_that_no_ready_line_has_is_named() {
    let target = target(
        "[[process]]\nname = 'a'\nrole = 'other'\ncommand = ['/bin/sh', '-c', '''echo '{\"ready\":\"a\",\"url\":\"u\"}'; cat''']\n\
        [[process]]\nname = 'b'\nrole = 'other'\ncommand = ['/bin/sh', '${a.uri}']\n",
    );
    let message = start(&target).expect_err("no uri");
    assert_eq!(
        message,
        "target t, process b: the ready line of a has no uri (it has: ready, url)"
    );
}

#[test]
fn a_child_that_never_gets_ready_is_not_waited_for_for_ever() {
    let dir = tempfile::tempdir().expect("a directory");
    let command = ["/bin/sh", "-c", "echo busy >&2; cat"]
        .map(str::to_owned)
        .to_vec();
    let launch = Launch {
        target: "t",
        name: "p",
        command,
        env: Vec::new(),
        stdout: Stdout::Ours,
        input: String::new(),
        secrets: Vec::new(),
        log: dir.path().join("log"),
        cpus: &[],
        folder: None,
        parent_death: nix::sys::signal::Signal::SIGKILL,
    };
    let mut child = Child::spawn(launch).expect("a child");
    let error = child
        .wait_ready(
            Duration::from_millis(300),
            &tokio::sync::watch::channel(false).1,
        )
        .expect_err("no line")
        .to_string();
    assert!(error.starts_with("not ready within 300ms"), "{error}");
}

#[test]
fn a_child_that_dies_during_the_run_is_noticed() {
    let (processes, _dir) =
        start(&shell("echo '{\"ready\":\"p\"}'; echo gone >&2; exit 7")).expect("processes");
    wait_until("the child's end is noticed", || {
        processes.check_alive().is_err()
    });
    let message = processes.check_alive().expect_err("dead").to_string();
    assert_eq!(
        message,
        "target t, process p: exited with status 7; its standard error ends with:\ngone"
    );
}

/// A shell that ignores SIGTERM and the end of its input, and has a child of its own that does too.
const STUBBORN: &str = "trap '' TERM; sleep 1000 & echo \"{\\\"ready\\\":\\\"p\\\",\\\"inner\\\":\\\"$!\\\"}\"; while :; do sleep 0.05; done";

#[test]
fn the_whole_group_ends_however_stubborn() {
    let pids = |processes: &Processes| {
        let inner = processes.members()["p"]["inner"]
            .parse::<u32>()
            .expect("a pid");
        [processes.started()[0].pid.expect("a pid"), inner]
    };
    let (dropped, _dir) = start(&shell(STUBBORN)).expect("processes");
    let dropped_pids = pids(&dropped);
    drop(dropped);
    let (stopped, _dir) = start(&shell(STUBBORN)).expect("processes");
    let stopped_pids = pids(&stopped);
    stopped.stop_within(Duration::from_millis(50), Duration::from_millis(50));
    for pid in dropped_pids.into_iter().chain(stopped_pids) {
        wait_until("a stubborn process ends", || is_gone(pid));
    }
}

#[test]
fn sigterm_ends_a_child_that_does_not_read_its_input() {
    let script = "trap 'echo terminated >&2; exit 0' TERM; echo '{\"ready\":\"p\"}'; while :; do sleep 0.05; done";
    let (processes, dir) = start(&shell(script)).expect("processes");
    processes.stop_within(Duration::from_millis(50), LONG);
    let log = fs::read_to_string(dir.path().join("t-p.log")).expect("a log");
    assert!(log.ends_with("terminated\n"), "{log}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_child_dies_with_the_thread_that_started_it() {
    let script = "echo '{\"ready\":\"p\"}'; while :; do sleep 0.05; done";
    // A child that reads its input may end in order; one that does not might ignore being asked.
    let unwired = target(&format!(
        "[[process]]\nname = 'p'\nrole = 'other'\ncommand = ['/bin/sh', '-c', '''{script}''']\n"
    ));
    for (target, signal) in [(shell(script), "SIGTERM"), (unwired, "SIGKILL")] {
        let started = thread::spawn(move || start(&target)).join();
        let (processes, _dir) = started.expect("a thread").expect("processes");
        wait_until("the parent-death signal arrives", || {
            processes.check_alive().is_err()
        });
        let error = processes.check_alive().expect_err("dead").to_string();
        assert!(error.ends_with(&format!("ended by {signal}")), "{error}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_child_stays_on_its_processors() {
    let allowed = nix::sched::sched_getaffinity(Pid::from_raw(0)).expect("a set");
    let cpu = (0..nix::sched::CpuSet::count())
        .find(|cpu| allowed.is_set(*cpu) == Ok(true))
        .expect("a processor");
    let dir = tempfile::tempdir().expect("a directory");
    let settings = RunSettings {
        cpus: vec![cpu],
        ..settings(dir.path())
    };
    let script = "grep Cpus_allowed_list /proc/self/status >&2; echo '{\"ready\":\"p\"}'; cat";
    Processes::start(&shell(script), &settings)
        .expect("processes")
        .stop();
    let log = fs::read_to_string(dir.path().join("t-p.log")).expect("a log");
    assert_eq!(log, format!("Cpus_allowed_list:\t{cpu}\n"));
}

/// Answers one request after another at the port that a process writes into `folder`.
fn serve_at_the_port_in(folder: &Path) {
    let file = folder.join("port");
    thread::spawn(move || {
        let port: u16 = loop {
            match fs::read_to_string(&file).map(|port| port.trim().parse()) {
                Ok(Ok(port)) => break port,
                _ => thread::sleep(Duration::from_millis(5)),
            }
        };
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).expect("it is free");
        // Not ready at first, as servers are.
        for status in ["503 Service Unavailable", "204 No Content"] {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = [0; 1024];
            let _ = io::Read::read(&mut stream, &mut request);
            let answer = format!("HTTP/1.1 {status}\r\n\r\n");
            let _ = io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
}

#[test]
fn a_server_that_prints_no_line_is_ready_when_it_answers() {
    let target = target(
        r#"
[[process]]
name = "web"
role = "resource_server"
command = ["sh", "-c", "echo $1 > $2/port; read line", "sh", "${self.port}", "${run.dir}"]
ready = { url = "http://127.0.0.1:${self.port}/up", within = "30s" }
counters = { url = "${self.url}/metrics" }
[[process]]
name = "other"
role = "other"
command = ["sh", "-c", '''echo "{\"ready\":\"$OF/$SECRET\"}"; read line''']
env = { OF = "${web.url}:${web.port}", SECRET = "x" }
"#,
    );
    let dir = tempfile::tempdir().expect("a directory");
    serve_at_the_port_in(dir.path());
    let processes = Processes::start(&target, &settings(dir.path())).expect("processes");
    let web = &processes.members()["web"];
    assert_eq!(web["url"], format!("http://127.0.0.1:{}", web["port"]));
    assert_eq!(
        processes.members()["other"]["ready"],
        format!("{}:{}/x", web["url"], web["port"]),
        "the environment it was given"
    );
    let web = &processes.started()[0];
    assert!(web.counters.is_some());
    let pid = web.pid.expect("a child");
    processes.stop();
    assert!(is_gone(pid));
}

#[test]
fn processes_that_ask_for_ports_can_know_each_others() {
    let target = target(
        r#"
[[process]]
name = "first"
role = "gateway"
command = ["sh", "-c", '''echo "{\"ready\":\"$1\"}"; read line''', "sh", "${self.port} ${service-1.port} ${service-2.port}"]
[[process]]
name = "service"
role = "resource_server"
count = 2
command = ["sh", "-c", '''echo "{\"ready\":\"$1\"}"; read line''', "sh", "${self.port} ${first.port}"]
"#,
    );
    let dir = tempfile::tempdir().expect("a directory");
    let processes = Processes::start(&target, &settings(dir.path())).expect("processes");
    let members = processes.members();
    let port = |name: &str| members[name]["port"].clone();
    let (first, one, two) = (port("first"), port("service-1"), port("service-2"));
    assert_ne!(one, two);
    assert_eq!(members["first"]["ready"], format!("{first} {one} {two}"));
    assert_eq!(members["service-1"]["ready"], format!("{one} {first}"));
    assert_eq!(members["service-2"]["ready"], format!("{two} {first}"));
    processes.stop();
}

#[test]
fn a_server_that_never_answers_is_not_ready() {
    let target = target(
        r#"
[[process]]
name = "web"
role = "other"
command = ["sh", "-c", "echo oh no; read line"]
ready = { url = "http://127.0.0.1:${self.port}/", within = "100ms" }
"#,
    );
    let error = start(&target).map(drop).expect_err("nobody answers");
    assert!(
        error.contains("not ready within 100ms") && error.contains("oh no"),
        "{error}"
    );
}

/// A target that is built by `script`, and one of whose processes prints the file `built`.
fn built(script: &str) -> Result<(Processes, tempfile::TempDir), String> {
    let text = format!(
        r#"
schema = "authbench.target/1"
name = "t"
model = "t"
build = ["sh", "-c", '''{script}''', "sh", "${{run.dir}}"]
[[process]]
name = "p"
role = "other"
command = ["sh", "-c", "cat $1/built; read line", "sh", "${{run.dir}}"]
[[point]]
name = "api"
request = "GET http://127.0.0.1:1/"
accept = {{ status = 200 }}
refuse = {{ status = 401 }}
"#
    );
    start(&TargetFile::parse("t.toml", &text, &BTreeMap::new()).expect("a target file"))
}

#[test]
fn a_target_is_built_before_anything_of_it_starts() {
    let (processes, _dir) = built(r#"echo '{"ready":"yes"}' > $1/built"#).expect("processes");
    assert_eq!(processes.members()["p"]["ready"], "yes");
    let error = built("echo broken >&2; exit 7").map(drop);
    let error = error.expect_err("a failure");
    assert!(
        error.contains("process build: exited with status 7") && error.contains("broken"),
        "{error}"
    );
}

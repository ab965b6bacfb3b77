//! Credentials of every other kind, in one target: what a page shows, codes in redirects and their proofs, clients that authenticate, bodies, an
//! administrator who has a session, what brings users back. It is loaded by every kind of scenario, and killed in the middle.

use crate::canary::Canary;
use crate::evidence::Evidence;
use crate::foreign::scenario;
use crate::program::{Workspace, stderr};
use crate::server::Server;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::sync::Arc;

/// The environment of the target file, each variable with its canary.
struct Planted(Vec<(&'static str, Canary)>);

impl Planted {
    fn new() -> Self {
        let password = |name, place: &str| (name, Canary::password(place));
        let token = |name, place: &str| (name, Canary::token(place));
        Self(vec![
            password("CANARY_USER", "the users' password"),
            password("CANARY_ADMIN", "the administrator's password"),
            password("CANARY_BASIC", "a client's secret, basic"),
            password("CANARY_POST", "a client's secret, in a form"),
            password("CANARY_SERVICE", "a service's secret"),
            password("CANARY_JOB", "a job's secret"),
            password("CANARY_PARTNER", "a partner's secret"),
            password("CANARY_JSON", "a secret in a JSON body"),
            password("CANARY_BODY", "a secret in another body"),
            token("CANARY_UNDO", "a key in a header of an undo"),
            token("CANARY_QUERY", "a key in a query"),
            password("CANARY_PATH", "a key in a path"),
        ])
    }

    fn canaries(&self) -> Vec<Canary> {
        self.0.iter().map(|(_, canary)| canary.clone()).collect()
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        let all = self.0.iter();
        all.map(|(name, canary)| (*name, canary.text.as_str()))
            .collect()
    }
}

const TARGET: &str = r##"
schema = "authbench.target/1"
name = "provider"
model = "mine"
[vars]
password = "${env.CANARY_USER}"
admin = "${env.CANARY_ADMIN}"
[users]
count = 300
name = "user-${number:03}"
password = "${vars.password}"
[[login]]
request = "GET URL/id/authorize?code_challenge=${pkce.challenge}&code_challenge_method=S256&key=${env.CANARY_QUERY}"
follow = { max = 3 }
expect = 200
capture = { csrf = { html = "input[name=csrf]", attr = "value" }, nonce = { html = "#nonce" }, ticket = { html = "form", attr = "action", query = "ticket" } }
[[login]]
request = "POST URL/id/consent?ticket=${ticket}"
form = { csrf = "${csrf}", nonce = "${nonce}", username = "${user.name}", password = "${user.password}" }
follow = { max = 2, stop = "http://127.0.0.1:1/cb" }
expect = 302
capture = { code = { header = "location", query = "code" } }
[[login]]
request = "POST URL/id/token"
client = { post = ["app", "${env.CANARY_POST}"] }
form = { code = "${code}", code_verifier = "${pkce.verifier}" }
expect = 200
capture = { access_token = { json = "/access_token" }, refresh_token = { json = "/refresh_token" } }
[[refresh]]
request = "POST URL/id/token"
client = { basic = ["app", "${env.CANARY_BASIC}"] }
form = { refresh_token = "${refresh_token}" }
expect = 200
capture = { access_token = { json = "/access_token" }, refresh_token = { json = "/refresh_token" } }
[[logout]]
request = "POST URL/logout"
headers = { authorization = "Bearer ${access_token}" }
json = { pin = "${env.CANARY_JSON}", token = "${refresh_token}" }
expect = 204
[[point]]
name = "api"
request = "GET URL/id/api?path=${env.CANARY_PATH}"
headers = { authorization = "Bearer ${access_token}" }
accept = { status = 200 }
refuse = { status = 401 }
[[admin_login]]
request = "POST URL/id/admin-login"
json = { user = "root", password = "${vars.admin}" }
expect = 200
capture = { token = { json = "/token" }, session = { cookie = "admin" } }
[[event]]
name = "account_disabled"
bound = { api = "0s" }
[[event.step]]
request = "POST URL/id/disable/${user.name}"
headers = { authorization = "Bearer ${admin.token}" }
cookies = { admin = "${admin.session}" }
body = "<disable key='${env.CANARY_BODY}'>${access_token}</disable>"
expect = 204
[[event.undo]]
request = "POST URL/id/enable/${user.name}"
headers = { authorization = "Bearer ${admin.token}", x-undo = "${env.CANARY_UNDO}" }
cookies = {}
json = { pin = "${env.CANARY_JSON}" }
expect = 204
[[client]]
name = "spa"
origin = "http://127.0.0.1:3000"
[[client.write]]
request = "POST URL/id/write"
headers = { authorization = "Bearer ${access_token}" }
json = { pin = "${env.CANARY_JSON}" }
expect = 200
[[client]]
name = "service"
[[client.login]]
request = "POST URL/id/client-token"
client = { basic = ["service", "${env.CANARY_SERVICE}"] }
form = { grant_type = "client_credentials" }
expect = 200
capture = { access_token = { json = "/access_token" } }
[[client]]
name = "job"
[[client.login]]
request = "POST URL/id/client-token"
client = { post = ["job", "${env.CANARY_JOB}"] }
form = { grant_type = "client_credentials" }
expect = 200
capture = { access_token = { json = "/access_token" } }
[[client]]
name = "partner"
[[client.login]]
request = "POST URL/id/client-token"
client = { basic = ["partner", "${env.CANARY_PARTNER}"] }
form = { grant_type = "client_credentials" }
expect = 200
capture = { access_token = { json = "/access_token" } }
"##;

fn target(server: &Server) -> String {
    TARGET.replace("URL", &server.url)
}

/// Revocations; the tail is how long each is watched after it took effect, if `observe` is long enough.
fn revocations(tail: &str, observe: &str) -> String {
    let mut text = scenario("ends", "kind = \"revocation\"", "revocations = 2");
    text.push_str(&format!(
        "[revocation]\nevents = [\"account_disabled\"]\nprobe_every = \"10ms\"\ntail = \"{tail}\"\nslots_per_target = 2\nobserve = \"{observe}\"\n"
    ));
    text
}

fn storm() -> String {
    let measured = "kind = \"login\"\n[login]\nrates = [20]\nconnections = 4";
    scenario("storm", measured, "rounds = 1\nslice = \"300ms\"")
}

fn at_once() -> String {
    let measured = "kind = \"mass\"\n[mass]\nevent = \"account_disabled\"\ncalls_at_once = 2\nprobes_per_s = 50\nprobe_connections = 2\n\
        probe_every = \"10ms\"\nobserve = \"2s\"";
    scenario("at-once", measured, "accounts = 20\nslice = \"300ms\"")
}

fn sessions() -> String {
    let clients: String = ["spa", "service", "job", "partner"]
        .iter()
        .map(|name| {
            format!(
                "[[client]]\ntype = \"{name}\"\nweight = 25\npresents = [\"cookie\", \"header\"]\nrequests_per_session = 3\nthink = \"10ms\"\n\
                 write_share = 0.5\nlogout_share = 0.5\nretry_share = 0.2\nlost_response_share = 0.2\nreload_every = 2\n"
            )
        })
        .collect();
    let measured = format!(
        "kind = \"journey\"\n[journey]\nsessions_per_s = 20\nrenew_before = \"1s\"\n{clients}"
    );
    let text = scenario("sessions", &measured, "rounds = 1\nslice = \"300ms\"");
    // Its clients make the traffic.
    let (before, rest) = text.split_once("[load]").expect("there is a load");
    let (_, profiles) = rest.split_once("[profile").expect("there are profiles");
    format!("{before}[profile{profiles}")
}

/// Everything that may be found nowhere: planted, given out, and drawn by the program itself.
fn all(planted: &Planted, server: &Server) -> Vec<Canary> {
    let proofs = server.provider.lock().expect("whole").proofs();
    [planted.canaries(), server.issued.canaries(), proofs].concat()
}

/// Every canary that was planted or captured reached the server: none was silent because nobody had it.
fn were_sent(planted: &Planted, server: &Server, except: &[&str]) {
    let canaries = [planted.canaries(), server.issued.canaries()].concat();
    let sent = server.was_sent(&canaries);
    let mut missing: Vec<&str> = canaries.iter().map(|canary| &*canary.place).collect();
    missing.retain(|place| !sent.contains(*place) && !except.contains(place));
    assert_eq!(missing, [] as [&str; 0]);
    let proofs = server.provider.lock().expect("whole").proofs();
    for place in ["a PKCE challenge", "a PKCE verifier"] {
        assert!(proofs.iter().any(|proof| proof.place == place), "{place}");
    }
}

/// What the other shape of this server sends.
const OF_THE_OTHER_SHAPE: [&str; 1] = ["session id, as its owner sends it"];

#[test]
fn every_kind_of_credential_in_every_kind_of_scenario() {
    let (workspace, server, planted) = (Workspace::new(), Server::start(), Planted::new());
    let file = workspace.write("provider.toml", &target(&server));
    let scenarios = [revocations("50ms", "500ms"), at_once(), storm(), sessions()];
    let scenarios: Vec<String> = (scenarios.iter().enumerate())
        .map(|(number, text)| workspace.write(&format!("scenario-{number}.toml"), text))
        .collect();
    let mut evidence = Evidence::default();
    let fixed = ["run", "--target", &file, "--goose-report", "--out", "run"];
    let named = scenarios.iter().flat_map(|path| ["--scenario", path]);
    let arguments: Vec<&str> = fixed.into_iter().chain(named).collect();
    let output = evidence.run(&workspace, &arguments, &planted.variables());
    let told = stderr(&output);
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{told}");
    for format in ["text", "json"] {
        let check = ["check", "--target", &file, "--format", format];
        let output = evidence.run(&workspace, &check, &planted.variables());
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}");
    }
    evidence.folder(&workspace.path("run"));
    for scenario in ["ends", "at-once", "storm", "sessions", "user-0"] {
        assert!(evidence.has(scenario), "no {scenario}: {told}");
    }
    were_sent(&planted, &server, &OF_THE_OTHER_SHAPE);
    evidence.assert_silent(&all(&planted, &server));
}

#[test]
fn a_run_that_is_killed_and_what_brings_its_users_back() {
    let (workspace, server, planted) = (Workspace::new(), Server::start(), Planted::new());
    let file = workspace.write("provider.toml", &target(&server));
    let scenario = workspace.write("ends.toml", &revocations("60s", "2s"));
    let mut evidence = Evidence::default();
    let run = [
        "run",
        "--target",
        &file,
        "--scenario",
        &scenario,
        "--out",
        "run",
    ];
    let watched = Arc::clone(&server);
    let output = evidence.run_and(&workspace, &run, &planted.variables(), move |pid| {
        watched.wait_for_a_victim();
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).expect("it runs");
    });
    assert_eq!(output.status.code(), None, "{}", stderr(&output));
    assert!(server.disabled() > 0);
    // Refused first, with everything repeated.
    let undo = ["undo", "run", "--target", &file];
    server.provider.lock().expect("whole").keeps_disabled = true;
    let refused = evidence.run(&workspace, &undo, &planted.variables());
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("got 500"), "{}", stderr(&refused));
    server.provider.lock().expect("whole").keeps_disabled = false;
    let next = ["run", "--scenario", "nowhere.toml", "--out", "next"];
    evidence.run(&workspace, &next, &planted.variables());
    let undone = evidence.run(&workspace, &undo, &planted.variables());
    assert_eq!(undone.status.code(), Some(0), "{}", stderr(&undone));
    assert_eq!(server.disabled(), 0);
    evidence.folder(&workspace.path("run"));
    assert!(evidence.has("authbench.undo/1") && evidence.has("user-0"));
    assert!(evidence.has("authbench undo run"), "nobody advises");
    evidence.assert_silent(&all(&planted, &server));
}

#[test]
fn steps_of_every_kind_that_are_refused_with_everything_repeated() {
    let (server, planted) = (Server::start(), Planted::new());
    // What is asked for, in the place of what.
    let cases = [
        ("/id/consent?ticket", "login[1]"),
        ("/id/token\"\nclient = { post", "login[2]"),
        ("/id/token\"\nclient = { basic", "refresh[0]"),
        ("/id/admin-login", "admin_login[0]"),
        ("/id/disable/", "event.account_disabled.step[0]"),
        ("/id/enable/", "event.account_disabled.undo[0]"),
        ("/logout", "logout[0]"),
    ];
    let evidence = Evidence::of_each(&cases, |(place, step), evidence| {
        let workspace = Workspace::new();
        let rest = place
            .trim_start_matches("/id/consent")
            .trim_start_matches("/id/token");
        let refused = match rest.len() < place.len() {
            true => format!("/refused{rest}"),
            false => "/refused?x=".to_owned(),
        };
        let text = target(&server).replace(place, &refused);
        let file = workspace.write("provider.toml", &text);
        let check = ["check", "--target", &file];
        let output = evidence.run(&workspace, &check, &planted.variables());
        // Where somebody was not brought back there is a journal.
        if workspace.path("authbench-runs").exists() {
            evidence.folder(&workspace.path("authbench-runs"));
        }
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{place}: {told}");
        assert!(
            told.contains(step) && told.contains("400"),
            "{place}: {told}"
        );
    });
    evidence.assert_silent(&all(&planted, &server));
}

#[test]
fn a_first_target_file_has_no_secret_of_whoever_asked_for_it() {
    let (workspace, server) = (Workspace::new(), Server::start());
    let secret = Canary::token("a secret of whoever asks for a target file");
    let text = &secret.text;
    let address = server.url.trim_start_matches("http://");
    let variables = [("CLIENT_SECRET", text.as_str()), ("USER_PASSWORD", text)];
    let mut evidence = Evidence::default();
    for (url, code) in [
        (format!("{}/issuer", server.url), 0),
        (
            format!(
                "{}/issuer/.well-known/openid-configuration?key={text}",
                server.url
            ),
            0,
        ),
        (
            format!("{}/nothing/.well-known/x?key={text}", server.url),
            2,
        ),
        (format!("http://me:{text}@{address}/issuer"), 2),
        (format!("me:{text}@{address}/issuer"), 2),
        (format!("//me:{text}@{address}"), 2),
    ] {
        let init = ["target", "init", "--discovery", &url];
        let output = evidence.run(&workspace, &init, &variables);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{url}: {}",
            stderr(&output)
        );
    }
    assert!(evidence.has("authbench.target/1") && evidence.has("${env.CLIENT_SECRET}"));
    evidence.assert_silent(&[secret]);
}

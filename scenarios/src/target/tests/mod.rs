//! Whole files: what is accepted, and for every mistake the exact message.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;

mod clients;
mod csv_users;
mod declaration_mistakes;
mod event_mistakes;
mod extends;
mod flow_mistakes;
mod foreign_mistakes;
mod redirects;
mod tls;

const FILE: &str = r#"schema = "authbench.target/1"
name = "demo"
model = "demo"
settings = { ttl = "${vars.ttl}" }
[vars]
ttl = "2s"
key = "${secret}"
pair = "${vars.key}.${env.HOME_KEY}"
[users]
count = 3
name = "u${number:03}"
password = "${vars.key}"
[facts]
ttl = "${vars.ttl}"
[[process]]
name = "store"
role = "store"
command = ["${authbench}", "${run.dir}"]
stdin = { store_url = "${run.store_url}", key = "${vars.key}", strict = true }
[[process]]
name = "as"
role = "authorization_server"
command = ["serve"]
counters = { url = "${self.url}/metrics" }
[[login]]
request = "POST ${as.url}/login"
form = { username = "${user.name}", password = "${user.password}" }
expect = 200
capture = { token = { json = "/token" } }
[[refresh]]
request = "POST ${as.url}/token"
expect = 200
[[point]]
name = "api"
request = "GET ${as.url}/x"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = [401, 403] }
[[event]]
name = "logout"
bound = { api = "ttl + 1s" }
refresh_after = "refused"
[[event.step]]
request = "POST ${as.url}/logout"
expect = 204
"#;

fn read(text: &str, overrides: &[(&str, &str)]) -> Result<TargetFile, String> {
    let source = Source::new("demo.toml", text);
    let overrides = overrides
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let environment = |name: &str| (name == "HOME_KEY").then(|| "from-the-environment".to_owned());
    check::check(&source, &overrides.collect(), &environment).map_err(|error| error.to_string())
}

fn members(process: &str, members: &[(&str, &str)]) -> Members {
    let members = members
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Members::from([(process.to_owned(), members.collect())])
}

#[test]
fn a_file_is_read() {
    let file = read(FILE, &[]).expect("a target");
    let about = &file.about;
    assert_eq!(
        (about.name.as_str(), about.settings["ttl"].as_str()),
        ("demo", "2s")
    );
    assert_eq!(about.facts["ttl"], Duration::from_secs(2));
    let account = about.users.as_ref().expect("users").account(7);
    assert_eq!(
        (account.number, account.name.as_str()),
        (1, "u001"),
        "numbers wrap around"
    );
    assert_eq!(account.secrets["password"].len(), 43, "256 bits, base64url");
    let event = file.flows.event("logout").expect("an event");
    assert_eq!(event.bounds["api"].limit, Duration::from_secs(3));
    assert_eq!(event.refresh_after, Some(RefreshAfter::Refused));
    assert!(file.has_variable("ttl") && !file.has_variable("tll") && !file.has_event("disabled"));
}

#[test]
fn a_scenario_overrides_variables_and_what_is_made_of_them() {
    let file = read(FILE, &[("ttl", "300s"), ("unknown", "x")]).expect("a target");
    assert_eq!(file.about.facts["ttl"], Duration::from_secs(300));
    assert_eq!(
        file.flows.event("logout").expect("an event").bounds["api"]
            .limit
            .as_secs(),
        301
    );
}

#[test]
fn what_was_set_is_kept_for_whoever_loads_the_file_again_but_no_secret() {
    let variables = [("ttl", "300s"), ("key", "canary"), ("unknown", "x")];
    let file = read(FILE, &variables).expect("a target");
    let again = file.as_variant("other", &BTreeMap::new()).loaded;
    let set = BTreeMap::from([("ttl".to_owned(), "300s".to_owned())]);
    assert_eq!(
        (&again.vars, &*again.withheld),
        (&set, &["key".to_owned()][..])
    );
    assert_eq!(again.variant_of.as_deref(), Some("demo"));
    let elsewhere = Loaded {
        file: "./demo.toml".to_owned(),
        ..again.clone()
    };
    assert!(again.is_same_form(&elsewhere) && !again.is_same_form(&Loaded::default()));
}

#[test]
fn users_who_are_to_be_brought_back_have_names_that_last() {
    let named = |name: &str| {
        let drawn = "[vars]\nrun = \"r-${unique}\"\nmine = \"${vars.run}\"";
        let file = FILE.replace("[vars]", drawn);
        file.replace("u${number:03}", name)
    };
    let undo = "[[event.undo]]\nrequest = \"POST ${as.url}/back\"\nexpect = 204\n";
    let of_this_run = named("${vars.mine}-${number}");
    assert!(read(&of_this_run, &[]).is_ok(), "without an undo");
    let error = read(&format!("{of_this_run}{undo}"), &[]).expect_err("refused");
    assert!(error.contains("users.name: is drawn anew"), "{error}");
    let lasting = format!("{}{undo}", named("u${number}"));
    assert_eq!(read(&lasting, &[]).map(drop), Ok(()));
    // A scenario that sets the variable says what it is.
    let set = format!("{of_this_run}{undo}");
    assert_eq!(read(&set, &[("run", "mine")]).map(drop), Ok(()));
}

#[test]
fn secrets_are_drawn_once_per_load_and_never_shown() {
    let (one, two) = (
        read(FILE, &[]).expect("a target"),
        read(FILE, &[]).expect("a target"),
    );
    let password = |file: &TargetFile| {
        file.about.users.as_ref().expect("users").account(0).secrets["password"].clone()
    };
    assert_ne!(password(&one), password(&two));
    let shown = format!(
        "{one:?} {:?}",
        one.about.users.as_ref().expect("users").account(0)
    );
    assert!(
        !shown.contains(&password(&one)) && !one.as_written().to_string().contains(&password(&one))
    );
}

#[test]
fn variables_and_the_environment_are_encoded_in_the_path_and_query_of_a_url() {
    let text = FILE.replace("[vars]", "[vars]\nodd = \"a/b c&d\"").replace(
        "GET ${as.url}/x",
        "GET ${as.url}/${vars.odd}?k=${env.HOME_KEY}&o=${vars.odd}",
    );
    let file = read(&text, &[]).expect("a target");
    let running = members("as", &[("url", "http://127.0.0.1:8080/base")]);
    let target = file.bind(&running, &RemoteTargets::refused());
    let target = target.expect("a running target");
    let request = &target.flows.point("api").expect("a point").request;
    let path = request.path.render(|_| None, str::to_owned);
    let odd = "a%2Fb%20c%26d";
    let expected = format!("/base/{odd}?k=from-the-environment&o={odd}");
    assert_eq!(path, Ok(expected));
}

#[test]
fn binding_fills_in_addresses_and_clears_them() {
    let file = read(FILE, &[]).expect("a target");
    let policy = RemoteTargets::refused();
    let target = file
        .bind(&members("as", &[("url", "http://127.0.0.1:8080")]), &policy)
        .expect("a running target");
    let origin = &target.flows.point("api").expect("a point").request.origin;
    assert_eq!(
        (origin.authority.as_str(), origin.host.as_str()),
        ("127.0.0.1:8080", "127.0.0.1")
    );
    assert!(target.presents("token") && !target.presents("user.password"));

    let cases = [
        (
            members("as", &[("admin_url", "x"), ("uri", "y")]),
            "target demo, login[0] (POST ${as.url}/login): the ready line of as has no url (it has: admin_url, uri)",
        ),
        (
            members("as", &[("url", "http://10.1.2.3")]),
            "target demo, login[0] (POST ${as.url}/login): host 10.1.2.3 is not on this machine; remote hosts must be allowed by name (--allow-remote-target 10.1.2.3)",
        ),
        (
            members("as", &[("url", "ftp://127.0.0.1")]),
            "target demo, login[0] (POST ${as.url}/login): the URL does not begin with http:// or https://",
        ),
    ];
    for (members, expected) in cases {
        assert_eq!(
            file.bind(&members, &policy)
                .expect_err(expected)
                .to_string(),
            expected
        );
    }
}

/// Changes one place of [`FILE`] and gives the message that follows.
fn message(from: &str, to: &str) -> String {
    assert_eq!(
        FILE.matches(from).count(),
        1,
        "{from:?} must stand in the file once"
    );
    read(&FILE.replacen(from, to, 1), &[]).expect_err(to)
}

fn assert_messages(cases: &[(&str, &str, &str)]) {
    for (from, to, expected) in cases {
        assert_eq!(
            message(from, to),
            format!("demo.toml:{expected}"),
            "{from:?} → {to:?}"
        );
    }
}

#[test]
fn a_target_without_login_is_fine_but_nothing_can_be_revoked_there() {
    let text = "schema = \"authbench.target/1\"\nname = \"open\"\nmodel = \"none\"\n\
        [[point]]\nname = \"api\"\nrequest = \"GET http://127.0.0.1:1/\"\naccept = { status = 200 }\nrefuse = { status = 401 }\n";
    assert!(read(text, &[]).expect("a target").about.users.is_none());
    let event = "[[event]]\nname = \"logout\"\n[[event.step]]\nrequest = \"GET http://127.0.0.1:1/\"\nexpect = 200\n";
    let message = read(&format!("{text}{event}"), &[]).expect_err("an event without login");
    assert_eq!(
        message,
        "demo.toml:10: login: is missing (allowed: [[login]] steps, which this needs)"
    );
    let login = "[[login]]\nrequest = \"GET http://127.0.0.1:1/\"\nexpect = 200\n";
    let message = read(&format!("{text}{login}"), &[]).expect_err("a login without users");
    assert_eq!(
        message,
        "demo.toml:9: users: is missing (allowed: [users], whom [[login]] needs)"
    );
}

#[test]
fn names_and_paths_that_lead_nowhere() {
    let load = |name: &str| {
        TargetFile::load(name, &BTreeMap::new())
            .expect_err(name)
            .to_string()
    };
    let known: Vec<&str> = names().collect();
    assert_eq!(
        load("sesion"),
        format!(
            "no target is called \"sesion\" (built in: {}; a file is named by a path with a / or ending in .toml)",
            known.join(", ")
        )
    );
    assert_eq!(known[..2], ["no_auth", "session"]);
    assert!(load("/nowhere/x.toml").starts_with("reading /nowhere/x.toml: No such file"));
}

#[test]
fn every_built_in_target_binds() {
    let url = |url: &str| {
        BTreeMap::from([
            ("url".to_owned(), url.to_owned()),
            ("admin_url".to_owned(), url.to_owned()),
            ("ca_file".to_owned(), String::new()),
        ])
    };
    let processes = [
        "store",
        "authorization",
        "gateway",
        "resource-1",
        "resource-2",
    ];
    let members: Members = processes
        .map(|process| (process.to_owned(), url("http://127.0.0.1:1")))
        .into();
    for name in names() {
        let file = TargetFile::load(name, &BTreeMap::new()).expect(name);
        let target = file.bind(&members, &RemoteTargets::refused()).expect(name);
        assert_eq!(target.about.name, name);
        let model = name.split('+').next().expect("a first part");
        let model = if name == "jwt_cookie" { "jwt" } else { model };
        assert_eq!(target.about.model, model);
        let traffic: Vec<_> = target
            .flows
            .points
            .iter()
            .filter(|point| point.traffic)
            .map(|point| &*point.name)
            .collect();
        assert_eq!(traffic, ["resource-1", "resource-2"], "{name}");
        let renews = model == "hybrid";
        assert_eq!(target.flows.refresh.is_empty(), !renews, "{name}");
        let events: Vec<_> = target
            .flows
            .events
            .iter()
            .map(|event| &*event.name)
            .collect();
        match model {
            "no_auth" => assert_eq!(events, [] as [&str; 0]),
            _ => assert_eq!(
                events[..3],
                ["logout", "logout_everywhere", "account_disabled"]
            ),
        }
        for event in &target.flows.events {
            assert!(event.reach.is_some(), "{name}: {}", event.name);
            let probed = target.flows.points.iter();
            let probed = probed.filter(|point| point.is_probed_in(&event.name));
            assert_eq!(
                event.bounds.len() + event.goes_on.len(),
                probed.count(),
                "{name}, {}: something is promised about every point",
                event.name
            );
        }
    }
}

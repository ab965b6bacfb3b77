//! Whole files: what is accepted, and for every mistake the exact message.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;

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
    let source = Source {
        name: "demo.toml".into(),
        text: text.into(),
    };
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
    assert_eq!(account.password.len(), 43, "256 bits, base64url");
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
fn secrets_are_drawn_once_per_load_and_never_shown() {
    let (one, two) = (
        read(FILE, &[]).expect("a target"),
        read(FILE, &[]).expect("a target"),
    );
    let password = |file: &TargetFile| {
        file.about
            .users
            .as_ref()
            .expect("users")
            .account(0)
            .password
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
            "target demo, login[0] (POST ${as.url}/login): host 10.1.2.3 is not on this machine; remote hosts must be allowed by name",
        ),
        (
            members("as", &[("url", "https://127.0.0.1")]),
            "target demo, login[0] (POST ${as.url}/login): the URL does not begin with http://",
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
fn mistakes_in_the_head() {
    assert_messages(&[
        (
            "authbench.target/1",
            "authbench.target/2",
            "1: schema: \"authbench.target/2\" is not a format this program reads here (allowed: authbench.target/1)",
        ),
        (
            "schema = ",
            "#",
            "1: schema: is missing (allowed: schema = \"authbench.target/1\")",
        ),
        (
            "name = \"demo\"",
            "name = \"de mo\"",
            "2: name: \"de mo\" is not a name (allowed: letters, digits, _ and -)",
        ),
        (
            "model = \"demo\"",
            "model = \"\"",
            "3: model: is empty (allowed: some text)",
        ),
        (
            "model = \"demo\"",
            "modell = \"demo\"",
            "3: modell: unknown field `modell` (allowed: one of `schema`, `name`, `model`, `settings`, `vars`, `users`, `facts`, `limits`, `process`, `login`, `refresh`, `logout`, `point`, `event`)",
        ),
        (
            "model = \"demo\"",
            "model = 3",
            "3: model: invalid type: integer `3` (allowed: a string)",
        ),
        (
            "model = \"demo\"",
            "model = \"demo",
            "3: model: invalid basic string (allowed: `\"`)",
        ),
        (
            "ttl = \"${vars.ttl}\" }",
            "ttl = \"${vars.tll}\" }",
            "4: settings.ttl: unknown ${vars.tll} (allowed: ${vars.ttl})",
        ),
        (
            "ttl = \"${vars.ttl}\" }",
            "ttl = \"${vars.pair}\" }",
            "4: settings.ttl: ${vars.pair} is a secret, and would be shown in every report",
        ),
        (
            "ttl = \"2s\"",
            "ttl = \"${vars.ttl}\"",
            "6: vars.ttl: refers to itself: ttl → ttl",
        ),
        (
            "ttl = \"2s\"",
            "ttl = \"${uuid}\"",
            "6: vars.ttl: unknown ${uuid} (allowed: ${secret}, ${unique}, ${env.NAME}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "ttl = \"2s\"",
            "ttl = \"2 s\"",
            "14: facts.ttl: \"2 s\" is not a duration (allowed: a whole number and a unit: ms, s, m, h or d, such as 150ms or 2s)",
        ),
        (
            "env.HOME_KEY",
            "env.AWAY_KEY",
            "8: vars.pair: the environment has no AWAY_KEY",
        ),
        (
            "key = \"${secret}\"",
            "key = \"${secret\"",
            "7: vars.key: has a ${ without its }",
        ),
        (
            "count = 3",
            "count = 0",
            "10: users.count: 0 is out of range (allowed: 1 to 10000000)",
        ),
        (
            "${number:03}",
            "${number:3}",
            "11: users.name: \"u${number:3}\" pads ${number:3}, which is not a number, or not with a zero and one to nine digits",
        ),
        (
            "${number:03}",
            "${user.name}",
            "11: users.name: unknown ${user.name} (allowed: ${number}, ${vars.ttl})",
        ),
        (
            "[facts]\n",
            "[limits]\nrequests_per_s = -1\n[facts]\n",
            "14: limits.requests_per_s: -1 is out of range (allowed: 1 to 10000000)",
        ),
    ]);
    let circle = "a = \"${vars.b}\"\nb = \"${vars.c}\"\nc = \"${vars.a}\"\nttl = \"2s\"";
    assert_eq!(
        message("ttl = \"2s\"", circle),
        "demo.toml:6: vars.a: refers to itself: a → b → c → a"
    );
}

#[test]
fn mistakes_in_processes() {
    assert_messages(&[
        (
            "role = \"store\"",
            "role = \"cache\"",
            "17: process.store.role: \"cache\" is not a role (allowed: store, authorization_server, resource_server, other)",
        ),
        (
            "[\"serve\"]",
            "[]",
            "23: process.as.command: is empty (allowed: the program and its arguments, one text each)",
        ),
        (
            "[\"serve\"]",
            "[\"serve\", \"${vars.key}\"]",
            "23: process.as.command[1]: ${vars.key} is a secret, and every user of the machine can read a command line; hand it over in stdin",
        ),
        (
            "[\"serve\"]",
            "[\"${store.url}\"]",
            "23: process.as.command[0]: ${store.url} may carry the store's password, and every user of the machine can read a command line; hand it over in stdin",
        ),
        (
            "[\"serve\"]",
            "[\"${env.HOME_KEY}\"]",
            "23: process.as.command[0]: ${env.HOME_KEY} is a secret, and every user of the machine can read a command line; hand it over in stdin",
        ),
        (
            "[\"serve\"]",
            "[\"${as.url}\"]",
            "23: process.as.command[0]: unknown ${as.url} (allowed: ${authbench}, ${run.dir}, ${run.redis_server}, ${run.require_real_redis}, ${run.store_url}, ${vars.ttl})",
        ),
        (
            "strict = true",
            "strict = [1]",
            "19: process.store.stdin.strict: cannot be handed over (allowed: a text, a whole number, true or false)",
        ),
        (
            "key = \"${vars.key}\", strict",
            "key = \"${as.url}\", strict",
            "19: process.store.stdin.key: unknown ${as.url} (allowed: ${env.…}, ${run.dir}, ${run.redis_server}, ${run.require_real_redis}, ${run.store_url}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "name = \"as\"",
            "name = \"store\"",
            "21: process.name: \"store\" is taken (allowed: a name used once, and none of vars, env, user, self, run)",
        ),
        (
            "name = \"as\"",
            "name = \"user\"",
            "21: process.name: \"user\" is taken (allowed: a name used once, and none of vars, env, user, self, run)",
        ),
        (
            "name = \"as\"",
            "name = \"as\"\ncount = 65",
            "22: process.as.count: 65 is out of range (allowed: 1 to 64)",
        ),
        (
            "${self.url}/metrics",
            "${store.url}/metrics",
            "24: process.as.counters.url: unknown ${store.url} (allowed: ${self.…}, ${vars.ttl})",
        ),
        (
            "name = \"as\"",
            "name = \"as\"\nport = 1",
            "22: process.port: unknown field `port` (allowed: one of `name`, `role`, `command`, `stdin`, `count`, `counters`)",
        ),
    ]);
}

#[test]
fn mistakes_in_steps() {
    assert_messages(&[
        (
            "POST ${as.url}/login",
            "post ${as.url}/login",
            "26: login[0].request: \"post ${as.url}/login\" is not a request (allowed: a method and a URL; methods: GET, POST, PUT, PATCH, DELETE, OPTIONS)",
        ),
        (
            "POST ${as.url}/login",
            "POST ${az.url}/login",
            "26: login[0].request: unknown ${az.url} (allowed: ${as.…}, ${env.…}, ${store.…}, ${user.name}, ${user.number}, ${user.password}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "${user.password}",
            "${token}",
            "27: login[0].form.password: unknown ${token} (allowed: ${as.…}, ${env.…}, ${store.…}, ${user.name}, ${user.number}, ${user.password}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "expect = 200\ncapture",
            "capture",
            "25: login: missing field `expect`",
        ),
        (
            "expect = 200\ncapture",
            "expect = 99\ncapture",
            "28: login[0].expect: is not a status (allowed: a status from 200 to 599, or a list of them)",
        ),
        (
            "expect = 200\ncapture",
            "expect = \"200\"\ncapture",
            "28: login[0].expect: is not a status (allowed: a status from 200 to 599, or a list of them)",
        ),
        (
            "expect = 200\ncapture",
            "expect = []\ncapture",
            "28: login[0].expect: is not a status (allowed: a status from 200 to 599, or a list of them)",
        ),
        (
            "json = \"/token\"",
            "json = \"token\"",
            "29: login[0].capture.token: \"token\" is not a JSON pointer (allowed: a path that begins with /, such as /active)",
        ),
        (
            "json = \"/token\"",
            "json = \"/a\", header = \"b\"",
            "29: login[0].capture.token: needs one place to capture from (allowed: exactly one of json, cookie, header)",
        ),
        (
            "json = \"/token\"",
            "body = \"/a\"",
            "29: login.capture: unknown field `body` (allowed: one of `json`, `cookie`, `header`)",
        ),
        (
            "{ token = { json",
            "{ uuid = { json",
            "29: login[0].capture.uuid: \"uuid\" cannot name a captured value (allowed: letters, digits, _ and -, and none of uuid, secret, unique, number, authbench)",
        ),
        (
            "{ json = \"/token\" } }",
            "{ cookie = \"s\" } }\ncookies = {}",
            "29: login[0].capture.token: a step with cookies of its own keeps none (allowed: a step without cookies = { … })",
        ),
        (
            "form = {",
            "headers = { cookie = \"a=b\" }\nform = {",
            "27: login[0].headers.cookie: is written from another key (allowed: cookies = { … })",
        ),
        (
            "form = {",
            "headers = { \"Content-Type\" = \"text/plain\" }\nform = {",
            "27: login[0].headers.Content-Type: is written from another key (allowed: either form or this header)",
        ),
        (
            "form = {",
            "headers = { \"a b\" = \"c\" }\nform = {",
            "27: login[0].headers.a b: header name \"a b\" is not a token",
        ),
        (
            "form = {",
            "headers = { connection = \"close\" }\nform = {",
            "27: login[0].headers.connection: header \"connection\" is written by the client itself",
        ),
        (
            "[users]\ncount = 3\nname = \"u${number:03}\"\npassword = \"${vars.key}\"\n",
            "",
            "23: login[0].form.password: unknown ${user.password} (allowed: ${as.…}, ${env.…}, ${store.…}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
    ]);
}

#[test]
fn mistakes_in_points_and_events() {
    assert_messages(&[
        (
            "${token}",
            "${tokem}",
            "36: point.api.headers.authorization: unknown ${tokem} (allowed: ${as.…}, ${env.…}, ${store.…}, ${token}, ${user.name}, ${user.number}, ${user.password}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "refuse = { status = [401, 403] }",
            "refuse = { status = [200, 401] }",
            "38: point.api.refuse: may hold where accept does (allowed: different statuses, or a header or JSON condition on both)",
        ),
        (
            "refuse = { status = [401, 403] }",
            "refuse = { status = 401, json = { active = false } }",
            "38: point.api.refuse.json.active: \"active\" is not a JSON pointer (allowed: a path that begins with /, such as /active)",
        ),
        (
            "refuse = { status = [401, 403] }",
            "refuse = { status = 401, json = { \"/a\" = 1.5 } }",
            "38: point.api.refuse.json./a: cannot be compared (allowed: a text, a whole number, true or false)",
        ),
        (
            "refuse = { status = [401, 403] }\n",
            "",
            "33: point: missing field `refuse`",
        ),
        (
            "accept = { status = 200 }",
            "accept = { status = 200 }\ntraffic = false",
            "2: point: no point gets traffic (allowed: at least one [[point]] without traffic = false)",
        ),
        (
            "bound = { api =",
            "bound = { apj =",
            "41: event.logout.bound.apj: no point is called \"apj\" (allowed: api)",
        ),
        (
            "ttl + 1s",
            "ttl + leeway",
            "41: event.logout.bound.api: \"leeway\" is neither a fact nor a duration (allowed: a sum of facts and durations: ttl, a whole number and a unit: ms, s, m, h or d, such as 150ms or 2s)",
        ),
        (
            "refresh_after = \"refused\"",
            "refresh_after = \"fails\"",
            "42: event.logout.refresh_after: unknown \"fails\" (allowed: refused, works)",
        ),
        (
            "[[refresh]]\nrequest = \"POST ${as.url}/token\"\nexpect = 200\n",
            "",
            "39: event.logout.refresh_after: this target has no refresh (allowed: [[refresh]] steps, or no refresh_after)",
        ),
        (
            "[[event.step]]\nrequest = \"POST ${as.url}/logout\"\nexpect = 204\n",
            "",
            "40: event.logout.step: is missing (allowed: at least one [[event.step]])",
        ),
        (
            "[[event]]\n",
            "[[event]]\nname = \"logout\"\n[[event.step]]\nrequest = \"GET ${as.url}\"\nexpect = 200\n[[event]]\n",
            "45: event.name: \"logout\" is taken (allowed: a name used once)",
        ),
    ]);
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
        "demo.toml:10: users: is missing (allowed: [users], whom [[login]] needs)"
    );
}

#[test]
fn names_and_paths_that_lead_nowhere() {
    let load = |name: &str| {
        TargetFile::load(name, &BTreeMap::new())
            .expect_err(name)
            .to_string()
    };
    assert_eq!(
        load("sesion"),
        "no target is called \"sesion\" (built in: no_auth, session, jwt, opaque, hybrid; a file is named by a path with a / or ending in .toml)"
    );
    assert!(load("/nowhere/x.toml").starts_with("reading /nowhere/x.toml: No such file"));
}

#[test]
fn every_built_in_target_binds() {
    let url = |url: &str| {
        BTreeMap::from([
            ("url".to_owned(), url.to_owned()),
            ("admin_url".to_owned(), url.to_owned()),
        ])
    };
    let members: Members = ["store", "authorization", "resource-1", "resource-2"]
        .map(|process| (process.to_owned(), url("http://127.0.0.1:1")))
        .into();
    for name in names() {
        let file = TargetFile::load(name, &BTreeMap::new()).expect(name);
        let target = file.bind(&members, &RemoteTargets::refused()).expect(name);
        assert_eq!(
            (target.about.name.as_str(), target.about.model.as_str()),
            (name, name)
        );
        let traffic: Vec<_> = target
            .flows
            .points
            .iter()
            .filter(|point| point.traffic)
            .map(|point| &*point.name)
            .collect();
        assert_eq!(traffic, ["resource-1", "resource-2"], "{name}");
        let events: Vec<_> = target
            .flows
            .events
            .iter()
            .map(|event| &*event.name)
            .collect();
        assert_eq!(
            events,
            if name == "no_auth" {
                vec![]
            } else {
                vec!["logout", "account_disabled"]
            },
            "{name}"
        );
        assert_eq!(target.flows.refresh.is_empty(), name != "hybrid", "{name}");
        for event in &target.flows.events {
            assert_eq!(
                event.bounds.len(),
                target.flows.points.len(),
                "{name} promises something about every point"
            );
        }
    }
}

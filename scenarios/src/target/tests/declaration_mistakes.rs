//! Mistakes in what a target is and what it starts, with the exact message for each.

use super::{assert_messages, message};

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
            "2: name: \"de mo\" is not a name (allowed: letters, digits and _ - + = . ; no name of a file)",
        ),
        (
            "model = \"demo\"",
            "model = \"\"",
            "3: model: is empty (allowed: some text)",
        ),
        (
            "model = \"demo\"",
            "modell = \"demo\"",
            "3: modell: unknown field `modell` (allowed: one of `schema`, `extends`, `name`, `model`, `control`, `settings`, `vars`, `users`, `facts`, `limits`, `build`, `tls`, `process`, `login`, `admin_login`, `refresh`, `logout`, `point`, `event`, `client`)",
        ),
        (
            "model = \"demo\"",
            "model = 3",
            "3: model: is an integer (allowed: a string)",
        ),
        (
            "count = 3",
            "count = \"3\"",
            "10: users.count: is a string (allowed: a whole number)",
        ),
        ("name = \"demo\"\n", "", "1: name: is missing"),
        (
            "model = \"demo\"",
            "model = \"demo",
            "3: is not TOML: invalid basic string, expected `\"`",
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
            "11: users.name: pads ${number:3}, which is not a number, or not with a zero and one to nine digits",
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
            "17: process.store.role: \"cache\" is not a role (allowed: store, authorization_server, resource_server, gateway, other)",
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
            "23: process.as.command[0]: unknown ${as.url} (allowed: ${authbench}, ${run.dir}, ${run.redis_server}, ${run.require_real_redis}, ${run.store_url}, ${self.port}, ${vars.ttl})",
        ),
        (
            "strict = true",
            "strict = [1]",
            "19: process.store.stdin.strict: cannot be handed over (allowed: a text, a whole number, true or false)",
        ),
        (
            "key = \"${vars.key}\", strict",
            "key = \"${as.url}\", strict",
            "19: process.store.stdin.key: unknown ${as.url} (allowed: ${env.…}, ${run.dir}, ${run.redis_server}, ${run.require_real_redis}, ${run.store_url}, ${self.port}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "name = \"as\"",
            "name = \"store\"",
            "21: process.name: \"store\" is taken (allowed: a name used once, and none of vars, env, user, self, run, admin, pkce)",
        ),
        (
            "name = \"as\"",
            "name = \"user\"",
            "21: process.name: \"user\" is taken (allowed: a name used once, and none of vars, env, user, self, run, admin, pkce)",
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
            "22: process.port: unknown field `port` (allowed: one of `name`, `role`, `command`, `stdin`, `env`, `ready`, `count`, `counters`, `sizes`)",
        ),
        (
            "counters = { url",
            "sizes = { heads = \"n\" }\ncounters = { url",
            "24: process.as.sizes: unknown \"heads\" (allowed: store_keys, store_bytes, announced_entries, announced_bytes, denied_entries, denied_bytes)",
        ),
        (
            "counters = { url = \"${self.url}/metrics\" }",
            "sizes = { store_keys = \"n\" }",
            "24: process.as.sizes: needs counters, whose url they are read from",
        ),
    ]);
}

#[test]
fn mistakes_in_how_a_process_is_ready() {
    const READY: &str = "is no way to be ready (allowed: \"line\", or { url = \"http://127.0.0.1:${self.port}/…\", within = \"30s\" })";
    let ready = |value: &str, expected: &str| {
        let keys = format!("command = [\"serve\"]\nready = {value}");
        let expected = format!("24: process.as.{expected}");
        assert_messages(&[("command = [\"serve\"]", &keys, &expected)]);
    };
    for value in [
        "\"url\"",
        "{ within = \"1s\" }",
        "{ url = \"http://127.0.0.1\", every = \"1s\" }",
        "3",
    ] {
        ready(value, &format!("ready: {READY}"));
    }
    ready(
        "{ url = \"http://127.0.0.1:${self.url}/\" }",
        "ready.url: unknown ${self.url} (allowed: ${self.port}, ${vars.ttl})",
    );
    ready(
        "{ url = \"http://127.0.0.1\", within = \"0s\" }",
        "ready.within: \"0s\" is not a time to wait (allowed: up to 10m: a whole number and a unit: ms, s, m, h or d, such as 150ms or 2s)",
    );
    assert_messages(&[(
        "model = \"demo\"",
        "model = \"demo\"\nbuild = [\"make\", \"${vars.key}\"]",
        "4: build[1]: ${vars.key} is a secret, and every user of the machine can read a command line; hand it over in stdin",
    )]);
}

//! Mistakes in steps, points and events, with the exact message for each.

use super::assert_messages;

#[test]
fn mistakes_in_steps() {
    assert_messages(&[
        (
            "POST ${as.url}/login",
            "post ${as.url}/login",
            "26: login[0].request: \"post\" is not a method (allowed: a method and a URL; methods: GET, POST, PUT, PATCH, DELETE, OPTIONS)",
        ),
        (
            "POST ${as.url}/login",
            "POST ${az.url}/login",
            "26: login[0].request: unknown ${az.url} (allowed: ${as.…}, ${env.…}, ${pkce.challenge}, ${pkce.verifier}, ${store.…}, ${user.name}, ${user.number}, ${user.password}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "${user.password}",
            "${token}",
            "27: login[0].form.password: unknown ${token} (allowed: ${as.…}, ${env.…}, ${pkce.challenge}, ${pkce.verifier}, ${store.…}, ${user.name}, ${user.number}, ${user.password}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
        ),
        (
            "expect = 200\ncapture",
            "capture",
            "25: login[0].expect: is missing (allowed: the status that means success, or a list of them)",
        ),
        (
            "expect = 200\ncapture",
            "expect = 99\ncapture",
            "28: login[0].expect: is not a status (allowed: a number from 200 to 599, or a list of them)",
        ),
        (
            "expect = 200\ncapture",
            "expect = \"200\"\ncapture",
            "28: login[0].expect: is not a status (allowed: a number from 200 to 599, or a list of them)",
        ),
        (
            "expect = 200\ncapture",
            "expect = []\ncapture",
            "28: login[0].expect: is not a status (allowed: a number from 200 to 599, or a list of them)",
        ),
        (
            "json = \"/token\"",
            "json = \"token\"",
            "29: login[0].capture.token: \"token\" is not a JSON pointer (allowed: a path that begins with /, such as /active)",
        ),
        (
            "json = \"/token\"",
            "json = \"/a\", header = \"b\"",
            "29: login[0].capture.token: needs one place to capture from (allowed: exactly one of json, cookie, header, html; with header or html: query or regex; with html: attr; with json: of_first)",
        ),
        (
            "json = \"/token\"",
            "body = \"/a\"",
            "29: login.capture: unknown field `body` (allowed: one of `json`, `of_first`, `cookie`, `header`, `query`, `regex`, `html`, `attr`)",
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
            "23: login[0].form.password: unknown ${user.password} (allowed: ${as.…}, ${env.…}, ${pkce.challenge}, ${pkce.verifier}, ${store.…}, ${uuid}, ${vars.key}, ${vars.pair}, ${vars.ttl})",
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
            "33: point.refuse: is missing",
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

//! The committed JSON Schema of target files: every file that comes with the program keeps it, and what the program refuses for its shape, it
//! refuses too.

use authbench_scenarios::target::TargetFile;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn schema() -> Value {
    let text = include_str!("../schema/authbench.target-1.json");
    serde_json::from_str(text).expect("JSON")
}

/// The target files in `folder` of this crate.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let is_target = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.contains("schema = \"authbench.target/1\"")
    };
    entries
        .map(|entry| entry.path())
        .filter(is_target)
        .collect()
}

fn json(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).expect("TOML");
    serde_json::to_value(table).expect("JSON")
}

#[test]
fn every_file_that_comes_with_the_program_keeps_the_schema() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let mut all = 0;
    for path in [
        "targets",
        "examples",
        "src/selftest/arms",
        "src/selftest/targets",
    ]
    .map(files)
    .concat()
    {
        let text = fs::read_to_string(&path).expect("a file");
        let problems: Vec<String> = validator
            .iter_errors(&json(&text))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(problems, [] as [&str; 0], "{}", path.display());
        all += 1;
    }
    assert!(all >= 12, "{all} files");
}

#[test]
fn the_whole_file_of_the_documentation_is_read() {
    let text = include_str!("../../docs/targets.md");
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).collect();
    let (_, section) = text.split_once("## A whole file").expect("the section");
    let (_, whole) = section.split_once("```toml\n").expect("a block");
    let whole = whole.split("```").next().expect("a block");
    // The environment of a test is nobody's to change.
    let file = whole.replace("${env.", "${vars.").replace(
        "[vars] ",
        "[vars]\nMY_API_PASSWORD = \"x\"\nCLIENT_SECRET = \"x\"\nADMIN_SECRET = \"x\"\n#",
    );
    read(&file).expect("a target");
    assert!(jsonschema::is_valid(&schema(), &json(whole)));
    assert!(blocks.iter().all(|block| {
        toml::from_str::<toml::Table>(block.split("```").next().expect("a block")).is_ok()
    }));
}

/// Uses every key that no file of ours does.
const EVERYTHING: &str = r#"
schema = "authbench.target/1"
name = "everything"
model = "other"
control = "because"
build = ["true"]
[users]
count = 3
name = "u${number}"
password = "p"
[limits]
requests_per_s = 20
logins_per_s = 2
admin_calls_per_s = 1
[[process]]
name = "api"
role = "other"
command = ["server", "${self.port}"]
env = { KEY = "${vars.none}" }
ready = { url = "http://127.0.0.1:${self.port}/", within = "10s" }
[vars]
none = "x"
[[admin_login]]
command = ["mint"]
env = { A = "b" }
stdin = "c"
within = "5s"
capture = { token = { json = "" } }
[[login]]
request = "GET http://127.0.0.1/login"
expect = [200, 302]
follow = { max = 3, stop = "http://127.0.0.1/cb" }
capture = { a = { header = "location", query = "code" }, b = { header = "x", regex = "(y)" }, c = { html = "p", attr = "q" }, d = { cookie = "s" }, e = { header = "z" }, f = { json = "/x", of_first = { "/y" = true } } }
[[login]]
request = "POST http://127.0.0.1/token"
client = { post = ["id", "secret"] }
form = { a = "${a}", b = "${pkce.verifier}" }
expect = 200
[[login]]
request = "POST http://127.0.0.1/json"
json = [1, "${b}", { c = true }]
expect = 200
[[login]]
request = "POST http://127.0.0.1/text"
body = "${c}"
headers = { content-type = "text/plain" }
expect = 200
[[point]]
name = "p"
request = "GET http://127.0.0.1/"
accept = { status = 200, header = { name = "a", regex = "b" } }
refuse = { status = [401, 302], header = { name = "a", contains = "b" }, json = { "/c" = false } }
[[point]]
name = "s"
kind = "stream"
request = "GET http://127.0.0.1/stream"
accept = { status = 200 }
refuse = { status = 401 }
events = ["e"]
[[event]]
name = "e"
reach = "client"
client = "service"
witnesses = ["same_user", "other_user"]
bound = { p = "1s" }
goes_on = ["s"]
[[event.step]]
request = "DELETE http://127.0.0.1/${admin.token}"
expect = 204
[[event.undo]]
request = "PUT http://127.0.0.1/${admin.token}"
expect = 204
[[client]]
name = "service"
[[client.login]]
request = "POST http://127.0.0.1/service"
expect = 200
[[client.write]]
request = "POST http://127.0.0.1/write"
expect = 200
"#;

/// With `extends`, what it does not say is the other's.
const DIFFERENCE: &str = r#"
schema = "authbench.target/1"
extends = "jwt"
name = "jwt+other"
[vars]
access_ttl = "1s"
[[process]]
name = "authorization"
env = { A = "b" }
[[point]]
name = "resource-1"
refuse = { status = [401, 403] }
[[event]]
name = "logout"
bound = { resource-1 = "5s" }
"#;

#[test]
fn a_file_that_extends_another_says_only_what_is_different() {
    let target = read(DIFFERENCE).expect("a target");
    assert_eq!(target.about.name, "jwt+other");
    let schema = schema();
    let problem = jsonschema::validate(&schema, &json(DIFFERENCE)).map_err(|e| e.to_string());
    assert_eq!(problem, Ok(()));
    for (from, to) in [
        ("extends = \"jwt\"\n", ""),
        ("extends = \"jwt\"", "extend = \"jwt\""),
        ("bound =", "bounds ="),
    ] {
        let text = DIFFERENCE.replacen(from, to, 1);
        assert!(read(&text).is_err(), "the program takes {to:?}");
        assert!(
            !jsonschema::is_valid(&schema, &json(&text)),
            "the schema takes {to:?}"
        );
    }
}

fn read(text: &str) -> Result<TargetFile, String> {
    TargetFile::parse("t.toml", text, &BTreeMap::new()).map_err(|error| error.to_string())
}

#[test]
fn a_file_with_every_key_keeps_the_schema_and_is_read() {
    read(EVERYTHING).expect("a target");
    let schema = schema();
    let problem = jsonschema::validate(&schema, &json(EVERYTHING)).map_err(|e| e.to_string());
    assert_eq!(problem, Ok(()));
}

#[test]
fn what_the_program_refuses_for_its_shape_the_schema_refuses() {
    let schema = schema();
    let mistakes = [
        ("reach = \"client\"", "reach = \"clients\""),
        ("[\"same_user\", ", "[\"nobody\", "),
        ("kind = \"stream\"", "kind = \"streams\""),
        ("of_first = { \"/y\" = true }", "of_first = { y = true }"),
        ("model = \"other\"\n", ""),
        ("name = \"everything\"", "name = \"every thing\""),
        ("[[client.write]]", "[[client.post]]"),
        ("model = \"other\"", "modell = \"other\""),
        ("build = [\"true\"]", "build = []"),
        ("logins_per_s = 2", "logins_per_s = 0"),
        ("role = \"other\"", "role = \"cache\""),
        ("within = \"10s\" }", "after = \"10s\" }"),
        ("stdin = \"c\"", "expect = 200"),
        ("within = \"5s\"", "within = \"5 s\""),
        ("max = 3", "max = 21"),
        ("expect = [200, 302]", "expect = [99]"),
        ("{ cookie = \"s\" }", "{ cookie = \"s\", attr = \"x\" }"),
        ("{ header = \"z\" }", "{ query = \"z\" }"),
        ("post = [\"id\", \"secret\"]", "post = [\"id\"]"),
        ("body = \"${c}\"", "body = \"${c}\"\nform = { a = \"b\" }"),
        ("PUT http", "HEAD http"),
        (
            "refuse = { status = [401, 302]",
            "refuse = { status = [401, 429]",
        ),
        ("contains = \"b\"", "matches = \"b\""),
        ("json = { \"/c\" = false }", "json = { c = false }"),
        ("password = \"p\"\n", ""),
        ("expect = 204\n[[event.undo]]", "[[event.undo]]"),
    ];
    for (from, to) in mistakes {
        assert_eq!(EVERYTHING.matches(from).count(), 1, "{from}");
        let text = EVERYTHING.replacen(from, to, 1);
        assert!(read(&text).is_err(), "the program takes {to}");
        assert!(
            !jsonschema::is_valid(&schema, &json(&text)),
            "the schema takes {to}"
        );
    }
}

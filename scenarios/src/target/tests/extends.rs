//! Files that extend others: what is merged, and where a mistake is said to be.

use super::*;
use std::fs;

const OTHER: &str = r#"schema = "authbench.target/1"
extends = "base.toml"
name = "other+form"
control = "to be seen failing"
settings = { form = "other" }
[vars]
ttl = "5s"
[[point]]
name = "page"
request = "GET ${as.url}/page"
accept = { status = 200 }
refuse = { status = 302, header = { name = "location", contains = "login" } }
[[event]]
name = "logout"
bound = { page = "1s" }
[[event]]
name = "disabled"
[[event.step]]
request = "POST ${as.url}/disable"
expect = 204
"#;

/// Writes `files` and loads `other.toml` of them.
fn load(files: &[(&str, &str)]) -> Result<TargetFile, String> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a writable folder");
    }
    let path = folder.path().join("other.toml");
    let text = fs::read_to_string(&path).expect("is there");
    let environment = |name: &str| (name == "HOME_KEY").then(|| "from-the-environment".to_owned());
    let loaded = TargetFile::parse_with(
        &path.to_string_lossy(),
        &text,
        &BTreeMap::new(),
        &environment,
    );
    let folder = format!("{}/", folder.path().display());
    loaded.map_err(|error| error.to_string().replace(&folder, ""))
}

#[test]
fn what_differs_is_merged_into_the_rest() {
    let file = load(&[("base.toml", FILE), ("other.toml", OTHER)]).expect("a target");
    let about = &file.about;
    assert_eq!(
        (about.name.as_str(), about.model.as_str()),
        ("other+form", "demo")
    );
    assert_eq!(about.control.as_deref(), Some("to be seen failing"));
    assert_eq!(
        about.settings["ttl"], "5s",
        "a variable reaches what is made of it"
    );
    assert_eq!(
        about.settings["form"], "other",
        "tables are merged key by key"
    );
    let points = file.flows.points.iter().map(|point| point.name.as_str());
    assert_eq!(points.collect::<Vec<_>>(), ["api", "page"]);
    let logout = file.flows.event("logout").expect("an event");
    assert_eq!(logout.steps.len(), 1, "what is not said stays");
    let bounds: Vec<_> = logout.bounds.keys().collect();
    assert_eq!(bounds, ["api", "page"]);
    assert_eq!(logout.bounds["api"].limit, Duration::from_secs(6));
    assert!(file.has_event("disabled"));
    let written = file.as_written();
    assert_eq!(written["extends"], "base.toml");
    assert_eq!(
        written["login"][0]["expect"], 200,
        "the run file has all of it"
    );
}

#[test]
fn an_event_that_cannot_happen_is_none() {
    let omitted = OTHER.replacen("bound = { page = \"1s\" }", "omit = \"nobody logs out\"", 1);
    let file = load(&[("base.toml", FILE), ("other.toml", &omitted)]).expect("a target");
    assert!(!file.has_event("logout") && file.has_event("disabled"));
}

#[test]
fn a_step_list_is_replaced_and_one_may_extend_what_extends() {
    let middle = OTHER.replace("other+form", "middle");
    let last = r#"schema = "authbench.target/1"
extends = "middle.toml"
name = "last"
[[login]]
request = "POST ${as.url}/sign-in"
expect = 200
capture = { token = { json = "/t" } }
"#;
    let files = [
        ("base.toml", FILE),
        ("middle.toml", middle.as_str()),
        ("other.toml", last),
    ];
    let file = load(&files).expect("a target");
    assert_eq!(file.flows.login.len(), 1);
    assert_eq!(
        file.flows.login[0].label,
        "login[0] (POST ${as.url}/sign-in)"
    );
    assert!(file.has_event("disabled"));
}

#[test]
fn a_mistake_is_named_in_the_file_that_it_stands_in() {
    let message = |base: (&str, &str), other: (&str, &str)| {
        let replaced = |text: &str, (from, to): (&str, &str)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        };
        let (base, other) = (replaced(FILE, base), replaced(OTHER, other));
        load(&[("base.toml", &base), ("other.toml", &other)]).expect_err("a mistake")
    };
    let fine = ("name", "name");
    let cases = [
        (
            fine,
            ("page = \"1s\"", "pgae = \"1s\""),
            "other.toml:15: event.logout.bound.pgae: no point is called \"pgae\" (allowed: api, page)",
        ),
        (
            fine,
            ("[vars]", "[wars]"),
            "other.toml:6: wars: unknown field `wars`",
        ),
        (
            ("expect = 200", "expect = 99"),
            fine,
            "base.toml:28: login[0].expect: is not a status",
        ),
        (
            ("authbench.target/1", "authbench.target/2"),
            fine,
            "base.toml:1: schema: \"authbench.target/2\" is not a format",
        ),
        (
            fine,
            ("\"base.toml\"", "\"bass.toml\""),
            "other.toml:2: extends: reading bass.toml: ",
        ),
        (
            fine,
            ("\"base.toml\"", "\"bass\""),
            "other.toml:2: extends: no target is called \"bass\"",
        ),
        (
            fine,
            ("\"base.toml\"", "\"other.toml\""),
            "other.toml:2: extends: other.toml extends itself",
        ),
        (
            fine,
            ("name = \"disabled\"", "name = \"logout\""),
            "other.toml:17: event.name: \"logout\" is taken",
        ),
        (
            fine,
            ("other+form", "other.toml"),
            "other.toml:3: name: \"other.toml\" is not a name",
        ),
    ];
    for (base, other, expected) in cases {
        let message = message(base, other);
        assert!(message.starts_with(expected), "{expected}\n{message}");
    }
}

#[test]
fn a_circle_of_files_is_no_file() {
    let (one, other) = (
        OTHER.replace("base.toml", "third.toml"),
        OTHER.replace("base.toml", "other.toml"),
    );
    let message = load(&[("third.toml", &other), ("other.toml", &one)]).expect_err("a circle");
    assert!(
        message.starts_with("third.toml:2: extends: other.toml extends itself"),
        "{message}"
    );
}

#[test]
fn every_built_in_variant_is_what_it_extends_but_for_what_it_says() {
    let load = |name: &str| TargetFile::load(name, &BTreeMap::new()).expect(name);
    let (plain, listed) = (load("jwt"), load("jwt+denylist"));
    assert_eq!(plain.processes.len(), listed.processes.len());
    let bound =
        |file: &TargetFile| file.flows.event("logout").expect("logout").bounds["resource-1"].limit;
    assert_eq!(bound(&plain), Duration::from_secs(300));
    assert_eq!(bound(&listed), Duration::ZERO);
}

//! Where a redirect may lead.

use std::collections::BTreeMap;

use url::Url;

use crate::target::{Members, RemoteTargets, Target, TargetFile, UrlError};

const FILE: &str = r#"schema = "authbench.target/1"
name = "demo"
model = "demo"
[[point]]
name = "here"
request = "GET http://127.0.0.1:8080/"
accept = { status = 200 }
refuse = { status = 401 }
[[point]]
name = "there"
request = "GET http://10.0.0.1/"
accept = { status = 200 }
refuse = { status = 401 }
"#;

fn target() -> Target {
    let file = TargetFile::parse("demo.toml", FILE, &BTreeMap::new()).expect("a target file");
    let policy = RemoteTargets::allowing(["10.0.0.1"]);
    file.bind(&Members::new(), &policy).expect("bound")
}

#[test]
fn another_machine_reaches_of_this_one_only_what_the_file_names() {
    let target = target();
    let origin = |point: usize| &target.flows.points[point].request.origin;
    let to = |url: &str, from| {
        target
            .redirected_to(&Url::parse(url).expect("a URL"), origin(from))
            .map(|reached| reached.is_another)
    };
    assert!(matches!(to("http://127.0.0.1:9/", 0), Ok(true)));
    assert!(matches!(
        to("http://127.0.0.1:9/", 1),
        Err(UrlError::Inward)
    ));
    assert!(matches!(to("http://127.0.0.1:8080/x", 1), Ok(true)));
    assert!(matches!(to("http://10.0.0.1/x", 1), Ok(false)));
    assert!(matches!(
        to("http://10.0.0.2/", 1),
        Err(UrlError::Remote(_))
    ));
}

#[test]
fn hosts_of_processes_are_cleared_before_anything_is_started() {
    for (place, keys) in [
        (
            "process.server.counters",
            "counters = { url = \"http://10.0.0.1/metrics\", store_commands = \"n\" }",
        ),
        (
            "process.server.ready",
            "ready = { url = \"http://10.0.0.1/\" }",
        ),
    ] {
        let process = format!(
            "[[process]]\nname = \"server\"\nrole = \"other\"\ncommand = [\"true\"]\n{keys}\n[[point]]\nname = \"here\""
        );
        let local = &FILE[..FILE.rfind("[[point]]").expect("two points")];
        let text = local.replacen("[[point]]\nname = \"here\"", &process, 1);
        let file = TargetFile::parse("demo.toml", &text, &BTreeMap::new()).expect("a target file");
        let error = file.clear(&RemoteTargets::refused()).expect_err(place);
        assert!(error.to_string().contains(place), "{error}");
        assert!(file.clear(&RemoteTargets::allowing(["10.0.0.1"])).is_ok());
    }
}

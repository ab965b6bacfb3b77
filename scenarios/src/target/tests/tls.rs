//! `[tls]` and `connect`: what they come down to, and what is wrong with them.

use super::*;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

fn with_tls(tls: &str) -> String {
    FILE.replace("[facts]\n", &format!("[tls]\n{tls}\n[facts]\n"))
}

fn assert_message(text: &str, expected: &str) {
    let message = read(text, &[]).err().unwrap_or_default();
    assert!(message.contains(expected), "{expected}\n{message}");
}

#[test]
fn mistakes_in_whom_to_trust() {
    for (tls, expected) in [
        (
            "ca_file = 3",
            "demo.toml:14: tls.ca_file: is not the name of a file (allowed: a text or a list of texts",
        ),
        (
            "ca_file = [\"${as.ca_file}\", 3]",
            "demo.toml:14: tls.ca_file: is not the name of a file",
        ),
        (
            "ca_file = \"${vars.key}\"",
            "demo.toml:14: tls.ca_file: ${vars.key} is a secret",
        ),
        (
            "ca_file = \"${other.ca_file}\"",
            "demo.toml:14: tls.ca_file: unknown ${other.ca_file}",
        ),
        (
            "system_roots = \"yes\"",
            "demo.toml:14: tls.system_roots: is a string (allowed: true or false)",
        ),
        (
            "verify = false",
            "demo.toml:14: tls.verify: unknown field `verify` (allowed: `ca_file` or `system_roots`)",
        ),
    ] {
        assert_message(&with_tls(tls), expected);
    }
}

/// A target that runs already.
const ELSEWHERE: &str = r#"schema = "authbench.target/1"
name = "demo"
model = "demo"
[tls]
ca_file = "ca.pem"
[[point]]
name = "api"
request = "GET https://127.0.0.1/x"
accept = { status = 200 }
refuse = { status = 401 }
"#;

#[test]
fn certificates_are_looked_for_beside_the_target_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("demo.toml");
    let name = path.to_string_lossy();
    let load = |text: &str| {
        std::fs::write(&path, text).expect("a writable folder");
        TargetFile::load(&name, &BTreeMap::new()).map_err(|error| error.to_string())
    };
    let error = load(ELSEWHERE).expect_err("no such file");
    assert!(
        error.contains("demo.toml:5: tls.ca_file: reading")
            && error.contains("ca.pem: No such file"),
        "{error}"
    );
    std::fs::write(folder.path().join("ca.pem"), "nothing of the kind").expect("writes");
    let error = load(ELSEWHERE).expect_err("no certificate");
    assert!(error.contains("ca.pem has no certificate"), "{error}");
    std::fs::write(folder.path().join("ca.pem"), PEM).expect("writes");
    load(ELSEWHERE).expect("a target");
}

#[test]
fn without_https_nobody_is_asked_whom_to_trust() {
    let file = read(&with_tls("ca_file = [\"${as.ca_file}\"]"), &[]).expect("a target");
    let bind = |ca_file: &str, url: &str| {
        let members = members("as", &[("url", url), ("ca_file", ca_file)]);
        file.bind(&members, &RemoteTargets::refused())
            .map_err(|error| error.to_string())
    };
    bind("", "http://127.0.0.1:80").expect("plain");
    bind("/nonexistent/ca.pem", "http://127.0.0.1:80").expect("plain");
    let error = bind("/nonexistent/ca.pem", "https://127.0.0.1:80").expect_err("no file");
    assert!(
        error.starts_with("target demo, login[0]")
            && error.contains("reading the certificates in /nonexistent/ca.pem"),
        "{error}"
    );
    // Trusts nobody, which is an error only when somebody answers.
    bind("", "https://127.0.0.1:80").expect("secured");
    let missing = file.bind(
        &members("as", &[("url", "https://127.0.0.1:80")]),
        &RemoteTargets::refused(),
    );
    assert_eq!(
        missing.expect_err("no member").to_string(),
        "target demo, tls.ca_file: the ready line of as has no ca_file (it has: url)"
    );
}

#[test]
fn mistakes_in_connect() {
    let with_connect = |connect: &str| {
        let line = "request = \"GET ${as.url}/x\"\n";
        FILE.replace(line, &format!("{line}connect = {connect}\n"))
    };
    for (connect, expected) in [
        (
            "\"127.0.0.1\"",
            "demo.toml:36: point.api.connect: \"127.0.0.1\" is no place to connect to (allowed: host:port)",
        ),
        ("\"http://127.0.0.1:80\"", "is no place to connect to"),
        ("\"127.0.0.1:0\"", "is no place to connect to"),
        (
            "\"${nobody.address}\"",
            "demo.toml:36: point.api.connect: unknown ${nobody.address}",
        ),
    ] {
        assert_message(&with_connect(connect), expected);
    }
    let file = read(&with_connect("\"10.1.2.3:80\""), &[]).expect("a target");
    let members = members("as", &[("url", "http://127.0.0.1:8080")]);
    let error = file
        .bind(&members, &RemoteTargets::refused())
        .expect_err("remote");
    assert_eq!(
        error.to_string(),
        "target demo, point.api: host 10.1.2.3 is not on this machine; remote hosts must be allowed by name (--allow-remote-target 10.1.2.3)"
    );
    let target = file
        .bind(&members, &RemoteTargets::allowing(["10.1.2.3"]))
        .expect("allowed");
    let origin = &target.flows.points[0].request.origin;
    assert_eq!(
        (
            origin.address.to_string().as_str(),
            origin.authority.as_str()
        ),
        ("10.1.2.3:80", "127.0.0.1:8080")
    );
}

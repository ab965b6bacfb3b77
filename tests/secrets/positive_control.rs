//! The search itself: it finds what is there, in every form, and nothing else.

use crate::canary::Canary;
use crate::evidence::Evidence;
use crate::program::Workspace;
use crate::search::Search;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

#[test]
fn every_form_is_found_wherever_it_stands() {
    for canary in [
        Canary::password("password"),
        Canary::token("token"),
        Canary::key("key"),
        // What a key may happen to be: characters at both ends that some encode and some do not.
        Canary::known("key", "Gm_6JQkBAq2dsX11RkKF0nAv8_HStpS82Hnp5w-SHjo"),
    ] {
        let (text, search) = (canary.text.clone(), Search::new(&[canary]));
        let form: String = text
            .bytes()
            .map(|byte| match byte {
                b' ' => "+".to_owned(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect();
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let places = [
            text.clone(),
            format!("username=u&password={form}&x=1"),
            serde_json::json!({ "echo": text }).to_string(),
            STANDARD.encode(&text),
            STANDARD.encode(format!("resource-server:{text}")),
            STANDARD.encode(format!("app:{form}")),
            URL_SAFE_NO_PAD.encode(format!("{{\"jti\":\"{text}\",\"n\":1}}")),
            URL_SAFE_NO_PAD.encode(format!("ab{text}")),
            hex.clone(),
            hex.to_uppercase(),
            // Cut short, as an excerpt would.
            text.chars().take(14).collect(),
            text.chars().skip(text.chars().count() - 14).collect(),
        ];
        for place in places {
            let bytes = format!("before {place} after");
            assert!(!search.hits(bytes.as_bytes()).is_empty(), "{bytes}");
        }
        assert_eq!(search.hits(b"nothing of the kind"), Vec::<String>::new());
    }
}

#[test]
fn a_canary_in_any_file_is_found() {
    let (workspace, canary) = (Workspace::new(), Canary::password("planted"));
    std::fs::create_dir_all(workspace.path("run/logs/deep")).expect("folders");
    let nested = "run/logs/deep/server.log";
    workspace.write(nested, &format!("a line\nAuthorization: {}\n", canary.text));
    let mut evidence = Evidence::default();
    evidence.folder(&workspace.path("run"));
    let hits = evidence.hits(std::slice::from_ref(&canary));
    assert!(
        hits.iter().any(|hit| hit.contains("server.log")),
        "{hits:?}"
    );

    // And in the name of one.
    let named = Canary::token("file name");
    workspace.write(&format!("run/{}.html", named.text), "");
    let mut evidence = Evidence::default();
    evidence.folder(&workspace.path("run"));
    assert!(!evidence.hits(&[named]).is_empty());
}

#[test]
fn what_is_printed_and_what_stands_on_command_lines_is_looked_at() {
    let workspace = Workspace::new();
    let canary = Canary::token("argument");
    let mut evidence = Evidence::default();
    // An unknown target is named in the error: nobody's secret, but a way to see that standard error is searched.
    let output = evidence.run(
        &workspace,
        &["run", "--target", &canary.text, "--out", "run"],
        &[],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(!evidence.hits(&[canary]).is_empty());
}

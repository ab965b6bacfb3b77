//! Whatever a server says of itself, the file passes the checker.

use super::*;
use proptest::prelude::*;

fn known(client_id: Option<&str>) -> Known {
    Known {
        name: "mine".to_owned(),
        client_id: client_id.map(str::to_owned),
        grant: None,
        ca_files: Vec::new(),
    }
}

fn metadata(json: &str) -> Metadata {
    serde_json::from_str(json).expect("metadata")
}

/// A provider with everything.
const WHOLE: &str = r#"{
  "issuer": "http://127.0.0.1:8080/realms/a",
  "authorization_endpoint": "http://127.0.0.1:8080/realms/a/auth",
  "token_endpoint": "http://127.0.0.1:8080/realms/a/token",
  "introspection_endpoint": "http://127.0.0.1:8080/realms/a/introspect",
  "revocation_endpoint": "http://127.0.0.1:8080/realms/a/revoke",
  "userinfo_endpoint": "http://127.0.0.1:8080/realms/a/userinfo",
  "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
  "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"],
  "code_challenge_methods_supported": ["S256"],
  "scopes_supported": ["openid"],
  "something_else": {"deep": [1]}
}"#;

fn file(text: &str) -> TargetFile {
    let anything = |_: &str| Some("x".to_owned());
    TargetFile::parse_with("target.toml", text, &BTreeMap::new(), &anything).expect("a target file")
}

#[test]
fn a_user_logs_in_where_the_server_has_users() {
    let text = target_file(&metadata(WHOLE), &known(Some("app"))).expect("a file");
    let target = file(&text);
    let written = target.as_written();
    assert_eq!(written["vars"]["client_secret"], "${env.CLIENT_SECRET}");
    assert_eq!(written["login"].as_array().map(Vec::len), Some(3));
    let page = written["login"][0]["request"].as_str().expect("a request");
    assert!(
        page.starts_with("GET http://127.0.0.1:8080/realms/a/auth?response_type="),
        "{page}"
    );
    assert!(page.contains("code_challenge=${pkce.challenge}"), "{page}");
    assert_eq!(
        written["login"][2]["request"],
        "POST http://127.0.0.1:8080/realms/a/token"
    );
    assert!(
        written["login"][2]["client"]["post"].is_array(),
        "{written:#}"
    );
    assert_eq!(written["refresh"].as_array().map(Vec::len), Some(1));
    let points: Vec<_> = written["point"]
        .as_array()
        .expect("points")
        .iter()
        .collect();
    assert_eq!(
        points[0]["request"],
        "GET http://127.0.0.1:8080/realms/a/userinfo"
    );
    assert_eq!(
        (&points[1]["name"], &points[1]["traffic"]),
        (&"introspection".into(), &false.into())
    );
    assert!(target.has_event("logout"));
    assert_eq!(written["event"][0]["bound"]["introspection"], "0s");
}

#[test]
fn a_client_logs_in_itself_where_the_server_has_no_users() {
    let text = target_file(
        &metadata(
            r#"{"issuer": "https://as.example", "token_endpoint": "https://as.example/token",
                "grant_types_supported": ["client_credentials"]}"#,
        ),
        &known(None),
    );
    let text = text.expect("a file");
    let written = file(&text).as_written().clone();
    assert_eq!(
        written["login"][0]["form"]["grant_type"],
        "client_credentials"
    );
    assert!(written["login"][0]["client"]["basic"].is_array());
    assert!(written.get("refresh").is_none() && written.get("event").is_none());
}

#[test]
fn a_grant_that_is_asked_for_must_be_there() {
    let asked = Known {
        grant: Some(Grant::Password),
        ..known(None)
    };
    let error = target_file(&metadata(WHOLE), &asked).expect_err("not supported");
    assert!(
        error.to_string().contains("supports the grant password"),
        "{error}"
    );
    let without = metadata(r#"{"issuer": "x", "grant_types_supported": ["password"]}"#);
    let error = target_file(&without, &known(None)).expect_err("no endpoint");
    assert!(error.to_string().contains("token_endpoint"), "{error}");
}

proptest! {
    #[test]
    fn a_hostile_description_makes_a_target_file_or_an_error(
        endpoint in "(http|https)://[a-z\"'\\\\$\\{\\}\\n#]{0,20}(/[ -~]{0,20})?",
        issuer in "[ -~\\n\\]]{0,30}",
        client in "[ -~]{0,20}",
    ) {
        let hostile = Metadata {
            issuer,
            authorization_endpoint: Some(endpoint.clone()),
            token_endpoint: Some(endpoint.clone()),
            introspection_endpoint: Some(endpoint.clone()),
            revocation_endpoint: Some(endpoint.clone()),
            userinfo_endpoint: Some(endpoint.clone()),
            end_session_endpoint: Some(endpoint),
            ..Metadata::default()
        };
        let text = target_file(&hostile, &known(Some(&client)));
        let text = text.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let written = file(&text).as_written().clone();
        prop_assert_eq!(written["login"].as_array().map(Vec::len), Some(3));
    }
}

//! A target file as it may stand in a run file: as written, references unresolved, literals that may be credentials masked.
//!
//! What a name says about its value cannot be trusted. So a literal variable is shown only if it also stands where no secret is allowed:
//! in `settings`, `facts` or a command. And literals that a request or a process is given are masked unless their key is one of a few
//! that never hold a credential.

use serde_json::{Map, Value as Json};
use toml::{Table, Value};

const MASK: &str = "(masked)";
/// Tables whose literals are handed to a system.
const HANDED_OVER: [&str; 5] = ["form", "headers", "cookies", "basic", "stdin"];
/// Keys in such tables that never hold a credential.
const HARMLESS: [&str; 7] = [
    "grant_type",
    "client_id",
    "scope",
    "username",
    "token_type_hint",
    "content-type",
    "accept",
];

/// The file's content as JSON, fit for a run file.
pub(super) fn as_written(text: &str) -> Json {
    let Ok(table) = toml::from_str::<Table>(text) else {
        return Json::Null;
    };
    let shown = places_without_secrets(&table);
    let mut written = object(&table, false);
    if let Some(vars) = written.get_mut("vars").and_then(Json::as_object_mut) {
        vars.iter_mut()
            .filter(|(name, _)| !refers(&shown, name))
            .for_each(|(_, value)| mask_literal(value));
    }
    if let Some(password) = written.pointer_mut("/users/password") {
        mask_literal(password);
    }
    written
}

/// Which variables of `text`, a target file, stand where everyone may see them.
pub(super) fn shown_variables(text: &str) -> Vec<String> {
    let table = toml::from_str::<Table>(text).unwrap_or_default();
    let shown = places_without_secrets(&table);
    let vars = table
        .get("vars")
        .and_then(Value::as_table)
        .into_iter()
        .flatten();
    vars.map(|(name, _)| name.clone())
        .filter(|name| refers(&shown, name))
        .collect()
}

/// All texts in places where the format allows no secret.
fn places_without_secrets(table: &Table) -> String {
    let processes = table
        .get("process")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let commands = processes.filter_map(|process| process.get("command"));
    let places = ["settings", "facts"]
        .into_iter()
        .filter_map(|name| table.get(name))
        .chain(commands);
    places.map(Value::to_string).collect()
}

fn refers(texts: &str, variable: &str) -> bool {
    texts.contains(&format!("${{vars.{variable}}}"))
}

fn object(table: &Table, handed_over: bool) -> Json {
    let members = table.iter().map(|(key, value)| {
        let handed_over = handed_over || HANDED_OVER.contains(&key.as_str());
        let mut json = member(value, handed_over);
        if handed_over && !HARMLESS.contains(&key.to_ascii_lowercase().as_str()) {
            mask_literal(&mut json);
        }
        if key == "request" {
            mask_query(&mut json);
        }
        (key.clone(), json)
    });
    Json::Object(members.collect::<Map<_, _>>())
}

fn member(value: &Value, handed_over: bool) -> Json {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(truth) => (*truth).into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(list) => list
            .iter()
            .map(|value| member(value, handed_over))
            .collect(),
        Value::Table(table) => object(table, handed_over),
    }
}

/// A text without a reference is a value and not a place where one goes.
fn mask_literal(value: &mut Json) {
    if value.as_str().is_some_and(|text| !text.contains("${")) {
        *value = MASK.into();
    }
}

/// Literal values in the query of `METHOD URL`.
fn mask_query(value: &mut Json) {
    let Some((path, query)) = value.as_str().and_then(|text| text.split_once('?')) else {
        return;
    };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, literal)) if !literal.contains("${") => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    });
    *value = format!("{path}?{}", pairs.collect::<Vec<_>>().join("&")).into();
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: &str = r#"
settings = { alg = "${vars.alg}" }
[vars]
alg = "RS256"
kc = "hunter2"
apiKey = "hunter2"
port = "8080"
admin_secret = "${secret}"
[users]
password = "hunter2"
[[process]]
command = ["server", "--port", "${vars.port}"]
stdin = { key = "hunter2", url = "${store.url}", deep = { any = "hunter2" } }
[[login]]
request = "POST http://127.0.0.1/login?api=hunter2&user=${user.name}"
form = { pin = "hunter2", username = "someone", grant_type = "password" }
headers = { Authorization = "Bearer ${access_token}", X-Key = "hunter2" }
basic = { username = "service", password = "hunter2" }
cookies = { sid = "hunter2" }
"#;

    #[test]
    fn no_literal_that_may_be_a_credential_is_left() {
        let json = as_written(TARGET);
        assert!(!json.to_string().contains("hunter2"), "{json:#}");
    }

    #[test]
    fn what_a_reader_needs_is_left() {
        let json = as_written(TARGET);
        let cases = [
            ("/vars/alg", "RS256"),
            ("/vars/port", "8080"),
            ("/vars/admin_secret", "${secret}"),
            ("/vars/kc", MASK),
            ("/process/0/stdin/url", "${store.url}"),
            ("/login/0/form/grant_type", "password"),
            ("/login/0/basic/username", "service"),
            ("/login/0/headers/Authorization", "Bearer ${access_token}"),
            (
                "/login/0/request",
                "POST http://127.0.0.1/login?api=(masked)&user=${user.name}",
            ),
        ];
        for (pointer, expected) in cases {
            assert_eq!(
                json.pointer(pointer).and_then(Json::as_str),
                Some(expected),
                "{pointer}"
            );
        }
        assert_eq!(shown_variables(TARGET), ["alg", "port"]);
    }
}

//! A target file as it may stand in a run file: as written, references unresolved, literals that may be credentials masked.
//!
//! What a name says about its value cannot be trusted. So a literal variable is shown only if it also stands where no secret is allowed:
//! in `settings`, `facts` or a command. And literals that a request or a process is given are masked unless their key is one of a few
//! that never hold a credential.

use serde_json::{Map, Value as Json};
use toml::{Table, Value};

const MASK: &str = "(masked)";
/// Keys whose literals are handed to a system; besides them `json`, where it is the body of a request.
const HANDED_OVER: [&str; 7] = [
    "form", "headers", "cookies", "client", "stdin", "env", "body",
];
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
pub(super) fn as_written(table: &Table) -> Json {
    let shown = places_without_secrets(table);
    let mut written = object(table, false);
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

/// Which variables of a target file stand where everyone may see them.
pub(super) fn shown_variables(table: &Table) -> Vec<String> {
    let shown = places_without_secrets(table);
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
    let is_request = table.contains_key("request");
    let members = table.iter().map(|(key, value)| {
        let is_body = key == "json" && is_request;
        let handed_over = handed_over || is_body || HANDED_OVER.contains(&key.as_str());
        let mut json = match (key.as_str(), value) {
            // A pair: the identifier is none to hide.
            ("basic" | "post", Value::Array(pair)) if handed_over => all_but_the_first(pair),
            // Words of a step's command; a process is given no secret there.
            ("command", Value::Array(words)) if !table.contains_key("role") => {
                all_but_the_first(words)
            }
            _ => member(value, handed_over),
        };
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
        Value::Array(list) => {
            let values = list.iter().map(|value| {
                let mut json = member(value, handed_over);
                if handed_over {
                    mask_literal(&mut json);
                }
                json
            });
            values.collect()
        }
        Value::Table(table) => object(table, handed_over),
    }
}

/// The first shown, the others masked.
fn all_but_the_first(values: &[Value]) -> Json {
    let values = values.iter().enumerate().map(|(index, value)| {
        let mut json = member(value, false);
        if index > 0 {
            mask_literal(&mut json);
        }
        json
    });
    values.collect()
}

/// A text or number is a value, and so is what stands around the references of a text; the references themselves are places where one goes.
fn mask_literal(value: &mut Json) {
    match value {
        Json::String(text) => *text = between_references(text),
        Json::Number(_) => *value = MASK.into(),
        _ => {}
    }
}

/// The references of a text, which may hold anything besides.
fn between_references(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find("${").unwrap_or(rest.len());
        let literal = &rest[..at];
        shown.push_str(if tells_nothing(literal) {
            literal
        } else {
            MASK
        });
        rest = &rest[at..];
        let end = rest.find('}').map_or(rest.len(), |end| end + 1);
        shown.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    shown
}

/// Whether a text before or after a reference is punctuation, or names how the credential beside it is presented (RFC 9110 §11.1).
fn tells_nothing(literal: &str) -> bool {
    const SCHEMES: [&str; 4] = ["Bearer", "Basic", "DPoP", "Token"];
    let is_scheme = SCHEMES
        .iter()
        .any(|scheme| scheme.eq_ignore_ascii_case(literal.trim()));
    is_scheme || !literal.contains(char::is_alphanumeric)
}

fn mask_query(value: &mut Json) {
    if let Some(request) = value.as_str() {
        *value = without_query(request).into();
    }
}

/// `METHOD URL` without what is literal in the values of its query.
pub(super) fn without_query(request: &str) -> String {
    let Some((path, query)) = request.split_once('?') else {
        return request.to_owned();
    };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", between_references(value)),
        None => between_references(pair),
    });
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
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
half = "hunter2-${unique}"
[users]
password = "hunter2-${number:04}"
[[process]]
command = ["server", "--port", "${vars.port}"]
stdin = { key = "hunter2", url = "${store.url}", deep = { any = "hunter2" } }
[[login]]
request = "POST http://127.0.0.1/login?api=hunter2&user=${user.name}&mixed=hunter2${uuid}&hunter2"
form = { pin = "hunter2", longer = "${user.name}hunter2", username = "someone", grant_type = "password" }
headers = { Authorization = "Bearer ${access_token}", X-Key = "hunter2" }
client = { basic = ["service", "hunter2"] }
cookies = { sid = "hunter2" }
[[login]]
request = "POST http://127.0.0.1/second"
json = { code = "hunter2", list = ["hunter2", "${user.name}", { deep = "hunter2" }], pin = 99887766, username = "someone" }
capture = { token = { json = "/token" } }
[[login]]
request = "POST http://127.0.0.1/third"
body = "<pin>hunter2</pin><user>${user.name}</user>"
[[login]]
command = ["second-factor", "--pin", "hunter2", "${user.name}"]
stdin = "hunter2 ${user.totp}"
env = { KEY = "hunter2", SEED = "${user.seed}" }
[[point]]
request = "GET http://127.0.0.1/"
accept = { status = 200, json = { "/role" = "writer" } }
"#;

    fn target() -> Table {
        toml::from_str(TARGET).expect("TOML")
    }

    #[test]
    fn no_literal_that_may_be_a_credential_is_left() {
        let json = as_written(&target());
        for secret in ["hunter2", "99887766"] {
            assert!(!json.to_string().contains(secret), "{json:#}");
        }
    }

    #[test]
    fn what_a_reader_needs_is_left() {
        let json = as_written(&target());
        let cases = [
            ("/vars/alg", "RS256"),
            ("/vars/port", "8080"),
            ("/vars/admin_secret", "${secret}"),
            ("/vars/kc", MASK),
            ("/process/0/stdin/url", "${store.url}"),
            ("/login/0/form/grant_type", "password"),
            ("/login/0/client/basic/0", "service"),
            ("/login/0/client/basic/1", MASK),
            ("/login/1/json/list/1", "${user.name}"),
            ("/login/1/json/username", "someone"),
            ("/login/1/capture/token/json", "/token"),
            ("/login/2/body", "(masked)${user.name}(masked)"),
            ("/login/3/command/0", "second-factor"),
            ("/login/3/command/3", "${user.name}"),
            ("/users/password", "(masked)${number:04}"),
            ("/vars/half", "(masked)${unique}"),
            ("/login/0/form/longer", "${user.name}(masked)"),
            ("/login/3/stdin", "(masked)${user.totp}"),
            ("/login/3/env/SEED", "${user.seed}"),
            ("/point/0/accept/json/~1role", "writer"),
            ("/login/0/headers/Authorization", "Bearer ${access_token}"),
            (
                "/login/0/request",
                "POST http://127.0.0.1/login?api=(masked)&user=${user.name}&mixed=(masked)${uuid}&(masked)",
            ),
        ];
        for (pointer, expected) in cases {
            assert_eq!(
                json.pointer(pointer).and_then(Json::as_str),
                Some(expected),
                "{pointer}"
            );
        }
        assert_eq!(shown_variables(&target()), ["alg", "port"]);
    }
}

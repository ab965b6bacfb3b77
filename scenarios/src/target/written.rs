//! A target file as it may stand in a run file: as written, references unresolved, literal credentials masked.

use serde_json::{Map, Value as Json};
use toml::Value;

const MASK: &str = "(masked)";
const SENSITIVE: [&str; 5] = ["password", "secret", "token", "authorization", "api-key"];

/// The file's content as JSON. Texts that stand for a credential and are not references are masked.
pub(super) fn as_written(text: &str) -> Json {
    let Ok(table) = toml::from_str::<toml::Table>(text) else {
        return Json::Null;
    };
    let password = table
        .get("users")
        .and_then(|users| users.get("password"))
        .and_then(Value::as_str);
    let passwords_of = password.unwrap_or_default().to_owned();
    let sensitive = |key: &str| {
        let key_lower = key.to_ascii_lowercase();
        SENSITIVE.iter().any(|word| key_lower.contains(word))
            || passwords_of.contains(&format!("${{vars.{key}}}"))
    };
    object(&table, &sensitive)
}

fn object(table: &toml::Table, sensitive: &dyn Fn(&str) -> bool) -> Json {
    Json::Object(
        table
            .iter()
            .map(|(key, value)| (key.clone(), member(key, value, sensitive)))
            .collect::<Map<_, _>>(),
    )
}

fn member(key: &str, value: &Value, sensitive: &dyn Fn(&str) -> bool) -> Json {
    match value {
        Value::String(text) if sensitive(key) && !text.contains("${") => MASK.into(),
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(truth) => (*truth).into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(list) => list
            .iter()
            .map(|value| member(key, value, sensitive))
            .collect(),
        Value::Table(table) => object(table, sensitive),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_credentials_are_masked_and_references_kept() {
        let text = "[vars]\npw = 'hunter2'\nadmin_secret = '${secret}'\nclient_secret = 'abc'\n\
            [users]\npassword = '${vars.pw}'\n[[login]]\nform = { password = 'p', username = 'u' }\n\
            headers = { Authorization = 'Bearer ${access_token}' }\ncapture = { access_token = { json = '/a' } }";
        let json = as_written(text);
        let cases = [
            ("/vars/pw", MASK),
            ("/vars/admin_secret", "${secret}"),
            ("/vars/client_secret", MASK),
            ("/users/password", "${vars.pw}"),
            ("/login/0/form/password", MASK),
            ("/login/0/form/username", "u"),
            ("/login/0/headers/Authorization", "Bearer ${access_token}"),
            ("/login/0/capture/access_token/json", "/a"),
        ];
        for (pointer, expected) in cases {
            assert_eq!(
                json.pointer(pointer).and_then(Json::as_str),
                Some(expected),
                "{pointer}"
            );
        }
    }
}

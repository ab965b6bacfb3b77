//! Checks the JSON body of a request: a TOML value whose texts are templates.

use toml::{Spanned, Value};

use super::Checker;
use super::scope::Scope;
use crate::target::parts::JsonTemplate;
use crate::target::source::FileError;

impl Checker<'_> {
    /// `raw` is a table or an array.
    pub(super) fn json(
        &self,
        raw: &Spanned<Value>,
        key: &str,
        scope: &Scope,
    ) -> Result<JsonTemplate, FileError> {
        match raw.get_ref() {
            Value::Table(_) | Value::Array(_) => self.json_value(raw, raw.get_ref(), key, scope),
            _ => Err(self.error(raw, key, "is not a JSON body", "a table or an array")),
        }
    }

    /// `at` is the whole body: inner values have no line of their own.
    fn json_value(
        &self,
        at: &Spanned<Value>,
        value: &Value,
        key: &str,
        scope: &Scope,
    ) -> Result<JsonTemplate, FileError> {
        Ok(match value {
            Value::String(text) => {
                let text = Spanned::new(at.span(), text.clone());
                JsonTemplate::Text(self.template(&text, key, scope)?)
            }
            Value::Integer(number) => JsonTemplate::Literal((*number).into()),
            Value::Boolean(truth) => JsonTemplate::Literal((*truth).into()),
            Value::Float(number) if number.is_finite() => JsonTemplate::Literal((*number).into()),
            Value::Array(list) => {
                let values = list.iter().enumerate().map(|(index, value)| {
                    self.json_value(at, value, &format!("{key}[{index}]"), scope)
                });
                JsonTemplate::List(values.collect::<Result<_, _>>()?)
            }
            Value::Table(table) => {
                let members = table.iter().map(|(name, value)| {
                    let key = format!("{key}.{name}");
                    Ok((name.clone(), self.json_value(at, value, &key, scope)?))
                });
                JsonTemplate::Object(members.collect::<Result<_, _>>()?)
            }
            Value::Datetime(_) | Value::Float(_) => {
                let allowed = "texts, finite numbers, true, false, tables and arrays";
                return Err(self.error(at, key, "has no JSON form", allowed));
            }
        })
    }
}

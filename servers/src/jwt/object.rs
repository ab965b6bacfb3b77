//! Strict reading of one JSON object: unique member names, bounded size and depth, no coercion.
//!
//! Used for all that decides about access: JOSE headers, claims, introspection answers.
//! `serde_json::Value` would take the last of two members of one name, and a derived struct does
//! not see unknown names twice; different readers of one token could then see different claims.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Members of an object at most.
const MAX_MEMBERS: usize = 64;
/// Strings of an array that are kept at most; the longest list of entitlements has fewer.
const MAX_TEXTS: usize = 512;
/// Nesting at most, the object itself being level 0.
const MAX_DEPTH: u8 = 16;

/// A JSON text is not an object as this module demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object with unique members")]
pub struct NotAnObject;

/// A member has another type than it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a member has the wrong type")]
pub struct WrongType;

/// A member's value, as far as anybody here needs it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A number. Times are exact to the millisecond up to the year 285,000.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// An array of nothing but strings.
    Texts(Vec<Cow<'a, str>>),
    /// `null`, an object, any other array. Checked for depth and syntax, not kept.
    Other,
}

/// A JSON object.
#[derive(Debug, PartialEq)]
pub struct Object<'a>(Vec<Member<'a>>);

#[derive(Debug, PartialEq)]
struct Member<'a> {
    tag: Tag,
    name: Cow<'a, str>,
    value: Value<'a>,
}

/// Length and first letters of a name: where these differ, so do the names, and nearly all comparisons end there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag(u64);

impl Tag {
    fn of(name: &str) -> Self {
        let letters = name.bytes().take(7);
        let length = name.len().min(255) as u64;
        Self(letters.fold(length, |tag, letter| (tag << 8) | u64::from(letter)))
    }
}

impl Member<'_> {
    fn is_called(&self, tag: Tag, name: &str) -> bool {
        self.tag == tag && self.name == name
    }
}

impl<'a> Object<'a> {
    /// Reads the object that `json` consists of, and nothing after it.
    pub fn parse(json: &'a [u8]) -> Result<Self, NotAnObject> {
        // The text as a whole, or each of its strings would be checked by itself.
        let text = std::str::from_utf8(json).map_err(|_| NotAnObject)?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let object = reader
            .deserialize_map(ObjectVisitor)
            .map_err(|_| NotAnObject)?;
        reader.end().map_err(|_| NotAnObject)?;
        Ok(object)
    }

    /// A member, if it is there.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        let tag = Tag::of(name);
        let found = self.0.iter().find(|member| member.is_called(tag, name));
        found.map(|member| &member.value)
    }

    /// A member that must be a string, if it is there.
    pub fn text(&self, name: &str) -> Result<Option<&str>, WrongType> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(WrongType),
        }
    }

    /// A member that must be a NumericDate (RFC 7519 §2: seconds, fractions allowed), in
    /// milliseconds.
    pub fn date_ms(&self, name: &str) -> Result<Option<i64>, WrongType> {
        match self.get(name) {
            None => Ok(None),
            // Rounded, or 0.501 s would read as 500 ms. The cast saturates: the year 1e300 is far
            // enough in the future to be refused as such.
            Some(Value::Number(seconds)) => Ok(Some((seconds * 1e3).round() as i64)),
            Some(_) => Err(WrongType),
        }
    }

    /// A member that must be a whole number, if it is there.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, WrongType> {
        match self.get(name) {
            None => Ok(None),
            // Beyond 2^53 not every whole number is one of these.
            Some(Value::Number(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Ok(Some(*number as i64))
            }
            Some(_) => Err(WrongType),
        }
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut members: Vec<Member<'de>> = Vec::with_capacity(12);
        while let Some(name) = map.next_key_seed(TextSeed)? {
            let tag = Tag::of(&name);
            let is_there = |member: &Member<'_>| member.is_called(tag, &name);
            if members.len() == MAX_MEMBERS || members.iter().any(is_there) {
                return Err(A::Error::custom("too many members, or one twice"));
            }
            let value = map.next_value_seed(ValueSeed { depth: 1 })?;
            members.push(Member { tag, name, value });
        }
        Ok(Object(members))
    }
}

/// Reads a string, borrowed where it has no escapes.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[derive(Clone, Copy)]
struct ValueSeed {
    depth: u8,
}

impl ValueSeed {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            Err(E::custom("nested too deeply"))
        } else {
            Ok(Self {
                depth: self.depth + 1,
            })
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let inner = self.inner()?;
        let mut texts = Some(Vec::new());
        while let Some(element) = seq.next_element_seed(inner)? {
            match (element, &mut texts) {
                (Value::Text(text), Some(kept)) if kept.len() < MAX_TEXTS => kept.push(text),
                _ => texts = None,
            }
        }
        Ok(texts.map_or(Value::Other, Value::Texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let inner = self.inner()?;
        while map.next_key_seed(TextSeed)?.is_some() {
            map.next_value_seed(inner)?;
        }
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_members_by_type() {
        let json =
            br#"{"a":"x","b":1.5,"c":true,"d":["y","z"],"e":[1],"f":null,"g":{"a":1,"a":2}}"#;
        let object = Object::parse(json).expect("an object");
        assert_eq!(object.text("a"), Ok(Some("x")));
        assert_eq!(object.text("b"), Err(WrongType));
        assert_eq!(object.text("absent"), Ok(None));
        assert_eq!(object.date_ms("b"), Ok(Some(1_500)));
        assert_eq!(object.date_ms("a"), Err(WrongType));
        assert_eq!(object.integer("b"), Err(WrongType));
        assert_eq!(object.get("c"), Some(&Value::Bool(true)));
        assert_eq!(
            object.get("d"),
            Some(&Value::Texts(vec!["y".into(), "z".into()]))
        );
        assert_eq!(
            (object.get("e"), object.get("f")),
            (Some(&Value::Other), Some(&Value::Other))
        );
    }

    #[test]
    fn what_is_ambiguous_or_not_an_object_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(17), "]".repeat(17));
        let wide = format!(
            "{{{}\"z\":0}}",
            (0..64).map(|n| format!("\"{n}\":0,")).collect::<String>()
        );
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"exp":1,"\u0065xp":2}"#,
            r#"{"a":1}{}"#,
            "\u{feff}{}",
            "[]",
            "null",
            "\"a\"",
            r#"{"a":01}"#,
            r#"{"a":NaN}"#,
            r#"{"a":1e400}"#,
            r#"{"a":"\ud800"}"#,
            &deep,
            &wide,
        ] {
            assert_eq!(Object::parse(json.as_bytes()), Err(NotAnObject), "{json}");
        }
        assert_eq!(Object::parse(b"{\"a\":\"\xff\"}"), Err(NotAnObject));
        assert_eq!(
            Object::parse(
                &"{}"
                    .encode_utf16()
                    .flat_map(u16::to_be_bytes)
                    .collect::<Vec<_>>()
            ),
            Err(NotAnObject)
        );
    }

    #[test]
    fn names_that_begin_alike_are_told_apart() {
        let json = br#"{"entitlements":"a","entitlement_":"b","entitle":"c","":"d"}"#;
        let object = Object::parse(json).expect("an object");
        for (name, expected) in [
            ("entitlements", Some("a")),
            ("entitlement_", Some("b")),
            ("entitle", Some("c")),
            ("", Some("d")),
            ("entitlementz", None),
        ] {
            assert_eq!(object.text(name), Ok(expected), "{name}");
        }
        let twice = br#"{"entitlements":1,"entitlements":2}"#;
        assert_eq!(Object::parse(twice), Err(NotAnObject));
    }

    #[test]
    fn huge_dates_saturate() {
        let object = Object::parse(br#"{"exp":1e300,"nbf":-1e300,"iat":18446744073709551616}"#)
            .expect("an object");
        assert_eq!(object.date_ms("exp"), Ok(Some(i64::MAX)));
        assert_eq!(object.date_ms("nbf"), Ok(Some(i64::MIN)));
        assert_eq!(object.date_ms("iat"), Ok(Some(i64::MAX)));
    }
}

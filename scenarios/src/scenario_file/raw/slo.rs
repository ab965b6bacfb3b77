//! `[slo]`: limits for all targets, and tables named after targets beside them.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;

/// What stands under one key of `[slo]`.
pub(in super::super) enum RawLimit {
    Text(String),
    Number(f64),
    /// `[slo.NAME]`: the limits of one target.
    Table(RawLimits),
}

/// The limits by key, `p99`, `unexpected`, `achieved`, and tables by target; which keys there may be is checked later.
pub(in super::super) type RawLimits = BTreeMap<String, Spanned<RawLimit>>;

// By hand: an untagged enum would answer every mistake with "did not match any variant".
impl<'de> Deserialize<'de> for RawLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LimitVisitor)
    }
}

struct LimitVisitor;

impl<'de> Visitor<'de> for LimitVisitor {
    type Value = RawLimit;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a duration, a share, or a table of a target")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawLimit, E> {
        Ok(RawLimit::Text(text.to_owned()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<RawLimit, E> {
        Ok(RawLimit::Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<RawLimit, E> {
        Ok(RawLimit::Number(number as f64))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawLimit, A::Error> {
        RawLimits::deserialize(MapAccessDeserializer::new(map)).map(RawLimit::Table)
    }
}

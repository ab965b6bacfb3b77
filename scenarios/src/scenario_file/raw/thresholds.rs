//! `thresholds`: a list for every target, or a table of lists by target.

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;

/// A list of thresholds, each with its place.
pub(in super::super) type RawList = Spanned<Vec<Spanned<String>>>;

/// What stands under `thresholds`.
pub(in super::super) enum RawThresholds {
    /// `thresholds = [...]`
    Every(Vec<Spanned<String>>),
    /// `[thresholds]`: by the name of a target, or `"*"`.
    By(BTreeMap<String, RawList>),
}

// By hand: an untagged enum would answer every mistake with "did not match any variant".
impl<'de> Deserialize<'de> for RawThresholds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ThresholdsVisitor)
    }
}

struct ThresholdsVisitor;

impl<'de> Visitor<'de> for ThresholdsVisitor {
    type Value = RawThresholds;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list such as [\"p99 < 10ms\"], or a table of lists by target")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<RawThresholds, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(RawThresholds::Every)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawThresholds, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(RawThresholds::By)
    }
}

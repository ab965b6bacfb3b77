//! An HDR histogram that travels through JSON as the base64 of its V2-deflate form.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{
    Deserializer as HdrDeserializer, Serializer as HdrSerializer, V2DeflateSerializer,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

/// Lowest discernible value: 1 µs.
const LOWEST_US: u64 = 1;
/// Highest trackable value: 120 s. Longer durations are recorded as 120 s.
pub const HIGHEST_US: u64 = 120_000_000;
/// Significant decimal digits kept: a recorded value is at most 0.1 % off.
pub const SIGNIFICANT_DIGITS: u8 = 3;
/// A quantile with fewer samples beyond it than this is not reported.
pub const SAMPLES_BEYOND: f64 = 20.0;

/// Durations in microseconds, 1 µs to 120 s, three significant digits.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

impl Default for Histogram {
    fn default() -> Self {
        let bounds =
            hdrhistogram::Histogram::new_with_bounds(LOWEST_US, HIGHEST_US, SIGNIFICANT_DIGITS);
        Self(bounds.expect("the constant bounds are ones the library accepts"))
    }
}

impl Histogram {
    /// Counts one duration. Below 1 µs counts as 0 µs, above 120 s as 120 s.
    pub fn record(&mut self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(HIGHEST_US);
        self.0.saturating_record(us.min(HIGHEST_US));
    }

    /// Adds every sample of `other`. Percentiles are only ever read from merged samples, never averaged.
    pub fn merge(&mut self, other: &Self) {
        self.0
            .add(&other.0)
            .expect("both histograms have the same constant bounds");
    }

    /// Forgets all samples and keeps the memory.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// How many samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The largest sample in milliseconds; `None` when there is none.
    #[must_use]
    pub fn max_ms(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.0.max() as f64 / 1000.0)
    }

    /// The arithmetic mean in milliseconds; `None` when there is no sample.
    #[must_use]
    pub fn mean_ms(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.0.mean() / 1000.0)
    }

    /// The value at `quantile` (0 to 1) in milliseconds, or `None` where fewer than
    /// [`SAMPLES_BEYOND`] samples lie beyond it: such a figure would be one or two samples' accident.
    #[must_use]
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let beyond = self.count() as f64 * (1.0 - quantile);
        // Binary fractions: (1 − 0.99) × 2000 is a hair under 20.
        (beyond + 1e-6 >= SAMPLES_BEYOND)
            .then(|| self.0.value_at_quantile(quantile) as f64 / 1000.0)
    }

    /// The share of samples (0 to 1) at or below `duration`.
    #[must_use]
    pub fn share_at_or_below(&self, duration: Duration) -> f64 {
        let us = u64::try_from(duration.as_micros())
            .unwrap_or(HIGHEST_US)
            .min(HIGHEST_US);
        self.0.quantile_below(us)
    }

    /// The library's histogram, for interval logs.
    #[must_use]
    pub fn hdr(&self) -> &hdrhistogram::Histogram<u64> {
        &self.0
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
        let read: hdrhistogram::Histogram<u64> = HdrDeserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(D::Error::custom)?;
        let mut histogram = Self::default();
        histogram.0.add(&read).map_err(D::Error::custom)?;
        Ok(histogram)
    }
}

impl schemars::JsonSchema for Histogram {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Histogram".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "HDR histogram of microseconds, V2 with deflate, base64",
            "contentEncoding": "base64"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(samples_us: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        samples_us
            .iter()
            .for_each(|us| histogram.record(Duration::from_micros(*us)));
        histogram
    }

    #[test]
    fn a_quantile_needs_twenty_samples_beyond_it() {
        let samples: Vec<u64> = (1..=2000).collect();
        assert_eq!(of(&samples[..1999]).quantile_ms(0.99), None);
        assert_eq!(of(&samples).quantile_ms(0.99), Some(1.98));
    }

    #[test]
    fn longer_than_the_range_is_kept_at_its_end() {
        let histogram = of(&[500_000_000]);
        let max = histogram.max_ms().expect("one sample");
        assert!((max - 120_000.0).abs() / 120_000.0 < 0.001, "{max}");
    }

    proptest! {
        #[test]
        fn merged_histograms_equal_the_histogram_of_all_samples(
            left in prop::collection::vec(1..HIGHEST_US, 0..200),
            right in prop::collection::vec(1..HIGHEST_US, 0..200),
        ) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let all: Vec<u64> = left.into_iter().chain(right).collect();
            prop_assert_eq!(merged, of(&all));
        }

        #[test]
        fn json_gives_back_every_count(samples in prop::collection::vec(1..HIGHEST_US, 0..200)) {
            let histogram = of(&samples);
            let json = serde_json::to_string(&histogram).expect("serializes");
            let back: Histogram = serde_json::from_str(&json).expect("reads back");
            prop_assert_eq!(back, histogram);
        }
    }
}

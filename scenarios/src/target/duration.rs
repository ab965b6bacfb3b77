//! Durations as they stand in target and scenario files: `150ms`, `2s`, `30m`, `8h`, `30d`.

use std::time::Duration;

/// What a duration may look like, for error messages.
pub const ALLOWED: &str = "a whole number and a unit: ms, s, m, h or d, such as 150ms or 2s";

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// Parses a duration: a whole number and a unit, without a space. `None` for anything else, a number without a unit
/// included: nobody should have to guess whether `300` meant seconds.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let number: u64 = number.parse().ok()?;
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit() {
        let cases = [
            ("0s", 0),
            ("150ms", 150),
            ("2s", 2_000),
            ("10m", 600_000),
            ("8h", 28_800_000),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("30d"), Some(Duration::from_secs(30 * 86_400)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "300",
            "s",
            "-1s",
            "1.5s",
            "1 s",
            "1S",
            "1sec",
            "1h30m",
            "99999999999999999999s",
            "213503982335d",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

//! How numbers are rounded for files and written for people.

/// `value` rounded to four significant digits: what a summary keeps. A fifth would be noise in every measurement here.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    // Through text, because scaling by a power of ten leaves binary dust like 41.230000000000004.
    format!("{value:.3e}").parse().unwrap_or(value)
}

/// `value` with three significant digits, thousands grouped: `0.123`, `1.23`, `12.3`, `123`, `12,345`.
#[must_use]
pub fn significant(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    // The digits that rounding to three leaves, so that 99.96 becomes 100 and not 100.0.
    let exponent = format!("{size:.2e}")
        .rsplit_once('e')
        .and_then(|(_, exponent)| exponent.parse::<i32>().ok())
        .unwrap_or(0);
    if exponent >= 2 {
        let sign = if value < 0.0 { "−" } else { "" };
        return format!("{sign}{}", count(size.round() as u64));
    }
    let decimals = usize::try_from(2 - exponent).unwrap_or(0);
    format!("{value:.decimals$}")
}

/// A count with its thousands grouped: `1,234,567`.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

/// A length of time in the unit that reads best: `0.123 ms`, `12.3 ms`, `1.99 s`, `150 s`, `20 min`, `2 h`.
#[must_use]
pub fn span(ms: f64) -> String {
    let (value, unit) = match ms {
        _ if ms < 999.5 => (ms, "ms"),
        _ if ms < 1_000_000.0 => (ms / 1e3, "s"),
        _ if ms < 7_200_000.0 => (ms / 60e3, "min"),
        _ => (ms / 3600e3, "h"),
    };
    format!("{} {unit}", exact(value))
}

/// An interval of times, its unit once where both ends have it: `1.98–1.99 s`, `990 ms–1.01 s`, `5 ms` where the ends read alike.
#[must_use]
pub fn between(from_ms: f64, until_ms: f64) -> String {
    let (from, until) = (span(from_ms), span(until_ms));
    if from == until {
        return until;
    }
    let unit = |text: &str| text.rsplit_once(' ').map(|(_, unit)| unit.to_owned());
    match from.rsplit_once(' ') {
        Some((number, _)) if unit(&from) == unit(&until) => format!("{number}–{until}"),
        _ => format!("{from}–{until}"),
    }
}

/// A share of 0 to 1 as a percentage: `0 %`, `2.5 %`, `100 %`; never `100 %` or `0 %` for what is only nearly so.
#[must_use]
pub fn percent(share: f64) -> String {
    let text = match share * 100.0 {
        exact if exact == 0.0 || exact == 100.0 => format!("{exact:.0}"),
        low if low < 0.1 => "< 0.1".to_owned(),
        high if high > 99.9 => "> 99.9".to_owned(),
        between => trimmed(&format!("{between:.1}")),
    };
    format!("{text} %")
}

/// Three significant digits at most: `1`, `0.5`, `117`. For counts and settings, which are what they are: 1.00 would claim a
/// precision that nobody measured.
#[must_use]
pub fn exact(value: f64) -> String {
    trimmed(&significant(value))
}

fn trimmed(number: &str) -> String {
    if number.contains('.') {
        number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    } else {
        number.to_owned()
    }
}

/// Whether a count that is left out of a file when there is nothing to count is left out.
pub(crate) fn is_none(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits() {
        let written = [
            0.0, 0.001_234, 0.1234, 1.234, 9.996, 12.34, 99.96, 123.4, 12_345.6,
        ]
        .map(significant);
        assert_eq!(
            written,
            [
                "0", "0.00123", "0.123", "1.23", "10.0", "12.3", "100", "123", "12,346"
            ]
        );
    }

    #[test]
    fn spans_read_in_their_own_unit() {
        let written = [0.1234, 2.0, 999.7, 1990.0, 300_000.0, 1_200_000.0, 7.2e6].map(span);
        assert_eq!(
            written,
            [
                "0.123 ms", "2 ms", "1 s", "1.99 s", "300 s", "20 min", "2 h"
            ]
        );
    }

    #[test]
    fn intervals_say_their_unit_once() {
        let written = [(1980.0, 1990.0), (990.0, 1010.0), (5.0, 5.001)]
            .map(|(from, until)| between(from, until));
        assert_eq!(written, ["1.98–1.99 s", "990 ms–1.01 s", "5 ms"]);
    }

    #[test]
    fn nearly_all_is_not_all() {
        let written = [0.0, 0.0001, 0.025, 0.9999, 1.0].map(percent);
        assert_eq!(written, ["0 %", "< 0.1 %", "2.5 %", "> 99.9 %", "100 %"]);
    }

    #[test]
    fn summaries_keep_four_digits() {
        assert_eq!(
            [41.234_56, 0.000_123_456, 0.0].map(rounded),
            [41.23, 0.000_123_5, 0.0]
        );
    }
}

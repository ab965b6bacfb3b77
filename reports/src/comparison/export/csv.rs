//! Comma-separated values (RFC 4180).

use super::super::file::ComparisonFile;

const HEAD: [&str; 14] = [
    "target",
    "measure",
    "of",
    "unit",
    "base",
    "candidate",
    "ratio",
    "ratio_lower",
    "ratio_upper",
    "margin",
    "n",
    "minimum_detectable",
    "verdict",
    "to_pass",
];

/// A line for each row, the worst first; what is not known is empty. Ratios and margins are fractions.
#[must_use]
pub fn csv(comparison: &ComparisonFile) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    // Into memory, and every record has as many fields as the head: nothing that could fail.
    let _ = writer.write_record(HEAD);
    for row in &comparison.rows {
        let _ = writer.write_record([
            row.subject.clone(),
            row.measure.name().to_owned(),
            row.of.clone().unwrap_or_default(),
            row.measure.unit().to_owned(),
            number(row.base),
            number(row.candidate),
            number(row.change()),
            number(row.ratio.map(|ratio| ratio.lower)),
            number(row.ratio.map(|ratio| ratio.upper)),
            number(row.margin),
            row.n.to_string(),
            number(row.minimum_detectable),
            row.verdict.name().to_owned(),
            row.to_pass.clone().unwrap_or_default(),
        ]);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

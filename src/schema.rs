//! `authbench schema`: the committed JSON Schemas.

use anyhow::{Result, bail};

/// What each format is called, what it is, and its schema.
const SCHEMAS: [(&str, &str, &str); 10] = [
    (
        "run",
        "run.json: everything a run measured",
        include_str!("../reports/schema/authbench.run-1.json"),
    ),
    (
        "summary",
        "summary.json: the small stable face of a run",
        include_str!("../reports/schema/authbench.summary-1.json"),
    ),
    (
        "comparison",
        "comparison.json: what became worse between a base and a candidate",
        include_str!("../reports/schema/authbench.comparison-1.json"),
    ),
    (
        "selftest",
        "selftest.json: what the instrument measured of known truths",
        include_str!("../reports/schema/authbench.selftest-1.json"),
    ),
    (
        "microbenchmarks",
        "microbenchmarks.json: what single operations cost",
        include_str!("../reports/schema/authbench.microbenchmarks-1.json"),
    ),
    (
        "doctor",
        "authbench doctor --format json: what a machine is fit for",
        include_str!("../reports/schema/authbench.doctor-1.json"),
    ),
    (
        "check",
        "authbench check --format json: whether a target does what its file says",
        include_str!("../reports/schema/authbench.check-1.json"),
    ),
    (
        "interleavings",
        "interleavings.json: what became of refresh families in every order of events",
        include_str!("../reports/schema/authbench.interleavings-1.json"),
    ),
    (
        "choice",
        "authbench report --revoke-within … --format json: which target meets a requirement",
        include_str!("../reports/schema/authbench.choice-1.json"),
    ),
    (
        "target",
        "a target file, TOML read as JSON: one system (docs/targets.md)",
        include_str!("../scenarios/schema/authbench.target-1.json"),
    ),
];

/// Prints the schema of `format`, or the list of them.
pub(crate) fn execute(format: Option<&str>) -> Result<u8> {
    let Some(format) = format else {
        for (name, what, _) in SCHEMAS {
            println!("{name:<15} {what}");
        }
        return Ok(0);
    };
    let Some((_, _, schema)) = SCHEMAS.iter().find(|(name, ..)| *name == format) else {
        let known = SCHEMAS.map(|(name, ..)| name).join(", ");
        bail!("no format is called {format:?} (there are: {known})");
    };
    print!("{schema}");
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_json_and_its_title_is_known() {
        for (name, _, schema) in SCHEMAS {
            let schema: serde_json::Value = serde_json::from_str(schema).expect(name);
            assert!(schema["title"].is_string(), "{name}");
        }
        assert!(execute(Some("weather")).is_err_and(|error| error.to_string().contains("target")));
    }
}

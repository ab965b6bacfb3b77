//! JUnit XML.

use super::super::file::ComparisonFile;
use super::super::rows::{Row, Verdict};
use crate::number::significant;
use crate::validity;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// A suite for each subject, a case for each line that something is concluded from: a failure where it must not go in, skipped where nothing
/// could be shown. A measurement that is invalid is an error of its subject.
#[must_use]
pub fn junit(comparison: &ComparisonFile) -> String {
    let mut report = Report::new("authbench compare");
    report.set_time(Duration::from_secs_f64(comparison.duration_s.max(0.0)));
    for subject in &comparison.subjects {
        let mut suite = TestSuite::new(subject.name.as_str());
        suite.add_property(Property::new("base", comparison.base.what.as_str()));
        suite.add_property(Property::new(
            "candidate",
            comparison.candidate.what.as_str(),
        ));
        let of_subject = comparison
            .rows
            .iter()
            .filter(|row| row.subject == subject.name);
        for row in of_subject.filter(|row| row.verdict != Verdict::Reference) {
            suite.add_test_case(case(row, comparison.looser_bounds_accepted));
        }
        for found in &comparison.findings {
            let invalid = found.finding.verdict == validity::Verdict::Invalid;
            if invalid && found.subject == subject.name {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                status.set_message(found.finding.what.as_str());
                suite.add_test_case(TestCase::new("the measurement is valid", status));
            }
        }
        report.add_test_suite(suite);
    }
    // Into memory, from text that is UTF-8 already: there is nothing that could fail.
    report.to_string().unwrap_or_default()
}

fn case(row: &Row, looser_bounds_accepted: bool) -> TestCase {
    let accepted = looser_bounds_accepted && row.verdict == Verdict::Loosened;
    let mut status = match row.verdict {
        verdict if verdict.fails() && !accepted => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
        Verdict::Inconclusive => TestCaseStatus::skipped(),
        _ => TestCaseStatus::success(),
    };
    if row.verdict.fails() || row.verdict == Verdict::Inconclusive {
        status.set_message(message(row));
        status.set_type(row.verdict.name());
    }
    let mut case = TestCase::new(row.label(), status);
    case.set_classname(format!("authbench.{}", row.subject));
    case
}

fn message(row: &Row) -> String {
    let unit = row.measure.unit();
    let figure = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), significant);
    let mut message = format!(
        "{}: {} {unit} at the base, {} {unit} at the candidate",
        row.verdict.name(),
        figure(row.base),
        figure(row.candidate)
    );
    if let Some(ratio) = row.ratio {
        message.push_str(&format!(
            ", ratio {:.3} ({:.3} to {:.3})",
            ratio.estimate, ratio.lower, ratio.upper
        ));
    }
    if let Some(to_pass) = &row.to_pass {
        message.push_str(&format!("; to pass: {to_pass}"));
    }
    message
}

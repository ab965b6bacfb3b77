//! One target at several lifetimes.

use crate::fixture;
use authbench_reports::lifetimes::{Lifetimes, Theory};
use authbench_reports::render::{html, markdown};
use authbench_reports::summary::Summary;

#[test]
fn lags_of_tokens_follow_their_lifetime_and_are_projected() {
    let summary = Summary::of(&fixture::lifetimes());
    let sweeps = Lifetimes::of(&summary);
    let jwt = sweeps
        .iter()
        .find(|sweep| sweep.of == "jwt")
        .expect("three forms");
    let forms: Vec<(&str, f64, Theory)> = jwt
        .forms
        .iter()
        .map(|form| (form.target, form.lifetime_s, form.theory))
        .collect();
    assert_eq!(
        forms,
        [
            ("jwt+1s", 1.0, Theory::Followed),
            ("jwt", 2.0, Theory::Followed),
            ("jwt+4s", 4.0, Theory::Followed)
        ]
    );
    assert_eq!(
        (jwt.key.as_str(), jwt.event, jwt.point),
        ("access_ttl", "logout", "resource-1")
    );
    // The 150th of 300 lags is T × 149.5 ÷ 300, the last T × 299.5 ÷ 300.
    let [p50, max] = jwt.fits().expect("three forms");
    assert!((p50.slope - 149.5 / 300.0).abs() < 0.001, "{p50:?}");
    assert!((max.slope - 299.5 / 300.0).abs() < 0.001, "{max:?}");
    let projected = jwt.projections();
    let minutes = projected
        .iter()
        .find(|one| one.lifetime_s == 300.0)
        .expect("longer");
    assert_eq!((minutes.p50_ms, minutes.max_ms), (150_000.0, 300_000.0));
}

#[test]
fn a_cache_that_forgets_too_late_is_seen_and_nothing_is_projected_from_it() {
    let summary = Summary::of(&fixture::lifetimes());
    let sweeps = Lifetimes::of(&summary);
    let cache = sweeps
        .iter()
        .find(|sweep| sweep.of == "opaque")
        .expect("two forms");
    let theory: Vec<Theory> = cache.forms.iter().map(|form| form.theory).collect();
    assert_eq!(theory, [Theory::LongerThanLifetime, Theory::Followed]);
    assert_eq!((cache.fits(), cache.projections().len()), (None, 0));
}

#[test]
fn forms_that_differ_in_more_are_not_compared() {
    let mut run = fixture::lifetimes();
    for target in &mut run.targets {
        let name = target.name.clone();
        if let Some(variant) = &mut target.variant {
            variant.vars.insert("revocation".to_owned(), name);
        }
    }
    assert_eq!(Lifetimes::of(&Summary::of(&run)), []);
    assert_eq!(Lifetimes::of(&Summary::of(&fixture::run())), []);
}

#[test]
fn reports_say_what_is_projected() {
    let run = fixture::lifetimes();
    let summary = Summary::of(&run);
    let page = html(&run, &summary);
    assert!(page.contains("lifetimes-0-title") && page.contains("hollow: projected"));
    // Nobody refreshes there: the heat map does not hang on that table.
    assert!(page.contains("matrix-resource-title"));
    let document = markdown(&run, &summary);
    assert!(document.contains("Projected to longer lifetimes"));
    assert!(document.contains("longer than the lifetime"));
}

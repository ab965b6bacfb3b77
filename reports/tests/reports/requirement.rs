//! Who is out within a given time, and who of them is named.

use crate::fixture;
use crate::matrix::{clean, clean_summary, spoiled_summary};
use authbench_reports::frontier::{Frontier, Known, Standing};
use authbench_reports::render::{TextOptions, requirement_markdown, requirement_text};
use authbench_reports::requirement::{Candidate, Choice, KnownBy, Requirement};
use authbench_reports::run_file::RunFile;
use authbench_reports::summary::Summary;

fn choice(run: &RunFile, within_ms: f64) -> Choice {
    choice_of(&Summary::of(run), within_ms)
}

fn choice_of(summary: &Summary, within_ms: f64) -> Choice {
    let requirement = Requirement {
        within_ms,
        rate_per_s: Some(10_000.0),
    };
    Choice::of(summary, requirement)
}

fn of<'a>(choice: &'a Choice, name: &str) -> &'a Candidate {
    let mut candidates = choice.candidates.iter();
    candidates.find(|one| one.target == name).expect(name)
}

fn said(choice: &Choice) -> String {
    requirement_text(choice, TextOptions::default())
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_cheapest_that_promises_it_is_named_with_its_margins() {
    let choice = choice_of(clean_summary(), 5000.0);
    assert_eq!(
        (choice.winner.as_deref(), choice.exit_code()),
        (Some("jwt"), 0)
    );
    let jwt = of(&choice, "jwt");
    assert_eq!(jwt.known_by, Some(KnownBy::Bound));
    // 56 µs × 10,000 requests/s; a bound of 2 s leaves 3 of 5.
    assert_eq!(
        (jwt.cpu_us, jwt.cores, jwt.margin_ms),
        (Some(56.0), Some(0.56), Some(3000.0))
    );
    assert_eq!((jwt.p99_ms, jwt.max_ms), (Some(1977.0), Some(1997.0)));
    let next = choice.next_best.as_ref().expect("others qualify");
    // 60 − 56 µs.
    assert_eq!(
        (next.target.as_str(), next.cpu_us_more),
        ("jwt+status-list", 4.0)
    );
    assert!(choice.tied.is_empty());
    let words = said(&choice);
    assert!(
        words.contains("The cheapest that has a revoked caller out within 5 s is `jwt` at 56.0 µs"),
        "{words}"
    );
    assert!(words.contains("keeps 0.560 processors busy"), "{words}");
    assert!(
        words.contains("extrapolated from a rate of 400 requests/s"),
        "{words}"
    );
}

#[test]
fn a_shorter_requirement_costs_more() {
    let choice = choice_of(clean_summary(), 1000.0);
    assert_eq!(choice.winner.as_deref(), Some("jwt+status-list"));
    assert_eq!(of(&choice, "jwt+status-list").margin_ms, Some(0.0));
    let jwt = of(&choice, "jwt").fails.clone().expect("too long");
    assert_eq!(jwt, "measured at 2 s after logout at resource-1");
}

#[test]
fn a_promise_is_preferred_to_a_cheaper_measurement_which_is_mentioned() {
    let choice = choice_of(clean_summary(), 10.0);
    assert_eq!(choice.winner.as_deref(), Some("jwt+denylist"));
    assert_eq!(
        choice.tied,
        ["jwt+epoch"],
        "72 and 72.5 µs, which is within the margin"
    );
    assert_eq!(
        choice.cheaper_without_promise,
        [
            "jwt+denylist-push",
            "hybrid+denylist-push",
            "opaque+cache+push"
        ]
    );
    assert_eq!(
        of(&choice, "jwt+denylist-push").known_by,
        Some(KnownBy::Measured)
    );
    let words = said(&choice);
    assert!(
        words.contains("It is a tie: the rounds of `jwt+epoch` and its own"),
        "{words}"
    );
    assert!(
        words.contains("Cheaper, and measured to be within it, but without promising it"),
        "{words}"
    );
}

#[test]
fn measured_only_wins_where_nobody_promises_it() {
    let mut run = clean().clone();
    fixture::revocations(&mut run)
        .events
        .retain(|event| event.target == "jwt+denylist-push");
    let choice = choice(&run, 10.0);
    assert_eq!(choice.winner.as_deref(), Some("jwt+denylist-push"));
    assert!(said(&choice).contains("Measured only, for it promises nothing so short"));
    assert_eq!(
        of(&choice, "session").fails.as_deref(),
        Some("no revocation was measured")
    );
}

#[test]
fn none_qualifies_and_everybody_says_why() {
    let mut run = clean().clone();
    fixture::revocations(&mut run)
        .events
        .retain(|event| ["jwt", "jwt+no-exp"].contains(&event.target.as_str()));
    let choice = choice(&run, 1000.0);
    assert_eq!((choice.winner.as_deref(), choice.exit_code()), (None, 1));
    assert_eq!(
        of(&choice, "jwt+no-exp").fails.as_deref(),
        Some("a negative control: its tokens do not expire")
    );
    assert!(said(&choice).contains("No target is known to have a revoked caller out within 1 s"));
}

#[test]
fn who_breaks_a_promise_does_not_qualify() {
    let choice = choice_of(spoiled_summary(), 10_000.0);
    let why = |name| of(&choice, name).fails.clone().unwrap_or_default();
    assert!(
        why("hybrid+denylist-push").starts_with("not kept after password_changed at resource-2")
    );
    assert!(why("session+local-cache").contains("should have left alone"));
}

#[test]
fn negative_controls_never_win() {
    let mut run = clean().clone();
    let target = run.targets.iter_mut().find(|target| target.name == "jwt");
    target.expect("it is there").control = Some("to see".to_owned());
    let choice = choice(&run, 5000.0);
    assert_eq!(choice.winner.as_deref(), Some("jwt+status-list"));
}

#[test]
fn a_lag_at_the_laboratorys_lifetime_is_projected_before_it_is_compared() {
    let run = fixture::run();
    let short = choice(&run, 5000.0);
    assert_eq!(short.winner.as_deref(), Some("session"));
    assert_eq!(
        of(&short, "jwt").fails.as_deref(),
        Some("projected to 300 s at TTL 300 s after logout at resource-1")
    );
    let long = choice(&fixture::only(&["no_auth", "jwt"]), 600_000.0);
    assert_eq!(of(&long, "jwt").known_by, Some(KnownBy::ProjectedBound));
    assert_eq!(of(&long, "jwt").bound_ms, Some(300_000.0));
}

#[test]
fn what_does_not_depend_on_the_lifetime_carries_over_to_another() {
    let run = fixture::production();
    let choice = choice(&run, 5000.0);
    // At 300 s a token of `jwt` outlives the requirement; the list does not care.
    assert_eq!(choice.winner.as_deref(), Some("jwt+status-list"));
    assert_eq!(
        of(&choice, "jwt+status-list").known_by,
        Some(KnownBy::Bound)
    );
    assert_eq!(
        of(&choice, "jwt").fails.as_deref(),
        Some("projected to 300 s at TTL 300 s after logout at resource-1")
    );
    let frontier = Frontier::of(&Summary::of(&run));
    let points: Vec<(bool, Standing)> = frontier
        .points
        .iter()
        .filter(|point| ["jwt", "jwt+status-list"].contains(&point.target.as_str()))
        .map(|point| {
            (
                matches!(point.known, Known::Projected { .. }),
                point.standing,
            )
        })
        .collect();
    assert_eq!(
        points,
        [
            (false, Standing::Laboratory),
            (true, Standing::Efficient),
            (false, Standing::Efficient)
        ]
    );
    // A cache of 2 s was watched with tokens that live no longer: how long it lasts at 300 s, its bound says.
    let cache = of(&choice, "opaque+cache");
    assert_eq!((cache.max_ms, cache.bound_ms), (Some(2000.0), Some(2000.0)));
}

#[test]
fn an_invalid_run_names_nobody() {
    let mut run = clean().clone();
    fixture::stream(&mut run).rounds[0].targets[0].unsent = 7;
    let choice = choice(&run, 5000.0);
    assert_eq!((choice.winner.as_deref(), choice.exit_code()), (None, 4));
}

#[test]
fn markdown_of_an_answer() {
    insta::assert_snapshot!(requirement_markdown(&choice_of(spoiled_summary(), 1000.0)));
}

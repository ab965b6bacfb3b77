//! Every order up to a depth, and nothing breaks in any.

use std::time::Duration;

use authbench_servers::rotation::interleavings::cast::{CASTS, Cast};
use authbench_servers::rotation::interleavings::defect::Defect;
use authbench_servers::rotation::interleavings::explore::{Exploration, Explored};

pub(crate) const GRACE: Duration = Duration::from_secs(10);
/// Enough for every order of most casts to have its end within.
const DEPTH: u32 = 7;

pub(crate) fn explore(cast: Cast, grace: Duration, depth: u32) -> Explored {
    let exploration = Exploration {
        cast,
        grace,
        depth,
        merge: true,
        defect: None,
    };
    exploration.run(|_| true)
}

fn cast(name: &str) -> Cast {
    CASTS
        .into_iter()
        .find(|cast| cast.name == name)
        .expect("a cast")
}

fn assert_sound(found: &Explored) {
    assert!(
        found.broken.is_empty(),
        "{:?}: {:#?}",
        found.broken[0].invariant,
        found.broken[0].shortest
    );
}

#[test]
fn ten_thousand_orders_and_more_and_every_invariant_holds_in_each() {
    let mut orders = 0;
    for cast in CASTS {
        for grace in [Duration::ZERO, GRACE] {
            let found = explore(cast, grace, DEPTH);
            assert_sound(&found);
            orders += found.orders;
        }
    }
    assert!(orders >= 10_000, "{orders}");
}

/// What is played once for all that is alike is what every order by itself would have come to, defects included.
#[test]
fn merging_what_is_alike_changes_nothing_that_is_found() {
    for (name, depth) in [
        ("two-tabs", 5),
        ("lost-answer", 5),
        ("thief", 4),
        ("everybody", 4),
    ] {
        for defect in [
            None,
            Some(Defect::NonAtomicRotation),
            Some(Defect::FamilyNotEnded),
        ] {
            let explored = |merge| {
                let exploration = Exploration {
                    cast: cast(name),
                    grace: GRACE,
                    depth,
                    merge,
                    defect,
                };
                exploration.run(|_| true)
            };
            let (merged, plain) = (explored(true), explored(false));
            let numbers = |found: &Explored| (found.orders, found.cut, found.longest);
            assert_eq!(numbers(&merged), numbers(&plain), "{name} {defect:?}");
            assert_eq!(merged.outcomes, plain.outcomes, "{name} {defect:?}");
            let broken = |found: &Explored| -> Vec<_> {
                let broken = found.broken.iter();
                broken
                    .map(|one| (one.invariant, one.orders, one.shortest.len()))
                    .collect()
            };
            assert_eq!(broken(&merged), broken(&plain), "{name} {defect:?}");
            assert!(merged.points <= plain.points);
        }
    }
}

#[test]
fn an_exploration_finds_the_same_every_time() {
    let explored = || explore(cast("lost-answer"), GRACE, 6);
    let (one, other) = (explored(), explored());
    assert_eq!(
        (one.orders, one.cut, one.points, one.longest),
        (other.orders, other.cut, other.points, other.longest)
    );
    assert_eq!(one.outcomes, other.outcomes);
}

/// Two renewals of four steps each, interleaved in every way: (8 choose 4).
#[test]
fn the_orders_of_two_renewals_are_all_there() {
    let cast = Cast {
        tabs: [1, 1],
        losses: 0,
        thief: 0,
        other_client: 0,
        pauses: 0,
        ..cast("two-tabs")
    };
    let found = explore(cast, GRACE, 8);
    assert_eq!((found.orders, found.cut, found.longest), (70, 0, 8));
    assert_sound(&found);
}

#[test]
fn a_depth_cuts_the_orders_and_says_how_many() {
    let found = explore(cast("two-tabs"), GRACE, 3);
    assert!(found.cut > 0 && found.cut <= found.orders);
}

#[test]
fn without_a_grace_two_tabs_are_logged_out_and_with_one_they_stay() {
    let out = |grace, pauses| {
        let cast = Cast {
            tabs: [1, 1],
            pauses,
            ..cast("two-tabs")
        };
        let found = explore(cast, grace, 12);
        let out = found.outcomes.iter().filter(|(one, _)| one.honest_out);
        out.map(|(_, orders)| *orders).sum::<u64>()
    };
    assert!(out(Duration::ZERO, 0) > 0);
    assert_eq!(out(GRACE, 0), 0);
    // Past the grace they are logged out again.
    assert!(out(GRACE, 1) > 0);
}

#[test]
fn a_lost_answer_logs_the_user_out_only_without_a_grace_or_past_it() {
    let out = |grace, pauses| {
        let cast = Cast {
            tabs: [1, 0],
            pauses,
            ..cast("lost-answer")
        };
        let found = explore(cast, grace, 12);
        found.outcomes.keys().any(|one| one.honest_out)
    };
    assert!(out(Duration::ZERO, 0));
    assert!(!out(GRACE, 0));
    assert!(out(GRACE, 1));
}

/// A copy that is used at once is found when its owner uses the same token; within the grace it is not.
#[test]
fn a_theft_is_found_in_some_orders_and_hidden_by_the_grace_in_others() {
    let found = explore(cast("thief"), GRACE, 8);
    let thefts = || found.outcomes.keys().filter(|one| one.thief_acted);
    assert!(thefts().any(|one| one.detected.is_some()));
    assert!(thefts().any(|one| one.detected.is_none() && one.stolen > 0));
    // Whoever is found out is out, and so is everybody else.
    assert!(
        thefts()
            .filter(|one| one.detected.is_some())
            .all(|one| one.honest_out)
    );
    let without = explore(cast("thief"), Duration::ZERO, 8);
    let hidden = |found: &Explored| {
        let thefts = found.outcomes.iter();
        let hidden = thefts.filter(|(one, _)| one.stolen > 0 && one.detected.is_none());
        hidden.map(|(_, orders)| *orders).sum::<u64>() as f64 / found.orders as f64
    };
    assert!(hidden(&without) < hidden(&found));
}

#[test]
fn another_client_gets_nothing_in_any_order() {
    let found = explore(cast("other-client"), GRACE, 9);
    assert_sound(&found);
    assert!(found.outcomes.keys().all(|one| one.stolen == 0));
}

#[test]
fn an_exploration_can_be_ended() {
    let exploration = Exploration {
        cast: cast("everybody"),
        grace: GRACE,
        depth: 30,
        merge: true,
        defect: None,
    };
    let mut shares = Vec::new();
    let found = exploration.run(|share| {
        shares.push(share);
        shares.len() < 3
    });
    assert!(found.orders > 0);
    assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..1.0).contains(share)));
}

//! Mistakes made on purpose are found, each time, and the order that shows them can be read.

use std::time::Duration;

use authbench_servers::rotation::interleavings::audit::Invariant;
use authbench_servers::rotation::interleavings::cast::CASTS;
use authbench_servers::rotation::interleavings::defect::Defect;
use authbench_servers::rotation::interleavings::explore::{Broken, Exploration};

use crate::orders::GRACE;

const DEPTH: u32 = 7;

/// All that is broken, over all casts.
fn broken(defect: Defect, grace: Duration) -> Vec<Broken> {
    let all = CASTS.into_iter().flat_map(|cast| {
        let exploration = Exploration {
            cast,
            grace,
            depth: DEPTH,
            merge: true,
            defect: Some(defect),
        };
        exploration.run(|_| true).broken
    });
    all.collect()
}

fn assert_found(defect: Defect, grace: Duration, invariant: Invariant) {
    let broken = broken(defect, grace);
    let found = broken.iter().find(|one| one.invariant == invariant);
    let found = found.unwrap_or_else(|| panic!("{defect} breaks {invariant:?}: {broken:#?}"));
    assert!(found.orders > 0);
    assert!(!found.shortest.is_empty() && found.shortest.len() <= DEPTH as usize + 4);
    // What is told names nobody's token.
    for told in &found.shortest {
        assert!(!told.what.is_empty() && told.what.len() < 120, "{told:?}");
    }
}

#[test]
fn a_rotation_that_reads_and_then_writes_is_found() {
    assert_found(
        Defect::NonAtomicRotation,
        Duration::ZERO,
        Invariant::OneSuccessor,
    );
}

#[test]
fn a_rotation_that_reads_and_then_writes_is_found_with_a_grace_too() {
    let broken = broken(Defect::NonAtomicRotation, GRACE);
    assert!(!broken.is_empty());
}

#[test]
fn a_family_that_a_replay_does_not_end_is_found() {
    for grace in [Duration::ZERO, GRACE] {
        assert_found(Defect::FamilyNotEnded, grace, Invariant::ReplayEndsFamily);
    }
}

#[test]
fn a_grace_for_another_client_is_found() {
    assert_found(
        Defect::GraceForAnotherClient,
        GRACE,
        Invariant::BoundToClient,
    );
}

#[test]
fn the_shortest_order_is_told_step_by_step() {
    let broken = broken(Defect::GraceForAnotherClient, GRACE);
    let shortest = broken
        .iter()
        .map(|one| &one.shortest)
        .min_by_key(|told| told.len())
        .expect("it was found");
    let told: Vec<String> = shortest
        .iter()
        .map(|told| format!("{} ms {}: {}", told.at_ms, told.who, told.what))
        .collect();
    assert_eq!(
        told,
        [
            "0 ms tab A: reads token 0 from the jar and sends a renewal",
            "0 ms tab A: store: token 0 is used for the first time",
            "0 ms other client: copies token 0 from the jar",
            "0 ms other client: store: token 0 was used before",
            "0 ms other client: store: the family goes on; granted, with token 1",
        ]
    );
}

//! Sessions that are drawn from the timing model.

use std::time::Duration;

use authbench_servers::rotation::interleavings::drawn::{Drawn, draw};
use authbench_servers::rotation::interleavings::timing::Timing;

const SESSIONS: u64 = 150;

fn drawn(grace_s: u64) -> Drawn {
    let grace = Duration::from_secs(grace_s);
    draw(&Timing::browser(), grace, 1, SESSIONS, |_| true).expect("not ended")
}

fn logged_out(drawn: &Drawn) -> usize {
    let honest = drawn.honest.iter();
    honest.filter(|one| one.honest_out_ms.is_some()).count()
}

fn undetected(drawn: &Drawn) -> usize {
    let thefts = drawn.thefts.iter().filter_map(|one| one.theft);
    thefts
        .filter(|theft| theft.detected_after_ms.is_none())
        .count()
}

#[test]
fn the_longer_the_grace_the_fewer_are_logged_out_and_the_more_thefts_are_hidden() {
    let graces = [0, 1, 10, 60, 300].map(drawn);
    let out = graces.each_ref().map(logged_out);
    assert!(out.is_sorted_by(|a, b| a >= b), "{out:?}");
    assert!(out[0] > SESSIONS as usize / 4, "{out:?}");
    assert!(out[4] < SESSIONS as usize / 20, "{out:?}");
    let hidden = graces.each_ref().map(undetected);
    assert!(
        hidden[0] <= hidden[2] && hidden[2] < hidden[4],
        "{hidden:?}"
    );
}

#[test]
fn nothing_breaks_in_any_session_and_every_session_is_the_same_again() {
    let (one, other) = (drawn(10), drawn(10));
    assert_eq!(one, other);
    let all = one.honest.iter().chain(&one.thefts);
    assert!(all.clone().all(|session| session.broken.is_none()));
    assert!(one.honest.iter().all(|session| session.theft.is_none()));
}

#[test]
fn a_drawing_can_be_ended() {
    let ended = draw(&Timing::browser(), Duration::ZERO, 1, 1_000, |done| {
        done < 64
    });
    assert_eq!(ended, None);
}

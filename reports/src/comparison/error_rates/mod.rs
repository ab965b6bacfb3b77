//! How often the comparison is wrong, counted on synthetic suites whose truth is known.
//!
//! A suite is a whole comparison: a pilot on a machine that misbehaves in a known way, the rounds that the planner chooses from it, and
//! up to three looks at all quantities.
//!
//! * [`noise`]: the machines; [`suite`]: one suite, from its pilot to its verdict; [`procedure`]: how it is judged, rightly or by mistake
//! * [`counts`]: many of them; [`proportion`]: how far the true share may be from the counted one
//! * [`rows`]: what the counts say of the promise, as rows of a self-test

pub mod counts;
pub mod noise;
pub mod procedure;
pub mod proportion;
pub mod rows;
pub mod suite;

use crate::selftest::Row;
use counts::{Counts, PLANTS, Question, count};
use noise::Noise;
use procedure::Procedure;
use rows::About;
use suite::{Difference, SIZES};

/// How many suites there are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Suites of equal arms, over all machines together.
    pub suites: u64,
    /// Seed of every random draw.
    pub seed: u64,
    /// On so many threads; the counts do not depend on it.
    pub threads: usize,
    /// How suites are judged.
    pub procedure: Procedure,
}

/// Everything that is asked: equal arms, arms that differ by exactly the margin, and plants beyond it.
pub const QUESTIONS: [Difference; 4] = [
    Difference::None,
    Difference::Margin,
    Difference::OneBeyond(PLANTS[0]),
    Difference::OneBeyond(PLANTS[1]),
];

/// Counts the suites of one difference: the rows over all machines, then by machine. `None` as soon as `go_on` says no.
#[must_use]
pub fn measure(
    difference: Difference,
    settings: Settings,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Option<Vec<Row>> {
    let suites = settings.suites.div_ceil(Noise::ALL.len() as u64);
    let mut by_machine = Vec::new();
    for noise in Noise::ALL {
        let question = Question {
            difference,
            noise,
            suites,
            procedure: settings.procedure,
        };
        by_machine.push((
            noise,
            count(question, settings.seed, settings.threads, go_on)?,
        ));
    }
    let all = by_machine.iter().map(|(_, counts)| *counts);
    let all = all.fold(Counts::default(), Counts::plus);
    let about = |machines: String| About {
        truth: truth(difference),
        machines,
    };
    let everywhere = about("all machines".to_owned());
    let row = match difference {
        Difference::None => rows::equal,
        Difference::Margin => rows::at_margin,
        Difference::OneBeyond(_) => rows::found,
    };
    let mut rows = vec![row(&everywhere, all)];
    rows.extend(
        by_machine
            .into_iter()
            .map(|(noise, counts)| row(&about(format!("{noise} machine")), counts)),
    );
    if matches!(difference, Difference::OneBeyond(_)) {
        rows.push(rows::contained(&everywhere, all));
        rows.push(rows::beside(&everywhere, all));
    }
    Some(rows)
}

/// The row of a difference whose suites were not counted, and `why`.
#[must_use]
pub fn uncounted(difference: Difference, why: &str) -> Row {
    let about = About {
        truth: truth(difference),
        machines: "all machines".to_owned(),
    };
    rows::uncounted(&about, why)
}

fn truth(difference: Difference) -> String {
    let sizes = SIZES.map(|size| size.to_string()).join(", ");
    match difference {
        Difference::None => format!("synthetic suites of {sizes} quantities, equal arms"),
        Difference::Margin => "the same, every quantity exactly its margin slower".to_owned(),
        Difference::OneBeyond(beyond) => format!(
            "the same, one quantity slower by its margin and {:.0} points",
            beyond * 100.0
        ),
    }
}

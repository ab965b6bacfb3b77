//! The paired comparison, held against servers of which it is known how they differ.
//!
//! Two *arms*, A and B, are truth servers. Each request of one open-loop stream is drawn to one of them at random, in short rounds, over
//! several spawns of both, started in either order.
//!
//! * [`same`]: the arms are identical: nothing may be found
//! * [`planted_cpu`]: B burns a tenth more CPU for each request: found, with the right size
//! * [`planted_round_trip`]: B asks its store twice and A once: found, to the command
//!
//! All three start processes: call them on the main thread, inside a current-thread runtime. Each takes two minutes at most, and says
//! `not judged` where the machine is too noisy for the rounds that fit into them.

mod compare;
mod error;
mod judged;
mod laboratory;
mod outcome;
mod plants;
mod rows;
mod spawn;
mod store_commands;
mod truth;

use std::time::Duration;

/// About how long each pair takes.
pub(super) const TAKE: Duration = Duration::from_secs(60);

pub use compare::MOST_ROUNDS;
pub use error::ArmsError;
pub(super) use judged::measure;
pub(super) use plants::{Brief, same_in_brief};
pub use plants::{planted_cpu, planted_round_trip, same};

//! Did B become slower than A? Paired rounds of two arms, judged against margins.
//!
//! Two *arms* serve the requests of one stream, each request drawn to one of them at random. A round gives each gated quantity one
//! x = ln(B ÷ A); what the machine did to both arms cancels out. Nothing here reads a clock or a file.
//!
//! * [`quantity`]: what is gated, and by which margin; [`series`]: its x, one per round
//! * [`paired`]: the paired t: mean, spread, one-sided bounds
//! * [`signed_rank`]: the exact signed-rank test, which must confirm the t-test
//! * [`holm`]: many quantities, one promise
//! * [`judge`]: one look at all quantities; [`looks`]: at most three of them
//! * [`suite`]: the verdict over all quantities
//! * [`planner`]: how many rounds a question needs, and what so many rounds could have seen
//! * [`exact`]: counters without noise, where any change is one
//! * [`error_rates`]: how often all of this is wrong, counted
//! * [`arms`]: the rounds of two arms in the stream of a run; [`lags`]: whether one of them lets callers in for longer; [`promises`]: what
//!   they promise
//! * [`rows`]: a line for each figure; [`file`](mod@file): the whole of it; [`stored`]: two runs of different times, for reference
//! * [`render`]: for people; [`export`]: for other programs
//!
//! The promise, with [`looks::ALPHAS`] spent on each direction: a suite in which nothing is slower by more than its margin is
//! called slower at most once in a hundred times, however many quantities it has, and likewise faster.

pub mod arms;
pub mod error_rates;
pub mod exact;
pub mod export;
pub mod file;
pub mod holm;
pub mod judge;
pub mod lags;
pub mod looks;
pub mod paired;
pub mod planner;
pub mod promises;
pub mod quantity;
pub mod render;
pub mod rows;
pub mod series;
pub mod signed_rank;
pub mod stored;
pub mod suite;

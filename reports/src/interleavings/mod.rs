//! What became of refresh families in every order of events, and how often, format `authbench.interleavings/1`.
//!
//! * [`InterleavingsFile`]: what was explored, drawn and measured; [`write()`]
//! * [`Share`]: how many of how many, with its interval
//! * [`knee`]: the grace window from which on more of it buys little
//! * [`verdicts`]: what the standards ask, and what of it was kept
//! * [`text()`], [`markdown()`], [`html()`]: the reports

mod disk;
mod file;
mod knee;
mod render;
mod share;
mod tables;
mod verdict;

pub use disk::{WriteInterleavingsError, write};
pub use file::{
    BrokenRecord, CastRecord, CurvePoint, HttpPoint, HttpRecord, InterleavingsFile, NoticedRecord,
    OutcomeRecord, SCHEMA, StepRecord, TheftRecord, TimingRecord,
};
pub use knee::knee;
pub use render::{html, markdown, text};
pub use share::Share;
pub use verdict::{Kept, Verdict, verdicts};

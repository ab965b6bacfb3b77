//! Reports for people: text, Markdown, HTML, each a function from run and summary to a string.
//!
//! * [`tables`]: the tables, built once and written three ways ([`table`] is their shape)
//! * [`sentences`]: what the run says, made from its numbers
//! * [`provenance`]: where and with what it was measured
//! * [`svg`]: the charts of the page
//! * `text`, `markdown`, `html`: the three ways

mod html;
mod markdown;
pub mod provenance;
mod requirement;
pub mod sentences;
pub mod svg;
pub mod table;
pub mod tables;
mod text;

pub use html::html;
pub(crate) use html::{page, table as page_table};
pub use markdown::{markdown, markdown_table};
pub use requirement::{requirement_markdown, requirement_text};
pub use svg::frontier_svg;
pub(crate) use text::text_table;
pub use text::{TextOptions, text};
pub(crate) use text::{WIDEST, wrapped};

/// How the failure of a negative control is called, which fails no run.
const KNOWN: &str = "as a negative control must";

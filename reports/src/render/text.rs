//! The report for a terminal: verdict first, at most as wide as asked, readable without colour.

mod bars;
mod grid;

use crate::render::sentences::{caveats, sentences};
use crate::render::table::Table;
use crate::render::{KNOWN, provenance, tables};
use crate::run_directory::RUN_FILE;
use crate::run_file::RunFile;
use crate::summary::Summary;
use crate::validity::Verdict;

/// How to write for a terminal.
#[derive(Clone, Copy, Debug)]
pub struct TextOptions {
    /// Columns to use: 60 to 120, whatever is asked.
    pub width: usize,
    /// Whether to colour with ANSI sequences.
    pub colour: bool,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            width: WIDEST,
            colour: false,
        }
    }
}

const NARROWEST: usize = 60;
/// Columns that are used where nothing else is asked.
pub(crate) const WIDEST: usize = 120;

/// The report of `run` for a terminal.
#[must_use]
pub fn text(run: &RunFile, summary: &Summary, options: TextOptions) -> String {
    let mut page = Page {
        width: options.width.clamp(NARROWEST, WIDEST),
        paint: Paint(options.colour),
        lines: Vec::new(),
    };
    page.head(run, summary);
    let overview = tables::overview(summary);
    page.section(&overview.title);
    let lines = grid::lines(&overview, page.width, page.paint);
    page.lines.extend(lines);
    for (title, bars) in [
        (
            "CPU per request by process, µs",
            bars::cpu(summary, page.width),
        ),
        (
            "How long a caller stayed in after the worst event",
            bars::lag(summary, page.width),
        ),
    ] {
        if !bars.is_empty() {
            page.section(title);
            page.lines.extend(bars);
        }
    }
    let mut shown = tables::all(summary);
    shown.push(tables::attribution(run, summary));
    shown.retain(|table| !table.rows.is_empty());
    for table in shown {
        page.section(&table.title);
        page.lines
            .extend(grid::lines(&table, page.width, page.paint));
        page.legend(&table);
    }
    page.foot(run);
    let mut text = page.lines.join("\n");
    text.push('\n');
    text
}

/// The lines of one table alone, for reports that say the rest themselves.
pub(crate) fn text_table(table: &Table, width: usize, colour: bool) -> Vec<String> {
    grid::lines(table, width.clamp(NARROWEST, WIDEST), Paint(colour))
}

struct Page {
    width: usize,
    paint: Paint,
    lines: Vec<String>,
}

impl Page {
    fn head(&mut self, run: &RunFile, summary: &Summary) {
        let validity = &summary.validity;
        let verdict = validity.verdict.name().to_uppercase();
        self.wrapped("", "", &provenance::headline(run));
        self.lines.push(String::new());
        self.lines
            .push(self.paint.verdict(validity.verdict, &verdict));
        for sentence in sentences(summary) {
            self.wrapped("  ", "  ", &sentence);
        }
        for caveat in caveats(summary) {
            self.wrapped("! ", "  ", &caveat);
        }
        for kind in validity.kinds() {
            for finding in &kind.told {
                let said = format!(
                    "{}: {}. Touches {}. To do: {}.",
                    finding.verdict.name(),
                    finding.what,
                    finding.taints,
                    finding.advice
                );
                self.wrapped("! ", "  ", &said);
            }
            if !kind.others.is_empty() {
                let said = format!("… {}: {RUN_FILE} has them all.", kind.more());
                self.wrapped("  ", "  ", &said);
            }
        }
        for failure in &summary.failures {
            let outcome = failure.expectation.outcome();
            self.wrapped("✗ ", "  ", &format!("{outcome}: {}", failure.sentence()));
        }
        for result in summary.unkept_thresholds() {
            let outcome = result.outcome.words();
            self.wrapped("✗ ", "  ", &format!("{outcome}: {}", result.sentence()));
        }
        for failure in &summary.known_failures {
            self.wrapped("◇ ", "  ", &format!("{KNOWN}: {}", failure.sentence()));
        }
    }

    fn foot(&mut self, run: &RunFile) {
        self.section("Measured with");
        for (name, value) in provenance::facts(run) {
            self.wrapped("", "  ", &format!("{name}: {value}"));
        }
        for (name, what) in provenance::scenarios(run) {
            self.wrapped("", "  ", &format!("{name}: {what}"));
        }
    }

    fn legend(&mut self, table: &Table) {
        let legend = table.legend.iter();
        let lines = legend.flat_map(|legend| wrapped("  ", "  ", legend, self.width));
        let dim: Vec<String> = lines.map(|line| self.paint.dim(&line)).collect();
        self.lines.extend(dim);
    }

    fn section(&mut self, title: &str) {
        self.lines.push(String::new());
        let title = wrapped("", "", title, self.width);
        let bold = title.iter().map(|line| self.paint.bold(line));
        self.lines.extend(bold);
    }

    fn wrapped(&mut self, first: &str, next: &str, text: &str) {
        self.lines.extend(wrapped(first, next, text, self.width));
    }
}

/// Breaks `text` at spaces; `first` leads its first line, `next` the others.
pub(crate) fn wrapped(first: &str, next: &str, text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split(' ') {
        if !empty && wide(&line) + 1 + wide(word) > width {
            lines.push(std::mem::replace(&mut line, next.to_owned()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines
}

/// ANSI sequences, or none.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn verdict(self, verdict: Verdict, text: &str) -> String {
        let code = match verdict {
            Verdict::Valid => "1;32",
            Verdict::Degraded => "1;33",
            Verdict::Invalid => "1;31",
        };
        self.with(code, text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Columns that `text` takes: everything written here is one column per character.
fn wide(text: &str) -> usize {
    text.chars().count()
}

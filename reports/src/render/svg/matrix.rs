//! The matrix as heat maps: one for each class of points, with the numbers in the cells.
//!
//! Colour only repeats what the numbers say: one hue, from light to dark, so that it survives a photocopier and every kind of colour vision.

use super::{drawing_of, line, text};
use crate::matrix::{Block, Cell, Matrix, Outcome, Variant};
use crate::number::{count, percent, span};
use crate::summary::Summary;
use maud::{Markup, PreEscaped, html};

/// Width of one character of a target's name, and of one of the legend.
const CHARACTER: [f64; 2] = [8.1, 6.5];
const TOP: f64 = 58.0;
const BOTTOM: f64 = 66.0;
const CELL: [f64; 2] = [74.0, 46.0];
/// Between two cells.
const GAP: f64 = 2.0;
/// The legend needs this, however few events there are.
const NARROWEST: f64 = 760.0;
/// Characters of a heading that fit above a cell.
const HEADING: usize = 11;

/// Shades by the longest lag in milliseconds, with their names; what is longer has the next one.
const SHADES: [(f64, &str); 4] = [
    (10.0, "≤ 10 ms"),
    (100.0, "≤ 100 ms"),
    (1000.0, "≤ 1 s"),
    (10_000.0, "≤ 10 s"),
];
const NEVER: usize = 0;
const LONGER: usize = SHADES.len() + 1;
const STILL_IN: usize = SHADES.len() + 2;

/// One chart for each class of points, with the name of the class; none where there is no matrix.
#[must_use]
pub fn matrix(summary: &Summary) -> Vec<(String, Markup)> {
    let matrix = Matrix::of(summary);
    let blocks = matrix.iter().flat_map(|matrix| &matrix.blocks);
    blocks
        .map(|block| (block.class.to_owned(), heat_map(block)))
        .collect()
}

fn heat_map(block: &Block) -> Markup {
    let [cell_width, cell_height] = CELL;
    let names = block
        .variants
        .iter()
        .map(|variant| variant.target.name.chars().count());
    let left = (CHARACTER[0] * names.max().unwrap_or(0) as f64 + 16.0).max(124.0);
    let width = (left + cell_width * block.events.len() as f64 + 4.0).max(NARROWEST);
    let height = TOP + cell_height * block.variants.len() as f64 + BOTTOM;
    let content = html! {
        @for (column, event) in block.events.iter().enumerate() {
            (heading(event, left + cell_width * column as f64))
        }
        @for (row, variant) in block.variants.iter().enumerate() {
            @let y = TOP + cell_height * row as f64;
            (name(variant, left - 10.0, y))
            @for (column, cell) in variant.cells.iter().enumerate() {
                (drawn(cell.as_ref(), left + cell_width * column as f64, y))
            }
        }
        (legend(height - BOTTOM + 20.0))
    };
    drawing_of(
        "chart wide",
        &format!("matrix-{}", block.class),
        [
            &format!(
                "Longest revocation lag by event and target, at {}",
                block.class
            ),
            "One cell per target and event: the longest lag, below it the median, below that the number of credentials. The same figures are in the tables.",
        ],
        [width, height],
        &content,
    )
}

/// The event's name on as many lines as it needs, the last one at the cells.
fn heading(event: &str, x: f64) -> Markup {
    let mut lines: Vec<String> = Vec::new();
    for word in event.split('_') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= HEADING => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let count = lines.len();
    html! {
        @for (number, said) in lines.iter().enumerate() {
            (text("event", "start", x + 3.0, TOP - 8.0 - 13.0 * (count - 1 - number) as f64, said))
        }
    }
}

/// With what a reader must know of the whole row: that it is a negative control, and the laboratory's lifetime.
fn name(variant: &Variant, right: f64, y: f64) -> Markup {
    let control = variant
        .target
        .is_negative_control()
        .then(|| "◇ negative control".to_owned());
    let mut rows = variant.target.revocation.iter();
    let ttl = rows.find_map(|row| row.laboratory_ttl_s());
    let ttl = ttl.map(|ttl| format!("TTL {}", span(ttl * 1e3)));
    let under: Vec<String> = [control, ttl].into_iter().flatten().collect();
    let middle = y + CELL[1] / 2.0;
    html! {
        (text("name", "end", right, middle + if under.is_empty() { 4.0 } else { -1.0 }, &variant.target.name))
        @if !under.is_empty() { (text("note", "end", right, middle + 13.0, &under.join(" · "))) }
    }
}

fn drawn(cell: Option<&Cell>, x: f64, y: f64) -> Markup {
    let Some(cell) = cell else {
        return text("note", "start", x + 6.0, y + 26.0, "–");
    };
    let shade = shade(cell);
    let wrong = cell.breaches > 0 || cell.put_out > 0;
    let class = match shade {
        Some(shade) => format!("h{shade}"),
        None => "unshaded".to_owned(),
    };
    let promised = if cell.is_promised() {
        ""
    } else {
        " unpromised"
    };
    let [width, height] = CELL.map(|side| side - GAP);
    let on = shade.map_or_else(|| "unsaid".to_owned(), |shade| format!("on-h{shade}"));
    html! {
        rect class={ "cell " (class) (promised) } x=(x) y=(y) width=(width) height=(height) {}
        @if wrong || shade == Some(STILL_IN) { (hatch(&on, x, y, width, height)) }
        @if wrong { rect class="wrong" x=(x + 1.5) y=(y + 1.5) width=(width - 3.0) height=(height - 3.0) {} }
        (text(&format!("figure {on}"), "start", x + 6.0, y + 16.0, &longest(cell)))
        @if cell.marks().is_empty() {
            (text(&format!("under {on}"), "start", x + 6.0, y + 29.0, &below(cell)))
        } @else {
            (text(&format!("marks {on}"), "start", x + 6.0, y + 29.0, &cell.marks().join(" ")))
        }
        (text(&format!("under {on}"), "start", x + 6.0, y + 40.0, &samples(cell)))
    }
}

/// `None` where no lag is to be shaded.
fn shade(cell: &Cell) -> Option<usize> {
    match cell.outcome() {
        Outcome::NoSample | Outcome::NotMeant => None,
        Outcome::Never => Some(NEVER),
        Outcome::StillIn { .. } => Some(STILL_IN),
        Outcome::Out { max_ms, .. } => {
            let within = SHADES.iter().position(|(ms, _)| max_ms <= *ms);
            Some(within.map_or(LONGER, |position| position + 1))
        }
    }
}

fn longest(cell: &Cell) -> String {
    match cell.outcome() {
        Outcome::NoSample => "no sample".to_owned(),
        Outcome::NotMeant => "stays".to_owned(),
        Outcome::Never => "never".to_owned(),
        Outcome::Out { max_ms, .. } => span(max_ms),
        Outcome::StillIn { at_least_ms } => format!("> {}", span(at_least_ms)),
    }
}

fn below(cell: &Cell) -> String {
    let row = cell.worst;
    let share = |count: u64| percent(count as f64 / row.sampled() as f64);
    match cell.outcome() {
        Outcome::Out {
            p50_ms: Some(p50_ms),
            ..
        } => format!("p50 {}", span(p50_ms)),
        Outcome::Out { p50_ms: None, .. } => {
            format!("{} never", share(row.never_accepted_after_ack))
        }
        Outcome::StillIn { .. } => format!("{} in", share(row.censored)),
        Outcome::NoSample | Outcome::NotMeant | Outcome::Never => String::new(),
    }
}

/// `n 300`, or `n 300 in 6` separate events.
fn samples(cell: &Cell) -> String {
    let n = count(cell.worst.sampled());
    match cell.worst.occurrences {
        Some(events) => format!("n {n} in {}", count(events.n)),
        None => format!("n {n}"),
    }
}

/// Lines from the upper right to the lower left, within the cell.
fn hatch(on: &str, x: f64, y: f64, width: f64, height: f64) -> Markup {
    let steps = ((width + height) / 8.0) as u32;
    let strokes: Vec<String> = (1..=steps)
        .map(|step| {
            let reach = 8.0 * f64::from(step);
            let (from_x, from_y) = (reach.min(width), (reach - width).max(0.0));
            let (to_x, to_y) = ((reach - height).max(0.0), reach.min(height));
            format!(
                "M{:.1},{:.1}L{:.1},{:.1}",
                x + from_x,
                y + from_y,
                x + to_x,
                y + to_y
            )
        })
        .collect();
    PreEscaped(format!(
        r#"<path class="hatch {on}" d="{}"></path>"#,
        strokes.concat()
    ))
}

fn legend(y: f64) -> Markup {
    let names = ["never accepted"]
        .into_iter()
        .chain(SHADES.map(|(_, name)| name))
        .chain(["longer", "still in at the end"]);
    let names: Vec<&str> = names.collect();
    let below = y + 22.0;
    let marks = [
        "✗ breaches, ! put out by mistake, ~ accepted again",
        "no bound is promised",
        "stays: not meant to end, –: not measured",
    ];
    let [wrong, unpromised, words] = columns(4.0, &marks)[..] else {
        return html! {};
    };
    html! {
        (line("grid", 0.0, y - 10.0, NARROWEST, y - 10.0))
        (text("note", "start", 4.0, y + 11.0, "longest lag:"))
        @for (shade, (said, x)) in names.iter().zip(columns(84.0, &names)).enumerate() {
            rect class=(format!("cell h{shade}")) x=(x) y=(y) width="18" height="14" {}
            @if shade == STILL_IN { (hatch(&format!("on-h{shade}"), x, y, 18.0, 14.0)) }
            (text("note", "start", x + 23.0, y + 11.0, said))
        }
        rect class="cell h1" x=(wrong) y=(below) width="18" height="14" {}
        (hatch("on-h1", wrong, below, 18.0, 14.0))
        rect class="wrong" x=(wrong + 1.0) y=(below + 1.0) width="16" height="12" {}
        (text("note", "start", wrong + 23.0, below + 11.0, marks[0]))
        rect class="cell h1 unpromised" x=(unpromised) y=(below) width="18" height="14" {}
        (text("note", "start", unpromised + 23.0, below + 11.0, marks[1]))
        (text("note", "start", words, below + 11.0, marks[2]))
    }
}

/// Where swatches with these words behind them begin.
fn columns(from: f64, words: &[&str]) -> Vec<f64> {
    let mut next = from;
    let place = |words: &&str| {
        let x = next;
        next += 34.0 + CHARACTER[1] * words.chars().count() as f64;
        x
    };
    words.iter().map(place).collect()
}

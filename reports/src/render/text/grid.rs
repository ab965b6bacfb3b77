//! Tables in aligned columns.

use super::{Paint, wide, wrapped};
use crate::render::table::{Column, Row, Table};

/// The lines of `table`, none wider than `width` unless two columns alone are.
///
/// What does not fit goes into a second block of lines that repeats the first column: a wrapped row cannot be read.
pub(super) fn lines(table: &Table, width: usize, paint: Paint) -> Vec<String> {
    let widths: Vec<usize> = (0..table.columns.len())
        .map(|column| column_width(table, column))
        .collect();
    let mut lines = Vec::new();
    for (number, shown) in blocks(&widths, width).into_iter().enumerate() {
        if number > 0 {
            lines.push(String::new());
        }
        let grid = Grid {
            columns: shown
                .iter()
                .map(|&i| (&table.columns[i], widths[i]))
                .collect(),
            gap: gap(&shown, &widths, width),
        };
        lines.extend(grid.heading().into_iter().map(|line| paint.dim(&line)));
        for row in &table.rows {
            let heading = row
                .heading
                .iter()
                .flat_map(|said| wrapped("", "  ", said, width));
            lines.extend(heading.map(|line| paint.bold(&line)));
            lines.push(grid.row(row, &shown));
            let detail = row.detail.iter().filter(|_| number == 0);
            let detail = detail.flat_map(|said| wrapped("  ", "  ", said, width));
            lines.extend(detail.map(|line| paint.dim(&line)));
        }
    }
    lines
}

struct Grid<'a> {
    columns: Vec<(&'a Column, usize)>,
    gap: usize,
}

impl Grid<'_> {
    /// Headings stand on as many lines as their words need, at the bottom.
    fn heading(&self) -> Vec<String> {
        let stacks: Vec<Vec<String>> = self
            .columns
            .iter()
            .map(|(column, width)| stacked(&column.title, *width))
            .collect();
        let height = stacks.iter().map(Vec::len).max().unwrap_or(0);
        (0..height)
            .map(|line| {
                let words = stacks.iter().map(|stack| {
                    (line + stack.len())
                        .checked_sub(height)
                        .map_or("", |at| stack[at].as_str())
                });
                self.line(words)
            })
            .collect()
    }

    fn row(&self, row: &Row, shown: &[usize]) -> String {
        self.line(shown.iter().map(|&column| row.cells[column].as_str()))
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>) -> String {
        let padded: Vec<String> = self
            .columns
            .iter()
            .zip(cells)
            .map(|((column, width), cell)| {
                let pad = " ".repeat(width.saturating_sub(wide(cell)));
                if column.numeric {
                    format!("{pad}{cell}")
                } else {
                    format!("{cell}{pad}")
                }
            })
            .collect();
        padded.join(&" ".repeat(self.gap)).trim_end().to_owned()
    }
}

fn column_width(table: &Table, column: usize) -> usize {
    let title = table.columns[column].title.split(' ').map(wide);
    let cells = table.rows.iter().map(|row| wide(&row.cells[column]));
    title.chain(cells).max().unwrap_or(0)
}

/// Which columns stand together; the first is in every block.
fn blocks(widths: &[usize], width: usize) -> Vec<Vec<usize>> {
    let mut blocks = vec![vec![0]];
    for column in 1..widths.len() {
        let block = blocks.last_mut().expect("there is always a first block");
        let used: usize = block.iter().map(|&i| widths[i] + 1).sum();
        if block.len() > 1 && used + widths[column] > width {
            blocks.push(vec![0, column]);
        } else {
            block.push(column);
        }
    }
    blocks
}

fn gap(shown: &[usize], widths: &[usize], width: usize) -> usize {
    let used: usize = shown.iter().map(|&i| widths[i]).sum();
    if used + 2 * shown.len().saturating_sub(1) <= width {
        2
    } else {
        1
    }
}

fn stacked(title: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in title.split(' ') {
        match lines.last_mut() {
            Some(line) if wide(line) + 1 + wide(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("t", "", &["target", "#asked /s", "#total"]);
        table.rows.push(Row {
            detail: Some("RS256".to_owned()),
            cells: ["jwt", "400", "41.0"].map(str::to_owned).to_vec(),
            ..Row::default()
        });
        table
    }

    #[test]
    fn columns_are_aligned_and_headings_stand_on_the_row() {
        let lines = lines(&table(), 80, Paint(false));
        assert_eq!(
            lines,
            [
                "        asked",
                "target     /s  total",
                "jwt       400   41.0",
                "  RS256"
            ]
        );
    }

    #[test]
    fn what_does_not_fit_repeats_the_first_column() {
        let lines = lines(&table(), 13, Paint(false));
        assert!(lines.iter().all(|line| wide(line) <= 13), "{lines:#?}");
        assert_eq!(
            lines.iter().filter(|line| line.starts_with("jwt")).count(),
            2
        );
    }
}

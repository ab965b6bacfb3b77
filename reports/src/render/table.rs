//! The shape of a table, whatever it is written as.

/// A value that was not measured, or does not apply.
pub const ABSENT: &str = "–";

/// One table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// How to read it: units, what the columns leave out.
    pub note: String,
    /// What marks in its cells mean: without it nobody can read them, so it stands under the table in every report, text included.
    pub legend: Option<String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with one cell per column.
    pub rows: Vec<Row>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading, unit included.
    pub title: String,
    /// Numbers are aligned right.
    pub numeric: bool,
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// A line over the whole width before this row: what the rows up to the next heading have in common.
    pub heading: Option<String>,
    /// What stands under the first cell: settings.
    pub detail: Option<String>,
    /// One per column.
    pub cells: Vec<String>,
}

impl Table {
    /// Without rows. A column is numeric when its heading starts with `#`, which is not part of it.
    #[must_use]
    pub fn new(title: &str, note: impl Into<String>, columns: &[&str]) -> Self {
        let column = |title: &&str| {
            let number = title.strip_prefix('#');
            Column {
                title: number.unwrap_or(title).to_owned(),
                numeric: number.is_some(),
            }
        };
        Self {
            title: title.to_owned(),
            note: note.into(),
            legend: None,
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Drops the columns in which no row has a value: a quantile nobody has samples for is not shown as a row of dashes.
    #[must_use]
    pub fn without_empty_columns(mut self) -> Self {
        let used: Vec<bool> = (0..self.columns.len())
            .map(|column| self.rows.iter().any(|row| row.cells[column] != ABSENT))
            .collect();
        keep(&mut self.columns, &used);
        self.rows
            .iter_mut()
            .for_each(|row| keep(&mut row.cells, &used));
        self
    }
}

fn keep<T>(items: &mut Vec<T>, used: &[bool]) {
    let mut used = used.iter();
    items.retain(|_| used.next().copied().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_nobody_has_a_value_for_is_dropped() {
        let mut table = Table::new("t", "", &["target", "#p50", "#p99"]);
        for name in ["a", "b"] {
            table.rows.push(Row {
                cells: [name, "1", ABSENT].map(str::to_owned).to_vec(),
                ..Row::default()
            });
        }
        let table = table.without_empty_columns();
        assert_eq!(table.columns.len(), 2);
        assert!(table.columns[1].numeric);
        assert_eq!(table.rows[1].cells, ["b", "1"]);
    }
}

//! Whether the table is whole.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use authbench_servers::model::MODELS;

use crate::FAMILIES;
use crate::row::Row;

/// The ids of the attacks and of the standards.
const IDS: &str = include_str!("ids.txt");
/// Ids that concern nothing that exists yet: id, tab, why.
const LATER: &str = include_str!("later.tsv");

fn rows() -> impl Iterator<Item = &'static Row> {
    FAMILIES.iter().flat_map(|(_, rows)| rows.iter())
}

#[test]
fn every_id_has_a_row_or_a_reason() {
    let with_row: BTreeSet<_> = rows().map(|row| row.id).collect();
    let postponed: BTreeSet<_> = LATER
        .lines()
        .map(|line| line.split_once('\t').expect("id, tab, reason").0)
        .collect();
    let listed: BTreeSet<_> = IDS.lines().collect();
    let both: Vec<_> = with_row.intersection(&postponed).collect();
    assert!(both.is_empty(), "a row and a reason to have none: {both:?}");
    let covered: BTreeSet<_> = with_row.union(&postponed).copied().collect();
    let missing: Vec<_> = listed.difference(&covered).collect();
    assert!(
        missing.is_empty(),
        "neither a row nor a reason: {missing:?}"
    );
    let unknown: Vec<_> = covered
        .difference(&listed)
        .filter(|id| !id.contains('/'))
        .collect();
    assert!(unknown.is_empty(), "not in the list: {unknown:?}");
}

/// The table for readers: id by model.
#[test]
fn the_table() {
    let mut table = String::new();
    for (family, rows) in FAMILIES {
        writeln!(table, "{family}").expect("memory");
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        for (index, id) in ids
            .iter()
            .enumerate()
            .filter(|(index, id)| !ids[..*index].contains(id))
        {
            let of_id: Vec<_> = rows[index..].iter().filter(|row| row.id == *id).collect();
            writeln!(table, "  {id}: {}", cells(&of_id).join(", ")).expect("memory");
        }
    }
    insta::assert_snapshot!(table);
}

fn cells(rows: &[&Row]) -> Vec<String> {
    let concerned = MODELS
        .into_iter()
        .filter(|model| rows.iter().any(|row| row.models.contains(model)));
    concerned
        .map(
            |model| match rows.iter().find(|row| row.not_met.contains(&model)) {
                Some(row) => format!("{model} (not met, by design: {})", row.bound),
                None => model.to_string(),
            },
        )
        .collect()
}

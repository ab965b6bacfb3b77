//! `extends`: a target file that says only what is different from another.
//!
//! A table is merged key by key, whatever is deep in it included. A list of tables that have names (`[[process]]`, `[[point]]`, `[[event]]`,
//! `[[client]]`) is merged name by name, and what has a new name comes after the others. Anything else replaces what was there: texts, numbers,
//! lists of words, lists of steps. Nothing can be taken away but an event
//! (`omit`).

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::file::{is_path, read};
use super::source::{FileError, Source};
use super::{SCHEMA, builtin};

#[derive(Deserialize)]
struct Header {
    extends: Option<Spanned<String>>,
}

/// `source` with the file that it extends, the one that this extends, and so on. Every one of them must be of our format.
pub(super) fn with_base(source: &Source) -> Result<Source, FileError> {
    below(source, &mut Vec::new())
}

fn below(source: &Source, above: &mut Vec<String>) -> Result<Source, FileError> {
    source.check_schema(SCHEMA)?;
    let header: Header = source.parse()?;
    let Some(extends) = header.extends else {
        return Ok(source.clone());
    };
    let wrong =
        |problem: String, allowed: &str| source.error(&extends.span(), "extends", problem, allowed);
    let name = beside(&source.name, extends.get_ref());
    if name == source.name || above.contains(&name) {
        let problem = format!("{name} extends itself");
        return Err(wrong(problem, "a file that does not come back to this one"));
    }
    let allowed = "a built-in target, or a path relative to this file";
    let is_part = builtin::PARTS.iter().any(|(part, _)| *part == name);
    let built_in = match is_part {
        true => builtin::PARTS,
        false => builtin::TARGETS,
    };
    let base =
        read("target", &name, built_in).map_err(|error| wrong(error.to_string(), allowed))?;
    above.push(source.name.clone());
    Ok(source.clone().extending(below(&base, above)?))
}

/// A path is relative to the file that names it.
fn beside(file: &str, named: &str) -> String {
    let folder = Path::new(file).parent().filter(|_| is_path(named));
    folder.map_or_else(
        || named.to_owned(),
        |folder| folder.join(named).to_string_lossy().into_owned(),
    )
}

/// `own` over `base`. What is complained about as a whole is `own`, which ends at `end`.
pub(super) fn merge<'t>(
    base: Spanned<DeTable<'t>>,
    own: Spanned<DeTable<'t>>,
    end: usize,
) -> Spanned<DeTable<'t>> {
    let first = own.get_ref().keys().map(|key| key.span().start).min();
    let span = first.unwrap_or(end)..end;
    let mut table = base.into_inner();
    tables(&mut table, own.into_inner());
    Spanned::new(span, table)
}

fn tables<'t>(base: &mut DeTable<'t>, own: DeTable<'t>) {
    for (key, value) in own {
        let merged = match base.remove(&key) {
            Some(old) => values(old, value),
            None => value,
        };
        base.insert(key, merged);
    }
}

fn values<'t>(base: Spanned<DeValue<'t>>, own: Spanned<DeValue<'t>>) -> Spanned<DeValue<'t>> {
    let span = own.span();
    let value = match (base.into_inner(), own.into_inner()) {
        (DeValue::Table(mut base), DeValue::Table(own)) => {
            tables(&mut base, own);
            DeValue::Table(base)
        }
        (DeValue::Array(base), DeValue::Array(own)) if all_named(&base) && all_named(&own) => {
            DeValue::Array(by_name(base, own))
        }
        (_, own) => own,
    };
    Spanned::new(span, value)
}

/// A name that `own` uses twice is left for the check to complain about.
fn by_name<'t>(base: DeArray<'t>, own: DeArray<'t>) -> DeArray<'t> {
    let mut own: Vec<Option<Spanned<DeValue<'t>>>> = own.into_iter().map(Some).collect();
    let mut merged = DeArray::new();
    for old in base {
        let same = own
            .iter_mut()
            .find(|new| new.as_ref().is_some_and(|new| name(new) == name(&old)));
        merged.push(match same.and_then(Option::take) {
            Some(new) => values(old, new),
            None => old,
        });
    }
    own.into_iter().flatten().for_each(|new| merged.push(new));
    merged
}

fn all_named(list: &DeArray<'_>) -> bool {
    list.iter().all(|item| name(item).is_some())
}

fn name<'v>(item: &'v Spanned<DeValue<'_>>) -> Option<&'v str> {
    item.get_ref().as_table()?.get("name")?.get_ref().as_str()
}

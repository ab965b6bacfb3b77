//! Small bar charts of block characters: each part has its own glyph, so they need no colour.

use super::wide;
use crate::frontier::worst;
use crate::number::{significant, span};
use crate::run_file::Role;
use crate::summary::lag::RevocationSummary;
use crate::summary::{Summary, TargetSummary};

/// One bar per target, stacked by process; empty when no CPU was measured.
pub(super) fn cpu(summary: &Summary, width: usize) -> Vec<String> {
    let measured: Vec<(&TargetSummary, f64)> = summary
        .targets
        .iter()
        .filter_map(|target| Some((target, target.cpu_us()?)))
        .collect();
    let most = measured.iter().map(|(_, us)| *us).fold(0.0, f64::max);
    if most == 0.0 {
        return Vec::new();
    }
    let names = name_width(measured.iter().map(|(target, _)| *target));
    let room = (width - names - 10) as f64;
    let mut lines: Vec<String> = measured
        .iter()
        .map(|(target, us)| {
            let bar = stack(target, room / most);
            format!("{:names$}  {bar} {}", target.name, significant(*us))
        })
        .collect();
    let legend: Vec<String> = roles(summary)
        .iter()
        .map(|role| format!("{} {}", glyph(*role), role.name().replace('_', " ")))
        .collect();
    lines.push(legend.join("   "));
    lines
}

/// One bar per target: up to the median full, on to the maximum shaded; empty without revocations.
pub(super) fn lag(summary: &Summary, width: usize) -> Vec<String> {
    let rows: Vec<(&TargetSummary, &RevocationSummary)> = summary
        .targets
        .iter()
        .filter_map(|target| Some((target, worst(target)?)))
        .collect();
    let longest = rows
        .iter()
        .filter_map(|(_, row)| longest(row))
        .fold(0.0, f64::max);
    let names = name_width(rows.iter().map(|(target, _)| *target));
    let words = rows
        .iter()
        .map(|(_, row)| wide(&said(row)))
        .max()
        .unwrap_or(0);
    let room = width.saturating_sub(names + words + 3).max(4) as f64;
    rows.iter()
        .map(|(target, row)| {
            let cells = |ms: f64| (ms / longest * room).round() as usize;
            let max = longest_cells(row, cells);
            let p50 = row.lag_ms.and_then(|lag| lag.p50).map_or(0, cells).min(max);
            let bar = format!("{}{}", "█".repeat(p50), "░".repeat(max - p50));
            let gap = if bar.is_empty() { "" } else { " " };
            format!("{:names$}  {bar}{gap}{}", target.name, said(row))
        })
        .collect()
}

fn longest(row: &RevocationSummary) -> Option<f64> {
    row.lag_ms.and_then(|lag| lag.max).or(row.certain_max_ms)
}

fn longest_cells(row: &RevocationSummary, cells: impl Fn(f64) -> usize) -> usize {
    longest(row).map_or(0, cells)
}

fn said(row: &RevocationSummary) -> String {
    let ttl = row.laboratory_ttl_s().map_or_else(String::new, |ttl| {
        format!(", watched at TTL {}", span(ttl * 1e3))
    });
    match row.lag_ms {
        None => format!(
            "│ never accepted again ({} of {})",
            row.never_accepted_after_ack,
            row.sampled()
        ),
        Some(_) if row.censored > 0 => {
            format!(
                "… still in after {}{ttl}",
                span(row.certain_max_ms.unwrap_or(0.0))
            )
        }
        Some(lag) => format!(
            "p50 {}, max {}{ttl}",
            lag.p50.map_or_else(|| "?".to_owned(), span),
            lag.max.map_or_else(|| "?".to_owned(), span)
        ),
    }
}

fn stack(target: &TargetSummary, cells_per_us: f64) -> String {
    let cpu = target
        .load
        .as_ref()
        .and_then(|load| load.cpu_us_per_request);
    let mut bar = String::new();
    let mut us_so_far = 0.0;
    for (role, us) in cpu.iter().flat_map(|cpu| cpu.by_role()) {
        us_so_far += us;
        // Rounded on the running total, so that the parts add up to the length of the whole.
        let end = (us_so_far * cells_per_us).round() as usize;
        let cells = end.saturating_sub(wide(&bar));
        bar.extend(std::iter::repeat_n(glyph(role), cells));
    }
    bar
}

fn roles(summary: &Summary) -> Vec<Role> {
    let mut roles: Vec<Role> = summary
        .targets
        .iter()
        .filter_map(|target| target.load.as_ref()?.cpu_us_per_request)
        .flat_map(|cpu| cpu.by_role().collect::<Vec<_>>())
        .map(|(role, _)| role)
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn glyph(role: Role) -> char {
    match role {
        Role::Gateway => '■',
        Role::ResourceServer => '█',
        Role::AuthorizationServer => '▓',
        Role::Store => '▒',
        Role::Other => '░',
    }
}

fn name_width<'a>(targets: impl Iterator<Item = &'a TargetSummary>) -> usize {
    targets.map(|target| wide(&target.name)).max().unwrap_or(0)
}

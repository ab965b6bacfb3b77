//! What happens when an event happens to many at once, in two sentences.

use crate::number::{count, significant, span};
use crate::run_file::MassPart;
use crate::summary::mass::{MassOthers, MassSummary};
use crate::summary::{Summary, TargetSummary};

/// When the last is out, the soonest first; and whom it cost most. `None` without such an event.
pub(super) fn mass(summary: &Summary) -> Option<String> {
    let with = summary.targets.iter();
    let with: Vec<(&TargetSummary, &MassSummary)> = with
        .filter_map(|target| Some((target, target.mass.as_ref()?)))
        .collect();
    let (_, first) = with.first()?;
    let mut out: Vec<(&str, f64)> = Vec::new();
    let (mut in_still, mut not_seen) = (Vec::new(), Vec::new());
    for (target, mass) in &with {
        match mass.last_out_after_last_ack_ms.map(|last| last.until) {
            Some(Some(until)) => out.push((&target.name, until)),
            Some(None) if mass.censored > 0 => in_still.push(target.name.as_str()),
            Some(None) => not_seen.push(target.name.as_str()),
            None => {}
        }
    }
    out.sort_by(|one, other| one.1.total_cmp(&other.1));
    let each: Vec<String> = out
        .iter()
        .map(|(target, until)| format!("{} (`{target}`)", span(*until)))
        .collect();
    let of = |names: &[&str], what: &str| match names {
        [] => String::new(),
        names => format!("; with {} {what}", super::list(names)),
    };
    let still = of(&in_still, "some were still in when observation ended")
        + &of(&not_seen, "not everybody was seen to be out");
    let said = (!each.is_empty() || !still.is_empty()).then(|| {
        let within = match each.is_empty() {
            true => String::new(),
            false => format!(
                ", the last of them was out within {} of the last acknowledgement",
                each.join(", ")
            ),
        };
        format!(
            "When `{}` happened to {} accounts in one go{within}{still}.",
            first.event,
            count(first.accounts)
        )
    })?;
    Some(format!("{said}{}", noticed(&with)))
}

/// By the p99 where every target has one, else by the p90: at some the calls were over too soon. Where they were over too soon even for that,
/// it is said of whom nothing is known.
fn noticed(with: &[(&TargetSummary, &MassSummary)]) -> String {
    let p99 = Noticed::by(with, |others| others.p99_ratio);
    let (quantile, noticed) = match p99.untold.is_empty() {
        true => ("p99", p99),
        false => ("p90", Noticed::by(with, |others| others.p90_ratio)),
    };
    let Some((target, ratio)) = noticed.worst else {
        return String::new();
    };
    let untold = match noticed.untold.as_slice() {
        [] => String::new(),
        names => format!(
            "; with {} the calls were over too soon to tell",
            super::list(names)
        ),
    };
    format!(
        " Meanwhile everybody else's {quantile} was at most {} times what it had been before (`{target}`){untold}.",
        significant(ratio)
    )
}

/// How much more the others waited.
struct Noticed<'a> {
    /// Where most, and how many times as long as before.
    worst: Option<(&'a str, f64)>,
    /// Of whom that is not known.
    untold: Vec<&'a str>,
}

impl<'a> Noticed<'a> {
    fn by(with: &[(&'a TargetSummary, &MassSummary)], of: fn(&MassOthers) -> Option<f64>) -> Self {
        let (mut worst, mut untold): (Option<(&str, f64)>, _) = (None, Vec::new());
        for (target, mass) in with {
            let name = target.name.as_str();
            match mass.part(MassPart::During).and_then(of) {
                Some(ratio) if worst.is_some_and(|(_, most)| most >= ratio) => {}
                Some(ratio) => worst = Some((name, ratio)),
                None => untold.push(name),
            }
        }
        Self { worst, untold }
    }
}

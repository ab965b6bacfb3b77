//! Whether one event for many accounts was measured as it was asked for. What the target makes of it is a result.

use super::send_lag::{self, SendLag};
use super::slices::{self, Slice};
use super::{outcomes, rate, store};
use crate::number::{count, percent, significant};
use crate::revocation::Lag;
use crate::run_file::{
    MassMoment, MassPart, MassRecord, MassSlice, MassTarget, Outcomes, RunFile, ScenarioRecord,
};
use crate::validity::{Check, Finding, Verdict};

const EVERYTHING: &str = "response times and lags of the mass event at every target";
/// Fewer probes than this share of those asked for widen the intervals noticeably.
const PROBES_ENOUGH: f64 = 0.9;
/// More than this share of accounts without a sample may hide the last one out.
const UNKNOWN_AT_MOST: f64 = 0.01;

pub(super) fn findings(
    run: &RunFile,
    scenario: &ScenarioRecord,
    record: &MassRecord,
) -> Vec<Finding> {
    let name = format!("the mass event of `{}`", scenario.name);
    let slices = record.targets.iter().flat_map(|target| &target.slices);
    let slices: Vec<Slice<'_>> = slices.map(machine).collect();
    let mut findings = slices::of_machine(&name, &slices, EVERYTHING);
    for target in &record.targets {
        let has_sizes = names_sizes(run, &target.target);
        findings.extend(of_target(target, record, &name, has_sizes));
    }
    findings
}

fn machine(slice: &MassSlice) -> Slice<'_> {
    Slice {
        wall_s: slice.wall_s,
        generator_cpu_ns: slice.generator_cpu_ns,
        steal_share: slice.steal_share,
        canary: &slice.canary,
        clocks: slice.clocks,
    }
}

fn of_target(
    target: &MassTarget,
    record: &MassRecord,
    name: &str,
    has_sizes: bool,
) -> Vec<Finding> {
    let taints = format!("response times of `{}`", target.target);
    let whose = format!("`{}` in {name}", target.target);
    let before = target.slices.iter();
    let before = before.filter(|slice| slice.part == MassPart::Before);
    let mut calm = Outcomes::default();
    before
        .clone()
        .for_each(|slice| calm.merge(&slice.others.outcomes));
    let calmly = format!("{whose}, before it");
    let unsent = before.map(|slice| slice.others.unsent).sum();
    rate::unsent(&calmly, unsent, &taints)
        .into_iter()
        .chain(outcomes::unexpected(&calmly, &calm, &taints))
        .chain(outcomes::infrastructure(&calmly, &calm, &taints))
        .chain(late_sends(target, &whose, &taints))
        .chain(store::losses(&whose, target.counters.iter(), &taints))
        .chain(unacknowledged(target, &whose))
        .chain(unknown(target, &whose))
        .chain(few_probes(target, record, &whose))
        .chain(untold_sizes(target, &whose, has_sizes))
        .collect()
}

/// Each part by itself: the generator may be late in one of them only, and what is shown is each part's own. How long the calls go on is the
/// target's affair, so too few requests beside them to tell are nothing wrong.
fn late_sends(target: &MassTarget, whose: &str, taints: &str) -> Vec<Finding> {
    let of_slice = |slice: &MassSlice| {
        let part = match slice.part {
            MassPart::Before => "before it",
            MassPart::During => "during it",
            MassPart::After => "after it",
        };
        let others = &slice.others;
        let whose = format!("{whose}, {part}");
        let late = send_lag::late_sends(&whose, &others.send_lag, &others.response)?;
        let is_short = slice.part == MassPart::During && matches!(late, SendLag::CannotTell(_));
        (!is_short).then(|| late.finding(Verdict::Invalid, taints))
    };
    target.slices.iter().filter_map(of_slice).collect()
}

/// Whoever was not put out is not measured, and the rest was less than asked for.
fn unacknowledged(target: &MassTarget, whose: &str) -> Option<Finding> {
    let lost = target.calls_refused + target.calls_unknown;
    (lost > 0).then(|| Finding {
        check: Check::MassEvent,
        verdict: Verdict::Degraded,
        what: format!(
            "{} of {} calls were not acknowledged by {whose}",
            count(lost),
            count(target.accounts.len() as u64)
        ),
        taints: format!("how many were out at `{}`, and by when", target.target),
        advice: "look at the log of the target; use fewer calls_at_once".to_owned(),
    })
}

fn unknown(target: &MassTarget, whose: &str) -> Option<Finding> {
    let accounts = &target.accounts;
    let acknowledged = |nth: &usize| matches!(accounts.acknowledged_ns.get(*nth), Some(Some(_)));
    let nobody_knows = |nth: &usize| accounts.lag(*nth) == Lag::Unknown;
    let unknown = (0..accounts.len())
        .filter(acknowledged)
        .filter(nobody_knows)
        .count();
    let share = unknown as f64 / accounts.len().max(1) as f64;
    (share > UNKNOWN_AT_MOST).then(|| Finding {
        check: Check::MassEvent,
        verdict: Verdict::Degraded,
        what: format!(
            "{} of the credentials of {whose} gave no sample: they were not seen to be accepted just before their call, or not asked about after it",
            percent(share)
        ),
        taints: format!("when the last one was out at `{}`", target.target),
        advice: "let credentials live longer than logging in and the event take, or send more probes".to_owned(),
    })
}

fn few_probes(target: &MassTarget, record: &MassRecord, whose: &str) -> Option<Finding> {
    let per_s = |slice: &MassSlice| slice.probes as f64 / slice.wall_s.max(f64::MIN_POSITIVE);
    let fewest = target.slices.iter().map(per_s).min_by(f64::total_cmp)?;
    (fewest < record.probes_per_s * PROBES_ENOUGH).then(|| Finding {
        check: Check::MassEvent,
        verdict: Verdict::Degraded,
        what: format!(
            "{whose} answered as few as {} of {} probes per second",
            significant(fewest),
            significant(record.probes_per_s)
        ),
        taints: format!(
            "the resolution of the lags of `{}`: intervals are wider",
            target.target
        ),
        advice: "ask for fewer probes_per_s, or use more probe_connections".to_owned(),
    })
}

fn untold_sizes(target: &MassTarget, whose: &str, has_sizes: bool) -> Option<Finding> {
    const LOOKS: [MassMoment; 4] = [
        MassMoment::Start,
        MassMoment::LoggedIn,
        MassMoment::Ended,
        MassMoment::Settled,
    ];
    let is_told = |moment: &&MassMoment| target.sizes.iter().any(|at| at.moment == **moment);
    let told = LOOKS.iter().filter(is_told).count();
    (has_sizes && told < LOOKS.len()).then(|| Finding {
        check: Check::MassEvent,
        verdict: Verdict::Degraded,
        what: format!(
            "{whose} told the sizes that its file names at {told} of {} moments",
            LOOKS.len()
        ),
        taints: format!("what is kept at `{}`", target.target),
        advice: "see that counters.url answers, and that the metrics of sizes are in it".to_owned(),
    })
}

fn names_sizes(run: &RunFile, target: &str) -> bool {
    let file = run.targets.iter().find(|record| record.name == target);
    let processes = file.and_then(|record| record.file.get("process")?.as_array());
    let mut processes = processes.into_iter().flatten();
    processes.any(|process| process.get("sizes").is_some())
}

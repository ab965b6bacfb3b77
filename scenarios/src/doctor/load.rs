//! What else uses the processors, from two looks at `/proc`.

use crate::accounting::idle::WAITING;
use authbench_reports::doctor::{BusyProcess, OtherLoad};
use std::collections::BTreeMap;
use std::fs;

/// Processes that used less than this share of one processor are not worth a name.
const WORTH_A_NAME: f64 = 0.05;
/// How many are named.
const NAMED: usize = 3;

/// Ticks used so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    machine: Ticks,
    processors: u64,
    /// By process id: name and ticks.
    processes: BTreeMap<u32, (String, u64)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ticks {
    total: u64,
    /// Neither idle nor stolen.
    busy: u64,
}

impl Snapshot {
    /// Of now; `None` where the kernel does not tell.
    pub(super) fn now() -> Option<Self> {
        let (machine, processors) = machine(&fs::read_to_string("/proc/stat").ok()?)?;
        let entries = fs::read_dir("/proc").ok()?;
        let processes = entries.filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            Some((pid, process(&stat)?))
        });
        Some(Self {
            machine,
            processors,
            processes: processes.collect(),
        })
    }

    /// What others used since `earlier`; `None` when no tick has passed.
    pub(super) fn since(&self, earlier: &Self) -> Option<OtherLoad> {
        self.others_since(earlier, std::process::id(), load_average())
    }

    fn others_since(
        &self,
        earlier: &Self,
        own: u32,
        load_average: Option<f64>,
    ) -> Option<OtherLoad> {
        let total = self
            .machine
            .total
            .checked_sub(earlier.machine.total)
            .filter(|total| *total > 0)?;
        let used = |pid: &u32| {
            let (name, now) = self.processes.get(pid)?;
            // A process that is new since then began at nothing; another with the same number began at less.
            let before = earlier.processes.get(pid).map_or(0, |(_, ticks)| *ticks);
            Some((name, now.saturating_sub(before)))
        };
        let waits = |pid: &&u32| {
            let process = self.processes.get(pid);
            process.is_some_and(|(name, _)| name.as_bytes() == WAITING.to_bytes())
        };
        let waiting: Vec<u32> = self.processes.keys().filter(waits).copied().collect();
        let ours = waiting.iter().chain([&own]).filter_map(used);
        let ours: u64 = ours.map(|(_, ticks)| ticks).sum();
        let busy = self.machine.busy.saturating_sub(earlier.machine.busy);
        let one = total as f64 / self.processors.max(1) as f64;
        let mut busiest: Vec<BusyProcess> = self
            .processes
            .keys()
            .filter(|pid| **pid != own && !waiting.contains(pid))
            .filter_map(used)
            .map(|(name, ticks)| BusyProcess {
                name: name.clone(),
                share_of_one: ticks as f64 / one,
            })
            .filter(|process| process.share_of_one >= WORTH_A_NAME)
            .collect();
        busiest.sort_by(|left, right| right.share_of_one.total_cmp(&left.share_of_one));
        busiest.truncate(NAMED);
        Some(OtherLoad {
            busy_share: busy.saturating_sub(ours) as f64 / total as f64,
            load_average,
            busiest,
        })
    }
}

/// The `cpu` line (user nice system idle iowait irq softirq steal; guest time is part of user) and how many `cpuN` lines follow.
fn machine(stat: &str) -> Option<(Ticks, u64)> {
    let fields = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = fields
        .split_whitespace()
        .take(8)
        .map_while(|field| field.parse().ok())
        .collect();
    let total: u64 = ticks.iter().sum();
    let (idle, waiting) = (*ticks.get(3)?, *ticks.get(4)?);
    let stolen = ticks.get(7).copied().unwrap_or(0);
    let numbered = |line: &&str| {
        let number = line
            .strip_prefix("cpu")
            .and_then(|rest| rest.chars().next());
        number.is_some_and(|digit| digit.is_ascii_digit())
    };
    let ticks = Ticks {
        total,
        busy: total - idle - waiting - stolen,
    };
    Some((ticks, stat.lines().filter(numbered).count() as u64))
}

/// Name and ticks (user and system) of one `/proc/PID/stat`. The name stands in parentheses and may hold some itself.
fn process(stat: &str) -> Option<(String, u64)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    // The state follows the name; user and system ticks are the 12th and 13th after it.
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some((name.to_owned(), ticks(11)? + ticks(12)?))
}

fn load_average() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 0 50 800 10 0 5 20 7 0\ncpu0 50 0 25 400 5 0 3 10\ncpu1 50 0 25 400 5 0 2 10\nctxt 1\n";

    #[test]
    fn busy_is_what_is_neither_idle_nor_stolen() {
        let ticks = Ticks {
            total: 985,
            busy: 155,
        };
        assert_eq!(machine(STAT), Some((ticks, 2)));
        assert_eq!(machine("intr 1\n"), None);
    }

    #[test]
    fn names_may_hold_parentheses() {
        let stat = "42 (a) (b) R 1 42 42 0 -1 0 0 0 0 0 30 12 0 0 20 0 1 0 5";
        assert_eq!(process(stat), Some(("a) (b".to_owned(), 42)));
        assert_eq!(process("42 nothing"), None);
    }

    fn snapshot(total: u64, busy: u64, processes: &[(u32, u64)]) -> Snapshot {
        let named = |(pid, ticks): &(u32, u64)| (*pid, (format!("p{pid}"), *ticks));
        Snapshot {
            machine: Ticks { total, busy },
            processors: 2,
            processes: processes.iter().map(named).collect(),
        }
    }

    #[test]
    fn what_this_process_does_is_not_other_load() {
        let before = snapshot(1000, 500, &[(1, 100), (2, 50), (3, 7)]);
        let after = snapshot(1200, 600, &[(1, 140), (2, 90), (3, 8), (9, 20)]);
        let seen = after
            .others_since(&before, 1, Some(0.5))
            .expect("ticks passed");
        // 100 ticks were busy, 40 of them ours; one processor had 100.
        assert!((seen.busy_share - 0.3).abs() < 1e-9, "{seen:?}");
        let named: Vec<(&str, f64)> = seen
            .busiest
            .iter()
            .map(|process| (process.name.as_str(), process.share_of_one))
            .collect();
        assert_eq!(named, [("p2", 0.4), ("p9", 0.2)]);
        assert_eq!(after.others_since(&after, 1, None), None);
    }

    /// Other runs' too: a processor that is kept from halting is free.
    #[test]
    fn what_waits_on_a_processor_is_no_load() {
        let name = || WAITING.to_string_lossy().into_owned();
        let named = |ticks| BTreeMap::from([(7, (name(), ticks))]);
        let looks = |busy, ticks| Snapshot {
            processes: named(ticks),
            ..snapshot(1000 + busy, busy, &[])
        };
        let seen = looks(95, 90).others_since(&looks(0, 0), 1, None);
        let seen = seen.expect("ticks passed");
        assert!(seen.busiest.is_empty(), "{seen:?}");
        assert!((seen.busy_share - 5.0 / 95.0).abs() < 1e-9, "{seen:?}");
    }
}

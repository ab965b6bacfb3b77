//! CPU time and memory of a process and of everything it has started: a server that forks workers works in them.
//!
//! A living process is read from its CPU clock, to the nanosecond. What a descendant had used when it ended is in its parent's account of
//! children waited for, in ticks of 10 ms; a process without any has none, and its figure stays exact.

use super::cpu::{process_cpu_ns, resident_bytes};
use nix::errno::Errno;
use nix::unistd::{SysconfVar, sysconf};
use std::fs;

/// How often a tree that changes under the reader's eyes is read again.
const LOOKS: usize = 3;

/// CPU time that process `pid` and its descendants have used, in nanoseconds, those included that have ended and were waited for.
///
/// # Errors
/// `ESRCH` when there is no process `pid`.
pub fn tree_cpu_ns(pid: u32) -> Result<u64, Errno> {
    let mut used = 0;
    for _ in 0..LOOKS {
        let below = descendants(pid);
        used = cpu_ns_of(pid, &below)?;
        if descendants(pid) == below {
            break;
        }
        // One that began or ended meanwhile may be missing, or stand in its own figure and in its parent's.
    }
    Ok(used)
}

/// Children before parents: what has ended in between then stands in the account of whoever waited for it.
fn cpu_ns_of(pid: u32, below: &[u32]) -> Result<u64, Errno> {
    let used = |pid| Some(process_cpu_ns(pid).ok()? + waited_for_ns(pid));
    let below: u64 = below.iter().rev().copied().filter_map(used).sum();
    Ok(below + process_cpu_ns(pid)? + waited_for_ns(pid))
}

/// Resident memory of process `pid` and its descendants in bytes; what they share counts in each. `None` where the kernel does not say.
#[must_use]
pub fn tree_resident_bytes(pid: u32) -> Option<u64> {
    let below: u64 = descendants(pid)
        .into_iter()
        .filter_map(resident_bytes)
        .sum();
    Some(resident_bytes(pid)? + below)
}

/// Every process below `pid`.
fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children(pid);
    let mut looked_at = 0;
    while let Some(next) = found.get(looked_at).copied() {
        looked_at += 1;
        for child in children(next) {
            // A process that is adopted while we look could be met twice.
            if !found.contains(&child) {
                found.push(child);
            }
        }
    }
    found
}

/// The kernel lists them by the thread that created them (`CONFIG_PROC_CHILDREN`, which distributions set).
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| numbers(&list)).collect()
}

fn numbers(list: &str) -> Vec<u32> {
    list.split_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect()
}

/// CPU time of children that have ended and were waited for, in nanoseconds.
fn waited_for_ns(pid: u32) -> u64 {
    let ticks = fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| waited_for_ticks(&stat));
    let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten();
    match (ticks, per_second) {
        (Some(ticks), Some(per_second @ 1..)) => ticks * (1_000_000_000 / per_second as u64),
        _ => 0,
    }
}

/// `cutime` and `cstime`, fields 16 and 17; the name in parentheses may hold anything (proc_pid_stat(5)).
fn waited_for_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(13);
    let (user, system): (i64, i64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    u64::try_from(user + system).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    /// A shell running `script`, once it has printed a line.
    fn shell(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        child
    }

    fn end(mut child: Child) {
        drop(child.stdin.take());
        child.wait().expect("ends");
    }

    /// Some hundredths of a second of work.
    const SPIN: &str = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";

    #[test]
    fn one_process_is_its_own_clock() {
        let child = shell("echo ready; read line");
        let before = process_cpu_ns(child.id()).expect("is alive");
        let tree = tree_cpu_ns(child.id()).expect("is alive");
        let after = process_cpu_ns(child.id()).expect("is alive");
        assert!((before..=after).contains(&tree), "{before} {tree} {after}");
        assert_eq!(descendants(child.id()), [] as [u32; 0]);
        end(child);
    }

    #[test]
    fn what_a_worker_uses_counts_while_it_lives() {
        let child = shell(&format!("({SPIN}; echo ready; read line) <&0 & wait"));
        let own = process_cpu_ns(child.id()).expect("is alive");
        let tree = tree_cpu_ns(child.id()).expect("is alive");
        assert!(tree > 2 * own, "{tree} of a worker and {own} of its parent");
        let memory = tree_resident_bytes(child.id());
        assert!(memory > resident_bytes(child.id()), "{memory:?}");
        end(child);
    }

    #[test]
    fn and_when_it_has_ended() {
        let child = shell(&format!("({SPIN}; {SPIN}); echo ready; read line"));
        let own = process_cpu_ns(child.id()).expect("is alive");
        let tree = tree_cpu_ns(child.id()).expect("is alive");
        assert!(tree > 2 * own, "{tree} of a worker and {own} of its parent");
        end(child);
    }

    #[test]
    fn a_name_may_look_like_fields() {
        let stat = "7 (a) b 1 2) S 1 7 7 0 -1 4194560 1 2 0 0 5 6 30 12 20 0 1 0";
        assert_eq!(waited_for_ticks(stat), Some(42));
        assert_eq!(waited_for_ticks("7 (x) S 1"), None);
    }
}

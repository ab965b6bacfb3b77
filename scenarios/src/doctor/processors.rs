//! What the processors are and who governs them, as the kernel tells.

use std::collections::BTreeSet;
use std::fs;

/// Processors that are online; `None` where the kernel does not tell.
pub(super) fn online() -> Option<usize> {
    count(&fs::read_to_string("/sys/devices/system/cpu/online").ok()?)
}

/// How many processors a list like `0-3,8` names.
fn count(list: &str) -> Option<usize> {
    let ranges = list.trim().split(',').map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        last.checked_sub(first).map(|more| more + 1)
    });
    ranges.sum()
}

/// The frequency governors of `processors`, each named once; empty where they are not visible, as in most virtual machines.
pub(super) fn governors(processors: &[usize]) -> Vec<String> {
    let read = |processor: &usize| {
        let path = format!("/sys/devices/system/cpu/cpu{processor}/cpufreq/scaling_governor");
        fs::read_to_string(path).ok()
    };
    let named: BTreeSet<String> = processors
        .iter()
        .filter_map(read)
        .map(|governor| governor.trim().to_owned())
        .collect();
    named.into_iter().collect()
}

/// The clock that `clock_gettime` reads.
pub(super) fn clock_source() -> Option<String> {
    const PATH: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    Some(fs::read_to_string(PATH).ok()?.trim().to_owned())
}

/// What this machine runs in, as far as it says; `None` when nothing speaks for a virtual machine.
pub(super) fn hypervisor() -> Option<String> {
    let read = |name| fs::read_to_string(format!("/sys/class/dmi/id/{name}")).ok();
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    named_hypervisor(&cpuinfo, read("sys_vendor"), read("product_name"))
}

/// Processors in a virtual machine have a flag that says so; the firmware names who made the machine.
fn named_hypervisor(
    cpuinfo: &str,
    vendor: Option<String>,
    product: Option<String>,
) -> Option<String> {
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags"))?;
    if !flags.split_whitespace().any(|flag| flag == "hypervisor") {
        return None;
    }
    let named: Vec<String> = [vendor, product]
        .into_iter()
        .flatten()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    Some(match named.as_slice() {
        [] => "unnamed".to_owned(),
        named => named.join(" "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors_are_counted() {
        assert_eq!(count("0-3\n"), Some(4));
        assert_eq!(count("0,2-3,8"), Some(4));
        assert_eq!(count("3-0"), None);
        assert_eq!(count(""), None);
    }

    #[test]
    fn a_virtual_machine_says_so_in_its_flags() {
        let (real, guest) = ("flags\t: fpu tsc\n", "flags\t: fpu hypervisor tsc\n");
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(named_hypervisor(real, text("QEMU\n"), None), None);
        assert_eq!(
            named_hypervisor(guest, text("QEMU\n"), text("Standard PC\n")),
            text("QEMU Standard PC")
        );
        assert_eq!(named_hypervisor(guest, None, text(" \n")), text("unnamed"));
        assert_eq!(named_hypervisor("", None, None), None);
    }
}

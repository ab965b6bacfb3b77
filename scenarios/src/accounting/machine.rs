//! The machine a run was measured on, as it stands in the run file.

use std::fs;

/// Kernel name and release, e.g. `Linux 6.1.0`.
#[must_use]
pub fn kernel() -> String {
    let name = nix::sys::utsname::uname();
    name.map_or_else(
        |_| std::env::consts::OS.to_owned(),
        |name| {
            format!(
                "{} {}",
                name.sysname().to_string_lossy(),
                name.release().to_string_lossy()
            )
        },
    )
}

/// The processor's model as the kernel names it; the architecture where it does not.
#[must_use]
pub fn cpu_model() -> String {
    let named = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| model_name(&text));
    named.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn model_name(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Total memory in bytes; 0 where the kernel does not say.
#[must_use]
pub fn memory_bytes() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let number = kilobytes.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0) * 1024
}

/// Processors that this process may run on, in order.
#[must_use]
pub fn allowed_cpus() -> Vec<usize> {
    #[cfg(target_os = "linux")]
    {
        use nix::sched::{CpuSet, sched_getaffinity};
        if let Ok(set) = sched_getaffinity(nix::unistd::Pid::from_raw(0)) {
            return (0..CpuSet::count())
                .filter(|cpu| set.is_set(*cpu).unwrap_or(false))
                .collect();
        }
    }
    Vec::new()
}

/// Keeps the calling thread, and every thread it starts from now on, on `cpus`.
///
/// # Errors
/// When the kernel refuses, e.g. because none of `cpus` is allowed.
#[cfg(target_os = "linux")]
pub fn pin_to(cpus: &[usize]) -> nix::Result<()> {
    let mut set = nix::sched::CpuSet::new();
    for cpu in cpus {
        set.set(*cpu)?;
    }
    nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_name_is_read_whole() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz: rev 2\n";
        assert_eq!(
            model_name(text).as_deref(),
            Some("Some CPU @ 2.00GHz: rev 2")
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pinned_thread_may_run_nowhere_else() {
        let allowed = allowed_cpus();
        let first = allowed[0];
        let pinned = std::thread::spawn(move || {
            pin_to(&[first]).expect("an allowed processor");
            allowed_cpus()
        });
        assert_eq!(pinned.join().expect("ends"), [first]);
    }
}

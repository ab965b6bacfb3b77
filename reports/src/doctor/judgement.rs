//! What each thing that was seen means for measuring here: facts in this file, figures in the one beneath it.

mod figures;

use super::{Examination, Fitness, Line, Program, Subject};
use crate::number::count;
use Fitness::{Fit, FitWithReservations, Unfit};

/// One for the generator and some for every target.
const PROCESSORS: [usize; 2] = [4, 2];
/// What is comfortable, and what `capacity` and `sweep` need: they keep 64 connections to each of five targets, 320 in all, and
/// stores, logs and the pipes of their processes come on top.
const OPEN_FILES: [u64; 2] = [1024, 512];
/// Clock sources that are read without a system call or a slow device.
const FAST_CLOCKS: [&str; 5] = [
    "tsc",
    "kvm-clock",
    "hyperv_clocksource_tsc_page",
    "arch_sys_counter",
    "xen",
];

/// One for each subject.
pub(super) fn lines(seen: &Examination) -> Vec<Line> {
    vec![
        build(seen),
        processors(seen),
        governor(seen),
        idle(seen),
        virtualisation(seen),
        figures::steal(seen),
        clock_source(seen),
        figures::other_load(seen),
        open_files(seen),
        figures::timer(seen),
        figures::canary(seen),
        figures::loopback(seen),
        figures::noise_floor(seen),
        stores(seen),
        tools(seen),
    ]
}

fn line(subject: Subject, fitness: Fitness, seen: String, advice: &str) -> Line {
    Line {
        subject,
        fitness,
        seen,
        advice: (fitness != Fit).then(|| advice.to_owned()),
    }
}

/// What could not be seen and stands in the way of nothing is said all the same.
fn not_visible(subject: Subject, why: &str) -> Line {
    line(subject, Fit, why.to_owned(), "")
}

/// Worse the larger: above the first limit a reservation, above the second unfit.
fn too_large(value: f64, [reservation, unfit]: [f64; 2]) -> Fitness {
    match value {
        _ if value > unfit => Unfit,
        _ if value > reservation => FitWithReservations,
        _ => Fit,
    }
}

/// Worse the smaller: below the first limit a reservation, below the second unfit.
fn too_small(value: f64, [reservation, unfit]: [f64; 2]) -> Fitness {
    too_large(-value, [-reservation, -unfit])
}

fn build(seen: &Examination) -> Line {
    let fitness = match seen.build.as_str() {
        "release" => Fit,
        _ => FitWithReservations,
    };
    let said = format!("authbench {}, {} build", seen.authbench_version, seen.build);
    line(
        Subject::Build,
        fitness,
        said,
        "measure with an optimised build: `cargo run --release -- …`",
    )
}

fn processors(seen: &Examination) -> Line {
    let allowed = seen.processors_allowed.len();
    let numbers: Vec<String> = seen
        .processors_allowed
        .iter()
        .map(usize::to_string)
        .collect();
    let online = seen.processors_online.filter(|online| *online != allowed);
    let online = online.map_or_else(String::new, |online| format!(" of {online} online"));
    line(
        Subject::Processors,
        too_small(allowed as f64, PROCESSORS.map(|limit| limit as f64)),
        format!(
            "{allowed}{online} may be used ({}): {}",
            numbers.join(", "),
            seen.cpu
        ),
        "with one, generator and targets compete; with two, the targets share one and queue behind each other, so quote ratios and CPU: take a machine with four or more, or allow more (taskset, cpuset of the container)",
    )
}

fn governor(seen: &Examination) -> Line {
    if seen.governors.is_empty() {
        return not_visible(
            Subject::Governor,
            "not visible (usual in virtual machines): only the canary shows changes of speed",
        );
    }
    let steady = seen
        .governors
        .iter()
        .all(|governor| governor == "performance");
    line(
        Subject::Governor,
        if steady { Fit } else { FitWithReservations },
        seen.governors.join(", "),
        "keep the clock frequency from following the load: `cpupower frequency-set -g performance`",
    )
}

fn idle(seen: &Examination) -> Line {
    let (fitness, said) = match seen.kept_awake {
        true => (
            Fit,
            "processors can be kept awake, and are while something is measured",
        ),
        false => (
            FitWithReservations,
            "processors halt when they have nothing to do, and cannot be kept from it",
        ),
    };
    line(
        Subject::Idle,
        fitness,
        said.to_owned(),
        "waking up stands in every latency, tenths of a millisecond at low rates: run as root, or allow this user to write /dev/cpu_dma_latency",
    )
}

fn virtualisation(seen: &Examination) -> Line {
    let said = seen.hypervisor.as_ref().map_or_else(
        || "none seen".to_owned(),
        |hypervisor| format!("a virtual machine ({hypervisor}): its neighbours show as steal and in the canary, if at all"),
    );
    line(Subject::Virtualisation, Fit, said, "")
}

fn clock_source(seen: &Examination) -> Line {
    let Some(source) = &seen.clock_source else {
        return not_visible(Subject::ClockSource, "the kernel does not tell");
    };
    let fast = FAST_CLOCKS.contains(&source.as_str());
    line(
        Subject::ClockSource,
        if fast { Fit } else { FitWithReservations },
        source.clone(),
        "each look at this clock may take microseconds, several times per request; see why the kernel rejected the time stamp counter (`dmesg | grep -i tsc`)",
    )
}

fn open_files(seen: &Examination) -> Line {
    seen.open_files.map_or_else(
        || not_visible(Subject::OpenFiles, "the limit is not visible"),
        |limit| {
            line(
                Subject::OpenFiles,
                too_small(limit.soft as f64, OPEN_FILES.map(|limit| limit as f64)),
                format!(
                    "{} (may be raised to {})",
                    count(limit.soft),
                    count(limit.hard)
                ),
                "capacity and sweep keep 320 connections open, each of them a file: raise the limit, `ulimit -n 4096`",
            )
        },
    )
}

fn stores(seen: &Examination) -> Line {
    let fitness = if seen.stores.is_empty() {
        FitWithReservations
    } else {
        Fit
    };
    line(
        Subject::Stores,
        fitness,
        listed(&seen.stores),
        "without one, runs use the embedded store, which is not Redis: install redis-server or valkey-server, or give --store-url",
    )
}

fn tools(seen: &Examination) -> Line {
    line(Subject::Tools, Fit, listed(&seen.tools), "")
}

fn listed(programs: &[Program]) -> String {
    let named: Vec<String> = programs
        .iter()
        .map(|program| match &program.version {
            Some(version) => format!("{} {version}", program.name),
            None => format!("{} (of unknown version)", program.name),
        })
        .collect();
    match named.as_slice() {
        [] => "none found on PATH".to_owned(),
        some => some.join(", "),
    }
}

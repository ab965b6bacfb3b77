//! What was measured of a machine. The limits are those of the validity checks, where there is one.

use super::{line, not_visible, too_large, too_small};
use crate::doctor::noise::{deviation, smallest_visible};
use crate::doctor::{Examination, Fitness, Line, Subject};
use crate::number::{count, exact, percent, significant};
use Fitness::{FitWithReservations, Unfit};

/// Hypervisor's share: up to 2 % a machine counts as quiet, from 10 % on no latency is the targets' own.
const STEAL: [f64; 2] = [0.02, 0.1];
/// Share of the whole machine that others may use.
const OTHERS: [f64; 2] = [0.05, 0.4];
/// Above the first limit a send lag is held against a run.
const TIMER_P99_US: [f64; 2] = [200.0, 1000.0];
/// Coefficient of variation, and slowest ÷ fastest.
const CANARY_CV: f64 = 0.05;
const CANARY_RATIO: f64 = 2.0;
/// The built-in scenarios ask for 2,000/s over all targets: a fifth of the first leaves room for what checks cost, half of the second does not.
const LOOPBACK_PER_S: [f64; 2] = [10_000.0, 4_000.0];
/// The smallest difference in CPU per request and in the median that twelve short rounds would see. The p90 is always worse.
const VISIBLE: [f64; 2] = [0.1, 0.5];

pub(super) fn steal(seen: &Examination) -> Line {
    seen.steal_share.map_or_else(
        || {
            line(
                Subject::Steal,
                FitWithReservations,
                "the kernel does not tell".to_owned(),
                "time given to other machines would pass for the targets' own: rely on it only where there are no neighbours",
            )
        },
        |share| {
            line(
                Subject::Steal,
                too_large(share, STEAL),
                format!("{} of the processor time", percent(share)),
                "the hypervisor gives processor time to others: measure at another hour, or on dedicated processors",
            )
        },
    )
}

pub(super) fn other_load(seen: &Examination) -> Line {
    let Some(load) = &seen.other_load else {
        return not_visible(Subject::OtherLoad, "the kernel does not tell");
    };
    let busiest: Vec<String> = load
        .busiest
        .iter()
        .map(|process| format!("{} {}", process.name, percent(process.share_of_one)))
        .collect();
    let busiest = match busiest.as_slice() {
        [] => String::new(),
        some => format!("; of one processor: {}", some.join(", ")),
    };
    let average = load.load_average.map_or_else(String::new, |average| {
        format!(", load average {}", exact(average))
    });
    line(
        Subject::OtherLoad,
        too_large(load.busy_share, OTHERS),
        format!(
            "others used {} of all processors{average}{busiest}",
            percent(load.busy_share)
        ),
        "stop what else runs here before measuring",
    )
}

pub(super) fn timer(seen: &Examination) -> Line {
    seen.timer.map_or_else(
        || {
            line(
                Subject::Timer,
                Unfit,
                "no timer could be set".to_owned(),
                "no request can be sent when it is due: see whether a sandbox forbids `timerfd_create`",
            )
        },
        |late| {
            line(
                Subject::Timer,
                too_large(late.p99_us, TIMER_P99_US),
                format!(
                    "wakes {} µs late (p50), {} (p99), {} at most, of {} wake-ups",
                    significant(late.p50_us),
                    significant(late.p99_us),
                    significant(late.max_us),
                    count(late.n)
                ),
                "requests would be sent late, and runs call themselves invalid: stop what else runs here, or see whether the processor sleeps too deep (`cpupower idle-info`)",
            )
        },
    )
}

pub(super) fn canary(seen: &Examination) -> Line {
    let us: Vec<f64> = seen
        .canary
        .iter()
        .map(|reading| reading.median_ns as f64 / 1e3)
        .collect();
    let fastest = us.iter().copied().fold(f64::INFINITY, f64::min);
    let slowest = us.iter().copied().fold(0.0, f64::max);
    let Some(deviation) = deviation(&us) else {
        return line(
            Subject::Canary,
            FitWithReservations,
            "too few readings".to_owned(),
            "changes of the processor's speed would pass unnoticed: examine the machine again",
        );
    };
    let cv = deviation / (us.iter().sum::<f64>() / us.len() as f64);
    let fitness = match slowest > fastest * CANARY_RATIO {
        true => Unfit,
        false => too_large(cv, [CANARY_CV, f64::INFINITY]),
    };
    line(
        Subject::Canary,
        fitness,
        format!(
            "the same work took {} to {} µs (coefficient of variation {})",
            significant(fastest),
            significant(slowest),
            percent(cv)
        ),
        "the processor's speed changes: another load, its sibling thread, or its clock frequency",
    )
}

pub(super) fn loopback(seen: &Examination) -> Line {
    let loopback = seen.loopback;
    let per_s = loopback.answered as f64 / loopback.seconds;
    let cpu_us = loopback.generator_cpu_ns as f64 / 1e3 / loopback.answered.max(1) as f64;
    let fitness = match loopback.failed {
        0 => too_small(per_s, LOOPBACK_PER_S),
        _ => Unfit,
    };
    let failed = match loopback.failed {
        0 => String::new(),
        failed => format!(", and {} requests failed", count(failed)),
    };
    line(
        Subject::Loopback,
        fitness,
        format!(
            "{} requests/s on {} connections, {} µs of the generator's CPU each{failed}",
            significant(per_s),
            loopback.connections,
            significant(cpu_us)
        ),
        "the built-in scenarios ask for 2,000/s: use an optimised build, a faster machine, or a scenario with a lower rate",
    )
}

pub(super) fn noise_floor(seen: &Examination) -> Line {
    let ratios = &seen.noise_floor.log_ratios;
    let figures = [
        ("p50", &ratios.p50),
        ("p90", &ratios.p90),
        ("CPU", &ratios.cpu),
    ];
    let each = |of: fn(&[f64]) -> Option<f64>| -> Vec<String> {
        let named = figures
            .iter()
            .filter_map(|(name, values)| Some(format!("{name} {}", percent(of(values)?))));
        named.collect()
    };
    let (differ, visible) = (each(deviation), each(smallest_visible));
    let worst = smallest_visible(&ratios.cpu).zip(smallest_visible(&ratios.p50));
    let Some((cpu, p50)) = worst.filter(|_| visible.len() == figures.len()) else {
        return line(
            Subject::NoiseFloor,
            FitWithReservations,
            "two identical targets gave too little to compare".to_owned(),
            "see whether the loopback works at all",
        );
    };
    line(
        Subject::NoiseFloor,
        too_large(cpu.max(p50), VISIBLE),
        format!(
            "in rounds of {} s, two identical targets differed by {} (standard deviation); {} such rounds would show differences from {} on",
            exact(seen.noise_floor.round_s),
            differ.join(", "),
            ratios.cpu.len(),
            visible.join(", ")
        ),
        "small differences drown here: stop what else runs, or use longer and more rounds",
    )
}

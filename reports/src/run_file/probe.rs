//! One target alone under one rate for a moment, held against a service level objective.

use super::{Canary, Clocks, Counters, Outcomes, ProcessUse};
use crate::histogram::Histogram;
use crate::number::rounded;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The quantile that a latency objective is about.
const JUDGED: f64 = 0.99;
/// A 0.99 of shares that are themselves quotients of whole numbers.
const DUST: f64 = 1e-9;

/// A service level objective: what has to be true of a rate for it to count as held.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// At least 99 % of the requests are answered within this many milliseconds of their intended start.
    pub p99_ms: f64,
    /// At most this share (0 to 1) of the requests ends in another way than the scenario expects.
    pub unexpected: f64,
    /// At least this share (0 to 1) of the rate asked is achieved.
    pub achieved: f64,
}

/// A part of an objective that a probe did not meet.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// Too many requests took longer than [`Slo::p99_ms`].
    P99,
    /// Too many did not end as expected.
    Unexpected,
    /// Too few were answered, or too late.
    Achieved,
}

/// One target under one rate, nothing asked of the others.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Rate asked.
    pub rate_per_s: f64,
    /// First intended start to the end of the schedule.
    pub scheduled_s: f64,
    /// First intended start to the last answer: what CPU is counted over, and more than what the load lasted where one answer hung.
    pub wall_s: f64,
    /// Intended starts.
    pub intended: u64,
    /// Intended starts not sent before the drain limit.
    pub unsent: u64,
    /// How the sent requests ended.
    pub outcomes: Outcomes,
    /// Done − intended start.
    pub response: Histogram,
    /// The generator's own delay.
    pub send_lag: Histogram,
    /// CPU time of the generator over `wall_s`.
    pub generator_cpu_ns: u64,
    /// Share (0 to 1) of all processors' time that the hypervisor took; absent where the kernel does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steal_share: Option<f64>,
    /// The same work on the generator's processor, just before the probe and just after it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub canary: Vec<Canary>,
    /// What the clocks did during the probe; absent where they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clocks: Option<Clocks>,
    /// Connections that had to be made again during the probe, because the target had closed or broken them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reconnects: Option<u64>,
    /// What the target's processes counted during the probe; absent when it declares no counters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counters: Option<Counters>,
    /// What each of the target's processes used.
    pub processes: Vec<ProcessUse>,
    /// CPU time of the processes of all other targets meanwhile: they are meant to be idle.
    pub others_cpu_ns: u64,
    /// What was read from the above to judge it.
    pub figures: ProbeFigures,
    /// What of the objective was not met; empty: the rate was held.
    pub unmet: Vec<Unmet>,
}

/// The figures by which a probe was judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeFigures {
    /// Whole answers per second, over the schedule and whatever the p99 lies beyond the objective's. The grace of a round, half a
    /// second, would hide half of an overload that lasts a second.
    pub achieved_per_s: f64,
    /// Median response time in milliseconds; absent with too few samples.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p50_ms: Option<f64>,
    /// 99th percentile of the response time; absent with too few samples.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p99_ms: Option<f64>,
    /// 99th percentile of the generator's own delay; absent with too few samples.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub send_lag_p99_ms: Option<f64>,
    /// Processors' worth of CPU that the generator used while the load lasted: it has one thread, so 1 is all it can.
    pub generator_cores: f64,
    /// Processors' worth of CPU that the target's processes used together.
    pub target_cores: f64,
}

impl Unmet {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::P99 => "response time",
            Self::Unexpected => "unexpected answers",
            Self::Achieved => "rate",
        }
    }
}

impl Slo {
    /// Reads the figures off `probe` and holds them against this objective.
    #[must_use]
    pub fn judge(&self, mut probe: Probe) -> Probe {
        probe.figures = self.figures(&probe);
        probe.unmet = self.unmet(&probe);
        probe
    }

    fn figures(&self, probe: &Probe) -> ProbeFigures {
        let late_s = (probe.p99_ms() - self.p99_ms).max(0.0) / 1e3;
        let target_ns: u64 = probe.processes.iter().map(|process| process.cpu_ns).sum();
        ProbeFigures {
            achieved_per_s: rounded(
                probe.outcomes.answered() as f64 / (probe.scheduled_s + late_s),
            ),
            p50_ms: probe.response.quantile_ms(0.5).map(rounded),
            p99_ms: probe.response.quantile_ms(JUDGED).map(rounded),
            send_lag_p99_ms: probe.send_lag.quantile_ms(JUDGED).map(rounded),
            generator_cores: rounded(probe.cores(probe.generator_cpu_ns)),
            target_cores: rounded(probe.cores(target_ns)),
        }
    }

    fn unmet(&self, probe: &Probe) -> Vec<Unmet> {
        let sent = probe.outcomes.total() as f64;
        let in_time = probe
            .response
            .share_at_or_below(Duration::from_secs_f64(self.p99_ms / 1e3));
        let unexpected = probe.outcomes.unexpected() as f64;
        [
            (Unmet::P99, in_time + DUST < JUDGED),
            (Unmet::Unexpected, unexpected > self.unexpected * sent),
            (
                Unmet::Achieved,
                probe.figures.achieved_per_s < self.achieved * probe.rate_per_s || sent == 0.0,
            ),
        ]
        .into_iter()
        .filter_map(|(part, unmet)| unmet.then_some(part))
        .collect()
    }
}

impl Probe {
    /// Whether the objective was met.
    #[must_use]
    pub fn held(&self) -> bool {
        self.unmet.is_empty()
    }

    /// Processors' worth of `cpu_ns` over [`Self::busy_s`].
    #[must_use]
    pub fn cores(&self, cpu_ns: u64) -> f64 {
        cpu_ns as f64 / (self.busy_s() * 1e9)
    }

    /// How long the load lasted, in seconds: the schedule and, as its last requests wait as long as any, the p99 beyond it. Not to the last
    /// answer: one that hangs until its deadline would make a processor that was full look idle.
    #[must_use]
    pub fn busy_s(&self) -> f64 {
        (self.scheduled_s + self.p99_ms() / 1e3).min(self.wall_s)
    }

    /// The quantile itself, however few samples lie beyond it: it is judged by and not quoted.
    fn p99_ms(&self) -> f64 {
        self.response.hdr().value_at_quantile(JUDGED) as f64 / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLO: Slo = Slo {
        p99_ms: 10.0,
        unexpected: 0.0,
        achieved: 0.99,
    };

    /// 1,000 answers in 1 ms each, but for `slow` that took 500 ms.
    fn probe(slow: u64) -> Probe {
        let mut response = Histogram::default();
        (0..1000).for_each(|n| {
            response.record(Duration::from_millis(if n < slow { 500 } else { 1 }));
        });
        Probe {
            rate_per_s: 1000.0,
            scheduled_s: 1.0,
            wall_s: 1.5,
            intended: 1000,
            unsent: 0,
            outcomes: Outcomes {
                expected: 1000,
                ..Outcomes::default()
            },
            response,
            send_lag: Histogram::default(),
            generator_cpu_ns: 300_000_000,
            steal_share: None,
            canary: Vec::new(),
            clocks: None,
            reconnects: None,
            counters: None,
            processes: Vec::new(),
            others_cpu_ns: 0,
            figures: ProbeFigures::default(),
            unmet: Vec::new(),
        }
    }

    #[test]
    fn one_request_in_a_hundred_may_be_late_and_no_more() {
        assert!(SLO.judge(probe(10)).held());
        let late = SLO.judge(probe(11));
        assert_eq!(late.unmet, [Unmet::P99, Unmet::Achieved]);
        assert!((late.figures.achieved_per_s - 1000.0 / 1.49).abs() < 1.0);
    }

    #[test]
    fn one_late_answer_does_not_make_the_rate_look_missed() {
        let judged = SLO.judge(probe(1));
        assert_eq!(judged.figures.achieved_per_s, 1000.0);
    }

    #[test]
    fn one_answer_that_hangs_does_not_make_a_full_processor_look_idle() {
        let mut hung = probe(1);
        hung.wall_s = 5.0;
        hung.generator_cpu_ns = 950_000_000;
        assert!((SLO.judge(hung).figures.generator_cores - 0.95).abs() < 0.002);
    }

    #[test]
    fn a_backlog_is_worked_off_with_the_same_processors_and_no_longer_than_to_its_last_answer() {
        let mut backlog = probe(500);
        backlog.generator_cpu_ns = 900_000_000;
        assert!((backlog.busy_s() - 1.5).abs() < 0.01);
        assert!((SLO.judge(backlog.clone()).figures.generator_cores - 0.6).abs() < 0.01);
        backlog.wall_s = 1.2;
        assert_eq!(backlog.busy_s(), 1.2);
    }

    #[test]
    fn an_error_counts_and_so_does_what_was_never_answered() {
        let mut wrong = probe(0);
        wrong.outcomes.expected = 999;
        wrong.outcomes.unexpected_status.insert(401, 1);
        assert_eq!(SLO.judge(wrong.clone()).unmet, [Unmet::Unexpected]);
        let lenient = Slo {
            unexpected: 0.001,
            ..SLO
        };
        assert!(lenient.judge(wrong).held());
        let mut unsent = probe(0);
        unsent.outcomes.expected = 980;
        assert_eq!(SLO.judge(unsent).unmet, [Unmet::Achieved]);
    }

    #[test]
    fn a_probe_without_answers_is_not_held() {
        let mut silent = probe(0);
        silent.outcomes.expected = 0;
        silent.response.clear();
        let mut all_lost = silent.clone();
        all_lost.outcomes.timed_out = 5;
        assert!(!SLO.judge(silent).held());
        assert!(!SLO.judge(all_lost).held());
    }
}

//! The instrument measures known truths: servers that do exactly what they were told, and what it says of them.
//!
//! One file per truth, each with an `async fn measure(&Bench) -> Result<Vec<Row>, SelftestError>`; [`Truth`] lists them, in the order in
//! which they are measured.
//!
//! * [`Bench`]: what every truth needs: how servers are started, the seed, how thorough to be
//! * [`fault`]: errors that are put into the instrument on purpose, to see that the self-test finds them
//! * [`generator_cost`]: what a request costs the generator, beside other tools
//! * [`error_rates`]: how often comparisons are wrong, over thousands of synthetic ones and hundreds of real ones
//! * `stream`: an open-loop stream against one truth server, through the same engine as any run
//! * `trials`: revocations at several truth servers, through the same code as any run

pub mod arms;
mod bench;
mod drawn_delay;
mod error;
pub mod error_rates;
mod expiry;
pub mod fault;
mod fixed_delay;
pub mod generator_cost;
mod known_lag;
mod quiet;
mod row;
mod send_lag;
mod stall;
mod stream;
mod trials;
mod truth_server;
mod unmeasured;

pub use bench::Bench;
pub use error::SelftestError;

use authbench_reports::comparison::error_rates::rows::GROUP;
use authbench_reports::selftest::{Noise, Row, Scope};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Truths that are measured together: what `--only` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Every response frozen for a second.
    Stall,
    /// Every response held for the same time.
    FixedDelay,
    /// Fast responses and a few slow ones.
    Bimodal,
    /// Responses with a heavy tail.
    HeavyTail,
    /// The generator's own delay.
    SendLag,
    /// Revoked credentials that stay accepted for a known time.
    RevocationLag,
    /// Self-contained credentials, with and without a hidden leeway.
    Expiry,
    /// What a request costs the generator, beside other tools.
    GeneratorCost,
    /// Two arms that are the same.
    SameArms,
    /// Two arms, one of which burns more CPU.
    PlantedCpu,
    /// Two arms, one of which asks its store once more.
    PlantedRoundTrip,
    /// Comparisons of arms that are made up.
    SyntheticSuites,
    /// Two arms that are the same, compared again and again.
    SameArmsOften,
    /// The planted CPU, several times.
    PlantedCpuOften,
    /// The planted round trip, several times.
    PlantedRoundTripOften,
    /// Credentials that live twice as long in one of two arms, several times.
    DoubledLifetimeOften,
}

/// No truth has this name.
#[derive(Debug, thiserror::Error)]
#[error("no group of truths is called {0:?} (there are {names})", names = names())]
pub struct UnknownTruth(String);

/// What a self-test measured.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Every row, in order.
    pub rows: Vec<Row>,
    /// How quiet the machine was around each measurement that depends on timing.
    pub noise: Vec<Noise>,
}

/// What a self-test tells whoever waits for it: a group of truths begins, or goes on.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Which.
    pub truth: Truth,
    /// About how long it and those after it take.
    pub left: Duration,
}

/// Measures `truths`, one after another. Call it on the main thread, inside a current-thread runtime.
///
/// # Errors
/// With the first truth that cannot be measured on this machine, or when told to stop; every process is ended then. Requests that were not
/// answered are no error but a row of their group, and the groups after it are measured.
pub async fn run(
    bench: &Bench,
    truths: &[Truth],
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Outcome, SelftestError> {
    let mut outcome = Outcome::default();
    for (index, truth) in truths.iter().enumerate() {
        let others = &truths[index + 1..];
        let after: Duration = others.iter().map(|truth| truth.takes(bench)).sum();
        let left = |left| {
            progress(Progress {
                truth: *truth,
                left: left + after,
            });
        };
        let measured = truth.measure(bench, &left).await;
        outcome
            .rows
            .extend(measured.or_else(|error| unmeasured::rows(*truth, error))?);
    }
    outcome.noise = bench.take_noise();
    Ok(outcome)
}

impl Truth {
    /// All of them, in the order in which they are measured.
    pub const ALL: [Self; 16] = [
        Self::Stall,
        Self::FixedDelay,
        Self::Bimodal,
        Self::HeavyTail,
        Self::SendLag,
        Self::RevocationLag,
        Self::Expiry,
        Self::GeneratorCost,
        Self::SameArms,
        Self::PlantedCpu,
        Self::PlantedRoundTrip,
        Self::SyntheticSuites,
        Self::SameArmsOften,
        Self::PlantedCpuOften,
        Self::PlantedRoundTripOften,
        Self::DoubledLifetimeOften,
    ];

    /// Whether a self-test of this `scope` measures it. Comparing arms takes minutes, too long for the quick one; counting how often that is
    /// wrong takes an hour, and nothing else is done then.
    #[must_use]
    pub fn is_of(self, scope: Scope) -> bool {
        match self {
            Self::SameArms | Self::PlantedCpu | Self::PlantedRoundTrip => scope == Scope::Full,
            Self::SyntheticSuites
            | Self::SameArmsOften
            | Self::PlantedCpuOften
            | Self::PlantedRoundTripOften
            | Self::DoubledLifetimeOften => scope == Scope::Compare,
            _ => scope != Scope::Compare,
        }
    }

    /// As `--only` and the file name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stall => "stall",
            Self::FixedDelay => "fixed-delay",
            Self::Bimodal => "bimodal",
            Self::HeavyTail => "heavy-tail",
            Self::SendLag => "send-lag",
            Self::RevocationLag => "revocation-lag",
            Self::Expiry => "expiry",
            Self::GeneratorCost => "generator-cost",
            Self::SameArms => "same-arms",
            Self::PlantedCpu => "planted-cpu",
            Self::PlantedRoundTrip => "planted-round-trip",
            Self::SyntheticSuites => GROUP,
            Self::SameArmsOften => "same-arms-often",
            Self::PlantedCpuOften => "planted-cpu-often",
            Self::PlantedRoundTripOften => "planted-round-trip-often",
            Self::DoubledLifetimeOften => "doubled-lifetime-often",
        }
    }

    /// `left` is told how long it still takes, at its beginning and, where that is long, every now and then.
    async fn measure(
        self,
        bench: &Bench,
        left: &error_rates::Left<'_>,
    ) -> Result<Vec<Row>, SelftestError> {
        left(self.takes(bench));
        match self {
            Self::Stall => stall::measure(bench).await,
            Self::FixedDelay => fixed_delay::measure(bench).await,
            Self::Bimodal => drawn_delay::measure_bimodal(bench).await,
            Self::HeavyTail => drawn_delay::measure_heavy_tail(bench).await,
            Self::SendLag => send_lag::measure(bench).await,
            Self::RevocationLag => known_lag::measure(bench).await,
            Self::Expiry => expiry::measure(bench).await,
            Self::GeneratorCost => generator_cost::measure(bench).await,
            Self::SameArms | Self::PlantedCpu | Self::PlantedRoundTrip => {
                arms::measure(bench, self, bench.seed).await
            }
            Self::SyntheticSuites
            | Self::SameArmsOften
            | Self::PlantedCpuOften
            | Self::PlantedRoundTripOften
            | Self::DoubledLifetimeOften => error_rates::measure(bench, self, left).await,
        }
    }

    /// About how long it takes.
    fn takes(self, bench: &Bench) -> Duration {
        match self {
            Self::Stall => stall::takes(bench),
            Self::FixedDelay => fixed_delay::takes(bench),
            Self::Bimodal | Self::HeavyTail => drawn_delay::takes(bench),
            Self::SendLag => send_lag::takes(bench),
            Self::RevocationLag => known_lag::takes(bench),
            Self::Expiry => expiry::takes(bench),
            Self::GeneratorCost => generator_cost::takes(bench),
            Self::SameArms | Self::PlantedCpu | Self::PlantedRoundTrip => arms::TAKE,
            Self::SyntheticSuites
            | Self::SameArmsOften
            | Self::PlantedCpuOften
            | Self::PlantedRoundTripOften
            | Self::DoubledLifetimeOften => error_rates::takes(bench, self),
        }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Truth {
    type Err = UnknownTruth;

    fn from_str(name: &str) -> Result<Self, UnknownTruth> {
        let found = Self::ALL.into_iter().find(|truth| truth.name() == name);
        found.ok_or_else(|| UnknownTruth(name.to_owned()))
    }
}

fn names() -> String {
    Truth::ALL.map(Truth::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_self_test_keeps_to_its_minute() {
        let (_tell, interrupted) = tokio::sync::watch::channel(false);
        let settings = crate::process::RunSettings {
            authbench: "authbench".into(),
            store_url: None,
            redis_server: None,
            require_real_redis: false,
            dir: ".".into(),
            cpus: Vec::new(),
            allow_commands: false,
            remote: crate::target::RemoteTargets::refused(),
            interrupted,
        };
        let bench = Bench::new(settings, 1, Scope::Quick, None);
        let quick = Truth::ALL
            .into_iter()
            .filter(|truth| truth.is_of(Scope::Quick));
        let all: Duration = quick.map(|truth| truth.takes(&bench)).sum();
        assert!(all <= Duration::from_secs(60), "{all:?}");
    }

    #[test]
    fn every_truth_is_found_by_its_name_and_others_are_refused_with_all_names() {
        for truth in Truth::ALL {
            assert_eq!(truth.name().parse::<Truth>().ok(), Some(truth));
        }
        let error = "stal".parse::<Truth>().expect_err("a typing mistake");
        let message = error.to_string();
        assert!(
            message.contains("\"stal\"") && message.contains("stall, fixed-delay"),
            "{message}"
        );
    }
}

//! Where and with what a run was measured.

use super::pinning::Pinning;
use crate::cli::RunArguments;
use crate::repeat::Repeat;
use authbench_reports::microbenchmarks::{self, MicrobenchmarksFile};
use authbench_reports::run_file::Manifest;
use authbench_reports::selftest::{Citation, SelftestFile};
use authbench_scenarios::accounting::machine;
use authbench_scenarios::load::pacer::PACER;
use authbench_scenarios::scenario_file;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, RFC 3339, UTC, whole seconds.
pub(crate) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// A name for a run that no other has: the time, and digits that two runs in one second do not share.
pub(crate) fn run_id() -> String {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    let unique = (u64::from(nanos) ^ (u64::from(std::process::id()) << 8)) & 0xff_ffff;
    format!(
        "{}-{unique:06x}",
        jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ")
    )
}

/// Everything that a reader needs to repeat the run or to doubt it, with the self-test and the microbenchmarks that came before it.
pub(super) fn citing(
    (selftest, file): (Option<&SelftestFile>, Option<&MicrobenchmarksFile>),
    pinning: &Pinning,
    arguments: &RunArguments,
    profile: scenario_file::Profile,
) -> Manifest {
    let mut manifest = collect(pinning, command(arguments, profile));
    manifest.selftest = selftest.map(|selftest| Citation::of(selftest, &manifest));
    manifest.microbenchmarks = file.and_then(|file| microbenchmarks::Citation::of(file, &manifest));
    manifest
}

/// `release` or `debug`.
pub(crate) fn build() -> &'static str {
    if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    }
}

/// Where and with what `command` measures.
pub(crate) fn collect(pinning: &Pinning, command: Vec<String>) -> Manifest {
    Manifest {
        authbench_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_revision: Some(env!("AUTHBENCH_GIT_REVISION").to_owned())
            .filter(|revision| !revision.is_empty()),
        rustc: env!("AUTHBENCH_RUSTC").to_owned(),
        build: build().to_owned(),
        libraries: env!("AUTHBENCH_LIBRARIES")
            .split(',')
            .filter_map(|library| library.split_once('='))
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
            .collect(),
        kernel: machine::kernel(),
        cpu: machine::cpu_model(),
        cores: machine::allowed_cpus()
            .len()
            .max(pinning.generator.len() + pinning.targets.len()),
        memory_bytes: machine::memory_bytes(),
        generator_cpus: pinning.generator.clone(),
        target_cpus: pinning.targets.clone(),
        pacer: PACER.to_owned(),
        kept_awake: Some(pinning.awake.is_some()),
        command,
        selftest: None,
        microbenchmarks: None,
    }
}

/// The command that repeats a run.
fn command(arguments: &RunArguments, profile: scenario_file::Profile) -> Vec<String> {
    let mut repeat = Repeat::of("run");
    repeat
        .option("profile", profile.name())
        .each("scenario", &arguments.scenarios)
        .each("target", &arguments.targets)
        .given("mix", arguments.mix.as_ref());
    arguments.measuring.repeat(&mut repeat);
    repeat
        .given(
            "selftest",
            arguments.selftest.as_ref().map(|file| file.display()),
        )
        .given(
            "microbenchmarks",
            arguments
                .microbenchmarks
                .as_ref()
                .map(|file| file.display()),
        )
        .flag("goose-report", arguments.goose_report);
    repeat.words()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn repeated(words: &[&str]) -> Vec<String> {
        match Cli::parse_from(words).command {
            Command::Run(arguments) => command(&arguments, scenario_file::Profile::Standard),
            _ => panic!("another command"),
        }
    }

    #[test]
    fn what_shapes_a_run_is_repeated_and_what_may_hold_a_password_is_not() {
        let words = [
            "authbench run --profile standard --scenario journey --target a.toml --target b.toml --mix browser=60,spa=40 --seed 7",
            "--require-real-redis --allow-remote-target one.example --allow-remote-target two.example --allow-commands --no-pin --let-idle",
            "--selftest s.json --microbenchmarks m.json --goose-report",
        ];
        let words = words.join(" ");
        let said: Vec<&str> = words.split(' ').collect();
        assert_eq!(repeated(&said), said);
        let secret = "redis://:hunter2@127.0.0.1:1/0";
        let told = repeated(&["authbench", "run", "--store-url", secret]).join(" ");
        assert!(told.contains("--store-url …"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

//! Where and with what a run was measured.

use super::pinning::Pinning;
use crate::cli::RunArguments;
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

/// The options that shape a run, without any value that could hold a password.
fn command(arguments: &RunArguments, profile: scenario_file::Profile) -> Vec<String> {
    let mut words = vec!["authbench".to_owned(), "run".to_owned()];
    let mut option =
        |name: &str, value: &str| words.extend([format!("--{name}"), value.to_owned()]);
    option("profile", profile.name());
    option("seed", &arguments.seed.to_string());
    arguments
        .scenarios
        .iter()
        .for_each(|scenario| option("scenario", scenario));
    arguments
        .targets
        .iter()
        .for_each(|target| option("target", target));
    arguments
        .remote_targets
        .iter()
        .for_each(|host| option("allow-remote-target", host));
    if arguments.store_url.is_some() {
        // It may hold a password.
        option("store-url", "…");
    }
    if let Some(server) = &arguments.redis_server {
        option("redis-server", &server.to_string_lossy());
    }
    if let Some(selftest) = &arguments.selftest {
        option("selftest", &selftest.to_string_lossy());
    }
    if let Some(file) = &arguments.microbenchmarks {
        option("microbenchmarks", &file.to_string_lossy());
    }
    let flags = [
        ("require-real-redis", arguments.require_real_redis),
        ("goose-report", arguments.goose_report),
        ("no-pin", arguments.no_pin),
        ("let-idle", arguments.let_idle),
    ];
    words.extend(
        flags
            .iter()
            .filter(|(_, given)| *given)
            .map(|(name, _)| format!("--{name}")),
    );
    words
}

//! Two real arms: identical, and with differences planted. Minutes of load, so only when asked for:
//! `cargo test --release --test arms -- --ignored --nocapture`

use authbench_reports::selftest::{Row, RowVerdict};
use authbench_scenarios::accounting::machine;
use authbench_scenarios::process::RunSettings;
use authbench_scenarios::selftest::arms;
use authbench_scenarios::target::RemoteTargets;
use std::path::Path;
use std::time::Instant;
use tokio::sync::watch;

/// One test, because goose allows one attack at a time in a process.
#[test]
#[ignore = "takes minutes, and a release build"]
fn equal_arms_raise_no_alarm_and_plants_are_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_interrupt, interrupted) = watch::channel(false);
    let settings = settings(directory.path(), interrupted);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(5)
        .build()
        .expect("a runtime");
    let began = Instant::now();
    let rows = runtime.block_on(async {
        let mut rows = arms::same(&settings, 1).await.expect("measured");
        rows.extend(arms::planted_cpu(&settings, 2).await.expect("measured"));
        rows.extend(
            arms::planted_round_trip(&settings, 3)
                .await
                .expect("measured"),
        );
        rows
    });
    rows.iter().for_each(show);
    println!("{:.0} s", began.elapsed().as_secs_f64());
    let failed = |row: &&Row| row.verdict == RowVerdict::Fail;
    assert_eq!(rows.iter().filter(failed).count(), 0);
}

/// The generator on the first processor, the arms on the others.
fn settings(directory: &Path, interrupted: watch::Receiver<bool>) -> RunSettings {
    let cpus = machine::allowed_cpus();
    let arms = cpus.get(1..).unwrap_or_default().to_vec();
    #[cfg(target_os = "linux")]
    if !arms.is_empty() {
        machine::pin_to(&cpus[..1]).expect("an allowed processor");
    }
    RunSettings {
        authbench: env!("CARGO_BIN_EXE_authbench").into(),
        store_url: None,
        redis_server: None,
        require_real_redis: false,
        dir: directory.to_owned(),
        cpus: arms,
        remote: RemoteTargets::refused(),
        interrupted,
    }
}

fn show(row: &Row) {
    println!(
        "{:18} {:32} expected {:22} measured {:34} error {:12} {}{}",
        row.group,
        row.quantity,
        row.expected,
        row.measured,
        row.error,
        row.verdict.name(),
        row.note
            .as_deref()
            .map_or(String::new(), |note| format!(" ({note})"))
    );
}

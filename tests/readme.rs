//! What the README shows is what the committed sample run says.
//!
//! With `AUTHBENCH_SPLICE=1` the README and the reports of the sample run are rewritten instead.

mod splice;

use authbench_reports::render::{self, markdown_table, sentences, tables};
use authbench_reports::run_directory::read_run;
use authbench_reports::summary::Summary;
use authbench_reports::validity::Verdict;
use authbench_scenarios::scenario_file::{Plan, Profile, Scenario};
use authbench_scenarios::target::{Limits, TargetFile};

const SAMPLE: &str = "reports/published/quick-redis";

fn summary() -> Summary {
    Summary::of(&read_run(&splice::path(SAMPLE)).expect("a whole run"))
}

/// Sentences and table, as Markdown.
fn section(summary: &Summary) -> String {
    let said: Vec<String> = sentences::sentences(summary)
        .iter()
        .map(|sentence| format!("- {sentence}"))
        .collect();
    format!(
        "{}\n\n{}\n",
        said.join("\n"),
        markdown_table(&tables::overview(summary))
    )
}

#[test]
fn the_readme_shows_the_committed_sample_run() {
    let section = section(&summary());
    splice::check("README.md", "report", SAMPLE, &section, "readme");
}

#[test]
fn the_sample_run_is_valid_and_on_a_real_redis() {
    let summary = summary();
    assert_eq!(summary.validity.verdict, Verdict::Valid);
    assert_eq!(
        summary.store.as_ref().map(|store| store.kind.as_str()),
        Some("redis")
    );
    assert!(summary.failures.is_empty());
    assert_eq!(summary.targets.len(), 5);
}

#[test]
fn the_example_target_is_one_that_can_be_read() {
    let path = splice::path("scenarios/examples/external.toml");
    // In place of the environment variable that the file names.
    let password = [("password".to_owned(), "example".to_owned())].into();
    let target = TargetFile::load(&path.to_string_lossy(), &password).expect("a target");
    assert!(target.has_event("logout") && target.processes.is_empty());
}

#[test]
fn the_example_scenario_and_its_target_can_be_read() {
    let path = splice::path("scenarios/examples/stall.toml");
    let scenario = Scenario::load(&path.to_string_lossy()).expect("a scenario");
    let targets = scenario.load_targets().expect("its target");
    let names: Vec<&str> = targets
        .iter()
        .map(|target| target.about.name.as_str())
        .collect();
    assert_eq!(names, ["truth"]);
}

#[test]
fn the_gentle_stream_is_within_what_another_machine_gets() {
    let path = splice::path("scenarios/examples/gentle-latency.toml");
    let scenario = Scenario::load(&path.to_string_lossy()).expect("a scenario");
    let allowed = Limits::OF_OTHER_MACHINES.requests_per_s.expect("a limit");
    assert!(scenario.load.rate_per_s < allowed);
    let Plan::Steady(rounds) = scenario.plan(Profile::Standard) else {
        panic!("a stream");
    };
    let measured = rounds.round.as_secs_f64() * f64::from(rounds.rounds);
    let sent = measured * f64::from(scenario.load.rate_per_s);
    assert!(sent >= 2000.0, "{sent} requests: no p99");
}

#[test]
fn the_gentle_scenario_is_within_what_another_machine_gets() {
    let path = splice::path("scenarios/examples/gentle.toml");
    let scenario = Scenario::load(&path.to_string_lossy()).expect("a scenario");
    let Plan::Revocation(plan) = scenario.plan(Profile::Quick) else {
        panic!("a scenario of revocations");
    };
    let points = 4.0;
    let probes = f64::from(plan.slots_per_target) * points / plan.probe_every.as_secs_f64();
    let sent = f64::from(scenario.load.rate_per_s) + probes;
    let allowed = Limits::OF_OTHER_MACHINES.requests_per_s.expect("a limit");
    assert!(sent <= f64::from(allowed), "{sent} requests per second");
}

#[test]
fn the_example_with_thresholds_asks_what_it_measures_of_targets_that_it_has() {
    let path = splice::path("scenarios/examples/thresholds.toml");
    let scenario = Scenario::load(&path.to_string_lossy()).expect("a scenario");
    let targets = scenario.load_targets().expect("its targets");
    let parts = scenario.into_parts(targets, &[]).expect("its parts");
    assert_eq!(parts.len(), 2, "what they cost, then revocations");
}

/// A reader must be able to trust the files beside it as well.
#[test]
fn the_reports_beside_the_sample_run_are_made_from_it() {
    let run = read_run(&splice::path(SAMPLE)).expect("a whole run");
    let summary = Summary::of(&run);
    let json = serde_json::to_string_pretty(&summary).expect("serializes") + "\n";
    for (name, made) in [
        ("summary.json", json),
        ("frontier.svg", render::frontier_svg(&summary)),
        ("report.md", render::markdown(&run, &summary)),
        ("report.html", render::html(&run, &summary)),
    ] {
        let path = splice::path(SAMPLE).join(name);
        if splice::is_wanted() {
            std::fs::write(&path, made).expect("a writable sample");
            continue;
        }
        let beside = std::fs::read_to_string(&path).expect("is there");
        assert!(
            beside == made,
            "{name}: run AUTHBENCH_SPLICE=1 cargo test --test readme"
        );
    }
}

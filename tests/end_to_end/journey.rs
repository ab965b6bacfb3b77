//! Sessions of several kinds of clients in small, at our own servers: nobody sees a refusal that should not be, and who cannot be served is told so.

use crate::program::{Workspace, json, stderr};
use serde_json::Value;

const SCENARIO: &str = r#"
schema = "authbench.scenario/1"
name = "journey"
kind = "journey"
question = "Does the whole path work?"
targets = ["no_auth", "session", "jwt_cookie", "jwt", "opaque", "hybrid"]
[vars]
access_ttl = "3s"
login_hash = "cheap"
allow_origin = "http://127.0.0.1:3000"
[journey]
sessions_per_s = 60
renew_before = "2s"
[[client]]
type = "browser"
weight = 40
presents = ["cookie"]
requests_per_session = 4
think = "50ms"
write_share = 0.5
logout_share = 0.5
[[client]]
type = "spa"
weight = 40
presents = ["cookie", "header"]
requests_per_session = 6
think = "400ms"
write_share = 0.3
reload_every = 3
two_tabs_share = 0.3
retry_share = 0.05
lost_response_share = 0.05
[[client]]
type = "service"
weight = 15
presents = ["header"]
requests_per_session = 4
think = "20ms"
[[client]]
type = "partner"
weight = 5
presents = ["header"]
requests_per_session = 15
think = "10ms"
"#;

fn scenario() -> String {
    let profiles = ["quick", "standard", "full"].map(|profile| {
        format!("[profile.{profile}]\nrounds = 1\nslice = \"1s\"\nwarm_up = \"100ms\"\n")
    });
    format!("{SCENARIO}{}", profiles.concat())
}

fn rows(summary: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let targets = summary["targets"].as_array().expect("targets").iter();
    targets.flat_map(|target| {
        let clients = target["journey"]["clients"].as_array().expect("clients");
        clients
            .iter()
            .map(|client| (target["name"].as_str().expect("a name"), client))
    })
}

fn row<'a>(summary: &'a Value, target: &str, client: &str) -> &'a Value {
    let mut rows = rows(summary);
    let found = rows.find(|(name, row)| *name == target && row["client"] == client);
    found.unwrap_or_else(|| panic!("no {client} at {target}")).1
}

#[test]
fn sessions_of_every_client_at_every_model() {
    let workspace = Workspace::new();
    let scenario = workspace.write("journey.toml", &scenario());
    let output = workspace.run(&["run", "--scenario", &scenario, "--out", "run", "--quiet"]);
    // 4: what a machine that does something else meanwhile may call itself. Never 1 or 2.
    assert!(
        matches!(output.status.code(), Some(0 | 4)),
        "{:?}: {}",
        output.status,
        stderr(&output)
    );
    let (run, summary) = (
        json(&workspace.path("run/run.json")),
        json(&workspace.path("run/summary.json")),
    );
    let journey = &run["scenarios"][0]["journey"];
    assert_eq!(journey["slices"].as_array().map(Vec::len), Some(5));
    for (target, row) in rows(&summary) {
        let Some(sessions) = row.get("sessions") else {
            continue;
        };
        let story = format!("{target}: {row:#}");
        assert!(sessions["counts"]["sessions"].as_u64() > Some(0), "{story}");
        assert_eq!(sessions["counts"]["unexpected_refusals"], 0, "{story}");
        assert_eq!(sessions["counts"]["false_logouts"], 0, "{story}");
        assert_eq!(sessions["counts"]["abandoned"], 0, "{story}");
        assert_eq!(sessions["unexpected"], 0, "{story}");
        assert!(
            sessions["cpu_us_per_session"]["total"].as_f64() > Some(0.0),
            "{story}"
        );
    }
    let not_served = |target, client| {
        let row = row(&summary, target, client);
        assert!(row.get("sessions").is_none(), "{row:#}");
        row["not_served"].as_str().expect("a reason").to_owned()
    };
    assert!(not_served("session", "service").contains("no cookie jar"));
    assert!(row(&summary, "jwt_cookie", "browser")["sessions"].is_object());
    for target in ["jwt", "opaque", "hybrid"] {
        assert!(not_served(target, "browser").contains("set no header"));
    }
    let of = |target, client, what: &str| row(&summary, target, client)["sessions"][what].as_f64();
    // A page that was loaded anew has lost its access token: who cannot renew it logs in again.
    assert!(of("jwt", "spa", "repeated_logins_per_1000") >= Some(1000.0));
    assert!(of("opaque", "spa", "repeated_logins_per_1000") >= Some(1000.0));
    assert!(of("hybrid", "spa", "refreshes_per_session") >= Some(1.0));
    assert_eq!(of("hybrid", "spa", "repeated_logins_per_1000"), Some(0.0));
    assert_eq!(of("session", "spa", "repeated_logins_per_1000"), Some(0.0));
    // A header with a token is asked about, a cookie is not until something is changed with it; nobody else runs in a browser of another origin.
    let preflights = |target, client| of(target, client, "preflights_per_session");
    for target in ["jwt", "opaque", "hybrid"] {
        assert!(preflights(target, "spa") >= Some(2.0), "{target}");
    }
    for target in ["session", "jwt_cookie"] {
        assert!(
            preflights(target, "spa") < preflights("jwt", "spa"),
            "{target}"
        );
    }
    assert_eq!(preflights("no_auth", "spa"), None);
    assert_eq!(preflights("session", "browser"), None);
    assert_eq!(preflights("jwt", "partner"), None);
    // Ten sessions a second of fifteen requests each are more than two resource servers let a partner ask.
    let partner = &row(&summary, "jwt", "partner")["sessions"]["counts"];
    assert!(partner["throttled"].as_u64() > Some(0), "{partner:#}");
    let service = &row(&summary, "jwt", "service")["sessions"]["counts"];
    assert_eq!(service["throttled"], 0);
    assert_eq!(
        row(&summary, "no_auth", "spa")["sessions"]["counts"]["logins"],
        0
    );

    let report = workspace.run(&["report", "run"]);
    let text = String::from_utf8_lossy(&report.stdout).into_owned();
    assert!(text.contains("What users notice, by client type"), "{text}");
    assert!(text.contains("not served: it has no cookie jar"), "{text}");
    let page = std::fs::read_to_string(workspace.path("run/report.html")).expect("a page");
    assert!(page.contains("<h2>Journeys</h2>"));
}

#[test]
fn another_mix_is_a_matter_of_the_command_line() {
    let workspace = Workspace::new();
    let one = scenario().replace(
        r#"["no_auth", "session", "jwt_cookie", "jwt", "opaque", "hybrid"]"#,
        r#"["session"]"#,
    );
    let without_ttl = one.replace("access_ttl = \"3s\"\n", "");
    let scenario = workspace.write("journey.toml", &without_ttl);
    let output = workspace.run(&[
        "run",
        "--scenario",
        &scenario,
        "--mix",
        "browser=75,spa=25",
        "--out",
        "run",
        "--quiet",
    ]);
    assert!(
        matches!(output.status.code(), Some(0 | 4)),
        "{}",
        stderr(&output)
    );
    let run = json(&workspace.path("run/run.json"));
    let journey = &run["scenarios"][0]["journey"];
    let shares = journey["mix"].as_array().expect("a mix").iter();
    let shares: Vec<_> = shares.map(|client| client["share"].as_f64()).collect();
    assert_eq!(shares, [Some(0.75), Some(0.25), Some(0.0), Some(0.0)]);
    // Nobody of the others is there, alone or in the mix.
    assert_eq!(journey["slices"].as_array().map(Vec::len), Some(3));
    assert_eq!(run["scenarios"][0]["resolved"]["client"][2]["weight"], 0.0);
}

#[test]
fn a_mix_that_fits_nothing_is_bad_input() {
    let workspace = Workspace::new();
    let scenario = workspace.write("journey.toml", &scenario());
    let cases = [
        (
            scenario.as_str(),
            "pigeon=100",
            "no client type is called \"pigeon\"",
        ),
        (scenario.as_str(), "spa=50", "add up to 50, not to 100"),
        ("steady", "spa=100", "--mix belongs to journeys"),
    ];
    for (scenario, mix, expected) in cases {
        let output = workspace.run(&["run", "--scenario", scenario, "--mix", mix, "--out", "run"]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(expected), "{text}");
        assert!(!workspace.path("run").exists());
    }
}

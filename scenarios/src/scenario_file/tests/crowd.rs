//! Kinds about many people at once: login storms, mass events and journeys.

use super::*;

const LOGIN: &str = "[login]\nrates = [10, 100]\nconnections = 8\n";
const JOURNEY: &str = "[journey]\nsessions_per_s = 20\nrenew_before = \"1s\"\n\
    [[client]]\ntype = \"spa\"\nweight = 3\npresents = [\"cookie\", \"header\"]\nrequests_per_session = 5\nthink = \"10ms\"\n\
    [[client]]\ntype = \"job\"\nweight = 1\npresents = [\"header\"]\nrequests_per_session = 2\nthink = \"0ms\"\nrenew = \"when_refused\"\n\
    reload_every = 2\nlost_response_share = 0.25\n";

fn login() -> String {
    STEADY
        .replace("\"steady\"", "\"login\"")
        .replace("round = ", "slice = ")
        .replace("[profile.quick]", &format!("{LOGIN}[profile.quick]"))
}

const MASS: &str = "[mass]\nevent = \"account_disabled\"\ncalls_at_once = 4\nprobes_per_s = 200\nprobe_connections = 2\n\
    probe_every = \"5ms\"\nobserve = \"20s\"\n";

fn mass() -> String {
    STEADY
        .replace("\"steady\"", "\"mass\"")
        .replace("rounds = 2\n", "accounts = 100\n")
        .replace("rounds = 3\n", "accounts = 100\n")
        .replace("rounds = 4\n", "accounts = 100\n")
        .replace("round = ", "slice = ")
        .replace("[profile.quick]", &format!("{MASS}[profile.quick]"))
}

fn journey() -> String {
    let load =
        "[load]\nrate_per_s = 100\nconnections_per_target = 2\ncredentials_per_target = 10\n";
    STEADY
        .replace("\"steady\"", "\"journey\"")
        .replace("round = ", "slice = ")
        .replace(load, JOURNEY)
}

#[test]
fn a_storm_has_rates_and_a_stream_beside_it() {
    let scenario = read(&login()).expect("a scenario");
    let Plan::Login(plan) = scenario.plan(Profile::Quick) else {
        panic!("storms")
    };
    assert_eq!(
        (plan.rates_per_s.as_slice(), plan.connections),
        (&[10, 100][..], 8)
    );
    assert_eq!((plan.rounds, plan.slice), (2, Duration::from_secs(1)));
    assert_eq!(scenario.load.rate_per_s, 100);
}

#[test]
fn a_mass_event_has_accounts_calls_and_probes() {
    let scenario = read(&mass()).expect("a scenario");
    let Plan::Mass(plan) = scenario.plan(Profile::Quick) else {
        panic!("a mass event")
    };
    assert_eq!(plan.event, "account_disabled");
    assert_eq!((plan.accounts, plan.calls_at_once), (100, 4));
    assert_eq!((plan.probes_per_s, plan.probe_connections), (200, 2));
    assert_eq!(plan.observe, Duration::from_secs(20));
}

#[test]
fn mistakes_in_mass_events() {
    let cases = [
        (MASS, "", "3: mass: is missing (allowed: a table [mass])"),
        (
            "\"account_disabled\"",
            "\"\"",
            "13: mass.event: \"\" is not a name (allowed: the name of an event)",
        ),
        (
            "probes_per_s = 200",
            "probes_per_s = 0",
            "15: mass.probes_per_s: 0 is out of range (allowed: 1 to 1000000)",
        ),
    ];
    for (from, to, expected) in cases {
        let message = message(&mass(), from, to);
        assert_eq!(
            message,
            format!("demo.toml:{expected}"),
            "{from:?} → {to:?}"
        );
    }
    let rounds = mass().replacen("accounts = 100", "rounds = 1", 1);
    let error = read(&rounds).expect_err("no rounds");
    assert!(
        error.contains("profile.quick.rounds: does not belong"),
        "{error}"
    );
}

#[test]
fn weights_become_shares_and_what_is_not_said_does_not_happen() {
    let scenario = read(&journey()).expect("a scenario");
    let Plan::Journey(plan) = scenario.plan(Profile::Full) else {
        panic!("sessions")
    };
    assert_eq!((plan.rounds, plan.sessions_per_s), (4, 20));
    let [spa, job] = plan.clients.as_slice() else {
        panic!("two")
    };
    assert_eq!((spa.share, job.share), (0.75, 0.25));
    assert_eq!((spa.renew, job.renew), (Renew::Ahead, Renew::WhenRefused));
    assert_eq!((spa.reload_every, job.reload_every), (None, Some(2)));
    assert_eq!(spa.shares, Shares::default());
    assert_eq!(job.shares.lost_response, 0.25);
    assert!(job.presents.header && !job.presents.cookie);
}

#[test]
fn another_mix_is_what_was_measured() {
    let mut scenario = read(&journey()).expect("a scenario");
    let mix = "job=90,spa=10".parse().expect("a mix");
    assert_eq!(scenario.remix(&mix), Ok(true));
    let json = scenario.as_measured(&["jwt"], |_| true);
    assert_eq!(json["client"][1]["weight"], 90.0);
    let mut steady = read(STEADY).expect("a scenario");
    assert_eq!(steady.remix(&mix), Ok(false));
}

#[test]
fn mistakes_in_login_scenarios() {
    let cases = [
        (
            "[10, 100]",
            "[]",
            "13: login.rates: is empty (allowed: at least one rate)",
        ),
        (
            "[10, 100]",
            "[10, 10]",
            "13: login.rates: 10 stands there twice (allowed: rates used once)",
        ),
        (
            "connections = 8",
            "connections = 0",
            "14: login.connections: 0 is out of range (allowed: 1 to 1000000)",
        ),
        (LOGIN, "", "3: login: is missing (allowed: a table [login])"),
    ];
    for (from, to, expected) in cases {
        let message = message(&login(), from, to);
        assert_eq!(
            message,
            format!("demo.toml:{expected}"),
            "{from:?} → {to:?}"
        );
    }
}

#[test]
fn mistakes_in_journeys() {
    let cases = [
        (
            "[journey]\n",
            "[load]\nrate_per_s = 1\nconnections_per_target = 1\ncredentials_per_target = 1\n[journey]\n",
            "8: load: does not belong to kind \"journey\", whose clients make the traffic",
        ),
        (
            "type = \"job\"",
            "type = \"spa\"",
            "18: client.type: \"spa\" is taken (allowed: a name used once)",
        ),
        (
            "weight = 3",
            "weight = -3",
            "13: client.spa.weight: is no weight (allowed: 0 to 1000000)",
        ),
        (
            "[\"header\"]",
            "[\"query\"]",
            "20: client.job.presents: unknown \"query\" (allowed: cookie, header)",
        ),
        (
            "\"when_refused\"",
            "\"never\"",
            "23: client.job.renew: unknown \"never\" (allowed: ahead, when_refused)",
        ),
        (
            "0.25",
            "25",
            "25: client.job.lost_response_share: is no share (allowed: 0 to 1)",
        ),
        (
            "reload_every = 2",
            "reload_every = 0",
            "24: client.job.reload_every: 0 is out of range (allowed: 1 to 1000000)",
        ),
    ];
    for (from, to, expected) in cases {
        let message = message(&journey(), from, to);
        let expected = format!("demo.toml:{expected}");
        assert!(
            message.starts_with(&expected),
            "{from:?} → {to:?}: {message}"
        );
    }
    let unknown = message(&journey(), "lost_response_share", "lost_responses");
    assert!(
        unknown.contains("unknown field `lost_responses`"),
        "{unknown}"
    );
    let nobody = journey()
        .replace("weight = 3", "weight = 0")
        .replace("weight = 1", "weight = 0");
    assert_eq!(
        read(&nobody).expect_err("nobody"),
        "demo.toml:8: client: nobody has sessions (allowed: at least one [[client]] with a weight above 0)"
    );
}

#[test]
fn the_quick_profiles_end_within_two_minutes() {
    let journey = Scenario::load("journey").expect("is built in");
    let Plan::Journey(plan) = journey.plan(Profile::Quick) else {
        panic!("sessions")
    };
    let lives = plan.clients.iter().map(ClientPlan::expected);
    let alone: Duration = lives.clone().map(|life| plan.slice + life).sum();
    let round = alone + plan.slice + lives.max().unwrap_or_default();
    assert!(round * plan.rounds <= Duration::from_secs(100), "{round:?}");
    let login = Scenario::load("login").expect("is built in");
    let Plan::Login(plan) = login.plan(Profile::Quick) else {
        panic!("storms")
    };
    let slices = (plan.rates_per_s.len() + 1) as u32 * login.targets.len() as u32;
    let measured = (plan.slice + plan.warm_up) * slices * plan.rounds;
    assert!(measured <= Duration::from_secs(100), "{measured:?}");
}

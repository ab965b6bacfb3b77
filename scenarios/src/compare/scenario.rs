//! The traffic of a comparison, as scenarios: what a run measures is a scenario, and so it stands in run files.

use super::CompareError;
use crate::scenario_file::Scenario;
use std::time::Duration;

/// Long enough for a hundred requests beyond the 90th percentile, short enough that what disturbs the machine falls into few of them.
pub(super) const ROUND: Duration = Duration::from_millis(1000);
/// Connections of each arm: enough that no request waits for one.
const CONNECTIONS: u32 = 16;
/// The built-in scenarios whose variables arms get too.
const STEADY: &str = "steady";
const REVOCATION: &str = "revocation";

/// `rounds` rounds of a stream of `rate_per_s` over all of `targets`, each with `credentials`.
pub(super) fn stream(
    subject: &str,
    targets: &[&str],
    rate_per_s: u32,
    rounds: usize,
    credentials: u32,
) -> Result<Scenario, CompareError> {
    let targets: Vec<String> = targets.iter().map(|target| format!("{target:?}")).collect();
    let round_ms = ROUND.as_millis();
    let profile = format!("rounds = {rounds}\nround = \"{round_ms}ms\"\nwarm_up = \"2s\"\n");
    let text = format!(
        "schema = \"authbench.scenario/1\"\nname = \"compare\"\nkind = \"steady\"\n\
         question = \"Did {subject} become more expensive or slower?\"\ntargets = [{}]\n\
         [load]\nrate_per_s = {rate_per_s}\nconnections_per_target = {CONNECTIONS}\ncredentials_per_target = {credentials}\n\
         [profile.quick]\n{profile}[profile.standard]\n{profile}[profile.full]\n{profile}",
        targets.join(", "),
    );
    Ok(Scenario::parse("the scenario of a comparison", &text)?)
}

/// The variables that the built-in stream sets: lifetimes that no credential reaches within a round, logins that cost little.
pub fn stream_variables() -> std::collections::BTreeMap<String, String> {
    variables(STEADY)
}

/// The variables that the built-in revocations set: a lifetime short enough to watch.
pub fn revocation_variables() -> std::collections::BTreeMap<String, String> {
    variables(REVOCATION)
}

/// The built-in revocations, of those events that the arms have.
pub(super) fn revocation() -> Scenario {
    built_in(REVOCATION)
}

fn variables(scenario: &str) -> std::collections::BTreeMap<String, String> {
    built_in(scenario).vars
}

fn built_in(name: &str) -> Scenario {
    Scenario::load(name).expect("a scenario of this program, held by its tests")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario_file::{Plan, Profile};

    #[test]
    fn the_stream_is_a_scenario_of_so_many_rounds() {
        let scenario =
            stream("jwt", &["jwt-base", "jwt-candidate"], 1500, 7, 50).expect("a scenario");
        let Plan::Steady(plan) = scenario.plan(Profile::Quick) else {
            panic!("a stream");
        };
        assert_eq!((plan.rounds, plan.round), (7, ROUND));
        assert_eq!(scenario.load.rate_per_s, 1500);
        assert_eq!(scenario.targets, ["jwt-base", "jwt-candidate"]);
    }

    #[test]
    fn the_built_in_scenarios_have_their_variables() {
        assert!(stream_variables().contains_key("access_ttl"));
        assert!(revocation_variables().contains_key("access_ttl"));
        assert_eq!(revocation().name, "revocation");
    }
}

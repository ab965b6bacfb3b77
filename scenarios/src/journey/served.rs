//! Whether a target can serve a client type, and what it lets that type do.

use crate::scenario_file::ClientPlan;
use crate::target::{Action, Point, Reference, Step, Target};

/// What a target lets clients of one type do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Powers {
    /// There is somebody to log in as: without, every request is anybody's.
    pub login: bool,
    /// A credential can be renewed without a login.
    pub refresh: bool,
    /// A session can be ended by its user.
    pub logout: bool,
    /// There are steps that write.
    pub write: bool,
    /// What is presented is a cookie, which a reload does not lose.
    pub access_survives_reload: bool,
    /// What renews it is one.
    pub refresh_survives_reload: bool,
}

/// How a point is presented a credential.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Cookie,
    Header,
}

/// What `client` may do at `target`.
///
/// # Errors
/// Why it cannot be served at all.
pub fn powers(target: &Target, client: &ClientPlan) -> Result<Powers, String> {
    let flows = &target.flows;
    let login = flows.login_of(&client.name);
    let refresh = flows.refresh_of(&client.name);
    let ways: Vec<Way> = flows
        .points
        .iter()
        .filter(|point| point.traffic)
        .map(way)
        .collect();
    if !login.is_empty() {
        if ways.contains(&Way::Cookie) && !client.presents.cookie {
            return Err("it has no cookie jar, and this target recognises a cookie".to_owned());
        }
        if ways.contains(&Way::Header) && !client.presents.header {
            return Err(
                "its pages set no header, and this target wants the credential in one".to_owned(),
            );
        }
    }
    let refresh_is_cookie = relies_on_jar(refresh);
    Ok(Powers {
        login: !login.is_empty(),
        refresh: !refresh.is_empty() && (client.presents.cookie || !refresh_is_cookie),
        logout: !flows.logout.is_empty(),
        write: !flows.write_of(&client.name).is_empty(),
        access_survives_reload: !ways.contains(&Way::Header),
        refresh_survives_reload: refresh_is_cookie,
    })
}

/// Pinned cookies; else a captured value anywhere else; else whatever the jar holds.
fn way(point: &Point) -> Way {
    let parts = &point.request.parts;
    let pinned = parts.cookies.iter().flatten().count() > 0;
    if !pinned && point.request.references().any(is_credential) {
        Way::Header
    } else {
        Way::Cookie
    }
}

/// Whether none of `steps` sends a captured value: what is renewed then is what the jar sends.
fn relies_on_jar(steps: &[Step]) -> bool {
    !steps.iter().any(|step| match &step.action {
        Action::Request(call) => call.request.references().any(is_credential),
        // What a command knows, it was told.
        Action::Command(_) => true,
    })
}

/// What was captured, or handed out beforehand: a column of the list of users that is a secret. Once a target is bound, nothing else is left that
/// has no dot.
fn is_credential(reference: &Reference) -> bool {
    match reference.name.split_once('.') {
        None => reference.name != "uuid",
        Some(("user", column)) => !matches!(column, "name" | "number"),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario_file::{Plan, Profile, Scenario};
    use crate::target::{Members, RemoteTargets, TargetFile};
    use std::collections::BTreeMap;

    fn clients() -> Vec<ClientPlan> {
        let scenario = Scenario::load("journey").expect("is built in");
        let Plan::Journey(plan) = scenario.plan(Profile::Quick) else {
            panic!("sessions")
        };
        plan.clients.clone()
    }

    fn target(name: &str) -> Target {
        let file = TargetFile::load(name, &BTreeMap::new()).expect("is built in");
        let said = |members: &[&str]| {
            let said = members
                .iter()
                .map(|member| ((*member).to_owned(), "http://127.0.0.1:1".to_owned()));
            said.collect::<BTreeMap<_, _>>()
        };
        let mut members = Members::new();
        for process in ["store", "authorization", "resource-1", "resource-2"] {
            members.insert(process.to_owned(), said(&["url", "admin_url"]));
        }
        let bound = file.bind(&members, &RemoteTargets::default());
        bound.expect("all addresses are loopback")
    }

    /// `-`: not served; otherwise which of refresh, surviving access and surviving refresh there are.
    fn row(name: &str) -> Vec<String> {
        let target = target(name);
        let cell = |client: &ClientPlan| match powers(&target, client) {
            Err(_) => "-".to_owned(),
            Ok(powers) => {
                let flags = [
                    (powers.login, 'l'),
                    (powers.refresh, 'r'),
                    (powers.access_survives_reload, 'a'),
                ];
                let set = flags.into_iter().filter(|(has, _)| *has);
                set.map(|(_, flag)| flag).collect()
            }
        };
        clients().iter().map(cell).collect()
    }

    /// Browser, SPA, native app, service, job, partner.
    #[test]
    fn who_is_served_by_whom() {
        assert_eq!(row("no_auth"), ["a"; 6]);
        assert_eq!(row("session"), ["la", "la", "la", "-", "-", "-"]);
        assert_eq!(row("jwt_cookie"), ["la", "la", "la", "-", "-", "-"]);
        assert_eq!(row("jwt"), ["-", "l", "l", "l", "l", "l"]);
        assert_eq!(row("opaque"), ["-", "l", "l", "l", "l", "l"]);
        // The refresh token is a cookie: who keeps none logs in again.
        assert_eq!(row("hybrid"), ["-", "lr", "lr", "l", "l", "l"]);
    }

    #[test]
    fn a_refusal_to_serve_says_what_stands_in_the_way() {
        let clients = clients();
        let (browser, service) = (&clients[0], &clients[3]);
        let why = powers(&target("session"), service).expect_err("no jar");
        assert!(why.contains("no cookie jar"), "{why}");
        let why = powers(&target("jwt"), browser).expect_err("no header");
        assert!(why.contains("set no header"), "{why}");
    }
}

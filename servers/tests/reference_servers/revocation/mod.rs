//! Models with a revocation channel, over real sockets: who is out and who is not ([`events`]), what happens when nobody can say
//! ([`failing`]), and what is in tokens and lists ([`tokens`]).

mod events;
mod failing;
mod tokens;

use std::time::Duration;

use authbench_servers::model::Model;
use authbench_servers::revocation::Revocation;
use hyper::Method;

use crate::harness::{Call, Login, Plan, Target};

const DENYLISTS: [(Model, Revocation); 4] = [
    (Model::Jwt, Revocation::Denylist),
    (Model::Jwt, Revocation::DenylistPush),
    (Model::Hybrid, Revocation::Denylist),
    (Model::Hybrid, Revocation::DenylistPush),
];

const OF_JWT: [Revocation; 4] = [
    Revocation::Denylist,
    Revocation::DenylistPush,
    Revocation::Epoch,
    Revocation::StatusList,
];

fn plan(model: Model, channel: Revocation) -> Plan {
    let mut plan = Plan::new(model);
    for revocation in [
        &mut plan.authorization.revocation,
        &mut plan.resource.revocation,
    ] {
        revocation.channel = channel;
        revocation.status_list_ttl = Duration::from_millis(50);
        // A busy machine must not be taken for a silent channel.
        revocation.staleness = Duration::from_secs(20);
    }
    plan
}

/// Every variant there is.
fn variants() -> Vec<(Model, Revocation)> {
    let others = [Revocation::Epoch, Revocation::StatusList].map(|channel| (Model::Jwt, channel));
    DENYLISTS.into_iter().chain(others).collect()
}

/// Waits until the resource server refuses the token; how long that takes is measured elsewhere.
async fn until_refused(target: &Target, login: &Login, what: &str) {
    for _ in 0..2_000 {
        match target.read(login.token()).await.code() {
            401 => return,
            200 => tokio::time::sleep(Duration::from_millis(5)).await,
            other => panic!("{what}: {other}"),
        }
    }
    panic!("{what}: still accepted");
}

fn own(target: &Target, method: Method, path: &str, login: &Login) -> Call {
    Call::new(&target.authorization.url, method, path).bearer(login.token())
}

async fn is_active(target: &Target, login: &Login) -> bool {
    target.introspect(login.token()).await.json()["active"] == true
}

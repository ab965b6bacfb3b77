//! What is published: keys (RFC 7517) and metadata (RFC 8414).

use crate::answer::{ACCEPTED, INVALID_TOKEN, Outcome, check};
use crate::call::Call;
use crate::forge::Forger;
use crate::forge::forger::COOL_DOWN;
use crate::forge::published::jwks;
use crate::row::{BEARER, EVERY, JWT, PUBLISHED, Row, forging, steps};
use crate::target::{Target, USER};

pub(crate) const ROWS: &[Row] = &[
    forging!("R32", PUBLISHED, rotations_overlap),
    steps!("R32", JWT, published_keys_are_public),
    steps!("R33", EVERY, metadata),
    // Beyond the list: a login ends in an accepted request with every algorithm.
    steps!("R/algorithms", BEARER, the_default_algorithm_works).with(|plan| {
        plan.authorization.algorithm = authbench_servers::jwt::SigningAlgorithm::default();
        plan.resource.algorithm = authbench_servers::jwt::SigningAlgorithm::default();
    }),
];

/// The issuer's next key is known before it is used; keys of unknown kinds or uses are ignored all
/// along.
async fn rotations_overlap(forger: &Forger) -> Outcome {
    let keys = forger.keys();
    let next = forger.draft().header("kid", "second").sign(&keys.second);
    forger
        .read(&next)
        .await
        .is(ACCEPTED, "published before its use")?;
    forger
        .read(forger.sign(forger.draft()))
        .await
        .is(ACCEPTED, "the old one meanwhile")?;
    for kid in ["enc", "ops", "unheard-of", "oct"] {
        let token = forger.draft().header("kid", kid).sign(&keys.own);
        forger.read(token).await.is(INVALID_TOKEN, kid)?;
    }
    let alone = jwks(&[(&keys.second, "second")]);
    forger.issuer.answer(move |_| (200, alone.clone()));
    forger.time.advance(COOL_DOWN);
    let unknown = forger.draft().header("kid", "unknown").sign(&keys.own);
    forger
        .read(unknown)
        .await
        .is(INVALID_TOKEN, "an unknown key")?;
    forger
        .read(&next)
        .await
        .is(ACCEPTED, "the new one alone")
        .map(drop)
}

async fn published_keys_are_public(target: &Target) -> Outcome {
    let answer = Call::get(&target.authorization.url, "/jwks.json")
        .send()
        .await;
    let keys = answer.json()["keys"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    check(!keys.is_empty(), "no keys")?;
    for key in keys {
        for name in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            check(key.get(name).is_none(), format!("{name} is published"))?;
        }
        check(
            key["use"] == "sig" && key["kid"].is_string(),
            key.to_string(),
        )?;
    }
    Ok(())
}

async fn metadata(target: &Target) -> Outcome {
    let place = "/.well-known/oauth-authorization-server";
    let said = Call::get(&target.authorization.url, place)
        .send()
        .await
        .json();
    let issuer = &target.authorization.url;
    check(said["issuer"] == *issuer, said.to_string())?;
    for (name, path) in [
        ("token_endpoint", "/token"),
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/revoke"),
        ("jwks_uri", "/jwks.json"),
    ] {
        check(
            said[name] == format!("{issuer}{path}"),
            format!("{name}: {said}"),
        )?;
    }
    for name in ["token", "introspection", "revocation"] {
        let methods = &said[format!("{name}_endpoint_auth_methods_supported")];
        let methods = methods.as_array().cloned().unwrap_or_default();
        check(
            methods.iter().any(|method| method == "client_secret_basic"),
            name,
        )?;
    }
    check(
        said["response_types_supported"] == serde_json::json!([]),
        "response types",
    )
}

async fn the_default_algorithm_works(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    target.is_accepted(&login, "RS256").await?;
    target
        .call("POST", &login)
        .send()
        .await
        .is(ACCEPTED, "writing")
        .map(drop)
}

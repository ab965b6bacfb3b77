//! What a resource server accepts (RFC 6750, RFC 7519, RFC 8725, RFC 9068).

use authbench_servers::authorization::AUDIENCE;
use authbench_servers::jwt::SigningAlgorithm::{Es256, Hs256, Rs256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::answer::{
    INVALID_BEARER_REQUEST, INVALID_TOKEN, NEEDS_WRITE, NO_SESSION, NO_TOKEN, Outcome, check,
};
use crate::call::Call;
use crate::credential::Login;
use crate::forge::forger::ISSUER;
use crate::forge::keys::signed_by_secret;
use crate::forge::rsa::RsaKey;
use crate::forge::{Forged, Forger, accepted, refused};
use crate::row::{ALL, AUTH, BEARER, JWT, PUBLISHED, Row, steps};
use crate::target::{ACCESS_TTL, Target, USER};

pub(crate) const ROWS: &[Row] = &[
    steps!("R07", AUTH, challenges),
    steps!("R08", AUTH, insufficient_scope),
    steps!("R09", BEARER, more_than_one_place),
    steps!("R10", BEARER, token_in_the_query),
    Row::tokens("R22", ALL, |forger| {
        let at = |name, seconds| forger.sign(forger.draft().claim(name, forger.now() + seconds));
        let good = accepted([at("exp", 1), at("nbf", 0)]);
        good.into_iter()
            .chain(refused([at("exp", 0), at("exp", -1), at("nbf", 1)]))
            .collect()
    }),
    Row::tokens("R23", ALL, |forger| {
        let iss = [
            format!("{ISSUER}/"),
            ISSUER.to_uppercase(),
            ISSUER.replace("https", "http"),
            String::new(),
        ];
        let iss = iss.map(|iss| forger.draft().claim("iss", iss));
        let aud = ["https://other.test", "app", ""].map(|aud| forger.draft().claim("aud", aud));
        refused(iss.into_iter().chain(aud).map(|draft| forger.sign(draft)))
    }),
    Row::tokens("R24", ALL, |forger| {
        let names = ["none", "NONE", "HS256", "HS512", "RS512", "ES512", "RSA1_5"];
        let foreign = names
            .into_iter()
            .filter(|name| *name != forger.algorithm.name());
        let draft = |name| forger.draft().header("alg", name);
        refused(foreign.flat_map(|name| {
            let confused = signed_by_secret(&draft(name), &forger.keys().stranger.info());
            [
                draft(name).with_signature(&[]),
                forger.sign(draft(name)),
                confused,
            ]
        }))
    }),
    Row::tokens("R25", PUBLISHED, |forger| {
        let jwk = forger.keys().stranger.public().0;
        let members = [
            ("jwk", jwk),
            ("jku", json!("https://evil.test/jwks.json")),
            ("x5u", json!("https://evil.test/c.pem")),
            ("x5c", json!(["AAAA"])),
        ];
        refused(members.map(|(name, value)| {
            forger
                .draft()
                .header(name, value)
                .sign(&forger.keys().stranger)
        }))
    }),
    Row::tokens("R26", ALL, |forger| {
        let critical = [json!(["x"]), json!(["exp"]), json!([]), Value::Null];
        refused(critical.map(|crit| forger.sign(forger.draft().header("crit", crit))))
    }),
    Row::tokens("R27", ALL, |forger| {
        let kids = [
            "../../etc/passwd",
            "' OR 1=1 --",
            "unknown",
            "",
            "own\n",
            "https://evil.test/",
        ];
        refused(kids.map(|kid| forger.sign(forger.draft().header("kid", kid))))
    }),
    Row::tokens("R28", ALL, other_spellings),
    // Public vectors for signatures alone lack the `typ` of an access token: all of them are
    // refused here, whatever their signatures; they belong to tests of the verifying function.
    Row::tokens("R29", &[Rs256], |forger| {
        let draft = forger.draft().header("kid", "rsa-1024");
        refused([draft.with_signature(&RsaKey::short().sign(draft.signed().as_bytes()))])
    }),
    Row::tokens("R29", &[Es256], |forger| {
        refused([forger
            .draft()
            .header("kid", "off-curve")
            .with_signature(&[1; 64])])
    }),
    Row::tokens("R29", &[Hs256], |forger| {
        refused([signed_by_secret(&forger.draft(), b"short")])
    }),
    Row::tokens("R30", ALL, |forger| {
        let kinds = [
            json!("JWT"),
            json!("id_token+jwt"),
            json!("logout+jwt"),
            json!("at+jwt2"),
        ];
        let typed = kinds.map(|typ| forger.draft().header("typ", typ));
        refused(
            typed
                .into_iter()
                .chain([forger.draft().without_header("typ")])
                .map(|draft| forger.sign(draft)),
        )
    }),
    steps!("R31", JWT, issued_claims),
    Row::tokens("R44", ALL, |forger| {
        let near = [
            json!("https://api-2.authbench.test"),
            json!([]),
            json!(["a"]),
            json!(format!("{AUDIENCE}/v2")),
        ];
        refused(near.map(|aud| forger.sign(forger.draft().claim("aud", aud))))
    }),
    steps!("R44", BEARER, what_is_issued_is_for_one_audience),
];

async fn challenges(target: &Target) -> Outcome {
    let bare = Call::get(&target.resource.url, "/resource").send().await;
    let bad = Login::made_up(&format!("__Host-session={}", "A".repeat(43)));
    let nothing = match target.model {
        authbench_servers::model::Model::Session | authbench_servers::model::Model::Gateway => {
            NO_SESSION
        }
        _ => NO_TOKEN,
    };
    bare.is(nothing, "no credential")?;
    target.is_refused(&bad, "a bad credential").await
}

async fn insufficient_scope(target: &Target) -> Outcome {
    let login = target.log_in_to_read().await?;
    target.is_accepted(&login, "reading").await?;
    let answer = target.call("POST", &login).same_origin().send().await;
    check(answer.status == 403, format!("{answer:?}"))?;
    check(
        answer.body == r#"{"error":"insufficient_scope"}"#,
        &*answer.body,
    )?;
    match target.model {
        authbench_servers::model::Model::Session | authbench_servers::model::Model::Gateway => {
            Ok(())
        }
        _ => answer.is(NEEDS_WRITE, "writing").map(drop),
    }
}

async fn more_than_one_place(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let token = login.token();
    let in_query = format!("/resource?access_token={token}");
    let form = [("access_token", token)];
    let form = |place: &str| Call::form(&target.resource.url, place, &form);
    for (call, places) in [
        (
            Call::get(&target.resource.url, &in_query).bearer(token),
            "header and query",
        ),
        (form("/resource").bearer(token), "header and form"),
        (form(&in_query).bearer(token), "all three"),
        (target.call("GET", &login).bearer(token), "two headers"),
    ] {
        call.send().await.is(INVALID_BEARER_REQUEST, places)?;
    }
    Ok(())
}

async fn token_in_the_query(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let place = format!("/resource?access_token={}", login.token());
    for method in ["GET", "POST"] {
        Call::new(method, &target.resource.url, &place)
            .send()
            .await
            .is(NO_TOKEN, method)?;
    }
    Ok(())
}

/// One token, spelt otherwise.
fn other_spellings(forger: &Forger) -> Vec<Forged> {
    let good = forger.sign(forger.draft());
    let (two, _) = good.rsplit_once('.').expect("three segments");
    let twice = forger.sign(forger.draft().claims_before(r#""sub":"user-00002","#));
    let not_utf8 = forger.sign(forger.draft().claims_text(&b"{\"sub\":\"\xff\"}"[..]));
    let spellings = [
        format!("{good}="),
        format!("{good}.x"),
        two.to_owned(),
        good.replacen('.', "..", 1),
        format!("{} {}", &good[..20], &good[20..]),
        twice,
        not_utf8,
    ];
    refused(spellings)
}

/// The claims of an access token of ours, as it was issued.
async fn issued_claims(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let parts: Vec<_> = login.token().split('.').collect();
    let json = |part: &str| -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    };
    let (header, claims) = (json(parts[0]), json(parts[1]));
    check(header["typ"] == "at+jwt", header.to_string())?;
    for name in ["iss", "aud", "sub", "client_id", "jti"] {
        check(claims[name].is_string(), format!("{name}: {claims}"))?;
    }
    let life = claims["exp"].as_i64().unwrap_or(0) - claims["iat"].as_i64().unwrap_or(0);
    check(
        life == ACCESS_TTL.as_secs() as i64,
        format!("it lives for {life} s"),
    )?;
    let named = (
        claims["sub"] == USER,
        claims["client_id"] == "app",
        claims["iss"] == target.authorization.url,
    );
    check(named == (true, true, true), claims.to_string())
}

async fn what_is_issued_is_for_one_audience(target: &Target) -> Outcome {
    let login = target.log_in(USER).await?;
    let said = target.introspect(login.token()).send().await.json();
    check(said["aud"] == AUDIENCE, said.to_string())?;
    let other = Call::get(
        &target.authorization.admin_url,
        "/accounts/user-00001/sessions",
    );
    let other = other.bearer(login.token()).send().await;
    check(other.status == 401, "it opens the admin surface")?;
    target.is_accepted(&login, "where it is meant for").await?;
    let bad = Call::get(&target.resource.url, "/resource")
        .bearer("bad")
        .send()
        .await;
    bad.is(INVALID_TOKEN, "a bad token").map(drop)
}

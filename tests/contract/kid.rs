//! `kid` and the other members that might choose a key: data to compare, never a place to look.

use std::time::Duration;

use authbench_servers::jwt::SigningAlgorithm::EdDsa;
use authbench_servers::resource::ResourceSettings;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::answer::{ACCEPTED, HEADER_TOO_LARGE, INVALID_TOKEN, Outcome, check};
use crate::call::Call;
use crate::forge::forger::{COOL_DOWN, ISSUER};
use crate::forge::keys::signed_by_secret;
use crate::forge::published::{PUBLISHED_SECRET, jwks};
use crate::forge::{Forged, Forger, der, expecting, refused};
use crate::row::{ALL, PUBLISHED, Row, forging};
use crate::wire::Connection;

pub(crate) const ROWS: &[Row] = &[
    Row::tokens("KID-01", ALL, |forger| {
        keyed_by_content(forger, "../../../../dev/null", b"")
    }),
    Row::tokens("KID-02", ALL, |forger| {
        keyed_by_content(forger, "../../public/app.css", b"body { margin: 0 }\n")
    }),
    Row::tokens("KID-04", ALL, |forger| {
        named(
            forger,
            ["k1;id", "own;id", "own|id", "`id`", "own' OR '1'='1"].map(Value::from),
        )
    }),
    forging!("KID-05", ALL, line_breaks_stay_in_their_line),
    forging!("KID-07", PUBLISHED, an_unknown_kid_looks_once_per_cool_down),
    forging!("KID-08", &[EdDsa], ten_thousand_kids_look_once),
    Row::tokens("KID-10", ALL, |forger| {
        named(forger, [json!(1), json!(["own"]), Value::Null])
    }),
    Row::tokens("KID-11", ALL, |forger| {
        let token = forger.sign(forger.draft().header("kid", "k".repeat(1 << 20)));
        expecting(HEADER_TOO_LARGE, [token])
    }),
    Row::tokens("KID-13", ALL, |forger| {
        let alike = [
            "ｏwn",
            "оwn",
            "own\u{301}",
            "own\u{200b}",
            "OWN",
            "ｓhared",
            "own\u{0}",
        ];
        named(forger, alike.map(Value::from))
    }),
    forging!("KID-14", PUBLISHED, a_retired_key_is_gone),
    Row::tokens("KID-16", PUBLISHED, |forger| {
        let jwk = forger.keys().stranger.public().0;
        by_stranger(forger, "jwk", jwk, None)
    }),
    Row::tokens("KID-17", PUBLISHED, |forger| {
        let jwk = forger.keys().stranger.public().0;
        by_stranger(forger, "jwk", jwk, Some("own"))
    }),
    Row::tokens("KID-19", ALL, |forger| {
        let places = [
            "http://169.254.169.254/",
            "file:///etc/passwd",
            "//169.254.169.254",
        ];
        places
            .into_iter()
            .flat_map(|place| by_stranger(forger, "jku", json!(place), Some("own")))
            .collect()
    }),
    forging!("KID-19", ALL, no_header_makes_it_connect),
    Row::tokens("KID-20", ALL, |forger| {
        let trick = format!("{}@evil.test/", ISSUER);
        by_stranger(forger, "jku", json!(trick), Some("own"))
    }),
    Row::tokens("KID-22", ALL, |forger| {
        by_stranger(forger, "x5u", json!("https://evil.test/c.pem"), Some("own"))
    }),
    Row::tokens("KID-23", PUBLISHED, |forger| {
        let stranger = &forger.keys().stranger;
        let certificate = der::certificate(&stranger.info(), |body| stranger.sign(body));
        by_stranger(forger, "x5c", json!([STANDARD.encode(certificate)]), None)
    }),
    Row::tokens("KID-25", PUBLISHED, |forger| {
        let draft = forger.draft().header("kid", "oct");
        let hs256 = draft.clone().header("alg", "HS256");
        refused([draft, hs256].map(|draft| signed_by_secret(&draft, &PUBLISHED_SECRET)))
    }),
    Row::tokens("KID-26", PUBLISHED, |forger| {
        // Published with the issuer's second key and a stranger's: whom it names, nobody can say.
        let draft = forger.draft().header("kid", "twin");
        refused([
            draft.sign(&forger.keys().second),
            draft.sign(&forger.keys().stranger),
        ])
    }),
    // Beyond the list: the issuer's key under names that were published for something else.
    Row::tokens("KID/use", PUBLISHED, |forger| {
        named(forger, ["enc", "ops", "unheard-of"].map(Value::from))
    }),
    Row::tokens("KID/absent", PUBLISHED, |forger| {
        // Of two good keys neither is meant.
        refused([forger.sign(forger.draft().without_header("kid"))])
    }),
    Row::tokens("KID/thumbprint", ALL, |forger| {
        by_stranger(forger, "x5t", json!("AAAA"), Some("own"))
    }),
];

/// Other values of `kid` under a good signature.
fn named(forger: &Forger, kids: impl IntoIterator<Item = Value>) -> Vec<Forged> {
    refused(
        kids.into_iter()
            .map(|kid| forger.sign(forger.draft().header("kid", kid))),
    )
}

/// A `kid` that is a path, and a MAC keyed with what that file holds.
fn keyed_by_content(forger: &Forger, path: &str, content: &[u8]) -> Vec<Forged> {
    let draft = forger.draft().header("kid", path);
    let hs256 = draft.clone().header("alg", "HS256");
    let [first, second] = [draft.clone(), hs256].map(|draft| signed_by_secret(&draft, content));
    refused([first, second, forger.sign(draft)])
}

/// A header that points at the attacker's key, signed with it.
fn by_stranger(forger: &Forger, name: &str, value: Value, kid: Option<&str>) -> Vec<Forged> {
    let draft = forger.draft().without_header("kid").header(name, value);
    let draft = match kid {
        Some(kid) => draft.header("kid", kid),
        None => draft,
    };
    // And with the issuer's own: the member has no business there.
    refused([draft.sign(&forger.keys().stranger), forger.sign(draft)])
}

async fn line_breaks_stay_in_their_line(forger: &Forger) -> Outcome {
    let forged_line = "k\r\n{\"event\":\"login_ok\",\"subject\":\"admin\"}\r\nX-Injected: 1";
    let token = forger.sign(forger.draft().header("kid", forged_line));
    let answer = forger.read(token).await;
    answer.is(INVALID_TOKEN, "a kid of several lines")?;
    check(
        answer.header("x-injected").is_none(),
        "a header was injected",
    )?;
    let lines = refusals_logged(forger).await;
    check(lines.len() == 1, format!("one line, not {lines:?}"))?;
    check(!lines[0].contains("login_ok"), "the kid is in the log")
}

/// The lines of the audit log, once there are any.
async fn refusals_logged(forger: &Forger) -> Vec<String> {
    for _ in 0..200 {
        let text = std::fs::read_to_string(forger.audit.path()).expect("a log");
        if text.ends_with('\n') {
            return text.lines().map(str::to_owned).collect();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Vec::new()
}

async fn an_unknown_kid_looks_once_per_cool_down(forger: &Forger) -> Outcome {
    let token = |kid: String| forger.sign(forger.draft().header("kid", kid));
    let asked_before = forger.issuer.requests();
    for round in 1..=2 {
        forger.time.advance(COOL_DOWN);
        for number in 0..5 {
            let answer = forger.read(token(format!("unknown-{number}"))).await;
            answer.is(INVALID_TOKEN, "an unknown kid")?;
        }
        let asked = forger.issuer.requests() - asked_before;
        check(
            asked == round,
            format!("{asked} look-ups in {round} cool-downs"),
        )?;
    }
    Ok(())
}

async fn ten_thousand_kids_look_once(forger: &Forger) -> Outcome {
    forger.time.advance(COOL_DOWN);
    let asked_before = forger.issuer.requests();
    let mut connection = Connection::open(&forger.resource.url).await;
    for number in 0..10_000 {
        // The signature is never looked at: there is no key for it.
        let draft = forger.draft().header("kid", format!("unknown-{number}"));
        let call =
            Call::get(&forger.resource.url, "/resource").bearer(draft.with_signature(&[1; 64]));
        let answer = connection.exchange(&call.to_bytes()).await;
        answer.is(INVALID_TOKEN, "an unknown kid")?;
    }
    let asked = forger.issuer.requests() - asked_before;
    check(asked == 1, format!("{asked} look-ups"))
}

/// A rotation: the new key is published beside the old one before it is used, and the old one later
/// withdrawn.
async fn a_retired_key_is_gone(forger: &Forger) -> Outcome {
    let keys = forger.keys();
    let old = forger.sign(forger.draft());
    let new = forger.draft().header("kid", "next").sign(&keys.stranger);
    let publish = |set: String| forger.issuer.answer(move |_| (200, set.clone()));
    publish(jwks(&[(&keys.own, "own"), (&keys.stranger, "next")]));
    forger.time.advance(COOL_DOWN);
    for token in [&new, &old] {
        forger
            .read(token)
            .await
            .is(ACCEPTED, "both keys are published")?;
    }
    publish(jwks(&[(&keys.stranger, "next")]));
    forger.time.advance(COOL_DOWN);
    // Something new makes it look again.
    let unknown = forger.draft().header("kid", "unknown").sign(&keys.own);
    forger
        .read(unknown)
        .await
        .is(INVALID_TOKEN, "an unknown key")?;
    forger.read(&new).await.is(ACCEPTED, "the key in use")?;
    let answer = forger.read(&old).await;
    answer.is(INVALID_TOKEN, "the retired key")?;
    // And without anything new, at the latest when the keys are too old.
    publish(jwks(&[(&keys.own, "own")]));
    forger.time.advance(ResourceSettings::default().jwks_ttl);
    let later = forger.draft().claim("exp", forger.now() + 3_600);
    let withdrawn = later.clone().header("kid", "next").sign(&keys.stranger);
    let answer = forger.read(withdrawn).await;
    answer.is(INVALID_TOKEN, "a withdrawn key")?;
    let answer = forger.read(later.sign(&keys.own)).await;
    answer.is(ACCEPTED, "the key in use").map(drop)
}

async fn no_header_makes_it_connect(forger: &Forger) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let place = format!("http://{}/keys", listener.local_addr().expect("bound"));
    for name in ["jku", "x5u", "iss", "kid"] {
        let draft = forger.draft().header(name, place.as_str());
        let token = draft.sign(&forger.keys().stranger);
        forger.read(token).await.is(INVALID_TOKEN, name)?;
    }
    let token = forger
        .draft()
        .claim("iss", place.as_str())
        .sign(&forger.keys().own);
    forger.read(token).await.is(INVALID_TOKEN, "iss")?;
    let embedded = URL_SAFE_NO_PAD.encode(&place);
    forger
        .read(format!("{embedded}.{embedded}.{embedded}"))
        .await
        .is(INVALID_TOKEN, "a URL")?;
    let connected = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    check(
        connected.is_err(),
        "it connected to a place that a token named",
    )
}

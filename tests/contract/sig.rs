//! Signatures: only the issuer's own, in their one encoding, under keys of sufficient strength.

use std::sync::LazyLock;

use authbench_servers::authorization::{self, AuthorizationSettings, AuthorizationWiring};
use authbench_servers::clock::Clock;
use authbench_servers::jwt::SigningAlgorithm::{self, EdDsa, Es256, Hs256, Rs256};
use authbench_servers::model::Model;
use authbench_servers::resource::{self, ResourceSettings, ResourceWiring};
use authbench_servers::secret::Secret;
use authbench_servers::store::{StartedStore, StoreKind, StoreUrl};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::answer::{Outcome, check};
use crate::forge::curves::{
    P256_ORDER, is_universally_signed, universal_signature, with_s_past_the_order,
};
use crate::forge::forger::ISSUER;
use crate::forge::keys::{mac, signed_by_secret};
use crate::forge::rsa::{PAIRS, RsaKey, bad_paddings, encode};
use crate::forge::{Draft, Forged, Forger, accepted, refused};
use crate::row::{ALL, PUBLISHED, Row, forging};
use crate::target::START_MS;

pub(crate) const ROWS: &[Row] = &[
    Row::tokens("SIG-01", ALL, |forger| {
        refused([forger.draft().with_signature(&[])])
    }),
    Row::tokens("SIG-02", ALL, flipped),
    Row::tokens("SIG-04", ALL, |forger| {
        resigned(forger, |good| [good, &[0]].concat())
    }),
    Row::tokens("SIG-05", ALL, |forger| {
        let other = forger.sign(forger.draft().claim("sub", "user-00002"));
        let signature = other.rsplit('.').next().expect("three segments");
        refused([format!("{}.{signature}", forger.draft().signed())])
    }),
    Row::tokens("SIG-07", ALL, |forger| {
        let good = forger.sign(forger.draft());
        let (_, rest) = good.split_once('.').expect("three segments");
        let swapped = ["second", "unknown"].map(|kid| forger.draft().header("kid", kid).signed());
        refused(
            swapped
                .map(|signed| format!("{}.{rest}", signed.split('.').next().unwrap_or_default())),
        )
    }),
    Row::tokens("SIG-08", &[Es256], |forger| {
        refused([forger.draft().with_signature(&[0; 64])])
    }),
    Row::tokens("SIG-10", &[Es256], |forger| {
        let mut ones = [0; 64];
        (ones[31], ones[63]) = (1, 1);
        let orders = [P256_ORDER, P256_ORDER].concat();
        refused([&ones[..], &orders].map(|signature| forger.draft().with_signature(signature)))
    }),
    Row::tokens("SIG-11", &[Es256], |forger| {
        let draft = forger.draft();
        refused([draft.with_signature(&forger.keys().own.sign_asn1(draft.signed().as_bytes()))])
    }),
    Row::tokens("SIG-13", &[EdDsa], |forger| {
        resigned(forger, with_s_past_the_order)
    }),
    Row::tokens("SIG-14", &[EdDsa], |forger| {
        let draft = |jti: u32| {
            forger
                .draft()
                .header("kid", "order-8")
                .claim("jti", jti.to_string())
        };
        let signed = (0..1_000)
            .map(draft)
            .find(|draft| is_universally_signed(draft.signed().as_bytes()));
        refused([signed
            .expect("one in eight")
            .with_signature(&universal_signature())])
    }),
    Row::tokens("SIG-16", &[Rs256], |forger| {
        // Signed by the same arithmetic, and good: what is wrong with the others is their padding.
        let good = forger.draft();
        let good = good.with_signature(&PAIRS[0].raw.sign(good.signed().as_bytes()));
        accepted([good])
            .into_iter()
            .chain(refused(PADDED.iter().cloned()))
            .collect()
    }),
    Row::tokens("SIG-17", &[Rs256], |forger| {
        let draft = forger.draft().header("kid", "rsa-1024");
        refused([draft.with_signature(&RsaKey::short().sign(draft.signed().as_bytes()))])
    }),
    Row::tokens("SIG-19", &[Hs256], |forger| {
        refused(WORDS.map(|word| signed_by_secret(&forger.draft(), word.as_bytes())))
    }),
    forging!("SIG-19", &[Hs256], short_secrets_do_not_start),
    Row::tokens("SIG-20", ALL, |forger| {
        let hs256 = forger.draft().header("alg", "HS256");
        refused([
            signed_by_secret(&hs256, &[]),
            signed_by_secret(&hs256.without_header("kid"), &[]),
        ])
    }),
    // Beyond the list: shortened, by somebody else, over other claims, under a key whose exponent
    // is 1.
    Row::tokens("SIG/shorter", ALL, |forger| {
        resigned(forger, |good| good[..good.len() - 1].to_vec())
    }),
    Row::tokens("SIG/stranger", ALL, |forger| {
        refused([forger.draft().sign(&forger.keys().stranger)])
    }),
    Row::tokens("SIG/claims", ALL, |forger| {
        let good = forger.sign(forger.draft().claim("scope", "read"));
        let signature = good.rsplit('.').next().expect("three segments");
        refused([format!("{}.{signature}", forger.draft().signed())])
    }),
    Row::tokens("SIG/e-1", &[Rs256], |forger| {
        let draft = forger.draft().header("kid", "e-1");
        let hash = digest(&SHA256, draft.signed().as_bytes());
        refused([draft.with_signature(&encode(hash.as_ref(), 256))])
    }),
    Row::tokens("SIG/off-curve", &[Es256], |forger| {
        refused([forger
            .draft()
            .header("kid", "off-curve")
            .with_signature(&[1; 64])])
    }),
    Row::tokens("SIG/mac", PUBLISHED, |forger| {
        let draft = forger.draft();
        refused([draft.with_signature(&mac(&forger.keys().own.info(), draft.signed().as_bytes()))])
    }),
];

/// A few of the secrets that every list of them begins with.
const WORDS: [&str; 12] = [
    "secret",
    "password",
    "changeme",
    "your-256-bit-secret",
    "secretkey",
    "jwt_secret",
    "hmac-secret",
    "0123456789abcdef0123456789abcdef",
    "mysecret",
    "key",
    "AllYourBase",
    "shared",
];

/// Claims that any issuer might sign, since the signature is all that is wrong. Made once: they
/// take a second.
static PADDED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let draft = Draft::new("RS256", "own", ISSUER, START_MS / 1_000);
    let raw = &PAIRS[0].raw;
    let blocks = bad_paddings(draft.signed().as_bytes(), raw.modulus().len());
    let tokens = blocks
        .iter()
        .map(|block| draft.with_signature(&raw.raw_sign(block)));
    tokens.collect()
});

/// One bit of the signature, at its start, in its middle and at its end.
fn flipped(forger: &Forger) -> Vec<Forged> {
    let flips = [0, 50, 100].map(|percent| {
        resigned(forger, move |good| {
            let mut altered = good.to_vec();
            altered[(good.len() - 1) * percent / 100] ^= 1;
            altered
        })
    });
    flips.into_iter().flatten().collect()
}

/// A good signature, altered.
fn resigned(forger: &Forger, alter: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Forged> {
    let draft = forger.draft();
    let good = forger.keys().own.sign(draft.signed().as_bytes());
    refused([draft.with_signature(&alter(&good))])
}

/// Neither server starts with a secret that could be guessed.
async fn short_secrets_do_not_start(forger: &Forger) -> Outcome {
    for length in [0, 1, 31] {
        let secret = Secret::new(URL_SAFE_NO_PAD.encode(vec![9; length]));
        let (clock, _) = Clock::manual(0);
        let started = resource::start(
            ResourceSettings {
                model: forger.model,
                algorithm: SigningAlgorithm::Hs256,
                authorization_server: Some(forger.issuer.url.clone()),
                ..ResourceSettings::default()
            },
            ResourceWiring {
                signing_secret: Some(secret.clone()),
                ..ResourceWiring::default()
            },
            clock,
        );
        check(
            started.await.is_err(),
            "a resource server with a short secret",
        )?;
        issuer_does_not_start(forger.model, secret).await?;
    }
    Ok(())
}

async fn issuer_does_not_start(model: Model, secret: Secret) -> Outcome {
    let store = StartedStore::start(StoreKind::Embedded);
    let store = store.map_err(|error| error.to_string())?;
    let any = || Secret::new(URL_SAFE_NO_PAD.encode([8; 32]));
    let wiring = AuthorizationWiring {
        store_url: StoreUrl::new(store.url()),
        admin_secret: any(),
        population_password: any(),
        service_secret: any(),
        introspection_secret: any(),
        signing_secret: Some(secret),
        rotation_key: Some(any()),
        namespace: None,
        store_unix_url: None,
        auditor_secret: None,
        partner_secret: None,
        csrf_key: None,
        session_key: None,
    };
    let settings = AuthorizationSettings {
        model,
        algorithm: SigningAlgorithm::Hs256,
        ..AuthorizationSettings::default()
    };
    let (clock, _) = Clock::manual(0);
    let started = authorization::start(settings, wiring, clock).await;
    check(
        started.is_err(),
        "an authorization server with a short secret",
    )
}

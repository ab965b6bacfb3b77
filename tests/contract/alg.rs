//! `alg`: the algorithm is the server's choice, never the token's (RFC 8725 §2.1, §3.1).

use serde_json::{Value, json};

use crate::forge::keys::{keys, pem, sign_rs512, signed_by_secret};
use crate::forge::{Draft, Forged, Forger, der, refused};
use crate::row::{ALL, PUBLISHED, RSA, Row};

use authbench_servers::jwt::SigningAlgorithm::{EdDsa, Es256, Hs256, Ps256, Rs256};

pub(crate) const ROWS: &[Row] = &[
    Row::tokens("ALG-01", ALL, |forger| unsigned(forger, "none")),
    Row::tokens("ALG-02", ALL, |forger| unsigned(forger, "None")),
    Row::tokens("ALG-04", ALL, |forger| {
        let good = forger.sign(forger.draft());
        let signature = good.rsplit('.').next().expect("three segments");
        let kept = |alg: &str| format!("{}.{signature}", with_alg(forger, json!(alg)).signed());
        refused(["NONE", "none", "nOnE"].map(kept))
    }),
    Row::tokens("ALG-05", ALL, |forger| {
        let none = with_alg(forger, json!("none"));
        refused([none.signed(), forger.draft().signed()])
    }),
    Row::tokens("ALG-07", ALL, |forger| {
        let texts = [r#""alg":"\u0000none""#, r#""alg":"none\u0000""#];
        let drafts = texts.map(|alg| {
            forger
                .draft()
                .without_header("alg")
                .header_before(&format!("{alg},"))
        });
        refused(drafts.iter().flat_map(|draft| both(forger, draft)))
    }),
    Row::tokens("ALG-08", ALL, |forger| signed_as(forger, [json!("")])),
    Row::tokens("ALG-10", ALL, |forger| signed_as(forger, [Value::Null])),
    Row::tokens("ALG-11", ALL, |forger| {
        signed_as(forger, [json!(256), json!(true)])
    }),
    Row::tokens("ALG-13", ALL, |forger| {
        let name = forger.algorithm.name();
        let cased = [name.to_lowercase(), name.to_uppercase()];
        signed_as(
            forger,
            cased
                .into_iter()
                .filter(|cased| cased != name)
                .map(Value::from),
        )
    }),
    Row::tokens("ALG-14", ALL, |forger| {
        let name = forger.algorithm.name();
        let draft = forger.draft().without_header("alg");
        refused(["ALG", "Alg"].map(|member| forger.sign(draft.clone().header(member, name))))
    }),
    Row::tokens("ALG-16", PUBLISHED, |forger| {
        confused(forger, [public_pem(forger).into_bytes()])
    }),
    Row::tokens("ALG-17", PUBLISHED, |forger| {
        let pem = public_pem(forger);
        let one_line = pem.replace('\n', "");
        let forms = [
            pem.trim_end().to_owned(),
            pem.replace('\n', "\r\n"),
            one_line,
        ];
        confused(forger, forms.map(String::into_bytes))
    }),
    Row::tokens("ALG-19", PUBLISHED, |forger| {
        let (jwk, text) = forger.keys().own.public();
        confused(
            forger,
            [
                text.into_bytes(),
                jwk.to_string().into_bytes(),
                forger.keys().own.info(),
            ],
        )
    }),
    Row::tokens("ALG-20", RSA, rebuilt_key),
    Row::tokens("ALG-22", RSA, |forger| {
        // The key is published, for PS512.
        let stranger = &forger.keys().stranger;
        let draft = |alg: &str| forger.draft().header("alg", alg).header("kid", "ps512");
        let rs512 = draft("RS512");
        let signature = sign_rs512(stranger.rsa(), rs512.signed().as_bytes());
        let own_name = draft(forger.algorithm.name());
        refused([rs512.with_signature(&signature), own_name.sign(stranger)])
    }),
    Row::tokens("ALG-23", &[Es256], |forger| {
        let es384 = with_alg(forger, json!("ES384"));
        refused([forger.sign(es384.clone()), es384.with_signature(&[1; 96])])
    }),
    Row::tokens("ALG-25", &[Es256], |forger| {
        signed_as(forger, [json!("ES256K")])
    }),
    Row::tokens("ALG-26", &[EdDsa], |forger| {
        signed_as(forger, ["Ed25519", "Ed448"].map(Value::from))
    }),
    Row::tokens("ALG-28", ALL, |forger| {
        twice(forger, forger.algorithm.name(), "none")
    }),
    Row::tokens("ALG-29", ALL, |forger| {
        twice(forger, "none", forger.algorithm.name())
    }),
    // Beyond the list: no algorithm, a list of them, a near miss, the sibling that the same key
    // would serve.
    Row::tokens("ALG/absent", ALL, |forger| {
        refused([forger.sign(forger.draft().without_header("alg"))])
    }),
    Row::tokens("ALG/list", ALL, |forger| {
        let name = forger.algorithm.name();
        signed_as(
            forger,
            [
                json!([name]),
                json!({ "alg": name }),
                json!(format!("{name} ")),
            ],
        )
    }),
    Row::tokens("ALG/sibling", RSA, |forger| {
        let sibling = if forger.algorithm == Rs256 {
            Ps256
        } else {
            Rs256
        };
        let draft = forger.draft().header("alg", sibling.name());
        let honest = draft.sign(&keys(sibling).own);
        let labelled = forger.draft().sign(&keys(sibling).own);
        refused([honest, labelled])
    }),
    Row::tokens("ALG/longer", &[Hs256], |forger| {
        signed_as(forger, ["HS384", "HS512", "dir"].map(Value::from))
    }),
];

fn with_alg(forger: &Forger, alg: Value) -> Draft {
    forger.draft().header("alg", alg)
}

/// An algorithm without signatures: as the only member of the header, and in an otherwise perfect
/// one.
fn unsigned(forger: &Forger, alg: &str) -> Vec<Forged> {
    let bare = forger.draft().header_text(format!(r#"{{"alg":"{alg}"}}"#));
    let whole = with_alg(forger, json!(alg));
    refused([bare, whole].map(|draft| draft.with_signature(&[])))
}

/// Values of `alg` under the issuer's own good signature: nothing but the name is wrong.
fn signed_as(forger: &Forger, values: impl IntoIterator<Item = Value>) -> Vec<Forged> {
    refused(
        values
            .into_iter()
            .map(|alg| forger.sign(with_alg(forger, alg))),
    )
}

/// Without a signature, and with a good one.
fn both(forger: &Forger, draft: &Draft) -> [String; 2] {
    [draft.with_signature(&[]), forger.sign(draft.clone())]
}

/// HS256 with these secrets, which anybody knows.
fn confused<const N: usize>(forger: &Forger, secrets: [Vec<u8>; N]) -> Vec<Forged> {
    let draft = with_alg(forger, json!("HS256"));
    refused(secrets.map(|secret| signed_by_secret(&draft, &secret)))
}

fn public_pem(forger: &Forger) -> String {
    pem("PUBLIC KEY", &forger.keys().own.info())
}

/// Two signatures give the modulus away: it divides both `s^e − m`. What the attacker then has is a
/// key in an encoding of its own making, so each of the usual ones is tried.
fn rebuilt_key(forger: &Forger) -> Vec<Forged> {
    let raw = &forger.keys().own.rsa().raw;
    let (n, e) = (raw.modulus(), raw.exponent());
    let [info, bare] = [der::rsa_info(&n, &e), der::rsa_public_key(&n, &e)];
    let texts = [pem("PUBLIC KEY", &info), pem("RSA PUBLIC KEY", &bare)].map(String::into_bytes);
    let [first, second] = texts;
    confused(forger, [first, second, info, bare])
}

/// Two algorithms, with a good signature and without any.
fn twice(forger: &Forger, first: &str, last: &str) -> Vec<Forged> {
    let members = format!(r#""alg":"{first}","alg":"{last}","#);
    let draft = forger.draft().without_header("alg").header_before(&members);
    refused(both(forger, &draft))
}

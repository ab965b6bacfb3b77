//! The JOSE header: exactly an access token's (RFC 7515 §4, RFC 7797, RFC 9068 §2.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::answer::{HEADER_TOO_LARGE, INVALID_TOKEN};
use crate::forge::{Forged, Forger, accepted, expecting, refused};
use crate::row::{ALL, Row};

pub(crate) const ROWS: &[Row] = &[
    Row::tokens("HDR-02", ALL, |forger| {
        let encoded = with(forger, &[("crit", json!(["b64"])), ("b64", json!(false))]);
        encoded.into_iter().chain(unencoded(forger)).collect()
    }),
    Row::tokens("HDR-03", ALL, |forger| {
        with(forger, &[("b64", json!(false))])
    }),
    Row::tokens("HDR-05", ALL, |forger| {
        with(forger, &[("crit", json!(["alg"]))])
    }),
    Row::tokens("HDR-06", ALL, |forger| {
        with(forger, &[("crit", json!(["x"]))])
    }),
    Row::tokens("HDR-08", ALL, |forger| {
        with(forger, &[("crit", json!("b64"))])
    }),
    Row::tokens("HDR-09", ALL, |forger| {
        let kinds = [
            "logout+jwt",
            "JWT",
            "dpop+jwt",
            "secevent+jwt",
            "at+jwt;",
            "rt+jwt",
            "",
        ];
        kinds
            .into_iter()
            .flat_map(|typ| with(forger, &[("typ", json!(typ))]))
            .collect()
    }),
    Row::tokens("HDR-11", ALL, |forger| {
        refused([forger.sign(forger.draft().without_header("typ"))])
    }),
    Row::tokens("HDR-12", ALL, |forger| {
        let long = ["application/at+jwt", "Application/AT+JWT", "AT+jwt"];
        accepted(long.map(|typ| forger.sign(forger.draft().header("typ", typ))))
    }),
    Row::tokens("HDR-14", ALL, |forger| {
        with(forger, &[("zip", json!("DEF"))])
    }),
    Row::tokens("HDR-15", ALL, |forger| {
        let name = forger.algorithm.name();
        texts(
            forger,
            [
                format!(r#"["{name}"]"#),
                format!(r#""{name}""#),
                "null".into(),
                "1".into(),
            ],
        )
    }),
    Row::tokens("HDR-17", ALL, |forger| around(forger, "", "{}")),
    Row::tokens("HDR-18", ALL, |forger| around(forger, "\u{feff}", "")),
    Row::tokens("HDR-20", ALL, |forger| {
        // At the listed depth no header line holds it; what fits is refused like any other.
        let deep = nested(forger, 100_000);
        let fits = [16, 100, 300].map(|depth| nested(forger, depth));
        expecting(HEADER_TOO_LARGE, [deep])
            .into_iter()
            .chain(refused(fits))
            .collect()
    }),
    Row::tokens("HDR-21", ALL, |forger| {
        let members: String = (0..70_000)
            .map(|number| format!("\"m{number}\":0,"))
            .collect();
        let draft = forger.draft().header_before(&members);
        expecting(HEADER_TOO_LARGE, [draft.with_signature(&[1; 64])])
    }),
    Row::tokens("HDR-23", ALL, |forger| {
        let arrays = format!("\"x\":[{}[]],", "[],".repeat(1_800));
        let draft = forger.draft().header_before(&arrays);
        refused([draft.with_signature(&[1; 64]), forger.sign(draft)])
    }),
    Row::tokens("HDR-24", ALL, |forger| {
        let draft = forger.draft();
        let twice = [
            r#""kid":"second","#,
            r#""kid":"own","#,
            r#""\u006bid":"second","#,
            r#""typ":"JWT","#,
        ];
        refused(twice.map(|member| forger.sign(draft.clone().header_before(member))))
    }),
    // Beyond the list: wrong types, white space as the only change, and members that are nobody's
    // business.
    Row::tokens("HDR/types", ALL, |forger| {
        let kinds = [json!(1), Value::Null, json!(["at+jwt"])];
        kinds
            .into_iter()
            .flat_map(|typ| with(forger, &[("typ", typ)]))
            .collect()
    }),
    Row::tokens("HDR/crit", ALL, |forger| {
        let values = [
            json!([]),
            json!(["exp"]),
            json!([1]),
            Value::Null,
            json!({}),
        ];
        values
            .into_iter()
            .flat_map(|crit| with(forger, &[("crit", crit), ("exp", json!(1))]))
            .collect()
    }),
    Row::tokens("HDR/enc", ALL, |forger| {
        with(forger, &[("enc", json!("A256GCM"))])
    }),
    Row::tokens("HDR/unknown", ALL, |forger| {
        // RFC 7515 §4: what is not understood is ignored.
        accepted([forger.sign(forger.draft().header("x", json!({"any": [1]})))])
    }),
    Row::tokens("HDR/cut", ALL, |forger| {
        around(forger, "", "")
            .into_iter()
            .chain(cut(forger))
            .collect()
    }),
];

/// Members beside the right ones, under a good signature.
fn with(forger: &Forger, members: &[(&str, Value)]) -> Vec<Forged> {
    let draft = members.iter().fold(forger.draft(), |draft, (name, value)| {
        draft.header(name, value.clone())
    });
    refused([forger.sign(draft)])
}

/// Another text in place of the header, under a good signature.
fn texts(forger: &Forger, texts: impl IntoIterator<Item = String>) -> Vec<Forged> {
    refused(
        texts
            .into_iter()
            .map(|text| forger.sign(forger.draft().header_text(text))),
    )
}

/// The right header with something before and after it; with nothing, that is good.
fn around(forger: &Forger, before: &str, after: &str) -> Vec<Forged> {
    let header = header_json(forger);
    let token = forger.sign(
        forger
            .draft()
            .header_text(format!("{before}{header}{after}")),
    );
    match (before, after) {
        ("", "") => accepted([token]),
        _ => refused([token]),
    }
}

fn cut(forger: &Forger) -> Vec<Forged> {
    let header = header_json(forger);
    texts(
        forger,
        [
            header[..header.len() - 1].to_owned(),
            String::new(),
            "{".into(),
            "{}".into(),
        ],
    )
}

fn header_json(forger: &Forger) -> String {
    let signed = forger.draft().signed();
    let (header, _) = signed.split_once('.').expect("two segments");
    String::from_utf8(URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON")
}

fn nested(forger: &Forger, depth: usize) -> String {
    let member = format!("\"x\":{}{},", "[".repeat(depth), "]".repeat(depth));
    forger.sign(forger.draft().header_before(&member))
}

/// RFC 7797 to the letter: the payload stands there as it is, and is signed as it is.
fn unencoded(forger: &Forger) -> Vec<Forged> {
    let draft = forger
        .draft()
        .header("crit", json!(["b64"]))
        .header("b64", false);
    let signed = draft.signed();
    let (header, _) = signed.split_once('.').expect("two segments");
    let signed = [header.as_bytes(), b".", &draft.claims_bytes()[..]].concat();
    let signature = forger.keys().own.sign(&signed);
    let token = [
        &signed[..],
        b".",
        URL_SAFE_NO_PAD.encode(signature).as_bytes(),
    ]
    .concat();
    expecting(INVALID_TOKEN, [token])
}

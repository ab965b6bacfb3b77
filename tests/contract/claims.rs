//! Claims: required, of their types, within their times, meant for us (RFC 7519 §4.1, RFC 9068
//! §2.2).

use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::{ACCEPTED, INVALID_TOKEN, NEEDS_WRITE, Outcome};
use crate::forge::forger::ISSUER;
use crate::forge::{Draft, Forged, Forger, accepted, expecting, refused};
use crate::row::{ALL, Row, forging};

use authbench_servers::authorization::AUDIENCE;

pub(crate) const ROWS: &[Row] = &[
    Row::tokens("CLM-02", ALL, |forger| {
        claims(forger, "exp", [json!(forger.now())])
    }),
    forging!("CLM-03", ALL, leeway_is_what_is_stated),
    Row::tokens("CLM-05", ALL, |forger| {
        claims(forger, "exp", [json!(forger.now() as f64 - 0.6)])
    }),
    Row::tokens("CLM-06", ALL, |forger| {
        let draft = forger.draft().claim("exp", forger.now() as f64 + 600.5);
        accepted([forger.sign(draft)])
    }),
    Row::tokens("CLM-08", ALL, |forger| {
        raw(forger, "exp", &["-0", "-0.0", "0", "-1"])
    }),
    Row::tokens("CLM-09", ALL, |forger| {
        raw(forger, "exp", &["1e400", "-1e400"])
    }),
    Row::tokens("CLM-11", ALL, |forger| {
        raw(forger, "exp", &["18446744073709551615"])
    }),
    Row::tokens("CLM-12", ALL, |forger| {
        let past_all = [
            "18446744073709551616",
            "9223372036854775808",
            "1e300",
            "4294967297e9",
        ];
        raw(forger, "exp", &past_all)
    }),
    Row::tokens("CLM-14", ALL, |forger| {
        raw(
            forger,
            "exp",
            &[
                "NaN",
                "Infinity",
                "-Infinity",
                "0x7fffffff",
                "01800000300",
                "+1",
                ".5",
                "1.",
            ],
        )
    }),
    Row::tokens("CLM-15", ALL, |forger| {
        let exp = forger.now() + 300;
        let values = [
            Value::Null,
            json!(true),
            json!([]),
            json!([exp]),
            json!({}),
            json!(exp.to_string()),
        ];
        claims(forger, "exp", values)
    }),
    Row::tokens("CLM-17", ALL, |forger| {
        refused(
            [
                r#""\u0065xp":1,"#,
                r#""exp":1,"#,
                r#""\u0065xp":9999999999,"#,
            ]
            .map(|member| before(forger, member)),
        )
    }),
    Row::tokens("CLM-18", ALL, |forger| {
        let draft = forger.draft().without_claim("exp");
        let later = forger.now() + 300;
        refused(["EXP", "Exp", "exp "].map(|name| forger.sign(draft.clone().claim(name, later))))
    }),
    Row::tokens("CLM-20", ALL, |forger| {
        let values = [json!("1"), json!([1]), json!(true), Value::Null, json!({})];
        claims(forger, "nbf", values)
    }),
    Row::tokens("CLM-21", ALL, |forger| {
        claims(
            forger,
            "iat",
            [86_400, 1].map(|ahead| json!(forger.now() + ahead)),
        )
    }),
    Row::tokens("CLM-23", ALL, |forger| {
        let ten_years = forger.now() + 10 * 365 * 86_400;
        let draft = forger.draft().claim("exp", ten_years);
        // Moving `iat` into the future does not help.
        refused(
            [draft.clone(), draft.claim("iat", ten_years - 300)].map(|draft| forger.sign(draft)),
        )
    }),
    Row::tokens("CLM-24", ALL, |forger| without(forger, "aud")),
    Row::tokens("CLM-26", ALL, |forger| {
        let audiences = [
            json!(["other", AUDIENCE]),
            json!([AUDIENCE]),
            json!(AUDIENCE),
        ];
        accepted(audiences.map(|aud| forger.sign(forger.draft().claim("aud", aud))))
    }),
    Row::tokens("CLM-27", ALL, |forger| {
        claims(forger, "aud", [json!([1, 2]), json!(1), json!(true)])
    }),
    Row::tokens("CLM-29", ALL, |forger| {
        claims(
            forger,
            "aud",
            [
                json!(["evil", 1]),
                json!([AUDIENCE, 1]),
                json!([AUDIENCE, null]),
            ],
        )
    }),
    Row::tokens("CLM-30", ALL, |forger| {
        claims(
            forger,
            "aud",
            [json!([]), json!([[]]), json!({}), Value::Null],
        )
    }),
    Row::tokens("CLM-32", ALL, |forger| {
        let near = [
            format!("{AUDIENCE}.evil"),
            format!("{AUDIENCE}/"),
            AUDIENCE.to_uppercase(),
            "https://api".into(),
        ];
        claims(forger, "aud", near.map(Value::from))
    }),
    Row::tokens("CLM-33", ALL, |forger| without(forger, "iss")),
    Row::tokens("CLM-35", ALL, |forger| {
        claims(
            forger,
            "iss",
            [json!(1), json!({}), json!(true), Value::Null],
        )
    }),
    Row::tokens("CLM-36", ALL, |forger| {
        claims(forger, "iss", [json!(["evil", ISSUER]), json!([ISSUER])])
    }),
    Row::tokens("CLM-38", ALL, |forger| {
        let other = forger.draft().claim("iss", "https://issuer-b.test");
        let by_its_key = forger.draft().sign(&forger.keys().stranger);
        refused([
            by_its_key,
            other.sign(&forger.keys().stranger),
            forger.sign(other),
        ])
    }),
    Row::tokens("CLM-39", ALL, |forger| {
        claims(forger, "sub", [json!(1), json!(["u"]), Value::Null])
    }),
    Row::tokens("CLM-41", ALL, |forger| {
        claims(
            forger,
            "scope",
            [
                json!(["read"]),
                json!({"read": true}),
                json!(1),
                Value::Null,
            ],
        )
    }),
    Row::tokens("CLM-42", ALL, |forger| {
        let read = forger.sign(forger.draft().claim("scope", "read"));
        let near = ["read Write", "readwrite", "read,write", "", "write-not"]
            .map(|scope| forger.sign(forger.draft().claim("scope", scope)));
        expecting(NEEDS_WRITE, std::iter::once(read).chain(near))
            .into_iter()
            .map(Forged::writing)
            .collect()
    }),
    Row::tokens("CLM-44", ALL, |forger| {
        let roles: Vec<_> = (0..200).map(|number| format!("role-{number:03}")).collect();
        accepted([forger.sign(forger.draft().claim("roles", roles))])
    }),
    Row::tokens("CLM-45", ALL, |forger| {
        refused([before(forger, r#""role":"user","role":"admin","#)])
    }),
    Row::tokens("CLM-47", ALL, |forger| {
        texts(
            forger,
            [&b"null"[..], b"[]", b"\"claims\"", b"1", b"", b"{", b"{}"],
        )
    }),
    Row::tokens("CLM-48", ALL, |forger| {
        let text = [
            &b"{\"x\":\"\xff\","[..],
            &forger.draft().claims_bytes()[1..],
        ]
        .concat();
        texts(forger, [&text[..]])
    }),
    Row::tokens("CLM-50", ALL, |forger| {
        // Kept as it is: nobody here cuts a name at a NUL.
        accepted([forger.sign(forger.draft().claim("sub", "admin\u{0}x"))])
    }),
    Row::tokens("CLM-51", ALL, |forger| {
        accepted([forger.sign(forger.draft().claim("sub", "аdmin"))])
    }),
    // Beyond the list: the other required claims, the life of exactly the policy, what comes after
    // the object.
    Row::tokens("CLM/required", ALL, |forger| {
        ["exp", "sub", "client_id", "iat", "jti"]
            .into_iter()
            .flat_map(|name| without(forger, name))
            .collect()
    }),
    Row::tokens("CLM/nbf", ALL, |forger| {
        claims(
            forger,
            "nbf",
            [1, 86_400].map(|ahead| json!(forger.now() + ahead)),
        )
    }),
    Row::tokens("CLM/day", ALL, |forger| {
        let life = |seconds: i64| forger.sign(forger.draft().claim("exp", forger.now() + seconds));
        accepted([life(86_400)])
            .into_iter()
            .chain(refused([life(86_401)]))
            .collect()
    }),
    Row::tokens("CLM/trailing", ALL, |forger| {
        let claims = forger.draft().claims_bytes();
        let (trailed, marked) = (
            [&claims[..], b"{}"].concat(),
            [b"\xef\xbb\xbf", &claims[..]].concat(),
        );
        texts(forger, [&trailed[..], &marked[..]])
    }),
    Row::tokens("CLM/twice", ALL, |forger| {
        let members = [
            r#""sub":"admin","#,
            r#""aud":"x","#,
            r#""iss":"x","#,
            r#""scope":"write","#,
            r#""i\u0073s":"x","#,
        ];
        refused(members.map(|member| before(forger, member)))
    }),
];

/// Values of one claim, under a good signature.
fn claims(forger: &Forger, name: &str, values: impl IntoIterator<Item = Value>) -> Vec<Forged> {
    refused(
        values
            .into_iter()
            .map(|value| forger.sign(forger.draft().claim(name, value))),
    )
}

/// The same as texts, which need not be JSON.
fn raw(forger: &Forger, name: &str, values: &[&str]) -> Vec<Forged> {
    refused(
        values
            .iter()
            .map(|text| forger.sign(forger.draft().raw_claim(name, text))),
    )
}

/// Other texts in place of the claims.
fn texts<const N: usize>(forger: &Forger, texts: [&[u8]; N]) -> Vec<Forged> {
    refused(texts.map(|text| forger.sign(forger.draft().claims_text(text))))
}

fn without(forger: &Forger, name: &str) -> Vec<Forged> {
    refused([forger.sign(forger.draft().without_claim(name))])
}

/// A good token with more members in front.
fn before(forger: &Forger, members: &str) -> String {
    forger.sign(forger.draft().claims_before(members))
}

async fn leeway_is_what_is_stated(forger: &Forger) -> Outcome {
    let lenient = Forger::with(forger.model, forger.algorithm, |settings| {
        settings.leeway = Duration::from_secs(60);
    })
    .await;
    let expired = |ago: i64| -> Draft { forger.draft().claim("exp", forger.now() - ago) };
    let token = |ago| forger.sign(expired(ago));
    forger
        .read(token(30))
        .await
        .is(INVALID_TOKEN, "30 s ago, leeway 0")?;
    lenient
        .read(token(30))
        .await
        .is(ACCEPTED, "30 s ago, leeway 60 s")?;
    lenient
        .read(token(60))
        .await
        .is(INVALID_TOKEN, "60 s ago, leeway 60 s")
        .map(drop)
}

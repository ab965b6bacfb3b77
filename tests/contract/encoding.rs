//! One token, one text: no second spelling of a good token is good, and no size or shape does harm
//! (RFC 7515 §2, §7.1).

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::answer::{HEADER_TOO_LARGE, INVALID_BEARER_REQUEST, NOT_HTTP};
use crate::forge::{Draft, Forger, accepted, expecting, refused};
use crate::row::{ALL, Row};

pub(crate) const ROWS: &[Row] = &[
    Row::tokens("ENC-01", ALL, |forger| {
        let good = good(forger);
        refused([
            format!("{good}="),
            format!("{good}=="),
            good.replace('.', "=."),
        ])
    }),
    Row::tokens("ENC-02", ALL, |forger| {
        let signed = forger.draft().signed();
        let (header, _) = signed.split_once('.').expect("two segments");
        // One more byte where it needs no padding as it is.
        let claims = [&forger.draft().claims_bytes()[..], b" "].concat();
        let length = claims.len() - usize::from(claims.len() % 3 == 0);
        let padded = URL_SAFE.encode(&claims[..length]);
        let signed = match padded.ends_with('=') {
            true => format!("{header}.{padded}"),
            false => format!("{header}.{padded}===="),
        };
        let signature = URL_SAFE_NO_PAD.encode(forger.keys().own.sign(signed.as_bytes()));
        refused([format!("{signed}.{signature}")])
    }),
    Row::tokens("ENC-04", ALL, |forger| {
        let signature = forger.keys().own.sign(forger.draft().signed().as_bytes());
        let token = forger.draft().with_signature(&signature);
        // The last character of a signature carries two or four bits that nobody reads.
        assert_ne!(signature.len() % 3, 0, "every signature here has such bits");
        let last = token.as_bytes()[token.len() - 1];
        let twin = (b'0'..=b'z').find(|byte| *byte != last && same_bytes(&token, *byte));
        let twin = char::from(twin.expect("another spelling"));
        refused([format!("{}{twin}", &token[..token.len() - 1])])
    }),
    Row::tokens("ENC-05", ALL, |forger| {
        // A bare line feed ends a header line, and what follows is none.
        expecting(NOT_HTTP, [split_by(forger, "\n"), split_by(forger, "\r\n")])
            .into_iter()
            .chain(refused([split_by(forger, " "), split_by(forger, "\t")]))
            .collect()
    }),
    Row::tokens("ENC-07", ALL, |forger| {
        let good = good(forger);
        refused([format!("{good}.d"), format!("{good}."), format!(".{good}")])
    }),
    Row::tokens("ENC-08", ALL, |forger| {
        refused([format!("{}.d.e", good(forger)), "a.b.c.d.e".into()])
    }),
    Row::tokens("ENC-10", ALL, |forger| {
        let header = json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_147_483_647_u32, "p2s": "AAAA"});
        let draft = forger.draft().header_text(header.to_string());
        let encoded = URL_SAFE_NO_PAD.encode(header.to_string());
        refused([format!("{encoded}.AAAA.AAAA.AAAA.AAAA"), forger.sign(draft)])
    }),
    Row::tokens("ENC-11", ALL, |forger| {
        let good = good(forger);
        let parts: Vec<_> = good.split('.').collect();
        let general = json!({"payload": parts[1], "signatures": [{"protected": parts[0], "signature": parts[2]}]});
        let flat = json!({"payload": parts[1], "protected": parts[0], "signature": parts[2]});
        refused([general.to_string(), flat.to_string()])
    }),
    Row::tokens("ENC-13", ALL, |_| {
        let dots = |count: usize| ".".repeat(count);
        let short = refused([dots(1), dots(2), dots(3), dots(8_000)]);
        short
            .into_iter()
            .chain(expecting(HEADER_TOO_LARGE, [dots(1 << 20)]))
            .collect()
    }),
    Row::tokens("ENC-14", ALL, |_| {
        expecting(INVALID_BEARER_REQUEST, ["", " ", "    "])
    }),
    Row::tokens("ENC-16", ALL, |forger| {
        expecting(HEADER_TOO_LARGE, [sized(forger, 64 << 10)])
    }),
    Row::tokens("ENC-17", ALL, |forger| {
        expecting(HEADER_TOO_LARGE, [sized(forger, 1 << 20)])
    }),
    Row::tokens("ENC-19", ALL, |forger| {
        let nested = [17, 127, 128, 2_000].map(|depth| {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            forger.sign(forger.draft().raw_claim("x", &deep))
        });
        refused(nested)
    }),
    Row::tokens("ENC-20", ALL, |forger| {
        refused(["%2E", "%2e", "。"].map(|dot| good(forger).replace('.', dot)))
    }),
    Row::tokens("ENC-22", ALL, |forger| {
        let good = good(forger);
        expecting(
            NOT_HTTP,
            [
                format!("{good}\0"),
                format!("\0{good}"),
                good.replacen('.', "\0.", 1),
            ],
        )
    }),
    Row::tokens("ENC-23", ALL, |forger| {
        let claims = String::from_utf8(forger.draft().claims_bytes()).expect("JSON");
        let [big, little] = [u16::to_be_bytes, u16::to_le_bytes].map(|bytes| {
            let units = claims.encode_utf16().flat_map(bytes);
            units.collect::<Vec<u8>>()
        });
        refused([big, little].map(|text| forger.sign(forger.draft().claims_text(text))))
    }),
    // Beyond the list: the other alphabet, white space, characters that are none.
    Row::tokens("ENC/alphabet", ALL, |forger| {
        // Claims whose encoding is sure to need both characters in which the alphabets differ.
        let token = forger.sign(forger.draft().claim("x", "~~~???>>>ÿÿÿ"));
        let standard = token.replace('-', "+").replace('_', "/");
        assert_ne!(token, standard, "nothing to replace");
        refused([standard])
    }),
    Row::tokens("ENC/large", ALL, |forger| accepted([sized(forger, 5_000)])),
    Row::tokens("ENC/bytes", ALL, |forger| {
        let good = good(forger).into_bytes();
        refused([
            [&good[..], b"\xff"].concat(),
            [b"\xc3\x28", &good[..]].concat(),
        ])
    }),
];

fn good(forger: &Forger) -> String {
    forger.sign(forger.draft())
}

fn same_bytes(token: &str, last: u8) -> bool {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = |byte: u8| ALPHABET.iter().position(|known| *known == byte);
    let kept = token.as_bytes()[token.len() - 1];
    // At least the two low bits are never read, whatever the length.
    matches!((value(kept), value(last)), (Some(kept), Some(last)) if kept >> 2 == last >> 2)
}

/// A good token with something in the middle of its payload.
fn split_by(forger: &Forger, inside: &str) -> String {
    let good = good(forger);
    let middle = good.len() / 3;
    format!("{}{inside}{}", &good[..middle], &good[middle..])
}

/// A good token of at least so many bytes.
fn sized(forger: &Forger, bytes: usize) -> String {
    let draft: Draft = forger.draft().claim("x", "x".repeat(bytes));
    forger.sign(draft)
}

//! What of a response body may stand in an error message.

mod forms;

use std::cmp::Reverse;

use forms::forms;

const SHOWN: usize = 200;
/// Runs of token characters from this length on, with a digit among them, are taken for credentials: `temporarily_unavailable`
/// stays readable, a base64url string does not.
const TOKEN_LENGTH: usize = 16;
const MASK: &str = "[masked]";

/// The beginning of `body`, with `secrets` in every encoding and whatever looks like a credential masked, control characters replaced.
pub(crate) fn excerpt<'s>(body: &[u8], secrets: impl IntoIterator<Item = &'s str>) -> String {
    let masked = mask_runs(&without(&String::from_utf8_lossy(body), secrets));
    let printable = masked.chars().map(|character| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    });
    let mut shown: String = printable.take(SHOWN).collect();
    if masked.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// `text` with `secrets` masked in every encoding, and nothing else.
pub(crate) fn without<'s>(text: &str, secrets: impl IntoIterator<Item = &'s str>) -> String {
    let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
    let mut all: Vec<String> = secrets.flat_map(forms).collect();
    // The longest first: one secret may be part of another, whose rest would show.
    all.sort_by_key(|form| Reverse(form.len()));
    let masked = all.iter();
    masked.fold(text.to_owned(), |text, form| text.replace(form, MASK))
}

fn mask_runs(text: &str) -> String {
    let mut masked = String::new();
    for run in text.split_inclusive(|character: char| !is_token_character(character)) {
        let token = run.trim_end_matches(|character: char| !is_token_character(character));
        if token.len() >= TOKEN_LENGTH && token.bytes().any(|byte| byte.is_ascii_digit()) {
            masked.push_str(MASK);
            masked.push_str(&run[token.len()..]);
        } else {
            masked.push_str(run);
        }
    }
    masked
}

fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.+/=~".contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_stay_and_credentials_go() {
        let cases = [
            (
                r#"{"error":"temporarily_unavailable"}"#,
                r#"{"error":"temporarily_unavailable"}"#,
            ),
            (
                r#"{"access_token":"eyJhbGciOi.J9eyJz.dWIi0x"}"#,
                r#"{"access_token":"[masked]"}"#,
            ),
            ("password is pw1, sorry", "password is [masked], sorry"),
            ("line\r\nbreak", "line  break"),
            ("u=me&p=a%26b+c&x=1", "u=me&p=[masked]&x=1"),
            (r#"{"p":"a&b c"}"#, r#"{"p":"[masked]"}"#),
        ];
        for (body, expected) in cases {
            assert_eq!(excerpt(body.as_bytes(), ["pw1", "", "a&b c"]), expected);
        }
        assert_eq!(
            excerpt(b"said xpw1-ab", ["pw1", "xpw1-ab"]),
            "said [masked]"
        );
        assert_eq!(
            excerpt("x ".repeat(300).as_bytes(), []).chars().count(),
            SHOWN + 1
        );
    }

    proptest! {
        #[test]
        fn a_random_secret_never_shows(secret in "[A-Za-z0-9_-]{15}[0-9]", before in "[ -~]{0,30}", after in "[ -~]{0,30}") {
            let body = format!("{before}{secret}{after}");
            prop_assert!(!excerpt(body.as_bytes(), []).contains(&secret));
        }
    }
}

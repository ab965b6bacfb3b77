//! The ways in which a text travels: a server that repeats what it was sent may do so before or after it decoded it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 3986 §2.3 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// `secret` as it is and in the encodings of URLs, forms, JSON, HTML, base64 and hexadecimal; the longest first, so that replacing one leaves no
/// part of another.
pub(super) fn forms(secret: &str) -> Vec<String> {
    let percent = utf8_percent_encode(secret, UNRESERVED).to_string();
    let form = form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let json = json_text(secret);
    // A JSON body, repeated as a text in a JSON answer.
    let twice = json_text(&json);
    let mut forms = vec![
        secret.to_owned(),
        lower_case_escapes(&percent),
        lower_case_escapes(&form),
        percent,
        form,
        ascii_only(&json),
        ascii_only(&twice),
        twice,
        json.replace('/', "\\/"),
        json,
        html(secret, "&quot;", "&#39;"),
        html(secret, "&#34;", "&#x27;"),
        hex.to_uppercase(),
        hex,
    ];
    forms.extend(
        [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
            .map(|alphabet| alphabet.encode(secret)),
    );
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms
}

/// `%2f` for `%2F`.
fn lower_case_escapes(percent: &str) -> String {
    let mut lower = String::new();
    for (index, part) in percent.split('%').enumerate() {
        match part.split_at_checked(2).filter(|_| index > 0) {
            Some((digits, rest)) => {
                lower.push('%');
                lower.push_str(&digits.to_lowercase());
                lower.push_str(rest);
            }
            None => lower.push_str(part),
        }
    }
    lower
}

/// Within the quotation marks of a JSON text.
fn json_text(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As encoders write JSON that keep to ASCII.
fn ascii_only(json: &str) -> String {
    let mut ascii = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            let units = character.encode_utf16(&mut [0; 2]).to_vec();
            ascii.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    ascii
}

fn html(text: &str, quotation_mark: &str, apostrophe: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', quotation_mark)
        .replace('\'', apostrophe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_in_every_encoding() {
        let forms = forms("a+/ü \"<");
        for expected in [
            "a+/ü \"<",
            "a%2B%2F%C3%BC%20%22%3C",
            "a%2b%2f%c3%bc%20%22%3c",
            "a%2B%2F%C3%BC+%22%3C",
            r#"a+/ü \"<"#,
            r#"a+\/ü \"<"#,
            r#"a+/\u00fc \"<"#,
            r#"a+/ü \\\"<"#,
            "a+/ü &quot;&lt;",
            "a+/ü &#34;&lt;",
            "612b2fc3bc20223c",
            "612B2FC3BC20223C",
            "YSsvw7wgIjw=",
            "YSsvw7wgIjw",
        ] {
            assert!(forms.iter().any(|form| form == expected), "{expected}");
        }
        assert!(forms.is_sorted_by_key(|form| std::cmp::Reverse(form.len())));
    }
}

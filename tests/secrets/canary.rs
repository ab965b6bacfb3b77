//! Credentials that are known to the test, and every form in which one could appear.

use authbench_servers::secret::random_id;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use std::collections::BTreeSet;

/// Characters of a form's beginning, and of its end, that are enough to give a credential away.
const TELLING: usize = 12;

/// A credential that is planted somewhere.
#[derive(Clone)]
pub(crate) struct Canary {
    /// Where it was planted.
    pub(crate) place: String,
    /// The credential.
    pub(crate) text: String,
}

impl Canary {
    /// Plain letters and digits, as tokens have them.
    pub(crate) fn token(place: &str) -> Self {
        Self::known(place, &letters(32))
    }

    /// What a secret for cryptography looks like: base64url of 32 bytes.
    pub(crate) fn key(place: &str) -> Self {
        Self::known(place, &random_id())
    }

    /// Short words between characters that every encoding writes in its own way.
    pub(crate) fn password(place: &str) -> Self {
        let [a, b, c, d, e, f, g] = std::array::from_fn(|_| letters(5));
        Self::known(place, &format!("{a}&{b} {c}\"{d}ü{e}<{f}%{g}"))
    }

    /// Digits only, where a number is written in the place of a text.
    pub(crate) fn number(place: &str) -> Self {
        let digits = random_id();
        let digits = digits.bytes().map(|byte| (byte % 10).to_string());
        Self::known(place, &format!("7{}", digits.take(17).collect::<String>()))
    }

    /// A credential that somebody else made.
    pub(crate) fn known(place: &str, text: &str) -> Self {
        Self {
            place: place.to_owned(),
            text: text.to_owned(),
        }
    }

    /// What must not be found: each form's beginning and end.
    pub(crate) fn needles(&self) -> BTreeSet<Vec<u8>> {
        let ends = |form: String| {
            let bytes = form.into_bytes();
            let length = bytes.len().min(TELLING);
            [
                bytes[..length].to_vec(),
                bytes[bytes.len() - length..].to_vec(),
            ]
        };
        self.forms().into_iter().flat_map(ends).collect()
    }

    fn forms(&self) -> Vec<String> {
        let bytes = self.text.as_bytes();
        let percent = |keep: &dyn Fn(u8) -> bool, lower: bool| {
            let encode = |byte: &u8| match (keep(*byte), lower) {
                (true, _) => char::from(*byte).to_string(),
                (false, false) => format!("%{byte:02X}"),
                (false, true) => format!("%{byte:02x}"),
            };
            bytes.iter().map(encode).collect::<String>()
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![
            self.text.clone(),
            percent(&plain, false),
            percent(&plain, true),
            percent(&plain, false).replace("%20", "+"),
            percent(&|_| false, false),
            percent(&|byte| byte.is_ascii_alphanumeric(), false),
            json_escaped(&self.text),
            html_escaped(&self.text),
            hex.to_uppercase(),
            hex,
        ];
        // As a client that authenticates (Basic) writes it: form-encoded first (RFC 6749 §2.3.1), which some do to more characters than they must.
        let form_encoded = |kept: &'static [u8]| {
            let keep = move |byte: u8| byte.is_ascii_alphanumeric() || kept.contains(&byte);
            percent(&keep, false).replace("%20", "+")
        };
        let inside = [self.text.clone(), form_encoded(b"-_.*"), form_encoded(b"")];
        for text in inside {
            forms.extend((0..3).flat_map(|shift| base64_inside(text.as_bytes(), shift)));
        }
        forms
    }
}

/// What base64 makes of `bytes` when `shift` others (of three) stand before them: the characters that depend on them alone.
fn base64_inside(bytes: &[u8], shift: usize) -> [String; 2] {
    let padded = [&[0; 2][..shift], bytes].concat();
    let (first, end) = ((8 * shift).div_ceil(6), 8 * padded.len() / 6);
    [STANDARD, URL_SAFE].map(|alphabet| alphabet.encode(&padded)[first..end].to_owned())
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted.trim_start_matches('"').trim_end_matches('"');
    inner.replace('ü', "\\u00fc")
}

fn html_escaped(text: &str) -> String {
    let pairs = [("&", "&amp;"), ("\"", "&quot;"), ("<", "&lt;")];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (plain, escaped)| {
            text.replace(plain, escaped)
        })
}

/// Random letters and digits.
fn letters(length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        text.extend(random_id().chars().filter(char::is_ascii_alphanumeric));
    }
    text.truncate(length);
    text
}

//! `Authorization: Basic`, as OAuth clients authenticate (RFC 6749 §2.3.1, RFC 7617).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue};

use crate::secret::Secret;

/// A client's identifier and the secret it presents.
pub struct BasicCredentials {
    /// The identifier.
    pub client_id: String,
    /// The presented secret.
    pub secret: String,
}

/// What a request presents.
pub enum Basic {
    /// No `Authorization` header.
    Absent,
    /// Something that is not one well-formed Basic credential.
    Malformed,
    /// A credential, unchecked.
    Presented(BasicCredentials),
}

/// Reads the Basic credential of a request.
pub fn credentials(headers: &HeaderMap) -> Basic {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Basic::Absent,
        (Some(line), None) => decode(line).map_or(Basic::Malformed, Basic::Presented),
        (Some(_), Some(_)) => Basic::Malformed,
    }
}

/// The header value with which a client authenticates.
pub fn header(client_id: &str, secret: &Secret) -> HeaderValue {
    let encoded = STANDARD.encode(format!(
        "{}:{}",
        form_encode(client_id),
        form_encode(secret.expose())
    ));
    let mut value =
        HeaderValue::from_str(&format!("Basic {encoded}")).expect("base64 is plain ASCII");
    value.set_sensitive(true);
    value
}

fn decode(line: &HeaderValue) -> Option<BasicCredentials> {
    let (scheme, encoded) = line.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim_start()).ok()?).ok()?;
    let (client_id, secret) = pair.split_once(':')?;
    Some(BasicCredentials {
        client_id: form_decode(client_id)?,
        secret: form_decode(secret)?,
    })
}

/// RFC 6749 wants both halves form-encoded before RFC 7617 joins them, so that a colon may be in
/// either.
fn form_encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn form_decode(text: &str) -> Option<String> {
    let spaces = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaces)
        .decode_utf8()
        .ok()
        .map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &HeaderValue) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.clone());
        match credentials(&headers) {
            Basic::Presented(found) => Some((found.client_id, found.secret)),
            Basic::Absent | Basic::Malformed => None,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let value = header("a:b +", &Secret::new("c%:ü"));
        assert_eq!(read(&value), Some(("a:b +".into(), "c%:ü".into())));
    }

    #[test]
    fn what_is_not_basic_is_malformed() {
        for value in ["Bearer dTpw", "Basic", "Basic !!!", "Basic dQ==", "Basic"] {
            assert_eq!(read(&HeaderValue::from_static(value)), None, "{value}");
        }
        assert!(matches!(credentials(&HeaderMap::new()), Basic::Absent));
    }
}

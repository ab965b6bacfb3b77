//! The second gate: the JOSE header of an access token (RFC 7515 §4, RFC 9068 §2.1).

use super::algorithm::SigningAlgorithm;
use super::object::Object;
use super::parts::decode;
use crate::refusal::Reason;

/// Members that have no business in a header of ours. Keys come from the configured issuer only
/// (RFC 8725 §3.10), `crit` and `b64` change what is signed in ways not supported here (RFC 7515
/// §4.1.11, RFC 7797), `zip` and `enc` belong to encryption. Ignoring them would be legal for some,
/// but each is a trap for the next reader of the same token.
const FORBIDDEN: [&str; 10] = [
    "crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "zip", "enc",
];

/// Checks a header segment; answers the `kid`, if it has one.
pub fn key_id(segment: &str, algorithm: SigningAlgorithm) -> Result<Option<String>, Reason> {
    key_id_of_type(segment, algorithm, "at+jwt")
}

/// The same for a header of another kind of token, whose `typ` this is.
pub fn key_id_of_type(
    segment: &str,
    algorithm: SigningAlgorithm,
    typ: &str,
) -> Result<Option<String>, Reason> {
    let json = decode(segment)?;
    let header = Object::parse(&json).map_err(|_| Reason::TokenHeader)?;
    let text = |name| header.text(name).map_err(|_| Reason::TokenHeader);
    let typed = text("typ")?.is_some_and(|said| is_type(said, typ));
    let signed_as_expected = text("alg")? == Some(algorithm.name());
    if !typed || !signed_as_expected || FORBIDDEN.iter().any(|name| header.get(name).is_some()) {
        return Err(Reason::TokenHeader);
    }
    Ok(text("kid")?.map(str::to_owned))
}

/// A media type, hence case-insensitive, with or without its `application/` (RFC 7515 §4.1.9).
fn is_type(said: &str, typ: &str) -> bool {
    const APPLICATION: &str = "application/";
    let prefix = said.get(..APPLICATION.len());
    let is_full = prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(APPLICATION));
    let said = if is_full {
        &said[APPLICATION.len()..]
    } else {
        said
    };
    said.eq_ignore_ascii_case(typ)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn check(json: &str) -> Result<Option<String>, Reason> {
        key_id(&URL_SAFE_NO_PAD.encode(json), SigningAlgorithm::Es256)
    }

    #[test]
    fn an_access_token_header_names_its_key() {
        assert_eq!(
            check(r#"{"typ":"at+jwt","alg":"ES256","kid":"k"}"#),
            Ok(Some("k".into()))
        );
        assert_eq!(
            check(r#"{"typ":"Application/AT+JWT","alg":"ES256","x":[1]}"#),
            Ok(None)
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for json in [
            r#"{"typ":"at+jwt","alg":"none"}"#,
            r#"{"typ":"at+jwt","alg":"es256"}"#,
            r#"{"typ":"at+jwt","alg":"HS256"}"#,
            r#"{"typ":"at+jwt","ALG":"ES256"}"#,
            r#"{"typ":"at+jwt","alg":null}"#,
            r#"{"typ":"at+jwt","alg":"ES256","alg":"ES256"}"#,
            r#"{"alg":"ES256"}"#,
            r#"{"typ":"JWT","alg":"ES256"}"#,
            r#"{"typ":"logout+jwt","alg":"ES256"}"#,
            r#"{"typ":"at+jwt","alg":"ES256","kid":1}"#,
            r#"{"typ":"at+jwt","alg":"ES256","crit":["alg"]}"#,
            r#"{"typ":"at+jwt","alg":"ES256","crit":"b64"}"#,
            r#"{"typ":"at+jwt","alg":"ES256","b64":false}"#,
            r#"{"typ":"at+jwt","alg":"ES256","jwk":{}}"#,
            r#"{"typ":"at+jwt","alg":"ES256","jku":"http://169.254.169.254/"}"#,
            r#"{"typ":"at+jwt","alg":"ES256","zip":"DEF"}"#,
            r#"["ES256"]"#,
        ] {
            assert_eq!(check(json), Err(Reason::TokenHeader), "{json}");
        }
    }
}

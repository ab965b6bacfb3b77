//! Encodes one request as the bytes that go on the wire.

use std::fmt;

/// The methods that can be sent. `HEAD` and `CONNECT` are left out: their responses are framed differently.
pub const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A whole HTTP/1.1 request, ready to be written again and again. `Debug` shows the length only: it carries credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestBytes(Box<[u8]>);

/// Why a request cannot be encoded. Never quotes a value: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// None of [`METHODS`].
    #[error("method is none of {}", METHODS.join(", "))]
    Method,
    /// The request target is empty, does not start with `/`, or holds a byte that does not belong in a URL.
    #[error("request target is not a path of visible ASCII")]
    Target,
    /// A header name is no token (RFC 9110 §5.6.2).
    #[error("header name {0:?} is not a token")]
    HeaderName(String),
    /// A header value holds a control character, such as a line break.
    #[error("value of header {0:?} holds a control character")]
    HeaderValue(String),
    /// A header that frames the message, and therefore is this encoder's own to write.
    #[error("header {0:?} is written by the client itself")]
    Reserved(String),
}

impl RequestBytes {
    /// Encodes a request. `target` is in origin form (`/path?query`), `authority` goes into `Host` unless `headers` bring
    /// their own; `Content-Length` is written for every method that may have a body.
    pub fn encode<'h>(
        method: &str,
        target: &str,
        authority: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: &[u8],
    ) -> Result<Self, RequestError> {
        if !METHODS.contains(&method) {
            return Err(RequestError::Method);
        }
        if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RequestError::Target);
        }
        let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
        let mut host = false;
        for (name, value) in headers {
            host |= name.eq_ignore_ascii_case("host");
            push_header(&mut bytes, name, value)?;
        }
        if !host {
            push_header(&mut bytes, "Host", authority)?;
        }
        if matches!(method, "POST" | "PUT" | "PATCH") || !body.is_empty() {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        Ok(Self(bytes.into_boxed_slice()))
    }

    /// The bytes to write.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for RequestBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RequestBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestBytes({} bytes)", self.0.len())
    }
}

fn push_header(bytes: &mut Vec<u8>, name: &str, value: &str) -> Result<(), RequestError> {
    if name.is_empty() || !name.bytes().all(is_token_byte) {
        return Err(RequestError::HeaderName(name.to_owned()));
    }
    if ["content-length", "transfer-encoding", "connection"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
    {
        return Err(RequestError::Reserved(name.to_owned()));
    }
    if value
        .chars()
        .any(|character| character.is_control() && character != '\t')
    {
        return Err(RequestError::HeaderValue(name.to_owned()));
    }
    for part in [name, ": ", value, "\r\n"] {
        bytes.extend_from_slice(part.as_bytes());
    }
    Ok(())
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(method: &str, target: &str, header: (&str, &str)) -> Result<String, RequestError> {
        let bytes = RequestBytes::encode(method, target, "127.0.0.1:80", [header], b"")?;
        Ok(String::from_utf8_lossy(bytes.as_bytes()).into_owned())
    }

    #[test]
    fn a_request_is_spelled_out() {
        let bytes = RequestBytes::encode(
            "POST",
            "/login?a=b",
            "127.0.0.1:80",
            [("Accept", "*/*")],
            b"x=1",
        )
        .expect("bytes");
        let expected = "POST /login?a=b HTTP/1.1\r\nAccept: */*\r\nHost: 127.0.0.1:80\r\nContent-Length: 3\r\n\r\nx=1";
        assert_eq!(String::from_utf8_lossy(bytes.as_bytes()), expected);
        assert_eq!(
            format!("{bytes:?}"),
            format!("RequestBytes({} bytes)", expected.len())
        );
    }

    #[test]
    fn an_own_host_header_replaces_the_authority() {
        assert_eq!(
            encode("GET", "/", ("host", "api.example")).as_deref(),
            Ok("GET / HTTP/1.1\r\nhost: api.example\r\n\r\n")
        );
    }

    #[test]
    fn what_would_break_the_framing_is_refused() {
        let fine = ("Accept", "*/*");
        let cases = [
            (encode("HEAD", "/", fine), RequestError::Method),
            (encode("get", "/", fine), RequestError::Method),
            (encode("GET", "", fine), RequestError::Target),
            (encode("GET", "/a b", fine), RequestError::Target),
            (encode("GET", "/a\r\nX: y", fine), RequestError::Target),
            (encode("GET", "/ü", fine), RequestError::Target),
            (
                encode("GET", "/", ("A b", "c")),
                RequestError::HeaderName("A b".into()),
            ),
            (
                encode("GET", "/", ("A", "b\r\nC: d")),
                RequestError::HeaderValue("A".into()),
            ),
            (
                encode("GET", "/", ("A", "b\0")),
                RequestError::HeaderValue("A".into()),
            ),
            (
                encode("GET", "/", ("Content-length", "9")),
                RequestError::Reserved("Content-length".into()),
            ),
        ];
        for (got, expected) in cases {
            assert_eq!(got, Err(expected));
        }
    }
}

//! Writing a request. Nothing is checked: what a test writes is what is sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::answer::Answer;
use crate::wire;

/// A request, not sent yet.
#[derive(Clone)]
pub(crate) struct Call {
    url: String,
    line: String,
    headers: Vec<u8>,
    body: Vec<u8>,
}

impl Call {
    /// A request for `target` of the server at `url`.
    pub(crate) fn new(method: &str, url: &str, target: &str) -> Self {
        Self {
            url: url.to_owned(),
            line: format!("{method} {target} HTTP/1.1\r\n"),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A GET.
    pub(crate) fn get(url: &str, target: &str) -> Self {
        Self::new("GET", url, target)
    }

    /// A POST of a form.
    pub(crate) fn form(url: &str, target: &str, parameters: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        Self::new("POST", url, target)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(pairs.join("&"))
    }

    /// The same request by another method than POST.
    pub(crate) fn by(mut self, method: &str) -> Self {
        self.line = self.line.replacen("POST", method, 1);
        self
    }

    /// One more header line.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.extend_from_slice(name.as_bytes());
        self.headers.extend_from_slice(b": ");
        self.headers.extend_from_slice(value.as_ref());
        self.headers.extend_from_slice(b"\r\n");
        self
    }

    /// A bearer token.
    pub(crate) fn bearer(self, token: impl AsRef<[u8]>) -> Self {
        self.header("authorization", [b"Bearer ", token.as_ref()].concat())
    }

    /// A client's identifier and secret.
    pub(crate) fn basic(self, id: &str, secret: &str) -> Self {
        let pair = STANDARD.encode(format!("{}:{}", escaped(id), escaped(secret)));
        self.header("authorization", format!("Basic {pair}"))
    }

    /// A cookie header, `name=value`.
    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    /// The header of a page of the server itself.
    pub(crate) fn same_origin(self) -> Self {
        let origin = self.url.clone();
        self.header("origin", origin)
    }

    /// The body, whose length is declared.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("content-length", length)
    }

    /// The request as it is sent.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let host = self.url.strip_prefix("http://").expect("http://");
        let host = format!("host: {host}\r\n");
        let parts = [
            self.line.as_bytes(),
            host.as_bytes(),
            &self.headers,
            b"\r\n",
        ];
        [&parts.concat()[..], &self.body].concat()
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn send(&self) -> Answer {
        wire::exchange(&self.url, &self.to_bytes()).await
    }
}

/// Form encoding that escapes all it may (RFC 6749, appendix B).
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

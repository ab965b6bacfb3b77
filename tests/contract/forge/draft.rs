//! A token in the making.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::keys::Key;

/// A header and claims, good until they are spoilt. What is not a JSON value can be given as text.
#[derive(Clone)]
pub(crate) struct Draft {
    header: Part,
    claims: Part,
}

#[derive(Clone)]
enum Part {
    Json(Value),
    Text(Vec<u8>),
}

impl Draft {
    /// An access token of `issuer` for the reference API, good from `now` (Unix seconds) for five
    /// minutes.
    pub(crate) fn new(algorithm: &str, kid: &str, issuer: &str, now: i64) -> Self {
        let claims = json!({
            "iss": issuer, "aud": authbench_servers::authorization::AUDIENCE, "sub": "user-00001",
            "client_id": "app", "jti": "a-token", "iat": now, "exp": now + 300, "scope": "read write", "roles": ["writer"],
        });
        Self {
            header: Part::Json(json!({"typ": "at+jwt", "alg": algorithm, "kid": kid})),
            claims: Part::Json(claims),
        }
    }

    /// Sets a member of the header.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.set(name, value.into());
        self
    }

    /// Removes a member of the header.
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// The header as this text.
    pub(crate) fn header_text(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.header = Part::Text(text.into());
        self
    }

    /// The header with `members` (as JSON text, with a comma) in front of its own.
    pub(crate) fn header_before(self, members: &str) -> Self {
        let text = self.header.before(members);
        self.header_text(text)
    }

    /// Sets a claim.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.set(name, value.into());
        self
    }

    /// Removes a claim.
    pub(crate) fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// The claims as this text.
    pub(crate) fn claims_text(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.claims = Part::Text(text.into());
        self
    }

    /// The claims with `members` (as JSON text, with a comma) in front of their own.
    pub(crate) fn claims_before(self, members: &str) -> Self {
        let text = self.claims.before(members);
        self.claims_text(text)
    }

    /// The claim `name` as this text, JSON or not.
    pub(crate) fn raw_claim(self, name: &str, text: &str) -> Self {
        let claims = self.without_claim(name);
        let before = format!("\"{name}\":{text},");
        claims.claims_before(&before)
    }

    /// The claims as they are written now.
    pub(crate) fn claims_bytes(&self) -> Vec<u8> {
        self.claims.bytes()
    }

    /// What is signed: header, dot, payload.
    pub(crate) fn signed(&self) -> String {
        let encode = |part: &Part| URL_SAFE_NO_PAD.encode(part.bytes());
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }

    /// The token, signed with `key`.
    pub(crate) fn sign(&self, key: &Key) -> String {
        self.with_signature(&key.sign(self.signed().as_bytes()))
    }

    /// The token with these bytes as its signature.
    pub(crate) fn with_signature(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.signed(), URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Part {
    fn set(&mut self, name: &str, value: Value) {
        if let Self::Json(json) = self {
            json[name] = value;
        }
    }

    fn remove(&mut self, name: &str) {
        if let Self::Json(Value::Object(members)) = self {
            members.remove(name);
        }
    }

    fn before(&self, members: &str) -> Vec<u8> {
        [b"{", members.as_bytes(), &self.bytes()[1..]].concat()
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Json(json) => json.to_string().into_bytes(),
            Self::Text(text) => text.clone(),
        }
    }
}

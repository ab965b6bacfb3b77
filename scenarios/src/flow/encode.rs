//! Turns a request and a credential into bytes: every value encoded for the place where it lands.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::credential::Credential;
use super::jar::Jar;
use super::walk::Walk;
use crate::target::{
    Account, Body, ClientAuthentication, Named, Origin, Point, Reference, Request, Template, in_url,
};
use crate::transport::Peer;
use crate::wire::{RequestBytes, RequestError};

/// A request that presents a credential, built once and sent many times.
#[derive(Debug, Clone)]
pub struct PointRequest {
    /// Where to connect.
    pub peer: Peer,
    /// What to write.
    pub bytes: RequestBytes,
}

/// Why a request cannot be built for a credential. Never quotes a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The credential lacks a value: it comes from another target, or was cut short.
    #[error("the credential has no {0}")]
    Missing(String),
    /// The value cannot stand in a cookie (RFC 6265 §4.1.1).
    #[error("the value of cookie {0:?} has a character that no cookie may have")]
    Cookie(String),
    /// The request would break its own framing.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// The request that presents `credential` at `point`.
///
/// # Errors
/// When the credential lacks something the request needs, or holds what cannot be sent.
pub fn point_request(point: &Point, credential: &Credential) -> Result<PointRequest, EncodeError> {
    encode(&point.request, credential)
}

/// The request that `point` would get from somebody who never logged in: what captured values, the user's password or cookies would
/// stand in is left out. `None` when nothing is: the request presents no credential.
pub(crate) fn encode_without_login(
    point: &Point,
    credential: &Credential,
) -> Result<Option<PointRequest>, EncodeError> {
    let request = &point.request;
    let rendered = Values::of(credential, Walk::none()).rendered(request)?;
    let jar = || {
        credential
            .jar
            .header(&request.origin, rendered.path(), SystemTime::now())
    };
    let presents =
        request.references().any(presents_login) || (rendered.cookies.is_none() && jar().is_some());
    let stranger = Credential::of(credential.account.clone());
    presents
        .then(|| encode(&request.without(presents_login), &stranger))
        .transpose()
}

/// Whether a reference stands for something that only a login, or the user, can give.
fn presents_login(reference: &Reference) -> bool {
    match reference.name.split_once('.') {
        None => reference.name != "uuid",
        Some(("user", field)) => !matches!(field, "name" | "number"),
        Some(_) => false,
    }
}

/// A request that belongs to no user.
pub(crate) fn encode_anonymous(request: &Request) -> Result<PointRequest, EncodeError> {
    encode(request, &Credential::of(None))
}

fn encode(request: &Request, credential: &Credential) -> Result<PointRequest, EncodeError> {
    let values = Values::of(credential, Walk::none());
    let rendered = values.rendered(request)?;
    Ok(PointRequest {
        peer: request.origin.peer(),
        bytes: rendered.bytes(&request.origin, &credential.jar)?,
    })
}

/// A request with every value in its place, but for the cookies of a jar.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    /// `Cookie`, where the file gives it: the jar is left out then, and the text may be empty.
    pub(super) cookies: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Rendered {
    /// The path that cookies in the answer belong to.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
    }

    /// What to write, with the cookies of `jar` unless the file gives its own.
    pub(super) fn bytes(&self, origin: &Origin, jar: &Jar) -> Result<RequestBytes, EncodeError> {
        let cookies = match &self.cookies {
            Some(pinned) => Some(pinned.clone()).filter(|pinned| !pinned.is_empty()),
            None => jar.header(origin, self.path(), SystemTime::now()),
        };
        let cookies = cookies.as_deref().map(|cookies| ("Cookie", cookies));
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(RequestBytes::encode(
            &self.method,
            &self.target,
            &origin.authority,
            headers.chain(cookies),
            &self.body,
        )?)
    }
}

/// What references mean in one walk through a step list.
pub(super) struct Values<'a> {
    account: Option<&'a Account>,
    captures: &'a BTreeMap<String, String>,
    walk: &'a Walk,
    uuid: String,
}

impl<'a> Values<'a> {
    /// With a UUID of its own.
    pub(super) fn of(credential: &'a Credential, walk: &'a Walk) -> Self {
        Self {
            account: credential.account.as_ref(),
            captures: &credential.captures,
            walk,
            uuid: random_uuid(),
        }
    }

    pub(super) fn rendered(&self, request: &Request) -> Result<Rendered, EncodeError> {
        let parts = &request.parts;
        let mut headers = self.all(&parts.headers)?;
        if let Some(ClientAuthentication::Basic { id, secret }) = &parts.client {
            headers.push(("Authorization".to_owned(), self.basic(id, secret)?));
        }
        let (content_type, body) = self.body(request)?;
        let has_type = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(content_type) = content_type.filter(|_| !has_type) {
            headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        }
        Ok(Rendered {
            method: parts.method.clone(),
            target: self.url(&request.path)?,
            headers,
            cookies: match &parts.cookies {
                Some(pinned) => Some(self.cookies(pinned)?),
                None => None,
            },
            body: body.into_bytes(),
        })
    }

    fn body(&self, request: &Request) -> Result<(Option<&'static str>, String), EncodeError> {
        const FORM: &str = "application/x-www-form-urlencoded";
        let mut form = match &request.parts.body {
            Body::Text(text) => return Ok((None, self.text(text)?)),
            Body::Json(json) => {
                let json = json.render(&|text: &Template| self.text(text))?;
                return Ok((Some("application/json"), json.to_string()));
            }
            Body::Form(form) => Some(self.all(form)?),
            Body::Empty => None,
        };
        if let Some(ClientAuthentication::Post { id, secret }) = &request.parts.client {
            form.get_or_insert_default().extend([
                ("client_id".to_owned(), self.text(id)?),
                ("client_secret".to_owned(), self.text(secret)?),
            ]);
        }
        Ok(match form {
            Some(pairs) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                (Some(FORM), form.extend_pairs(pairs).finish())
            }
            None => (None, String::new()),
        })
    }

    /// A text with values as they are.
    pub(super) fn text(&self, template: &Template) -> Result<String, EncodeError> {
        self.render(template, str::to_owned)
    }

    /// A URL or part of one, with every value percent-encoded.
    pub(super) fn url(&self, template: &Template) -> Result<String, EncodeError> {
        self.render(template, in_url)
    }

    /// Texts with values as they are.
    pub(super) fn all(&self, named: &Named) -> Result<Vec<(String, String)>, EncodeError> {
        named
            .iter()
            .map(|(name, template)| Ok((name.clone(), self.text(template)?)))
            .collect()
    }

    fn render(
        &self,
        template: &Template,
        encode: impl Fn(&str) -> String,
    ) -> Result<String, EncodeError> {
        template
            .render(|reference| self.value(reference), encode)
            .map_err(EncodeError::Missing)
    }

    fn value(&self, reference: &Reference) -> Option<Cow<'_, str>> {
        let name = reference.name.as_str();
        let account = self.account;
        let text: &str = match name.split_once('.') {
            None if name == "uuid" => &self.uuid,
            None => self.captures.get(name)?,
            Some(("user", "number")) => {
                return Some(reference.padded(account?.number).into());
            }
            Some(("user", "name")) => &account?.name,
            Some(("user", secret)) => account?.secrets.get(secret)?,
            Some(("admin", capture)) => self.walk.admin.as_ref()?.captured(capture)?,
            Some(("pkce", "verifier")) => &self.walk.pkce().verifier,
            Some(("pkce", "challenge")) => &self.walk.pkce().challenge,
            Some(_) => return None,
        };
        Some(text.into())
    }

    /// RFC 6749 §2.3.1 has identifier and secret form-encoded before they are joined, so that a colon stays unambiguous.
    fn basic(&self, id: &Template, secret: &Template) -> Result<String, EncodeError> {
        let encode = |template: &Template| -> Result<String, EncodeError> {
            let text = self.text(template)?;
            Ok(form_urlencoded::byte_serialize(text.as_bytes()).collect())
        };
        let pair = format!("{}:{}", encode(id)?, encode(secret)?);
        Ok(format!("Basic {}", STANDARD.encode(pair)))
    }

    fn cookies(&self, pinned: &Named) -> Result<String, EncodeError> {
        let mut pairs = Vec::new();
        for (name, value) in self.all(pinned)? {
            if !value.bytes().all(is_cookie_octet) {
                return Err(EncodeError::Cookie(name));
            }
            pairs.push(format!("{name}={value}"));
        }
        Ok(pairs.join("; "))
    }
}

fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// A random UUID (RFC 9562, version 4).
fn random_uuid() -> String {
    let bits = (rand::random::<u128>() & !(0xF << 76) & !(0b11 << 62)) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;

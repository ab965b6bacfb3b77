//! Turns a request and a credential into bytes: every value encoded for the place where it lands.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::credential::Credential;
use crate::target::{Account, Point, Reference, Request, Template};
use crate::wire::{RequestBytes, RequestError};

/// All but the unreserved characters of RFC 3986 §2.3: a value can end neither its path segment nor the query.
const IN_URL: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A request that presents a credential, built once and sent many times.
#[derive(Debug, Clone)]
pub struct PointRequest {
    /// Where to connect.
    pub address: SocketAddr,
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
    let encoded = encode(&point.request, credential)?;
    Ok(PointRequest {
        address: point.request.origin.address,
        bytes: encoded.bytes,
    })
}

/// The request that `point` would get from somebody who never logged in: what captured values, the user's password or cookies would
/// stand in is left out. `None` when nothing is: the request presents no credential.
pub(crate) fn encode_without_login(
    point: &Point,
    credential: &Credential,
) -> Result<Option<PointRequest>, EncodeError> {
    let (request, jar) = (&point.request, &credential.jar);
    let path = encode(request, credential)?.path;
    let sends_cookies = || {
        jar.header(&request.origin, &path, SystemTime::now())
            .is_some()
    };
    let presents = request.references().any(presents_login)
        || (request.parts.cookies.is_none() && sends_cookies());
    if !presents {
        return Ok(None);
    }
    let stranger = Credential::of(credential.account.clone());
    let encoded = encode(&request.without(presents_login), &stranger)?;
    Ok(Some(PointRequest {
        address: request.origin.address,
        bytes: encoded.bytes,
    }))
}

/// Whether a reference stands for something that only a login, or the user, can give.
fn presents_login(reference: &Reference) -> bool {
    reference.name == "user.password" || (!reference.name.contains('.') && reference.name != "uuid")
}

/// A request that belongs to no user.
pub(crate) fn encode_anonymous(request: &Request) -> Result<PointRequest, EncodeError> {
    let encoded = encode(request, &Credential::of(None))?;
    Ok(PointRequest {
        address: request.origin.address,
        bytes: encoded.bytes,
    })
}

/// Bytes, and the path that cookies in the answer belong to.
pub(super) struct Encoded {
    pub(super) bytes: RequestBytes,
    pub(super) path: String,
}

pub(super) fn encode(request: &Request, credential: &Credential) -> Result<Encoded, EncodeError> {
    let values = Values::of(credential);
    let target = values.render(&request.path, in_url)?;
    let path = target.split('?').next().unwrap_or(&target).to_owned();
    let mut headers = values.all(&request.parts.headers)?;
    if let Some((username, password)) = &request.parts.basic {
        headers.push((
            "Authorization".to_owned(),
            values.basic(username, password)?,
        ));
    }
    let cookies = match &request.parts.cookies {
        Some(pinned) => values.cookies(pinned)?,
        None => credential
            .jar
            .header(&request.origin, &path, SystemTime::now()),
    };
    headers.extend(cookies.map(|cookies| ("Cookie".to_owned(), cookies)));
    let body = match &request.parts.form {
        Some(form) => {
            headers.push((
                "Content-Type".to_owned(),
                "application/x-www-form-urlencoded".to_owned(),
            ));
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(values.all(form)?)
                .finish()
        }
        None => String::new(),
    };
    let pairs = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let bytes = RequestBytes::encode(
        &request.parts.method,
        &target,
        &request.origin.authority,
        pairs,
        body.as_bytes(),
    )?;
    Ok(Encoded { bytes, path })
}

struct Values<'a> {
    account: Option<&'a Account>,
    captures: &'a BTreeMap<String, String>,
    uuid: String,
}

impl<'a> Values<'a> {
    fn of(credential: &'a Credential) -> Self {
        Self {
            account: credential.account.as_ref(),
            captures: &credential.captures,
            uuid: random_uuid(),
        }
    }

    fn value(&self, reference: &Reference) -> Option<Cow<'_, str>> {
        match reference.name.as_str() {
            "uuid" => Some(self.uuid.as_str().into()),
            "user.name" => self.account.map(|account| account.name.as_str().into()),
            "user.password" => self.account.map(|account| account.password.as_str().into()),
            "user.number" => self
                .account
                .map(|account| reference.padded(account.number).into()),
            capture => self
                .captures
                .get(capture)
                .map(|value| value.as_str().into()),
        }
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

    fn all(&self, named: &[(String, Template)]) -> Result<Vec<(String, String)>, EncodeError> {
        named
            .iter()
            .map(|(name, template)| Ok((name.clone(), self.render(template, str::to_owned)?)))
            .collect()
    }

    /// RFC 6749 §2.3.1 has identifier and secret form-encoded before they are joined, so that a colon stays unambiguous.
    fn basic(&self, username: &Template, password: &Template) -> Result<String, EncodeError> {
        let encode = |template: &Template| -> Result<String, EncodeError> {
            let text = self.render(template, str::to_owned)?;
            Ok(form_urlencoded::byte_serialize(text.as_bytes()).collect())
        };
        let pair = format!("{}:{}", encode(username)?, encode(password)?);
        Ok(format!("Basic {}", STANDARD.encode(pair)))
    }

    fn cookies(&self, pinned: &[(String, Template)]) -> Result<Option<String>, EncodeError> {
        let mut pairs = Vec::new();
        for (name, value) in self.all(pinned)? {
            if !value.bytes().all(is_cookie_octet) {
                return Err(EncodeError::Cookie(name));
            }
            pairs.push(format!("{name}={value}"));
        }
        Ok((!pairs.is_empty()).then(|| pairs.join("; ")))
    }
}

fn in_url(value: &str) -> String {
    utf8_percent_encode(value, IN_URL).to_string()
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

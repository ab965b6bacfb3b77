//! The status line and header section of a response (RFC 9112), reduced to what decides where the body ends.

use super::WireError;
use std::mem::MaybeUninit;

/// Longest header section that is read, in bytes.
pub(super) const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;

/// Where the body of a response ends (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Empty,
    Length(usize),
    Chunked,
    UntilClose,
}

/// A parsed header section.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) len: usize,
    pub(super) status: u16,
    pub(super) framing: Framing,
    pub(super) keep_alive: bool,
    pub(super) sets_cookie: bool,
}

/// Parses a header section at the start of `bytes`; `None` when it is not complete yet.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Head>, WireError> {
    // Left uninitialised: 64 empty headers are two kilobytes to write for every response.
    let mut slots = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let len = match parser.parse_response_with_uninit_headers(&mut response, bytes, &mut slots) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(WireError::Malformed("too many headers"));
        }
        Err(_) => return Err(not_http_1(bytes)),
    };
    let status = response.code.unwrap_or(0);
    let http_1_1 = response.version == Some(1);
    let mut fields = Fields::default();
    for header in response.headers.iter() {
        fields.note(header.name, header.value)?;
    }
    let framing = fields.framing(status)?;
    Ok(Some(Head {
        len,
        status,
        framing,
        keep_alive: fields.keep_alive(http_1_1) && framing != Framing::UntilClose,
        sets_cookie: fields.sets_cookie,
    }))
}

/// What else `bytes` may be, told by how it begins: a TLS alert or handshake (RFC 8446 §5.1), or the settings that an HTTP/2 server sends first
/// (RFC 9113 §3.4).
fn not_http_1(bytes: &[u8]) -> WireError {
    match bytes {
        [0x15 | 0x16, 0x03, ..] => WireError::Tls,
        [0, 0, _, 0x04, ..] => WireError::Http2,
        _ => WireError::Malformed("not an HTTP/1 header section"),
    }
}

/// Every value of header `name` in a complete header section, in order. Parses again: only for callers off the hot path.
pub(super) fn values<'b>(head: &'b [u8], name: &str) -> Vec<&'b [u8]> {
    let mut slots = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut slots);
    // The section was parsed once already; a failure here would mean that it was not, and then it has no headers.
    if response.parse(head).is_err() {
        return Vec::new();
    }
    response
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
        .collect()
}

#[derive(Default)]
struct Fields {
    length: Option<usize>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    sets_cookie: bool,
}

impl Fields {
    fn note(&mut self, name: &str, value: &[u8]) -> Result<(), WireError> {
        if name.eq_ignore_ascii_case("content-length") {
            self.note_length(value)?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            // A second coding, or `chunked` twice, leaves the end of the body to interpretation.
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(WireError::Malformed("transfer-encoding other than chunked"));
            }
            self.chunked = true;
        } else if name.eq_ignore_ascii_case("connection") {
            for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                self.close |= option.eq_ignore_ascii_case(b"close");
                self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        } else if name.eq_ignore_ascii_case("set-cookie") {
            self.sets_cookie = true;
        }
        Ok(())
    }

    fn note_length(&mut self, value: &[u8]) -> Result<(), WireError> {
        // `usize::from_str` takes a leading plus sign, which RFC 9112 does not.
        let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let length = std::str::from_utf8(value)
            .ok()
            .filter(|_| digits)
            .and_then(|text| text.parse().ok());
        let length = length.ok_or(WireError::Malformed("content-length is not a number"))?;
        match self.length.replace(length) {
            Some(before) if before != length => {
                Err(WireError::Malformed("two different content-lengths"))
            }
            _ => Ok(()),
        }
    }

    fn framing(&self, status: u16) -> Result<Framing, WireError> {
        match (self.chunked, self.length) {
            // RFC 9112 §6.3: both at once is an attempt at smuggling or a broken server; either way the end is in doubt.
            (true, Some(_)) => Err(WireError::Malformed(
                "both transfer-encoding and content-length",
            )),
            _ if matches!(status, 100..=199 | 204 | 304) => Ok(Framing::Empty),
            (true, None) => Ok(Framing::Chunked),
            (false, Some(length)) => Ok(Framing::Length(length)),
            (false, None) => Ok(Framing::UntilClose),
        }
    }

    fn keep_alive(&self, http_1_1: bool) -> bool {
        !self.close && (http_1_1 || self.keep_alive)
    }
}

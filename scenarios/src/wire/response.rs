//! Reads one response at a time from a keep-alive connection into a buffer that is reused.

use std::ops::Range;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::WireError;
use super::body::OpenBody;
use super::head::{self, Framing, Head, MAX_HEAD};

const FIRST_BUFFER: usize = 4 * 1024;

/// What a load generator wants to know of every response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHead {
    /// The final status code; interim (1xx) responses are read over.
    pub status: u16,
    /// Bytes that crossed the wire for this response: interim responses, header section, chunk framing and body.
    pub wire_bytes: usize,
    /// Bytes of body, chunk framing removed.
    pub body_len: usize,
    /// Whether the connection may carry another request.
    pub keep_alive: bool,
    /// Whether it sets a cookie.
    pub sets_cookie: bool,
}

/// Reads whole responses; keeps its buffer, so that a steady stream of responses of one size allocates nothing.
///
/// [`header`](Self::header), [`headers`](Self::headers) and [`body`](Self::body) speak of the response read last.
pub struct ResponseReader {
    buffer: Vec<u8>,
    filled: usize,
    limit: usize,
    head: Range<usize>,
    body: Range<usize>,
}

impl ResponseReader {
    /// A reader that refuses responses of more than `limit` bytes on the wire, framing included.
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: vec![0; FIRST_BUFFER.min(limit)],
            filled: 0,
            limit,
            head: 0..0,
            body: 0..0,
        }
    }

    /// Reads the response to the one request in flight on `stream`, to its last byte. Not cancel safe: a caller that
    /// gives up waiting (a deadline) must drop the connection.
    pub async fn read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
    ) -> Result<ResponseHead, WireError> {
        self.filled = 0;
        let (start, head) = self.read_final_head(stream).await?;
        let body_at = start + head.len;
        let (body_end, message_end) = match head.framing {
            Framing::Empty => (body_at, body_at),
            Framing::Length(length) => self.read_length(stream, body_at, length).await?,
            Framing::Chunked => self.read_chunks(stream, body_at).await?,
            Framing::UntilClose => self.read_until_close(stream).await?,
        };
        if message_end != self.filled {
            return Err(WireError::Malformed("bytes after the end of the response"));
        }
        self.head = start..body_at;
        self.body = body_at..body_end;
        Ok(ResponseHead {
            status: head.status,
            wire_bytes: message_end,
            body_len: body_end - body_at,
            keep_alive: head.keep_alive,
            sets_cookie: head.sets_cookie,
        })
    }

    /// Reads the response to the one request in flight on `stream` as far as its body, which goes on; its status, and the body with whatever
    /// of it has come already. [`body`](Self::body) is empty then. Not cancel safe.
    pub async fn read_open<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
    ) -> Result<(u16, OpenBody), WireError> {
        self.filled = 0;
        let (start, head) = self.read_final_head(stream).await?;
        let body_at = start + head.len;
        self.head = start..body_at;
        self.body = body_at..body_at;
        let mut body = OpenBody::of(head.framing);
        body.take(&self.buffer[body_at..self.filled])?;
        Ok((head.status, body))
    }

    /// The first value of a header, by case-insensitive name. Parses the header section again: not for every response.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers(name).first().copied()
    }

    /// Every value of a header, in order (`Set-Cookie` comes several times). Parses the header section again.
    pub fn headers(&self, name: &str) -> Vec<&[u8]> {
        head::values(&self.buffer[self.head.clone()], name)
    }

    /// The body, chunk framing removed.
    pub fn body(&self) -> &[u8] {
        &self.buffer[self.body.clone()]
    }

    async fn read_final_head<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
    ) -> Result<(usize, Head), WireError> {
        let mut start = 0;
        loop {
            let head = self.read_head(stream, start).await?;
            match head.status {
                101 => return Err(WireError::Malformed("switched protocols unasked")),
                100..=199 => start += head.len,
                200..=999 => return Ok((start, head)),
                _ => return Err(WireError::Malformed("status below 100")),
            }
        }
    }

    async fn read_head<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        start: usize,
    ) -> Result<Head, WireError> {
        loop {
            if start < self.filled
                && let Some(head) = head::parse(&self.buffer[start..self.filled])?
            {
                return Ok(head);
            }
            if self.filled - start >= MAX_HEAD {
                return Err(WireError::Malformed("header section too long"));
            }
            self.fill(stream).await?;
        }
    }

    async fn read_length<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        at: usize,
        length: usize,
    ) -> Result<(usize, usize), WireError> {
        let end = self.fill_to(stream, at, length).await?;
        Ok((end, end))
    }

    async fn read_until_close<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
    ) -> Result<(usize, usize), WireError> {
        while self.read_some(stream).await? > 0 {}
        Ok((self.filled, self.filled))
    }

    /// Joins the chunks in place: what is decoded never overtakes what is still raw. RFC 9112 §7.1; trailers are read over.
    async fn read_chunks<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        start: usize,
    ) -> Result<(usize, usize), WireError> {
        let (mut raw, mut decoded) = (start, start);
        loop {
            let line_end = self.line_end(stream, raw).await?;
            let size = chunk_size(&self.buffer[raw..line_end])?;
            raw = line_end;
            if size == 0 {
                break;
            }
            let chunk_end = self.fill_to(stream, raw, size).await?;
            let next = self.fill_to(stream, chunk_end, 2).await?;
            if &self.buffer[chunk_end..next] != b"\r\n" {
                return Err(WireError::Malformed("chunk longer than its size"));
            }
            self.buffer.copy_within(raw..chunk_end, decoded);
            decoded += size;
            raw = next;
        }
        loop {
            let line_end = self.line_end(stream, raw).await?;
            let last = &self.buffer[raw..line_end] == b"\r\n";
            raw = line_end;
            if last {
                return Ok((decoded, raw));
            }
        }
    }

    /// The index just past the line that starts at `at`.
    async fn line_end<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        at: usize,
    ) -> Result<usize, WireError> {
        let mut searched = at;
        loop {
            if let Some(found) = self.buffer[searched..self.filled]
                .iter()
                .position(|byte| *byte == b'\n')
            {
                return Ok(searched + found + 1);
            }
            if self.filled - at > MAX_HEAD {
                return Err(WireError::Malformed("line too long in a chunked body"));
            }
            searched = self.filled;
            self.fill(stream).await?;
        }
    }

    /// Reads until `length` bytes stand at `at`; returns the index past them.
    async fn fill_to<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        at: usize,
        length: usize,
    ) -> Result<usize, WireError> {
        let end = at.checked_add(length).filter(|end| *end <= self.limit);
        let end = end.ok_or(WireError::TooLarge { limit: self.limit })?;
        if end > self.buffer.len() {
            self.buffer.resize(end, 0);
        }
        while self.filled < end {
            self.fill(stream).await?;
        }
        Ok(end)
    }

    async fn fill<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<(), WireError> {
        match self.read_some(stream).await? {
            0 if self.filled == 0 => Err(WireError::Closed),
            0 => Err(WireError::ClosedEarly),
            _ => Ok(()),
        }
    }

    async fn read_some<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
    ) -> Result<usize, WireError> {
        if self.filled == self.buffer.len() {
            if self.filled >= self.limit {
                return Err(WireError::TooLarge { limit: self.limit });
            }
            self.buffer
                .resize((self.filled * 2).clamp(1, self.limit), 0);
        }
        let read = stream.read(&mut self.buffer[self.filled..]).await?;
        self.filled += read;
        Ok(read)
    }
}

/// `Debug` shows sizes only: a body may carry tokens.
impl std::fmt::Debug for ResponseReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseReader")
            .field("filled", &self.filled)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

pub(super) fn chunk_size(line: &[u8]) -> Result<usize, WireError> {
    const BAD: WireError = WireError::Malformed("chunk size is not a hexadecimal number");
    // httparse takes a line without any digit for a zero, that is, for the end of the body.
    if !line.first().is_some_and(u8::is_ascii_hexdigit) {
        return Err(BAD);
    }
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((used, size))) if used == line.len() => {
            usize::try_from(size).map_err(|_| BAD)
        }
        _ => Err(BAD),
    }
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;

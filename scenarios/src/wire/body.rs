//! A body that arrives piece by piece and goes on: an event stream, say.

use super::WireError;
use super::head::{Framing, MAX_HEAD};
use super::response::chunk_size;

/// Follows a body through its framing, without keeping any of it.
#[derive(Debug)]
pub struct OpenBody(State);

#[derive(Debug)]
enum State {
    /// Up to the end of the connection.
    UntilClose,
    /// So many bytes are left.
    Length(usize),
    /// In chunks (RFC 9112 §7.1): within the line that says how long the next one is.
    Size(Vec<u8>),
    /// Within a chunk: so many bytes are left.
    Chunk(usize),
    /// Between a chunk and the next size: so many bytes of the line break are left.
    AfterChunk(u8),
    /// After the last chunk: within a line of the trailers.
    Trailers(Vec<u8>),
    Over,
}

impl OpenBody {
    pub(super) fn of(framing: Framing) -> Self {
        Self(match framing {
            Framing::Empty | Framing::Length(0) => State::Over,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Size(Vec::new()),
            Framing::UntilClose => State::UntilClose,
        })
    }

    /// Whether its last byte has been seen.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.0, State::Over)
    }

    /// Takes in what has arrived; how many bytes of it were content.
    ///
    /// # Errors
    /// When the framing is broken, or something follows the end.
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<usize, WireError> {
        let mut content = 0;
        while let Some(first) = bytes.first().copied() {
            let mut used = 1;
            let state = std::mem::replace(&mut self.0, State::Over);
            self.0 = match state {
                State::Over => {
                    return Err(WireError::Malformed("bytes after the end of the response"));
                }
                State::UntilClose => {
                    (used, content) = (bytes.len(), content + bytes.len());
                    State::UntilClose
                }
                State::Length(left) => {
                    used = left.min(bytes.len());
                    content += used;
                    match left - used {
                        0 => State::Over,
                        left => State::Length(left),
                    }
                }
                State::Chunk(left) => {
                    used = left.min(bytes.len());
                    content += used;
                    match left - used {
                        0 => State::AfterChunk(2),
                        left => State::Chunk(left),
                    }
                }
                State::AfterChunk(2) if first == b'\r' => State::AfterChunk(1),
                State::AfterChunk(1) if first == b'\n' => State::Size(Vec::new()),
                State::AfterChunk(_) => {
                    return Err(WireError::Malformed("chunk longer than its size"));
                }
                State::Size(line) => match line_with(line, first)? {
                    line if first != b'\n' => State::Size(line),
                    line => match chunk_size(&line)? {
                        0 => State::Trailers(Vec::new()),
                        size => State::Chunk(size),
                    },
                },
                State::Trailers(line) => match line_with(line, first)? {
                    line if first != b'\n' => State::Trailers(line),
                    line if line == b"\r\n" => State::Over,
                    _ => State::Trailers(Vec::new()),
                },
            };
            bytes = &bytes[used..];
        }
        Ok(content)
    }
}

fn line_with(mut line: Vec<u8>, byte: u8) -> Result<Vec<u8>, WireError> {
    if line.len() >= MAX_HEAD {
        return Err(WireError::Malformed("line too long in a chunked body"));
    }
    line.push(byte);
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKED: &[u8] = b"5\r\nhello\r\nA;x=y\r\n0\r\n\r\n01234\r\n0\r\nt: u\r\n\r\n";

    #[test]
    fn chunks_are_followed_however_they_are_cut() {
        for size in 1..=CHUNKED.len() {
            let mut body = OpenBody::of(Framing::Chunked);
            let mut content = 0;
            for (index, piece) in CHUNKED.chunks(size).enumerate() {
                assert!(!body.is_over(), "{size}: {index}");
                content += body.take(piece).expect("well framed");
            }
            assert!(body.is_over(), "{size}");
            assert_eq!(content, 15, "{size}");
        }
    }

    #[test]
    fn what_breaks_the_framing_or_follows_the_end_is_an_error() {
        for bytes in [&b"x\r\n"[..], b"\r\n", b"1\r\nabc", b"0\r\n\r\nHTTP/1.1"] {
            let mut body = OpenBody::of(Framing::Chunked);
            assert!(body.take(bytes).is_err(), "{bytes:?}");
        }
        assert!(OpenBody::of(Framing::Empty).take(b"x").is_err());
    }

    #[test]
    fn other_framings_end_by_their_length_or_with_the_connection() {
        let mut body = OpenBody::of(Framing::Length(4));
        assert_eq!(body.take(b"ab").expect("content"), 2);
        assert!(!body.is_over());
        assert_eq!(body.take(b"cd").expect("content"), 2);
        assert!(body.is_over());
        let mut body = OpenBody::of(Framing::UntilClose);
        assert_eq!(body.take(b"anything").expect("content"), 8);
        assert!(!body.is_over());
    }
}

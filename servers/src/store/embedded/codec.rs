//! From bytes to commands and from replies to bytes, with every size bounded.
//!
//! The RESP codec decodes any frame, nested as deep as the peer likes, by recursion. Commands have one shape only,
//! an array of bulk strings, so the shape and the sizes are checked first and the codec sees nothing else.

use bytes::{Bytes, BytesMut};
use redis_protocol::codec::Resp2;
use redis_protocol::error::RedisProtocolError;
use redis_protocol::resp2::types::BytesFrame;
use tokio_util::codec::{Decoder, Encoder};

/// What one command may hold. Redis has the same two stages: a stranger gets little until it has shown the password.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) arguments: usize,
    pub(super) argument_bytes: usize,
    pub(super) command_bytes: usize,
}

pub(super) const BEFORE_AUTHENTICATION: Limits = Limits {
    arguments: 16,
    argument_bytes: 4 << 10,
    command_bytes: 16 << 10,
};
pub(super) const AUTHENTICATED: Limits = Limits {
    arguments: 1 << 20,
    argument_bytes: 8 << 20,
    command_bytes: 64 << 20,
};

/// What the peer sent is not a command; the connection ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ProtocolError {
    #[error("expected '{expected}', got '{}'", char::from(*.got).escape_default())]
    Unexpected { expected: char, got: u8 },
    #[error("invalid length")]
    InvalidLength,
    #[error("command too big")]
    TooBig,
    #[error("{0}")]
    Codec(String),
}

impl From<RedisProtocolError> for ProtocolError {
    fn from(error: RedisProtocolError) -> Self {
        Self::Codec(error.details().to_owned())
    }
}

impl From<std::io::Error> for ProtocolError {
    fn from(error: std::io::Error) -> Self {
        Self::Codec(error.to_string())
    }
}

/// Decodes commands (name and arguments), encodes replies.
pub(super) struct CommandCodec {
    pub(super) limits: Limits,
    resp: Resp2,
}

impl CommandCodec {
    pub(super) fn new() -> Self {
        Self {
            limits: BEFORE_AUTHENTICATION,
            resp: Resp2::default(),
        }
    }
}

impl Decoder for CommandCodec {
    type Item = Vec<Bytes>;
    type Error = ProtocolError;

    /// The next command, if all of it has arrived. Empty commands (`*0`) are passed on; they have no reply.
    fn decode(&mut self, received: &mut BytesMut) -> Result<Option<Vec<Bytes>>, ProtocolError> {
        if !is_complete(received, self.limits)? {
            return Ok(None);
        }
        let Some(BytesFrame::Array(frames)) = self.resp.decode(received)? else {
            return Err(ProtocolError::InvalidLength);
        };
        Ok(Some(
            frames.into_iter().map(argument).collect::<Result<_, _>>()?,
        ))
    }
}

impl Encoder<BytesFrame> for CommandCodec {
    type Error = ProtocolError;

    fn encode(&mut self, reply: BytesFrame, out: &mut BytesMut) -> Result<(), ProtocolError> {
        Ok(self.resp.encode(reply, out)?)
    }
}

/// Whether `received` starts with a whole command within `limits`. Looks at the length lines only.
fn is_complete(received: &[u8], limits: Limits) -> Result<bool, ProtocolError> {
    let Some((arguments, mut at)) = length_line(received, 0, b'*')? else {
        return Ok(false);
    };
    within(arguments, limits.arguments)?;
    for _ in 0..arguments {
        let Some((bytes, start)) = length_line(received, at, b'$')? else {
            return Ok(false);
        };
        within(bytes, limits.argument_bytes)?;
        at = start + bytes + b"\r\n".len();
        within(at, limits.command_bytes)?;
        if received.len() < at {
            return Ok(false);
        }
        if &received[at - 2..at] != b"\r\n" {
            return Err(ProtocolError::InvalidLength);
        }
    }
    Ok(true)
}

/// The number in the line `<marker>number\r\n` at `at`, and where the next line starts.
fn length_line(
    received: &[u8],
    at: usize,
    marker: u8,
) -> Result<Option<(usize, usize)>, ProtocolError> {
    /// `*` or `$`, seven digits (every limit has fewer than nine), `\r\n`.
    const LONGEST: usize = 12;
    let line = received.get(at..).unwrap_or_default();
    match line.first() {
        None => return Ok(None),
        Some(first) if *first == marker => {}
        Some(got) => {
            return Err(ProtocolError::Unexpected {
                expected: marker.into(),
                got: *got,
            });
        }
    }
    let Some(end) = line.iter().take(LONGEST).position(|byte| *byte == b'\n') else {
        return if line.len() < LONGEST {
            Ok(None)
        } else {
            Err(ProtocolError::InvalidLength)
        };
    };
    let digits = line[1..end]
        .strip_suffix(b"\r")
        .ok_or(ProtocolError::InvalidLength)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ProtocolError::InvalidLength);
    }
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
    Ok(Some((number, at + end + 1)))
}

fn within(size: usize, limit: usize) -> Result<(), ProtocolError> {
    if size <= limit {
        Ok(())
    } else {
        Err(ProtocolError::TooBig)
    }
}

fn argument(frame: BytesFrame) -> Result<Bytes, ProtocolError> {
    match frame {
        BytesFrame::BulkString(bytes) => Ok(bytes),
        _ => Err(ProtocolError::InvalidLength),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Option<Vec<Bytes>>, ProtocolError> {
        CommandCodec::new().decode(&mut BytesMut::from(bytes))
    }

    #[test]
    fn a_command_is_decoded_only_when_whole() {
        let whole = b"*2\r\n$3\r\nGET\r\n$4\r\n\x00\r\n\xff\r\n";
        for cut in 0..whole.len() {
            assert_eq!(decode(&whole[..cut]), Ok(None), "cut at {cut}");
        }
        let command = decode(whole).expect("a command").expect("whole");
        assert_eq!(command, [&b"GET"[..], b"\x00\r\n\xff"]);
    }

    #[test]
    fn pipelined_commands_come_one_at_a_time() {
        let mut received = BytesMut::from(&b"*1\r\n$4\r\nPING\r\n*0\r\n*1\r\n$4\r\nPI"[..]);
        let mut codec = CommandCodec::new();
        assert_eq!(
            codec.decode(&mut received),
            Ok(Some(vec![Bytes::from_static(b"PING")]))
        );
        assert_eq!(codec.decode(&mut received), Ok(Some(vec![])));
        assert_eq!(codec.decode(&mut received), Ok(None));
    }

    #[test]
    fn what_is_not_a_command_is_refused_before_the_codec_sees_it() {
        let nested = b"*1\r\n".repeat(100_000);
        assert_eq!(
            decode(&nested),
            Err(ProtocolError::Unexpected {
                expected: '$',
                got: b'*'
            })
        );
        assert_eq!(
            decode(b"GET / HTTP/1.1\r\n"),
            Err(ProtocolError::Unexpected {
                expected: '*',
                got: b'G'
            })
        );
        for invalid in [
            &b"*-1\r\n"[..],
            b"*\r\n",
            b"*1\n",
            b"*1\r\n$-1\r\n",
            b"*1\r\n$+1\r\n",
            b"*1\r\n$1\r\nabc",
        ] {
            assert_eq!(
                decode(invalid),
                Err(ProtocolError::InvalidLength),
                "{invalid:?}"
            );
        }
        assert_eq!(
            decode(b"*00000000000001\r\n"),
            Err(ProtocolError::InvalidLength)
        );
    }

    #[test]
    fn sizes_are_bounded_before_anything_is_stored() {
        assert_eq!(decode(b"*17\r\n"), Err(ProtocolError::TooBig));
        assert_eq!(decode(b"*1\r\n$4097\r\n"), Err(ProtocolError::TooBig));
        let mut many = b"*5\r\n".to_vec();
        for _ in 0..5 {
            many.extend_from_slice(b"$4000\r\n");
            many.extend_from_slice(&[b'x'; 4000]);
            many.extend_from_slice(b"\r\n");
        }
        assert_eq!(decode(&many), Err(ProtocolError::TooBig));
    }
}

//! Bytes in, response or error out; every case is also fed one byte at a time.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use proptest::prelude::*;
use tokio::io::ReadBuf;

use super::*;

const LIMIT: usize = 64 * 1024;

/// A peer that sends its pieces one per read and then closes.
struct Pieces(VecDeque<Vec<u8>>);

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(mut piece) = self.0.pop_front() {
            let taken = piece.len().min(buf.remaining());
            buf.put_slice(&piece[..taken]);
            if taken < piece.len() {
                self.0.push_front(piece.split_off(taken));
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
}

type Outcome = Result<(ResponseHead, Vec<u8>), String>;

fn read_in_pieces(pieces: impl IntoIterator<Item = Vec<u8>>, limit: usize) -> Outcome {
    let mut reader = ResponseReader::new(limit);
    let mut peer = Pieces(pieces.into_iter().collect());
    let head = runtime()
        .block_on(reader.read(&mut peer))
        .map_err(|error| error.to_string())?;
    Ok((head, reader.body().to_vec()))
}

/// The outcome for `bytes`, which must not depend on how the network cuts them.
fn read(bytes: &str) -> Outcome {
    let whole = read_in_pieces([bytes.as_bytes().to_vec()], LIMIT);
    let trickled = read_in_pieces(bytes.bytes().map(|byte| vec![byte]), LIMIT);
    match (&whole, &trickled) {
        (Ok(whole), Ok(trickled)) => assert_eq!(whole, trickled, "{bytes:?}"),
        (Err(_), Err(_)) => {}
        // Bytes too many are only seen when they arrive with the response's last ones.
        (Err(error), Ok(_)) => assert!(error.contains("after the end"), "{bytes:?}: {error}"),
        (Ok(_), Err(error)) => panic!("{bytes:?} fails when trickled: {error}"),
    }
    whole
}

#[test]
fn well_formed_responses() {
    let cases: [(&str, u16, &str, bool); 10] = [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            200,
            "hello",
            true,
        ),
        (
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
            401,
            "",
            true,
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
            304,
            "",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
            200,
            "ok",
            false,
        ),
        (
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
            200,
            "ok",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nuntil the end",
            200,
            "until the end",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
            200,
            "abcde",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n",
            200,
            "",
            true,
        ),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!",
            200,
            "!",
            true,
        ),
    ];
    for (bytes, status, body, keep_alive) in cases {
        let (head, got) = read(bytes).unwrap_or_else(|error| panic!("{bytes:?}: {error}"));
        assert_eq!(
            (head.status, head.keep_alive),
            (status, keep_alive),
            "{bytes:?}"
        );
        assert_eq!(String::from_utf8_lossy(&got), body, "{bytes:?}");
        assert_eq!(
            (head.wire_bytes, head.body_len),
            (bytes.len(), body.len()),
            "{bytes:?}"
        );
    }
}

#[test]
fn hostile_responses() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "connection closed before a response"),
        ("HTTP/1.1 200 OK\r\nContent-Le".into(), "in the middle"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell".into(),
            "in the middle",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n".into(),
            "after the end",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok".into(),
            "two different",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok".into(),
            "not a number",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok".into(),
            "not a number",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nok".into(),
            "longer than 65536",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nok".into(),
            "longer than 65536",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".into(),
            "other than chunked",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
                .into(),
            "both transfer",
        ),
        (format!("{CHUNKED}\r\n\r\n"), "not a hexadecimal"),
        (
            format!("{CHUNKED}-3\r\nabc\r\n0\r\n\r\n"),
            "not a hexadecimal",
        ),
        (
            format!("{CHUNKED}ffffffffffffffff\r\nabc"),
            "longer than 65536",
        ),
        (
            format!("{CHUNKED}11111111111111111\r\nabc"),
            "not a hexadecimal",
        ),
        (
            format!("{CHUNKED}2\r\nabcd\r\n0\r\n\r\n"),
            "longer than its size",
        ),
        (format!("{CHUNKED}3\r\nabc\r\n0\r\n"), "in the middle"),
        (
            format!("{CHUNKED}1;{}", "x".repeat(40_000)),
            "line too long",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\n\r\n".into(),
            "switched protocols",
        ),
        (
            "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n".into(),
            "not an HTTP/1 header section",
        ),
        (
            "SSH-2.0-OpenSSH_9.2\r\n".into(),
            "not an HTTP/1 header section",
        ),
        (
            format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(65)),
            "too many headers",
        ),
        (
            format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(20_000)),
            "header section too long",
        ),
        (
            "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(3_000),
            "longer than 65536",
        ),
    ];
    for (bytes, expected) in cases {
        let error = read(&bytes).expect_err(&bytes);
        assert!(
            error.contains(expected),
            "{:?}: {error:?} does not say {expected:?}",
            &bytes[..bytes.len().min(90)]
        );
    }
}

#[test]
fn a_reader_is_reused_and_headers_are_looked_up() {
    let mut reader = ResponseReader::new(LIMIT);
    runtime().block_on(async {
        let first = b"HTTP/1.1 103 Early\r\nSet-Cookie: no\r\n\r\nHTTP/1.1 200 OK\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n";
        reader.read(&mut &first[..]).await.expect("the first response");
        assert_eq!(reader.headers("Set-Cookie"), [&b"a=1"[..], &b"b=2"[..]]);
        reader.read(&mut &b"HTTP/1.1 401 No\r\nContent-Length: 3\r\n\r\nwho"[..]).await.expect("the second response");
        assert_eq!((reader.header("set-cookie"), reader.body()), (None, &b"who"[..]));
    });
}

proptest! {
    #[test]
    fn chunking_and_cutting_do_not_matter(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..20),
        cut in 1_usize..200,
    ) {
        let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for chunk in &chunks {
            bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
        let (head, body) = read_in_pieces(bytes.chunks(cut).map(<[u8]>::to_vec), LIMIT).expect("a response");
        prop_assert_eq!(body, chunks.concat());
        prop_assert_eq!(head.wire_bytes, bytes.len());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), cut in 1_usize..64) {
        let start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        let _ = read_in_pieces(bytes.chunks(cut).map(<[u8]>::to_vec), 512);
        let _ = read_in_pieces(std::iter::once(start).chain(bytes.chunks(cut).map(<[u8]>::to_vec)), 512);
    }
}

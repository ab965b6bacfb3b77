//! A client that hides nothing: bytes out, bytes in.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use authbench_servers::store::StartedStore;
use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::types::OwnedFrame;
use url::Url;

/// The password in a started store's URL.
pub(crate) fn password(store: &StartedStore) -> String {
    Url::parse(store.url())
        .expect("a URL")
        .password()
        .expect("with a password")
        .to_owned()
}

/// A connection on which bytes are sent and received as they are.
pub(crate) struct RawClient {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
}

impl RawClient {
    pub(crate) fn open(store: &StartedStore) -> Self {
        let mut client = Self::open_as_stranger(store);
        assert_eq!(render(&client.ask_words(&["AUTH", &password(store)])), "OK");
        client
    }

    pub(crate) fn open_as_stranger(store: &StartedStore) -> Self {
        let url = Url::parse(store.url()).expect("a URL");
        let stream = TcpStream::connect(("127.0.0.1", url.port().expect("a port")))
            .expect("the store listens");
        // Only to make a hang a failure.
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a time-out");
        Self {
            stream,
            received: Vec::new(),
        }
    }

    pub(crate) fn ask(&mut self, command: &[&[u8]]) -> OwnedFrame {
        self.send(command);
        self.reply()
    }

    pub(crate) fn ask_words(&mut self, command: &[&str]) -> OwnedFrame {
        self.ask(
            &command
                .iter()
                .map(|word| word.as_bytes())
                .collect::<Vec<_>>(),
        )
    }

    pub(crate) fn send(&mut self, command: &[&[u8]]) {
        self.stream
            .write_all(&encode(command))
            .expect("the command is written");
    }

    pub(crate) fn reply(&mut self) -> OwnedFrame {
        loop {
            if let Some((frame, length)) = decode(&self.received).expect("a reply") {
                self.received.drain(..length);
                return frame;
            }
            let mut chunk = vec![0; 64 << 10];
            let length = self.stream.read(&mut chunk).expect("a reply arrives");
            assert_ne!(length, 0, "the store hung up");
            self.received.extend_from_slice(&chunk[..length]);
        }
    }
}

/// A command as it goes over the wire: an array of bulk strings.
pub(crate) fn encode(command: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
    for argument in command {
        bytes.extend(format!("${}\r\n", argument.len()).into_bytes());
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// A reply as the table of cases writes it.
pub(crate) fn render(reply: &OwnedFrame) -> String {
    match reply {
        OwnedFrame::SimpleString(status) => String::from_utf8_lossy(status).into_owned(),
        OwnedFrame::BulkString(string) => format!("'{}'", String::from_utf8_lossy(string)),
        OwnedFrame::Error(text) => format!("!{}", text.split(' ').next().unwrap_or_default()),
        OwnedFrame::Integer(number) => number.to_string(),
        OwnedFrame::Array(items) => format!(
            "[{}]",
            items.iter().map(render).collect::<Vec<_>>().join(", ")
        ),
        OwnedFrame::Null => "nil".to_owned(),
    }
}

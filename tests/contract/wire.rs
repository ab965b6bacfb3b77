//! HTTP/1.1 as bytes: what is sent goes out exactly as written, what comes back is taken apart.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::answer::Answer;

/// A request or an answer, read from the network.
pub(crate) struct Message {
    /// The request line or the status line.
    pub(crate) start: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads the next message; `None` at the end of the connection. `bodiless`: an answer to HEAD.
    pub(crate) async fn read(
        stream: &mut (impl AsyncBufReadExt + Unpin),
        bodiless: bool,
    ) -> Option<Self> {
        let start = line(stream).await?;
        let mut headers = Vec::new();
        loop {
            let line = line(stream).await?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self {
            start,
            headers,
            body: Vec::new(),
        };
        let declared = message.header("content-length").unwrap_or("0");
        let length: usize = if bodiless { 0 } else { declared.parse().ok()? };
        message.body.resize(length, 0);
        stream.read_exact(&mut message.body).await.ok()?;
        Some(message)
    }

    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

async fn line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await.ok()?;
    let text = String::from_utf8(line).ok()?;
    (!text.is_empty()).then(|| text.trim_end().to_owned())
}

/// A connection to a server.
pub(crate) struct Connection {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Connection {
    /// Connects to `url` (`http://host:port`).
    pub(crate) async fn open(url: &str) -> Self {
        let authority = url.strip_prefix("http://").expect("http://");
        let stream = TcpStream::connect(authority).await.expect("a connection");
        let (reader, writer) = stream.into_split();
        Self {
            reader: BufReader::new(reader),
            writer,
        }
    }

    /// Sends `bytes` and reads one answer, both at a time: a server may refuse a request before it
    /// has read all of it.
    pub(crate) async fn exchange(&mut self, bytes: &[u8]) -> Answer {
        let bodiless = bytes.starts_with(b"HEAD ");
        let read = Message::read(&mut self.reader, bodiless);
        // A failure to send shows as no answer.
        let (_, message) = tokio::join!(self.writer.write_all(bytes), read);
        message.map_or_else(Answer::closed, Answer::from_message)
    }

    /// Reads another answer.
    pub(crate) async fn next_answer(&mut self) -> Answer {
        let message = Message::read(&mut self.reader, false).await;
        message.map_or_else(Answer::closed, Answer::from_message)
    }
}

/// Sends `bytes` on a connection of its own and reads the answer.
pub(crate) async fn exchange(url: &str, bytes: &[u8]) -> Answer {
    Connection::open(url).await.exchange(bytes).await
}

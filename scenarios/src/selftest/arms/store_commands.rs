//! How many commands a store has processed, asked of the store itself: whoever sends them may count wrongly.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use url::Url;

const COUNTER: &str = "total_commands_processed:";
const DEADLINE: Duration = Duration::from_secs(2);
/// Longer answers are none to `INFO stats`.
const MAX_ANSWER: usize = 64 * 1024;

/// A connection to a store that is asked before and after.
pub(super) struct StoreCounter(BufReader<TcpStream>);

impl StoreCounter {
    /// Connects to the store at `url` (`redis://[user][:password]@host:port`).
    pub(super) async fn connect(url: &str) -> io::Result<Self> {
        let url = Url::parse(url).map_err(|_| io::Error::other("its address is no URL"))?;
        let host = url.host_str().unwrap_or("127.0.0.1");
        let stream = TcpStream::connect((host, url.port().unwrap_or(6379))).await?;
        let mut counter = Self(BufReader::new(stream));
        if let Some(password) = url.password() {
            let user = Some(url.username()).filter(|user| !user.is_empty());
            let words: Vec<&str> = ["AUTH"].into_iter().chain(user).chain([password]).collect();
            within(counter.send(&words)).await?;
            within(counter.line()).await?;
        }
        Ok(counter)
    }

    /// How many commands it has processed. Of two readings the later one includes the earlier. `None`: it does not count.
    pub(super) async fn read(&mut self) -> io::Result<Option<u64>> {
        let answer = within(async {
            self.send(&["INFO", "stats"]).await?;
            self.bulk().await
        });
        Ok(count_in(&answer.await?))
    }

    async fn send(&mut self, words: &[&str]) -> io::Result<()> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.0.write_all(command.as_bytes()).await
    }

    /// One line, which is no error. Its text is not repeated in an error of ours: it may quote what was sent.
    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).await?;
        if read == 0 || line.starts_with('-') {
            return Err(io::Error::other("the store refused the command"));
        }
        Ok(line.trim_end().to_owned())
    }

    async fn bulk(&mut self) -> io::Result<String> {
        let header = self.line().await?;
        let length = header
            .strip_prefix('$')
            .and_then(|length| length.parse().ok());
        let length: usize = length
            .filter(|length| *length <= MAX_ANSWER)
            .ok_or_else(|| io::Error::other("the store answered something else than text"))?;
        let mut text = vec![0; length + "\r\n".len()];
        self.0.read_exact(&mut text).await?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(DEADLINE, work)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn count_in(info: &str) -> Option<u64> {
    let line = info.lines().find_map(|line| line.strip_prefix(COUNTER))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn the_counter_is_found_among_others() {
        let info = "# Stats\r\ntotal_connections_received:3\r\ntotal_commands_processed:41\r\n";
        assert_eq!(count_in(info), Some(41));
        assert_eq!(count_in("# Server\r\nserver_name:embedded\r\n"), None);
    }

    /// A store with these answers, one per command.
    async fn store(answers: &'static [&'static str]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut buffer = [0; 1024];
            for answer in answers {
                let read = stream.read(&mut buffer).await.expect("a command");
                assert_ne!(read, 0, "one more command");
                stream.write_all(answer.as_bytes()).await.expect("writes");
            }
        });
        format!("redis://:secret@{address}")
    }

    #[tokio::test]
    async fn asks_again_on_one_connection() {
        let url = store(&[
            "+OK\r\n",
            "$28\r\ntotal_commands_processed:7\r\n\r\n",
            "$28\r\ntotal_commands_processed:9\r\n\r\n",
        ]);
        let mut counter = StoreCounter::connect(&url.await).await.expect("connects");
        assert_eq!(counter.read().await.expect("answers"), Some(7));
        assert_eq!(counter.read().await.expect("answers"), Some(9));
    }

    #[tokio::test]
    async fn a_refusal_does_not_repeat_the_password() {
        let url = store(&["-ERR AUTH secret is wrong\r\n"]).await;
        let error = StoreCounter::connect(&url).await.err().expect("refused");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

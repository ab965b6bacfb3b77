//! A relay between the servers and their store, which can listen, and hold everything back.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The relay. It ends with the runtime.
pub(crate) struct Tap {
    /// The store's URL, by way of the relay.
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<u8>>>,
    open: watch::Sender<bool>,
}

impl Tap {
    /// Stands in front of the store at `url` (`redis://…@host:port`).
    pub(crate) async fn before(url: &str) -> Self {
        let (head, authority) = url.rsplit_once('@').expect("a password");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("bound");
        let heard = Arc::default();
        let (open, gate) = watch::channel(true);
        let authority = authority.trim_end_matches('/').to_owned();
        tokio::spawn(accept(listener, authority, Arc::clone(&heard), gate));
        Self {
            url: format!("{head}@{own}"),
            heard,
            open,
        }
    }

    /// Whether `text` was sent to the store, in any command so far.
    pub(crate) fn heard(&self, text: &str) -> bool {
        let heard = self.heard.lock().expect("not poisoned");
        heard
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    }

    /// Holds everything back, both ways, until [`Tap::release`].
    pub(crate) fn hold(&self) {
        self.open.send_replace(false);
    }

    /// Lets everything through again.
    pub(crate) fn release(&self) {
        self.open.send_replace(true);
    }
}

async fn accept(
    listener: TcpListener,
    authority: String,
    heard: Arc<Mutex<Vec<u8>>>,
    gate: watch::Receiver<bool>,
) {
    while let Ok((near, _)) = listener.accept().await {
        // The store has gone: the caller sees its connection end.
        let Ok(far) = TcpStream::connect(&authority).await else {
            continue;
        };
        let (near_reader, near_writer) = near.into_split();
        let (far_reader, far_writer) = far.into_split();
        let (asked, answered) = (gate.clone(), gate.clone());
        tokio::spawn(relay(
            near_reader,
            far_writer,
            Some(Arc::clone(&heard)),
            asked,
        ));
        tokio::spawn(relay(far_reader, near_writer, None, answered));
    }
}

async fn relay(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    heard: Option<Arc<Mutex<Vec<u8>>>>,
    mut gate: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if gate.wait_for(|open| *open).await.is_err() {
            return;
        }
        if let Some(heard) = &heard {
            let mut heard = heard.lock().expect("not poisoned");
            heard.extend_from_slice(&buffer[..length]);
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

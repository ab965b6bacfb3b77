//! A relay in front of a store, which can swallow what passes.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// Passes bytes on, until it is told not to: then connections stay open, and nothing arrives.
pub(crate) struct Relay {
    pub(crate) url: String,
    is_open: Arc<watch::Sender<bool>>,
}

impl Relay {
    /// In front of the store at `url`.
    pub(crate) async fn start(url: &str) -> Self {
        let mut url = Url::parse(url).expect("a URL");
        let behind = format!("127.0.0.1:{}", url.port().expect("a port"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        url.set_port(Some(port)).expect("a host");
        let is_open = Arc::new(watch::Sender::new(true));
        let gate = Arc::clone(&is_open);
        tokio::spawn(async move {
            while let Ok((front, _)) = listener.accept().await {
                let Ok(back) = TcpStream::connect(&behind).await else {
                    continue;
                };
                let ((front_in, front_out), (back_in, back_out)) =
                    (front.into_split(), back.into_split());
                tokio::spawn(pass(front_in, back_out, gate.subscribe()));
                tokio::spawn(pass(back_in, front_out, gate.subscribe()));
            }
        });
        Self {
            url: url.into(),
            is_open,
        }
    }

    pub(crate) fn swallow(&self) {
        self.is_open.send_replace(false);
    }

    pub(crate) fn pass_on(&self) {
        self.is_open.send_replace(true);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut is_open: watch::Receiver<bool>) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if is_open.wait_for(|is_open| *is_open).await.is_err()
            || to.write_all(&bytes[..length]).await.is_err()
        {
            return;
        }
    }
}

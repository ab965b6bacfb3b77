//! A server that answers what a test wants, and counts.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::wire::Message;

/// Status and JSON body for a request.
type Script = dyn Fn(&Message) -> (u16, String) + Send + Sync;

/// A fake authorization server.
pub(crate) struct FakeServer {
    pub(crate) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    script: Mutex<Arc<Script>>,
    delay: Duration,
    requests: AtomicUsize,
}

impl FakeServer {
    /// Starts it; each answer comes after `delay`.
    pub(crate) async fn start(
        delay: Duration,
        script: impl Fn(&Message) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let inner = Arc::new(Inner {
            script: Mutex::new(Arc::new(script)),
            delay,
            requests: AtomicUsize::new(0),
        });
        tokio::spawn(accept(listener, Arc::clone(&inner)));
        Self { url, inner }
    }

    /// Answers otherwise from now on.
    pub(crate) fn answer(
        &self,
        script: impl Fn(&Message) -> (u16, String) + Send + Sync + 'static,
    ) {
        *self.inner.script.lock().expect("not poisoned") = Arc::new(script);
    }

    /// How often it was asked.
    pub(crate) fn requests(&self) -> usize {
        self.inner.requests.load(SeqCst)
    }
}

async fn accept(listener: TcpListener, inner: Arc<Inner>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, Arc::clone(&inner)));
    }
}

async fn converse(stream: TcpStream, inner: Arc<Inner>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = Message::read(&mut stream, false).await {
        inner.requests.fetch_add(1, SeqCst);
        tokio::time::sleep(inner.delay).await;
        let script = Arc::clone(&inner.script.lock().expect("not poisoned"));
        let (status, body) = script(&request);
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let answer = [head.as_bytes(), body.as_bytes()].concat();
        if stream.get_mut().write_all(&answer).await.is_err() {
            return;
        }
    }
}

//! The keep-alive HTTP client with which a resource server asks the authorization server, and a
//! gateway its services.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::tls::client::{AuthorityError, connector};

/// Connections at most; more questions wait for one, within their deadline.
const CONNECTIONS: usize = 32;
/// Bytes of an answer at most. A JWKS of a few keys has 2 KiB.
const ANSWER_BYTES: usize = 64 * 1024;

/// The URL of a server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamUrlError {
    /// Not the URL of a server.
    #[error("use the server {url}: {reason}")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nobody known vouches for it.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

/// No answer came. Whether the request arrived is not known.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UpstreamError {
    /// Nothing within the deadline.
    #[error("no answer from {0} within the deadline")]
    Deadline(String),
    /// No connection, or it broke.
    #[error("no connection to {0}")]
    Connection(String),
    /// An answer past all bounds.
    #[error("an unusable answer from {0}")]
    Answer(String),
}

/// One server, reached by a small pool of connections.
pub struct Upstream {
    authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    host: HeaderValue,
    deadline: Duration,
    answer_bytes: usize,
    slots: Semaphore,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

impl Upstream {
    /// A client for the server at `url` (`http://host:port`, nothing after it). No packet is sent
    /// yet. For `https`, `ca_file` names the certificate of the authority that vouches for it.
    pub fn new(
        url: &str,
        ca_file: Option<&Path>,
        deadline: Duration,
    ) -> Result<Self, UpstreamUrlError> {
        let wrong = |reason| UpstreamUrlError::Url {
            url: url.to_owned(),
            reason,
        };
        let (authority, name) = authority(url).map_err(wrong)?;
        let tls = match (name, ca_file) {
            (None, _) => None,
            (Some(name), Some(ca_file)) => Some((connector(ca_file)?, name)),
            (Some(_), None) => return Err(wrong("https needs the certificate of its authority")),
        };
        let host = HeaderValue::from_str(&authority).expect("a parsed authority is plain ASCII");
        Ok(Self {
            authority,
            tls,
            host,
            deadline,
            answer_bytes: ANSWER_BYTES,
            slots: Semaphore::new(CONNECTIONS),
            idle: Mutex::default(),
        })
    }

    /// The same, for answers of up to `bytes`.
    pub fn with_answers_up_to(self, bytes: usize) -> Self {
        Self {
            answer_bytes: bytes,
            ..self
        }
    }

    /// Sends `request` (path as its URI) and reads the whole answer, all within the deadline.
    ///
    /// A kept connection may have been closed by the server at the same moment; then the request is
    /// sent once more on a new one. Send only what may be repeated.
    pub async fn ask(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), UpstreamError> {
        let answer = self.send_within_deadline(request, true).await?;
        let (head, body) = answer.into_parts();
        Ok((head.status, body))
    }

    /// Sends `request` (path and query as its URI) and reads the whole answer, all within the
    /// deadline. Sent once more, on a new connection, only if its method may be repeated (RFC 9110
    /// §9.2.2) or it was certainly not sent.
    pub async fn forward(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, UpstreamError> {
        let repeatable = request.method().is_idempotent();
        self.send_within_deadline(request, repeatable).await
    }

    /// Sends `request` on a connection of its own, and returns as soon as the head of the answer is
    /// there, within the deadline. The body comes as it is sent, for as long as that goes on; who
    /// drops it closes the connection.
    pub async fn open(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, UpstreamError> {
        request.headers_mut().insert(HOST, self.host.clone());
        let opened = async {
            let mut connection = self.connect().await?;
            let answer = connection.send_request(request).await;
            answer.map_err(|_| self.lost())
        };
        self.within_deadline(opened).await
    }

    /// Reads what is left of an answer that is none without end, within the deadline.
    pub async fn rest(&self, answer: Response<Incoming>) -> Result<Response<Bytes>, UpstreamError> {
        self.within_deadline(self.whole(answer)).await
    }

    /// How long an answer may take.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    async fn send_within_deadline(
        &self,
        request: Request<Full<Bytes>>,
        repeatable: bool,
    ) -> Result<Response<Bytes>, UpstreamError> {
        self.within_deadline(self.send(request, repeatable)).await
    }

    async fn within_deadline<T>(
        &self,
        answer: impl Future<Output = Result<T, UpstreamError>>,
    ) -> Result<T, UpstreamError> {
        match timeout(self.deadline, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(UpstreamError::Deadline(self.authority.clone())),
        }
    }

    async fn whole(&self, answer: Response<Incoming>) -> Result<Response<Bytes>, UpstreamError> {
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, self.answer_bytes).collect().await;
        let body = body.map_err(|_| UpstreamError::Answer(self.authority.clone()))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        repeatable: bool,
    ) -> Result<Response<Bytes>, UpstreamError> {
        let _slot = self.slots.acquire().await.map_err(|_| self.lost())?;
        request.headers_mut().insert(HOST, self.host.clone());
        if let Some(kept) = self.take_idle() {
            let spare = repeatable.then(|| request.clone());
            let failed = match self.exchange(kept, request).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            // The others were kept as long: most likely the server has gone, and all are closed.
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
            request = failed
                .unsent
                .map(|unsent| *unsent)
                .or(spare)
                .ok_or(failed.error)?;
        }
        let answer = self.exchange(self.connect().await?, request).await;
        answer.map_err(|failed| failed.error)
    }

    async fn exchange(
        &self,
        mut connection: SendRequest<Full<Bytes>>,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, FailedExchange> {
        let failed = |error, unsent: Option<Request<Full<Bytes>>>| FailedExchange {
            error,
            unsent: unsent.map(Box::new),
        };
        if connection.ready().await.is_err() {
            return Err(failed(self.lost(), Some(request)));
        }
        let answer = connection.try_send_request(request).await;
        let answer = answer.map_err(|mut error| failed(self.lost(), error.take_message()))?;
        let answer = self.whole(answer).await;
        let answer = answer.map_err(|error| failed(error, None))?;
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        Ok(answer)
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, UpstreamError> {
        let stream = TcpStream::connect(&self.authority)
            .await
            .map_err(|_| self.lost())?;
        stream.set_nodelay(true).map_err(|_| self.lost())?;
        match &self.tls {
            None => self.speak_http(stream).await,
            Some((connector, name)) => {
                let secured = connector.connect(name.clone(), stream).await;
                self.speak_http(secured.map_err(|_| self.lost())?).await
            }
        }
    }

    async fn speak_http<S>(&self, stream: S) -> Result<SendRequest<Full<Bytes>>, UpstreamError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|_| self.lost())?;
        // It ends by itself, when the sender is dropped or the server closes.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The latest first: the others may then grow old and be closed by the server.
        std::iter::from_fn(|| idle.pop()).find(|connection| !connection.is_closed())
    }

    fn lost(&self) -> UpstreamError {
        UpstreamError::Connection(self.authority.clone())
    }
}

/// An exchange that brought no answer.
struct FailedExchange {
    error: UpstreamError,
    /// The request, if it was certainly not sent.
    unsent: Option<Box<Request<Full<Bytes>>>>,
}

/// `Debug` shows whom it asks.
impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

/// Host and port, and for `https` the name that the certificate must have.
fn authority(url: &str) -> Result<(String, Option<ServerName<'static>>), &'static str> {
    let url = Url::parse(url).map_err(|_| "not a URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only http:// and https:// are spoken here");
    }
    if url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
        return Err("give scheme, host and port only");
    }
    let host = url.host_str().ok_or("it has no host")?;
    let port = url.port_or_known_default().unwrap_or(80);
    let name = match url.scheme() {
        "https" => Some(
            ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
                .map_err(|_| "no certificate can be for its host")?,
        ),
        _ => None,
    };
    Ok((format!("{host}:{port}"), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_origin_is_taken() {
        for (url, expected, secured) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080", false),
            ("http://auth.test/", "auth.test:80", false),
            ("https://auth.test/", "auth.test:443", true),
            ("https://[::1]:8443", "[::1]:8443", true),
        ] {
            let (authority, name) = authority(url).expect(url);
            assert_eq!((authority.as_str(), name.is_some()), (expected, secured));
        }
        for url in [
            "ftp://auth.test",
            "http://auth.test/path",
            "http://u@auth.test",
            "auth.test",
            "http://a?b",
        ] {
            assert!(authority(url).is_err(), "{url}");
        }
    }

    #[test]
    fn https_without_an_authority_is_refused() {
        let deadline = Duration::from_secs(5);
        let error =
            Upstream::new("https://auth.test", None, deadline).expect_err("nobody to trust");
        assert!(error.to_string().contains("https needs"), "{error}");
        let nowhere = Some(Path::new("/nonexistent/ca.pem"));
        let error = Upstream::new("https://auth.test", nowhere, deadline).expect_err("no file");
        assert!(error.to_string().contains("/nonexistent/ca.pem"), "{error}");
    }

    #[tokio::test]
    async fn nobody_listening_is_a_lost_connection_and_not_a_hang() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        drop(listener);
        let upstream = Upstream::new(&url, None, Duration::from_secs(5)).expect("a URL");
        let answer = upstream.ask(Request::new(Full::default())).await;
        assert!(
            matches!(answer, Err(UpstreamError::Connection(_))),
            "{answer:?}"
        );
    }
}

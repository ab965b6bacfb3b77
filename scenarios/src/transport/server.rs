//! One server that is spoken to over TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection, HandshakeKind};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::{ConnectError, TlsFailure, alert};

const HTTP_1_1: &[u8] = b"http/1.1";
const HTTP_2: &[u8] = b"h2";
/// Sessions remembered for one server. TLS 1.3 uses each once, and a server gives out two or so per handshake.
const SESSIONS: usize = 256;

/// One server that is spoken to over TLS: its name, and the sessions that may be resumed with it.
///
/// Sessions are remembered by server and not, as rustls would by itself, by name: the servers of a target often share one name, and
/// would be offered each other's tickets.
pub(crate) struct TlsServer {
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
    handshakes: Arc<Handshakes>,
}

/// Which sessions may be resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sessions {
    /// Those that begin from now on.
    OfItsOwn,
    /// None: every handshake is full.
    None,
}

/// How many handshakes there were. Those that failed are not counted.
#[derive(Debug, Default)]
pub struct Handshakes {
    full: AtomicU64,
    resumed: AtomicU64,
}

impl Handshakes {
    /// With certificate and key exchange.
    #[must_use]
    pub fn full(&self) -> u64 {
        self.full.load(Ordering::Relaxed)
    }

    /// Of a session that was there before, by its ticket (RFC 8446 §2.2, RFC 5077).
    #[must_use]
    pub fn resumed(&self) -> u64 {
        self.resumed.load(Ordering::Relaxed)
    }

    fn count(&self, kind: Option<HandshakeKind>) {
        let counter = match kind {
            Some(HandshakeKind::Resumed) => &self.resumed,
            _ => &self.full,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl TlsServer {
    /// The server that is called `name`; `base` says whom to trust.
    pub(super) fn new(
        name: ServerName<'static>,
        base: &ClientConfig,
        handshakes: Arc<Handshakes>,
    ) -> Self {
        let mut config = base.clone();
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Self {
            name,
            config: Arc::new(config),
            handshakes,
        }
    }

    /// The same server, but its sessions are remembered apart from all others, or not at all, and its handshakes counted apart.
    pub(super) fn with_sessions(&self, sessions: Sessions) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.resumption = match sessions {
            Sessions::OfItsOwn => Resumption::in_memory_sessions(SESSIONS),
            Sessions::None => Resumption::disabled(),
        };
        Self {
            name: self.name.clone(),
            config: Arc::new(config),
            handshakes: Arc::default(),
        }
    }

    /// A session that has not begun.
    pub(super) fn session(&self) -> Result<ClientConnection, rustls::Error> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
    }

    /// A handshake on `tcp`, which leads to `address`.
    pub(super) async fn handshake(
        &self,
        tcp: TcpStream,
        address: SocketAddr,
    ) -> Result<TlsStream<TcpStream>, ConnectError> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        match connector.connect(self.name.clone(), tcp).await {
            Ok(stream) => {
                self.handshakes.count(stream.get_ref().1.handshake_kind());
                Ok(stream)
            }
            Err(error) => {
                let failure = match alert(&error) {
                    Some(AlertDescription::NoApplicationProtocol) => {
                        self.without_http_1_1(address).await
                    }
                    _ => error.into(),
                };
                let name = self.name.to_str().into_owned();
                Err(ConnectError::Tls { name, failure })
            }
        }
    }

    /// What a server has that does not offer HTTP/1.1: one more handshake, in which HTTP/2 alone is offered, tells.
    async fn without_http_1_1(&self, address: SocketAddr) -> TlsFailure {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = vec![HTTP_2.to_vec()];
        config.resumption = Resumption::disabled();
        let Ok(tcp) = TcpStream::connect(address).await else {
            return TlsFailure::NoHttp1;
        };
        let connector = TlsConnector::from(Arc::new(config));
        match connector.connect(self.name.clone(), tcp).await {
            Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(HTTP_2) => {
                TlsFailure::Http2Only
            }
            _ => TlsFailure::NoHttp1,
        }
    }
}

/// `Debug` shows the name: the rest holds session secrets.
impl std::fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsServer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

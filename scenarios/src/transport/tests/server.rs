//! A TLS server of the tests' own: certificates as they are asked for, and a memory of what it was asked.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the server's certificate says, and what it offers.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) names: &'static [&'static str],
    /// How many days ago the certificate became valid, and in how many it ends.
    pub(super) valid: (i32, i32),
    pub(super) alpn: &'static [&'static str],
    /// Closes each connection after this answer.
    pub(super) close_after: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            names: &["localhost", "127.0.0.1"],
            valid: (1, 1),
            alpn: &["http/1.1"],
            close_after: usize::MAX,
        }
    }
}

/// One request: the name in the handshake (SNI), and the request's text.
pub(super) type Seen = (Option<String>, String);

pub(super) struct Server {
    pub(super) address: SocketAddr,
    folder: TempDir,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(super) async fn start(plan: Plan) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(&plan, &folder.path().join("ca.pem"));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::default();
        let memory = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let conversation =
                    converse(acceptor.clone(), tcp, plan.clone(), Arc::clone(&memory));
                tokio::spawn(conversation);
            }
        });
        Self {
            address,
            folder,
            seen,
        }
    }

    /// The folder in which `ca.pem` is.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }
}

async fn converse(acceptor: TlsAcceptor, tcp: TcpStream, plan: Plan, seen: Arc<Mutex<Vec<Seen>>>) {
    let Ok(mut stream) = acceptor.accept(tcp).await else {
        return;
    };
    let name = stream.get_ref().1.server_name().map(str::to_owned);
    let mut buffer = vec![0; 8192];
    for _ in 0..plan.close_after {
        let Ok(length @ 1..) = stream.read(&mut buffer).await else {
            return;
        };
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name.clone(), request));
        let answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: __Host-s=s1; Secure; Path=/\r\nContent-Length: 2\r\n\r\nok";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// A certificate authority of its own, written to `ca_file`, and a certificate as `plan` says.
fn config(plan: &Plan, ca_file: &Path) -> ServerConfig {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key"))
        .expect("a certificate");
    std::fs::write(ca_file, authority.pem()).expect("a writable folder");

    let names: Vec<String> = plan.names.iter().map(|name| (*name).to_owned()).collect();
    let mut leaf = CertificateParams::new(names).expect("names");
    leaf.not_before = days_from_now(-plan.valid.0).into();
    leaf.not_after = days_from_now(plan.valid.1).into();
    let key = KeyPair::generate().expect("a key");
    let leaf = leaf.signed_by(&key, &authority).expect("a certificate");

    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .expect("a certificate and its key");
    config.alpn_protocols = plan
        .alpn
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    config.ticketer = Ticketer::new().expect("a ticketer");
    config
}

fn days_from_now(days: i32) -> SystemTime {
    let distance = DAY * days.unsigned_abs();
    match days {
        0.. => SystemTime::now() + distance,
        _ => SystemTime::now() - distance,
    }
}

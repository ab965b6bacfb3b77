//! Whose certificates count at one target.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::server::{Handshakes, TlsServer};

/// Whose certificates count at one target, and its servers so far. Reads no file before there is a server to ask.
#[derive(Debug)]
pub struct Trust {
    ca_files: Vec<PathBuf>,
    system_roots: bool,
    known: Mutex<Known>,
    handshakes: Arc<Handshakes>,
}

#[derive(Debug, Default)]
struct Known {
    config: Option<ClientConfig>,
    servers: BTreeMap<(String, SocketAddr), Arc<TlsServer>>,
}

/// Why it is not known whom to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read, or is not PEM.
    #[error("reading the certificates in {file}: {reason}")]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system, or the parser, says.
        reason: String,
    },
    /// The file has no certificate.
    #[error("{file} has no certificate (allowed: PEM, -----BEGIN CERTIFICATE-----)")]
    NoCertificate {
        /// The file.
        file: PathBuf,
    },
    /// The system trusts nobody.
    #[error("this system has no certificates to trust{0}; ca_file in [tls] names some")]
    NoSystemRoots(String),
    /// No such name can stand in a certificate.
    #[error("{0} is not a name that a certificate can have")]
    Name(String),
    /// rustls refuses what it was given.
    #[error("setting TLS up: {0}")]
    Setup(#[from] rustls::Error),
}

impl Trust {
    /// Trusts whoever stands in `ca_files` (PEM), and with `system_roots` whom the system trusts too.
    #[must_use]
    pub fn new(ca_files: Vec<PathBuf>, system_roots: bool) -> Self {
        Self {
            ca_files,
            system_roots,
            known: Mutex::default(),
            handshakes: Arc::default(),
        }
    }

    /// The handshakes with all of its servers.
    #[must_use]
    pub fn handshakes(&self) -> &Handshakes {
        &self.handshakes
    }

    /// The server at `address` whose certificate must be for `host`: a name, or an address without brackets.
    pub(crate) fn server(
        &self,
        host: &str,
        address: SocketAddr,
    ) -> Result<Arc<TlsServer>, TrustError> {
        let key = (host.to_owned(), address);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = known.servers.get(&key) {
            return Ok(Arc::clone(server));
        }
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| TrustError::Name(host.to_owned()))?;
        let config = match known.config.take() {
            Some(config) => config,
            None => config(&self.ca_files, self.system_roots)?,
        };
        let server = TlsServer::new(name, &config, Arc::clone(&self.handshakes));
        known.config = Some(config);
        let server = Arc::new(server);
        known.servers.insert(key, Arc::clone(&server));
        Ok(server)
    }
}

fn config(ca_files: &[PathBuf], system_roots: bool) -> Result<ClientConfig, TrustError> {
    let mut roots = RootCertStore::empty();
    for file in ca_files {
        for certificate in read_certificates(file)? {
            roots.add(certificate).map_err(|error| TrustError::Read {
                file: file.clone(),
                reason: error.to_string(),
            })?;
        }
    }
    if system_roots {
        add_system_roots(&mut roots)?;
    }
    let provider = Arc::new(default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// The certificates in a PEM file; at least one.
pub(crate) fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let unreadable = |error: pem::Error| TrustError::Read {
        file: file.to_owned(),
        reason: match error {
            pem::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        },
    };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(unreadable)?;
    if certificates.is_empty() {
        let file = file.to_owned();
        return Err(TrustError::NoCertificate { file });
    }
    Ok(certificates)
}

/// One unreadable certificate among hundreds is no reason to trust none of the others.
fn add_system_roots(roots: &mut RootCertStore) -> Result<(), TrustError> {
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added > 0 {
        return Ok(());
    }
    let reason = found.errors.first();
    let reason = reason.map_or_else(String::new, |error| format!(" ({error})"));
    Err(TrustError::NoSystemRoots(reason))
}

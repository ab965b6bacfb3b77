//! The client's side: asking a server over TLS whose authority is known by its file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

const HTTP_1_1: &[u8] = b"http/1.1";

/// The authority cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The file cannot be read, or holds no certificate.
    #[error("read the certificate of the authority in {file}: {source}")]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// rustls refuses it.
    #[error("trust the authority in {file}: {source}")]
    Refused {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// What connects to servers for which the authority in `ca_file` (PEM) vouches, and to no others.
pub(crate) fn connector(ca_file: &Path) -> Result<TlsConnector, AuthorityError> {
    let refused = |source| AuthorityError::Refused {
        file: ca_file.to_owned(),
        source,
    };
    let authority =
        CertificateDer::from_pem_file(ca_file).map_err(|source| AuthorityError::Read {
            file: ca_file.to_owned(),
            source,
        })?;
    let mut roots = RootCertStore::empty();
    roots.add(authority).map_err(refused)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

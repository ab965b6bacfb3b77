//! Who a server is, to those who connect.

use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use super::Tls;
use super::certificates::{CertificateError, Certificates};

const HTTP_1_1: &[u8] = b"http/1.1";

/// A server cannot show who it is.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The authority's certificate cannot be put where clients find it.
    #[error("write the certificate of the authority: {0}")]
    Write(#[from] io::Error),
    /// rustls refuses what it was given.
    #[error("set TLS up: {0}")]
    Setup(#[from] rustls::Error),
}

/// A certificate with its key, and the file in which clients find the authority that vouches for it. The file goes with this value.
pub struct Identity {
    acceptor: TlsAcceptor,
    ca_file: PathBuf,
    _folder: TempDir,
}

impl Identity {
    /// Makes one for a server that listens on `address`, if `tls` wants it.
    pub fn new(tls: Tls, address: IpAddr) -> Result<Option<Self>, IdentityError> {
        match tls {
            Tls::Off => Ok(None),
            Tls::On => Self::generate(address).map(Some),
        }
    }

    fn generate(address: IpAddr) -> Result<Self, IdentityError> {
        let certificates = Certificates::new(address)?;
        let folder = tempfile::Builder::new()
            .prefix("authbench-tls-")
            .tempdir()?;
        let ca_file = folder.path().join("ca.pem");
        fs::write(&ca_file, &certificates.authority_pem)?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config(certificates)?)),
            ca_file,
            _folder: folder,
        })
    }

    /// What turns accepted connections into secured ones.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// The authority's certificate, PEM.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }
}

fn config(certificates: Certificates) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificates.leaf], certificates.key)?;
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    // Stateless: the state of a session is in its ticket, as it has to be where several servers share a name.
    config.ticketer = Ticketer::new()?;
    Ok(config)
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

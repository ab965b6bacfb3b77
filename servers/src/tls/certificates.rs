//! A certificate authority for one server, and the one certificate that it signs.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::secret::random_id;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A server is started for a run; one that stays up for longer than this must be started again.
const LIFE: Duration = DAY.saturating_mul(90);

/// No certificate could be made.
#[derive(Debug, thiserror::Error)]
#[error("make a certificate: {0}")]
pub struct CertificateError(#[from] rcgen::Error);

/// What a server shows, and what whoever asks it has to trust.
pub(super) struct Certificates {
    /// The authority's certificate, PEM. Its key is gone when this is returned.
    pub(super) authority_pem: String,
    /// The server's certificate.
    pub(super) leaf: CertificateDer<'static>,
    /// Its key.
    pub(super) key: PrivateKeyDer<'static>,
}

impl Certificates {
    /// For `localhost`, the loopback addresses and `address`.
    pub(super) fn new(address: IpAddr) -> Result<Self, CertificateError> {
        let authority = CertifiedIssuer::self_signed(authority(), KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let leaf = leaf(address)?.signed_by(&key, &authority)?;
        Ok(Self {
            authority_pem: authority.pem(),
            leaf: leaf.der().clone(),
            key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        })
    }
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    // A name of its own: whoever trusts several such authorities finds the right one by it.
    let name = format!("authbench {}", random_id());
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    valid_from_now(&mut params);
    params
}

fn leaf(address: IpAddr) -> Result<CertificateParams, CertificateError> {
    let mut names = ["localhost", "127.0.0.1", "::1"]
        .map(str::to_owned)
        .to_vec();
    if !address.is_unspecified() && !names.contains(&address.to_string()) {
        names.push(address.to_string());
    }
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "authbench");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    valid_from_now(&mut params);
    Ok(params)
}

/// From yesterday, so that clocks may differ.
fn valid_from_now(params: &mut CertificateParams) {
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now + LIFE).into();
}

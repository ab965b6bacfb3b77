//! Where requests may go. Load aimed at a host that nobody cleared is an attack on it, so anything but loopback needs a word.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

use url::Host;

/// Which hosts besides loopback may be sent requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteTargets {
    allowed: BTreeSet<String>,
}

/// Why a host gets no request.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The host is not loopback, and nobody allowed it.
    #[error(
        "host {host} is not on this machine; remote hosts must be allowed by name (--allow-remote-target {host})"
    )]
    NotAllowed {
        /// The host as the file names it.
        host: String,
    },
    /// The host is allowed, but has no address.
    #[error("host {host} has no address: {reason}")]
    NoAddress {
        /// The host as the file names it.
        host: String,
        /// What the resolver says.
        reason: String,
    },
}

impl RemoteTargets {
    /// Loopback only.
    #[must_use]
    pub fn refused() -> Self {
        Self::default()
    }

    /// Loopback and these hosts, by exact name or address, without a port.
    pub fn allowing<N: Into<String>>(hosts: impl IntoIterator<Item = N>) -> Self {
        Self {
            allowed: hosts
                .into_iter()
                .map(|host| host.into().to_ascii_lowercase())
                .collect(),
        }
    }

    /// Whether `host` may be sent requests. Nothing is looked up: what a name resolves to does not count.
    pub(super) fn permit(&self, host: &Host<&str>) -> Result<(), RemoteError> {
        let name = host.to_string();
        let bare = name.trim_matches(['[', ']']);
        let is_allowed = self.allowed.contains(bare) || self.allowed.contains(&name);
        if is_allowed || loopback(host).is_some() {
            return Ok(());
        }
        let host = bare.to_owned();
        Err(RemoteError::NotAllowed { host })
    }

    /// The address to connect to, resolved once so that name service is in no measurement. No packet leaves the machine, a DNS query
    /// included, for a host that is not allowed.
    pub(super) fn address(&self, host: &Host<&str>, port: u16) -> Result<SocketAddr, RemoteError> {
        if let Some(address) = loopback(host) {
            return Ok(SocketAddr::new(address, port));
        }
        self.permit(host)?;
        let name = host.to_string();
        let no_address = |reason: String| RemoteError::NoAddress {
            host: name.clone(),
            reason,
        };
        let mut addresses = match host {
            Host::Domain(domain) => (*domain, port)
                .to_socket_addrs()
                .map_err(|error| no_address(error.to_string()))?,
            Host::Ipv4(address) => return Ok((*address, port).into()),
            Host::Ipv6(address) => return Ok((*address, port).into()),
        };
        addresses
            .next()
            .ok_or_else(|| no_address("the name resolves to nothing".to_owned()))
    }
}

/// Whether a host is this machine by its name, without asking anybody.
pub(super) fn is_loopback(host: &Host<&str>) -> bool {
    loopback(host).is_some()
}

/// `localhost` is taken for what RFC 6761 says it is, without asking a resolver that might say otherwise.
fn loopback(host: &Host<&str>) -> Option<IpAddr> {
    let address = match host {
        Host::Domain(domain) => domain
            .eq_ignore_ascii_case("localhost")
            .then_some(Ipv4Addr::LOCALHOST.into()),
        Host::Ipv4(address) => Some(IpAddr::from(*address)),
        Host::Ipv6(address) => Some(IpAddr::from(*address)),
    };
    address.filter(IpAddr::is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(policy: &RemoteTargets, host: &str) -> Result<String, String> {
        let host = Host::parse(host).expect("a host");
        let borrowed = match &host {
            Host::Domain(domain) => Host::Domain(domain.as_str()),
            Host::Ipv4(address) => Host::Ipv4(*address),
            Host::Ipv6(address) => Host::Ipv6(*address),
        };
        policy
            .address(&borrowed, 80)
            .map(|address| address.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn loopback_needs_no_word() {
        let cases = [
            ("127.0.0.1", "127.0.0.1:80"),
            ("127.9.9.9", "127.9.9.9:80"),
            ("[::1]", "[::1]:80"),
            ("LocalHost", "127.0.0.1:80"),
        ];
        for (host, expected) in cases {
            assert_eq!(
                address(&RemoteTargets::refused(), host).as_deref(),
                Ok(expected)
            );
        }
    }

    #[test]
    fn other_hosts_must_be_allowed_by_name() {
        for host in [
            "10.0.0.1",
            "0.0.0.0",
            "[::ffff:127.0.0.1]",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.nip.io",
        ] {
            let error = address(&RemoteTargets::allowing(["10.0.0.2"]), host).expect_err(host);
            assert!(error.contains("must be allowed"), "{error}");
        }
        let policy = RemoteTargets::allowing(["10.0.0.1", "fd00::1"]);
        assert_eq!(address(&policy, "10.0.0.1").as_deref(), Ok("10.0.0.1:80"));
        assert_eq!(address(&policy, "[fd00::1]").as_deref(), Ok("[fd00::1]:80"));
    }
}

//! Where a request goes: the address that packets are sent to, and how the URL spells it.

use std::net::SocketAddr;
use std::sync::Arc;

use url::{Host, Url};

use super::remote::{RemoteTargets, is_loopback};
use super::request::UrlError;
use super::template::Template;
use crate::transport::{Peer, TlsServer, Trust};

/// Where a request goes.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The address to connect to.
    pub address: SocketAddr,
    /// Host and port as they stand in the URL: the `Host` header.
    pub authority: String,
    /// The host alone, lower case: what cookies are bound to. Cookies know no ports (RFC 6265 §8.5).
    pub host: String,
    /// Whether `Secure` cookies are sent there: https, or loopback (W3C Secure Contexts §3.1).
    pub is_trustworthy: bool,
    pub(crate) tls: Option<Arc<TlsServer>>,
}

impl Origin {
    pub(super) fn new(
        scheme: Scheme,
        authority: &str,
        connect: Option<&Template>,
        policy: &RemoteTargets,
        trust: &Trust,
    ) -> Result<Self, UrlError> {
        let url = Url::parse(&format!("{}{authority}/", scheme.prefix()))
            .map_err(|error| UrlError::Authority(error.to_string()))?;
        Self::at(&url, authority, connect, policy, trust)
    }

    /// Where `url` leads.
    pub(super) fn of(url: &Url, policy: &RemoteTargets, trust: &Trust) -> Result<Self, UrlError> {
        Self::at(url, url.authority(), None, policy, trust)
    }

    /// Whether `url` leads here.
    pub(super) fn is_of(&self, url: &Url) -> bool {
        url.origin()
            == self
                .url("/")
                .map_or_else(|_| url::Origin::new_opaque(), |own| own.origin())
    }

    /// The URL of `path_and_query` here.
    pub(crate) fn url(&self, path_and_query: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{}{path_and_query}", self.base_url()))
    }

    /// Scheme, host and port as they stand in the URL.
    pub(crate) fn base_url(&self) -> String {
        let scheme = match self.tls {
            None => Scheme::Http,
            Some(_) => Scheme::Https,
        };
        format!("{}{}", scheme.prefix(), self.authority)
    }

    fn at(
        url: &Url,
        authority: &str,
        connect: Option<&Template>,
        policy: &RemoteTargets,
        trust: &Trust,
    ) -> Result<Self, UrlError> {
        let scheme = Scheme::of(url.as_str()).ok_or(UrlError::Scheme)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Surplus);
        }
        let host: Host<&str> = url
            .host()
            .ok_or_else(|| UrlError::Authority("no host".to_owned()))?;
        let address = match connect {
            Some(connect) => pinned(connect, policy)?,
            None => policy.address(&host, url.port().unwrap_or(scheme.port()))?,
        };
        let bare = host.to_string();
        let tls = match scheme {
            Scheme::Http => None,
            Scheme::Https => Some(trust.server(bare.trim_matches(['[', ']']), address)?),
        };
        Ok(Self {
            address,
            authority: authority.to_owned(),
            is_trustworthy: tls.is_some() || (is_loopback(&host) && address.ip().is_loopback()),
            host: bare,
            tls,
        })
    }

    /// Whether packets stay on this machine.
    pub(super) fn is_on_this_machine(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// Whom to connect to.
    #[must_use]
    pub fn peer(&self) -> Peer {
        Peer::new(self.address, self.tls.clone())
    }
}

/// Two are the same when what is sent to one can be sent to the other.
impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.authority == other.authority && self.peer() == other.peer()
    }
}

/// A server without a name, over plain HTTP.
impl From<SocketAddr> for Origin {
    fn from(address: SocketAddr) -> Self {
        Self {
            address,
            authority: address.to_string(),
            host: address.ip().to_string(),
            is_trustworthy: address.ip().is_loopback(),
            tls: None,
        }
    }
}

/// The address behind `host:port`.
fn pinned(connect: &Template, policy: &RemoteTargets) -> Result<SocketAddr, UrlError> {
    let text = connect.text().ok_or(UrlError::Connect)?;
    let url = Url::parse(&format!("pin://{text}")).map_err(|_| UrlError::Connect)?;
    let is_bare = url.username().is_empty() && url.password().is_none();
    let is_all = url.path().is_empty() && url.query().is_none() && url.fragment().is_none();
    let (Some(host), Some(port), true) = (url.host_str(), url.port(), is_bare && is_all) else {
        return Err(UrlError::Connect);
    };
    let host = Host::parse(host).map_err(|_| UrlError::Connect)?;
    let host = match &host {
        Host::Domain(name) => Host::Domain(name.as_str()),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    };
    Ok(policy.address(&host, port)?)
}

/// How a URL begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(super) fn of(url: &str) -> Option<Self> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| url.starts_with(scheme.prefix()))
    }

    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

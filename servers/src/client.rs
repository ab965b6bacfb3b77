//! The OAuth clients that the reference servers know.

use crate::roles::Roles;
use crate::scope::Scope;

/// A registered client. There are five, and none registers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// `app`: public, first party; what logins come from.
    App,
    /// `app-2`: another public one, for what must not pass from client to client.
    App2,
    /// `service`: confidential, acts for itself (client credentials).
    Service,
    /// `partner`: confidential, somebody else's application; may read, at a limited rate.
    Partner,
    /// `resource-server`: confidential, may introspect and nothing else.
    ResourceServer,
}

/// All clients.
pub const CLIENTS: [Client; 5] = [
    Client::App,
    Client::App2,
    Client::Service,
    Client::Partner,
    Client::ResourceServer,
];

impl Client {
    /// Its `client_id`.
    pub fn id(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::App2 => "app-2",
            Self::Service => "service",
            Self::Partner => "partner",
            Self::ResourceServer => "resource-server",
        }
    }

    /// The client with this `client_id`.
    pub fn with_id(id: &str) -> Option<Self> {
        CLIENTS.into_iter().find(|client| client.id() == id)
    }

    /// The roles it has when it acts for itself.
    pub fn roles(self) -> Roles {
        match self {
            Self::Service => Roles::WRITER,
            Self::App | Self::App2 | Self::Partner | Self::ResourceServer => Roles::NONE,
        }
    }

    /// The most that it may be granted.
    pub fn scope(self) -> Scope {
        match self {
            Self::App | Self::App2 | Self::Service => Scope::ALL,
            Self::Partner => Scope::READ,
            Self::ResourceServer => Scope::NONE,
        }
    }

    /// Whether it may act for itself (RFC 6749 §4.4): only a client that proves who it is.
    pub fn acts_for_itself(self) -> bool {
        matches!(self, Self::Service | Self::Partner)
    }

    /// Whether it has no secret (RFC 6749 §2.1), as whatever runs in a browser.
    pub fn is_public(self) -> bool {
        matches!(self, Self::App | Self::App2)
    }
}

//! The OAuth clients that the reference servers know.

/// A registered client. There are four, and none registers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// `app`: public, first party; what logins come from.
    App,
    /// `app-2`: another public one, for what must not pass from client to client.
    App2,
    /// `service`: confidential, acts for itself (client credentials).
    Service,
    /// `resource-server`: confidential, may introspect and nothing else.
    ResourceServer,
}

/// All clients.
pub const CLIENTS: [Client; 4] = [
    Client::App,
    Client::App2,
    Client::Service,
    Client::ResourceServer,
];

impl Client {
    /// Its `client_id`.
    pub fn id(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::App2 => "app-2",
            Self::Service => "service",
            Self::ResourceServer => "resource-server",
        }
    }

    /// The client with this `client_id`.
    pub fn with_id(id: &str) -> Option<Self> {
        CLIENTS.into_iter().find(|client| client.id() == id)
    }

    /// Whether it has no secret (RFC 6749 §2.1), as whatever runs in a browser.
    pub fn is_public(self) -> bool {
        matches!(self, Self::App | Self::App2)
    }
}

//! Which grant a target file logs in with, and how its client authenticates.

use super::InitError;
use super::metadata::Metadata;

/// A grant that a step list can go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A user logs in at the authorization endpoint; code and PKCE (RFC 6749 §4.1, RFC 7636).
    AuthorizationCode,
    /// The user's password goes to the token endpoint (RFC 6749 §4.3); OAuth 2.1 has no such grant, test systems often do.
    Password,
    /// No user: the client itself (RFC 6749 §4.4).
    ClientCredentials,
}

impl Grant {
    /// In the order in which they are preferred: a user who can be logged out, first.
    pub const ALL: [Self; 3] = [
        Self::AuthorizationCode,
        Self::Password,
        Self::ClientCredentials,
    ];

    /// As in `grant_type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::Password => "password",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// How a client authenticates at an endpoint (RFC 7591 §2, `token_endpoint_auth_method`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientMethod {
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Post,
    /// `none`: a public client.
    Public,
    /// Only such as need a signature or a certificate, which a file cannot give.
    OutOfReach,
}

impl ClientMethod {
    /// The first that a target file can use; `public`: whether a client without a secret will do.
    pub(super) fn of(supported: Option<&[String]>, public: bool) -> Self {
        let supported: Vec<&str> = match supported {
            Some(supported) => supported.iter().map(String::as_str).collect(),
            None => vec!["client_secret_basic"],
        };
        let usable = [
            ("client_secret_basic", Self::Basic),
            ("client_secret_post", Self::Post),
            ("none", Self::Public),
        ];
        let mut usable = usable
            .into_iter()
            .filter(|(_, method)| public || *method != Self::Public);
        let found = usable.find(|(name, _)| supported.contains(name));
        found.map_or(Self::OutOfReach, |(_, method)| method)
    }
}

/// The one asked for, or the first that the system supports.
pub(super) fn chosen(metadata: &Metadata, asked: Option<Grant>) -> Result<Grant, InitError> {
    let lacks = |lacks: String| InitError::Lacks {
        issuer: metadata.issuer.clone(),
        lacks,
    };
    if metadata.token_endpoint.is_none() {
        return Err(lacks("names no token_endpoint".to_owned()));
    }
    let usable = |grant: &Grant| {
        let has_endpoint = metadata.authorization_endpoint.is_some();
        metadata.supports(grant.name()) && (*grant != Grant::AuthorizationCode || has_endpoint)
    };
    match asked {
        Some(grant) if !usable(&grant) => Err(lacks(format!(
            "does not say that it supports the grant {}",
            grant.name()
        ))),
        Some(grant) => Ok(grant),
        None => Grant::ALL.into_iter().find(usable).ok_or_else(|| {
            lacks(format!(
                "supports none of the grants {}",
                Grant::ALL.map(Grant::name).join(", ")
            ))
        }),
    }
}

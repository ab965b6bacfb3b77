//! What of an authorization server's metadata matters for a target file.

use serde::Deserialize;

/// Authorization server metadata (RFC 8414 §2) and OpenID Provider metadata (OpenID Connect Discovery 1.0 §3). Unknown members are
/// many, and left aside.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Metadata {
    /// The issuer.
    pub issuer: String,
    /// Where users are sent to log in.
    pub authorization_endpoint: Option<String>,
    /// Where tokens are issued and refreshed.
    pub token_endpoint: Option<String>,
    /// RFC 7662.
    pub introspection_endpoint: Option<String>,
    /// RFC 7009.
    pub revocation_endpoint: Option<String>,
    /// OpenID Connect Core 1.0 §5.3: accepts access tokens, so it is an enforcement point.
    pub userinfo_endpoint: Option<String>,
    /// OpenID Connect RP-Initiated Logout 1.0.
    pub end_session_endpoint: Option<String>,
    /// Absent: `authorization_code` and `implicit` (RFC 8414 §2).
    pub grant_types_supported: Option<Vec<String>>,
    /// Absent: `client_secret_basic` (RFC 8414 §2).
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Absent: as at the token endpoint.
    pub introspection_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Absent: as at the token endpoint.
    pub revocation_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 7636; absent: no PKCE.
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// Scopes.
    pub scopes_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Whether it supports this grant type.
    #[must_use]
    pub fn supports(&self, grant_type: &str) -> bool {
        match &self.grant_types_supported {
            Some(types) => types.iter().any(|known| known == grant_type),
            None => ["authorization_code", "implicit"].contains(&grant_type),
        }
    }

    /// Whether it takes this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        let scopes = self.scopes_supported.iter().flatten();
        scopes.clone().any(|known| known == scope)
    }
}

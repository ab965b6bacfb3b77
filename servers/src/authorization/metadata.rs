//! `GET /.well-known/oauth-authorization-server`: what this server can do (RFC 8414).

use serde_json::{Value, json};

/// The document of an issuer. `issuer` must equal the URL that clients derived this one's place
/// from (§3.3).
pub(super) fn document(issuer: &str, grant_types: &[&str]) -> Value {
    let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    json!({
        "issuer": issuer,
        "token_endpoint": at("/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        "introspection_endpoint": at("/introspect"),
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
        "revocation_endpoint": at("/revoke"),
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        "jwks_uri": at("/jwks.json"),
        "grant_types_supported": grant_types,
        // There is no authorization endpoint: users log in at `/login`.
        "response_types_supported": [],
        "scopes_supported": ["read", "write"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_under_the_issuer() {
        let document = document("https://auth.test/", &["refresh_token"]);
        assert_eq!(document["issuer"], "https://auth.test/");
        assert_eq!(document["revocation_endpoint"], "https://auth.test/revoke");
        assert_eq!(document["grant_types_supported"], json!(["refresh_token"]));
    }
}

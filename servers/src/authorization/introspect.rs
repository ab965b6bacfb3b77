//! `POST /introspect`: is this token active (RFC 7662)?

use std::sync::atomic::Ordering::Relaxed;

use hyper::{HeaderMap, StatusCode};
use serde::Serialize;

use super::AUDIENCE;
use super::error::EndpointError;
use super::server::AuthorizationServer;
use crate::client::Client;
use crate::http::form::Form;
use crate::http::reply::{self, Reply};
use crate::model::{ActiveGrant, Issuer};
use crate::roles::Roles;
use crate::scope::Scope;

/// What is said about an active token. About any other nothing is said but that (§2.2).
#[derive(Serialize)]
struct ActiveAnswer<'a> {
    active: bool,
    scope: Scope,
    #[serde(skip_serializing_if = "Roles::is_empty")]
    roles: Roles,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    entitlements: &'a [String],
    client_id: &'static str,
    token_type: &'static str,
    sub: &'a str,
    aud: &'static str,
    iss: &'a str,
    iat: i64,
    /// To the millisecond, and in the order of cut-offs: for resource servers that remember answers
    /// and are told what has ended.
    iat_ms: i64,
    exp: i64,
}

impl<I: Issuer> AuthorizationServer<I> {
    /// Without client authentication anybody could try tokens out (§2.1); a hint about the kind of
    /// token is not needed.
    pub(super) async fn introspect(
        &self,
        headers: &HeaderMap,
        form: &Form<'_>,
    ) -> Result<Reply, EndpointError> {
        match self.client(headers, form)? {
            Client::ResourceServer => {}
            // A public client has not authenticated, so it is not told that it is not allowed.
            client if client.is_public() => return Err(EndpointError::InvalidClient),
            _ => return Err(EndpointError::EndpointForbidden),
        }
        let token = form.get("token").ok_or(EndpointError::InvalidRequest)?;
        self.introspections.fetch_add(1, Relaxed);
        Ok(match self.issuer.introspect(token).await? {
            None => reply::json_text(StatusCode::OK, r#"{"active":false}"#),
            Some(active) => reply::json(StatusCode::OK, &self.active(&active)),
        })
    }

    fn active<'a>(&'a self, active: &'a ActiveGrant) -> ActiveAnswer<'a> {
        ActiveAnswer {
            active: true,
            scope: active.grant.scope,
            roles: active.grant.roles,
            entitlements: &active.entitlements,
            client_id: active.grant.client.id(),
            token_type: "Bearer",
            sub: &active.grant.subject,
            aud: AUDIENCE,
            iss: &self.issuer_url,
            iat: active.issued_at_ms.div_euclid(1_000),
            iat_ms: active.issued_at_ms,
            // Rounded down: a resource server must not take the token for longer-lived than it is.
            exp: active.expires_at_ms.div_euclid(1_000),
        }
    }
}

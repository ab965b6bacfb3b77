//! `POST /revoke`: a client gives a token back (RFC 7009).

use hyper::{HeaderMap, StatusCode};

use super::server::{AuthorizationServer, store_down};
use crate::audit::{AuditEvent, AuditKind};
use crate::http::form::Form;
use crate::http::reply::{self, Reply};
use crate::model::{Issuer, Revocation};
use crate::secret::Fingerprint;

impl<I: Issuer> AuthorizationServer<I> {
    /// The answer is 200 also for a token that is unknown: it is not valid, as the caller wants it (§2.2). A 503 means
    /// that the token may still be good, and that the client must ask again (§2.2.1).
    pub(super) async fn revoke(&self, headers: &HeaderMap, form: &Form<'_>) -> Reply {
        let client = match self.client(headers, form) {
            Ok(client) => client,
            Err(reply) => return reply,
        };
        let Some(token) = form.get("token") else {
            return reply::bad_request("invalid_request");
        };
        match self.issuer.revoke(token, client).await {
            Err(error) => store_down(&error),
            Ok(Revocation::Unknown) => reply::empty(StatusCode::OK),
            Ok(Revocation::OtherClients) => reply::bad_request("invalid_grant"),
            Ok(Revocation::Unsupported) => reply::bad_request("unsupported_token_type"),
            Ok(Revocation::Revoked) => {
                let event = AuditEvent::new(AuditKind::TokenRevoked).client(client.id());
                self.audit.record(event.credential(Fingerprint::of(token)));
                reply::empty(StatusCode::OK)
            }
        }
    }
}

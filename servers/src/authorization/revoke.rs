//! `POST /revoke`: a client gives a token back (RFC 7009).

use hyper::{HeaderMap, StatusCode};

use super::error::EndpointError;
use super::events::Event;
use super::server::AuthorizationServer;
use crate::audit::{AuditEvent, AuditKind};
use crate::http::form::Form;
use crate::http::reply::{self, Reply};
use crate::model::{Issuer, Revocation};
use crate::secret::Fingerprint;

impl<I: Issuer> AuthorizationServer<I> {
    /// The answer is 200 also for a token that is unknown: it is not valid, as the caller wants it
    /// (§2.2). A 503 means that the token may still be good, and that the client must ask again
    /// (§2.2.1).
    pub(super) async fn revoke(
        &self,
        headers: &HeaderMap,
        form: &Form<'_>,
    ) -> Result<Reply, EndpointError> {
        let client = self.client(headers, form)?;
        let token = form.get("token").ok_or(EndpointError::InvalidRequest)?;
        match self.issuer.revoke(token, client).await? {
            Revocation::Unknown => {}
            Revocation::OtherClients => return Err(EndpointError::InvalidGrant),
            Revocation::Unsupported => return Err(EndpointError::UnsupportedTokenType),
            Revocation::Revoked => {
                self.events.count(Event::TokenRevoked);
                let event = AuditEvent::new(AuditKind::TokenRevoked).client(client.id());
                self.audit
                    .record(event.credential(Some(Fingerprint::of(token))));
            }
        }
        Ok(reply::empty(StatusCode::OK))
    }
}

//! What an operator does to more than one account: a client disabled, everything cut off, the
//! signing key replaced.

use hyper::HeaderMap;

use super::action::ClientAction;
use super::administration::Done;
use super::error::EndpointError;
use super::events::Event;
use super::server::AuthorizationServer;
use crate::audit::{AuditEvent, AuditKind};
use crate::client::Client;
use crate::http::form::Form;
use crate::jwt::{Retiring, RotationError};
use crate::model::Issuer;

impl<I: Issuer> AuthorizationServer<I> {
    /// A disabled client is nobody: it cannot log users in, authenticate or renew, and what it has
    /// open ends. Enabled again, it begins with nothing.
    pub(super) async fn set_client(
        &self,
        client: Client,
        action: ClientAction,
    ) -> Result<Done, EndpointError> {
        // One at a time, or what is remembered here could differ from what is kept.
        let _turn = self.client_changes.lock().await;
        let is_enabled = action == ClientAction::Enable;
        self.accounts.set_client(client, is_enabled).await?;
        self.clients.set(client, is_enabled);
        if is_enabled {
            let event = AuditEvent::new(AuditKind::ClientEnabled);
            return Ok((event.client(client.id()), None));
        }
        self.issuer.end_client(client).await?;
        let event = AuditEvent::new(AuditKind::ClientDisabled).client(client.id());
        Ok((event, Some(Event::ClientDisabled)))
    }

    /// Ends everything that was handed out until now, to whomever. Logins that were decided on
    /// before do not count; later ones do.
    pub(super) async fn cut_everything_off(&self) -> Result<Done, EndpointError> {
        self.accounts.cut_off().await?;
        self.issuer.end_everything().await?;
        let event = AuditEvent::new(AuditKind::CutOff);
        Ok((event, Some(Event::GlobalCutOff)))
    }

    /// With `graceful=true` in a form, the key of before stays good for the tokens that it signed.
    pub(super) async fn rotate_keys(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Done, EndpointError> {
        let retiring = retiring(headers, body)?;
        let rotated = self.issuer.rotate_keys(retiring).await?;
        rotated.map_err(|error| match error {
            RotationError::SharedSecret => EndpointError::SharedSecret,
            RotationError::Generation => EndpointError::Busy,
        })?;
        let (reason, ends) = match retiring {
            Retiring::AtOnce => ("compromised", Some(Event::KeyCompromised)),
            Retiring::Gracefully => ("due", None),
        };
        Ok((AuditEvent::new(AuditKind::KeyRotated).reason(reason), ends))
    }
}

fn retiring(headers: &HeaderMap, body: &[u8]) -> Result<Retiring, EndpointError> {
    if body.is_empty() {
        return Ok(Retiring::AtOnce);
    }
    let form = Form::parse(headers, body).map_err(|_| EndpointError::InvalidRequest)?;
    match form.get("graceful") {
        None | Some("false") => Ok(Retiring::AtOnce),
        Some("true") => Ok(Retiring::Gracefully),
        Some(_) => Err(EndpointError::InvalidRequest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{CONTENT_TYPE, HeaderValue};

    #[test]
    fn a_key_is_compromised_unless_it_is_said_to_be_due() {
        let mut headers = HeaderMap::new();
        assert_eq!(retiring(&headers, b""), Ok(Retiring::AtOnce));
        assert!(retiring(&headers, b"graceful=true").is_err());
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        for (body, expected) in [
            ("graceful=true", Ok(Retiring::Gracefully)),
            ("graceful=false", Ok(Retiring::AtOnce)),
            ("graceful=", Ok(Retiring::AtOnce)),
            ("graceful=yes", Err(EndpointError::InvalidRequest)),
        ] {
            assert_eq!(retiring(&headers, body.as_bytes()), expected, "{body}");
        }
    }
}

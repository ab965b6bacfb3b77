//! Authenticating clients (RFC 6749 §2.3, §3.2.1).

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use hyper::HeaderMap;

use super::error::EndpointError;
use super::settings::AuthorizationWiring;
use crate::client::Client;
use crate::http::basic::{self, Basic};
use crate::http::form::Form;
use crate::secret::ExpectedSecret;

/// The secrets of the confidential clients, and which clients are disabled.
///
/// That is remembered here, so that no request asks the store for it; the store is asked once, at
/// start-up, and told of each change.
#[derive(Debug)]
pub(super) struct Clients {
    service: ExpectedSecret,
    partner: Option<ExpectedSecret>,
    resource_server: ExpectedSecret,
    /// A bit for each client.
    disabled: AtomicU8,
}

impl Clients {
    pub(super) fn new(wiring: &AuthorizationWiring) -> Self {
        Self {
            service: ExpectedSecret::new(&wiring.service_secret),
            partner: wiring.partner_secret.as_ref().map(ExpectedSecret::new),
            resource_server: ExpectedSecret::new(&wiring.introspection_secret),
            disabled: AtomicU8::new(0),
        }
    }

    /// Disables or enables a client.
    pub(super) fn set(&self, client: Client, is_enabled: bool) {
        match is_enabled {
            true => self.disabled.fetch_and(!bit(client), Relaxed),
            false => self.disabled.fetch_or(bit(client), Relaxed),
        };
    }

    /// Whether a client is not disabled.
    pub(super) fn is_enabled(&self, client: Client) -> bool {
        self.disabled.load(Relaxed) & bit(client) == 0
    }

    /// Which client makes a request: a confidential one by Basic, a public one by its `client_id`
    /// in the form. Naming two different clients is naming none, and so is naming a disabled one. A
    /// secret in the form (`client_secret_post`) is not accepted.
    pub(super) fn authenticate(
        &self,
        headers: &HeaderMap,
        form: &Form<'_>,
    ) -> Result<Client, EndpointError> {
        let client = self.identify(headers, form)?;
        match self.is_enabled(client) {
            true => Ok(client),
            false => Err(EndpointError::InvalidClient),
        }
    }

    fn identify(&self, headers: &HeaderMap, form: &Form<'_>) -> Result<Client, EndpointError> {
        let named = form.get("client_id");
        match basic::credentials(headers) {
            Basic::Absent => named
                .and_then(Client::with_id)
                .filter(|client| client.is_public())
                .ok_or(EndpointError::InvalidClient),
            Basic::Malformed => Err(EndpointError::InvalidClient),
            Basic::Presented(presented) => {
                let client =
                    Client::with_id(&presented.client_id).ok_or(EndpointError::InvalidClient)?;
                let consistent = named.is_none_or(|id| id == client.id());
                let expected = self.secret_of(client).ok_or(EndpointError::InvalidClient)?;
                if expected.matches(&presented.secret) && consistent {
                    Ok(client)
                } else {
                    Err(EndpointError::InvalidClient)
                }
            }
        }
    }

    fn secret_of(&self, client: Client) -> Option<&ExpectedSecret> {
        match client {
            Client::Service => Some(&self.service),
            Client::Partner => self.partner.as_ref(),
            Client::ResourceServer => Some(&self.resource_server),
            Client::App | Client::App2 => None,
        }
    }
}

fn bit(client: Client) -> u8 {
    1 << client as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};

    fn clients() -> Clients {
        Clients {
            service: ExpectedSecret::new(&Secret::new("s")),
            partner: None,
            resource_server: ExpectedSecret::new(&Secret::new("r")),
            disabled: AtomicU8::new(0),
        }
    }

    fn authenticate(basic: Option<(&str, &str)>, body: &str) -> Result<Client, EndpointError> {
        authenticate_at(&clients(), basic, body)
    }

    fn authenticate_at(
        clients: &Clients,
        basic: Option<(&str, &str)>,
        body: &str,
    ) -> Result<Client, EndpointError> {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if let Some((id, secret)) = basic {
            headers.insert(AUTHORIZATION, basic::header(id, &Secret::new(secret)));
        }
        clients.authenticate(
            &headers,
            &Form::parse(&headers, body.as_bytes()).expect("a form"),
        )
    }

    #[test]
    fn a_disabled_client_is_nobody() {
        let clients = clients();
        let asks = [(Some(("service", "s")), ""), (None, "client_id=app")];
        for (basic, body) in asks {
            let client = authenticate_at(&clients, basic, body).expect("enabled");
            clients.set(client, false);
            let refused = authenticate_at(&clients, basic, body);
            assert_eq!(refused, Err(EndpointError::InvalidClient));
            let others = asks.iter().filter(|other| **other != (basic, body));
            for (basic, body) in others {
                assert!(authenticate_at(&clients, *basic, body).is_ok());
            }
            clients.set(client, true);
            assert_eq!(authenticate_at(&clients, basic, body), Ok(client));
        }
    }

    #[test]
    fn each_kind_of_client_in_its_own_way() {
        assert_eq!(
            authenticate(Some(("service", "s")), ""),
            Ok(Client::Service)
        );
        assert_eq!(
            authenticate(Some(("resource-server", "r")), "client_id=resource-server"),
            Ok(Client::ResourceServer)
        );
        assert_eq!(authenticate(None, "client_id=app-2"), Ok(Client::App2));
        for (basic, body) in [
            (Some(("service", "r")), ""),
            (Some(("service", "")), ""),
            (Some(("app", "")), ""),
            // Without a secret of its own there is no such client.
            (Some(("partner", "")), ""),
            (Some(("service", "s")), "client_id=app"),
            (None, "client_id=service"),
            (None, "client_id=service&client_secret=s"),
            (None, "client_id=unknown"),
            (None, ""),
        ] {
            assert_eq!(
                authenticate(basic, body),
                Err(EndpointError::InvalidClient),
                "{basic:?} {body}"
            );
        }
    }
}

//! Keeping servers that share a store apart, and reaching it in the way that was asked for.

use std::time::Duration;

use crate::model::Model;
use crate::store::{ConnectError, Store, StoreConnection, StoreOptions, StoreUrl};

/// Where a store is, and how to reach it.
#[derive(Clone, Copy, Debug)]
pub struct StoreAt<'a> {
    /// Its address.
    pub url: &'a StoreUrl,
    /// The address of its unix socket, if it has one.
    pub unix_url: Option<&'a StoreUrl>,
    /// How to reach it.
    pub connection: StoreConnection,
    /// How long one operation may take in all.
    pub deadline: Duration,
}

/// Connects to a store, all keys under `authbench:NAMESPACE:`; the default namespace is the model's
/// name.
///
/// All targets have the same seeded accounts. Without namespaces, disabling `user-00001` of one
/// target in a shared Redis would disable it in all.
pub async fn connect(
    store: StoreAt<'_>,
    namespace: Option<&str>,
    model: Model,
) -> Result<Store, ConnectError> {
    let options = StoreOptions::within(store.deadline);
    let prefix = format!("{}{}:", options.prefix, namespace.unwrap_or(model.name()));
    let options = StoreOptions {
        prefix,
        connection: store.connection,
        ..options
    };
    Store::connect(store.address()?, options).await
}

impl<'a> StoreAt<'a> {
    /// The store at `url`, over one shared connection.
    pub fn shared(url: &'a StoreUrl) -> Self {
        Self {
            url,
            unix_url: None,
            connection: StoreConnection::Shared,
            deadline: StoreOptions::DEADLINE,
        }
    }

    fn address(self) -> Result<&'a str, ConnectError> {
        if self.connection != StoreConnection::Unix || self.url.is_unix() {
            return Ok(self.url.expose());
        }
        // A store that has none says so with an empty one.
        let unix_url = self.unix_url.filter(|url| !url.expose().is_empty());
        unix_url.map(StoreUrl::expose).ok_or(ConnectError::NoSocket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unix_socket_is_used_where_it_is_asked_for_and_there() {
        let [tcp, unix, none] =
            ["redis://127.0.0.1:1", "redis+unix:///run/r.sock", ""].map(StoreUrl::new);
        let address = |url, unix_url, connection| {
            let store = StoreAt {
                url,
                unix_url,
                connection,
                deadline: StoreOptions::DEADLINE,
            };
            store.address().ok()
        };
        let unix_socket = StoreConnection::Unix;
        assert_eq!(
            address(&tcp, Some(&unix), StoreConnection::Shared),
            Some(tcp.expose())
        );
        assert_eq!(address(&tcp, Some(&unix), unix_socket), Some(unix.expose()));
        assert_eq!(address(&unix, None, unix_socket), Some(unix.expose()));
        assert_eq!(address(&tcp, Some(&none), unix_socket), None);
        assert_eq!(address(&tcp, None, unix_socket), None);
    }
}

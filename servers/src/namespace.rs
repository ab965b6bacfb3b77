//! Keeping servers that share a store apart.

use crate::model::Model;
use crate::store::{ConnectError, Store, StoreOptions};

/// Connects to the store at `url`, all keys under `authbench:NAMESPACE:`; the default namespace is
/// the model's name.
///
/// All targets have the same seeded accounts. Without namespaces, disabling `user-00001` of one
/// target in a shared Redis would disable it in all.
pub async fn connect(
    url: &str,
    namespace: Option<&str>,
    model: Model,
) -> Result<Store, ConnectError> {
    let options = StoreOptions::default();
    let prefix = format!("{}{}:", options.prefix, namespace.unwrap_or(model.name()));
    Store::connect(url, StoreOptions { prefix, ..options }).await
}

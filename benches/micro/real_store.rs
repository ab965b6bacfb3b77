//! A Redis, or else a Valkey, of its own.

use authbench_servers::store::{StartedStore, Store, StoreConnection, StoreKind, StoreOptions};

pub(crate) struct RealStore(StartedStore);

/// Starts one; `None`, with a message, where there is none.
pub(crate) fn start() -> Option<RealStore> {
    let kinds = StartedStore::kinds_here();
    let real = kinds.into_iter().find(|kind| *kind != StoreKind::Embedded);
    let Some(kind) = real else {
        eprintln!(
            "skipped: what needs a store, for there is neither redis-server nor valkey-server"
        );
        return None;
    };
    let started = StartedStore::start(kind).expect("a store that starts");
    println!("store: {:?}", started.description());
    Some(RealStore(started))
}

impl RealStore {
    pub(crate) async fn shared(&self) -> Store {
        self.connect(self.0.url(), StoreConnection::Shared).await
    }

    pub(crate) async fn unix(&self) -> Store {
        self.connect(self.0.unix_url(), StoreConnection::Unix).await
    }

    pub(crate) async fn pool(&self, size: u16) -> Store {
        let size = size.try_into().expect("not zero");
        self.connect(self.0.url(), StoreConnection::Pool(size))
            .await
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.0.pid().expect("it runs")
    }

    pub(crate) fn url(&self) -> &str {
        self.0.url()
    }

    async fn connect(&self, url: &str, connection: StoreConnection) -> Store {
        let options = StoreOptions {
            connection,
            deadline: std::time::Duration::from_secs(2),
            ..StoreOptions::default()
        };
        Store::connect(url, options)
            .await
            .expect("a store that answers")
    }
}

//! Which store a run gets. Decided here and nowhere else, in a fixed order, every step logged.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use serde::Deserialize;

use super::address::StoreUrl;
use super::description::{InspectError, StartedBy, StoreDescription, inspect};
use super::process::{Place, ServerProcess, StartError};

/// The servers looked for on `PATH`, in this order.
const PROGRAMS: [&str; 2] = ["valkey-server", "redis-server"];

/// What the store process is told: which store the user wants.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreWiring {
    /// A server that runs already. Never replaced by another: unreachable is an error.
    #[serde(default)]
    pub store_url: Option<StoreUrl>,
    /// The `redis-server` or `valkey-server` to start, instead of one on `PATH`.
    #[serde(default)]
    pub redis_server: Option<PathBuf>,
    /// Fail rather than use the embedded store.
    #[serde(default)]
    pub require_real_redis: bool,
    /// Where this run keeps its keys in a store that is not its own: they are deleted when the run ends.
    #[serde(default)]
    pub namespace: Option<String>,
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum FindStoreError {
    /// The user's server will not do.
    #[error(transparent)]
    Given(#[from] InspectError),
    /// The program that the user named does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Only a real one would have done, and there is none.
    #[error(
        "find a real Redis, which is required here: {}. Install one (Debian, Ubuntu: apt install redis-server; \
         Fedora: dnf install valkey; macOS: brew install redis), or name one with --redis-server PATH or --store-url URL",
        .0.join("; ")
    )]
    NoRealRedis(Vec<String>),
}

/// The store that was found.
pub(super) enum Found {
    /// It runs at the user's URL.
    Given(StoreUrl, StoreDescription),
    /// We started it.
    Started(Box<ServerProcess>),
    /// None was there; the embedded one is to be used.
    Nothing,
}

/// Looks for a store: the user's URL, the user's program, one on `PATH`; what was tried in vain goes to `log`.
pub(super) async fn find(
    wiring: StoreWiring,
    path: Option<&OsStr>,
    mut log: impl FnMut(&str),
) -> Result<Found, FindStoreError> {
    if let Some(url) = wiring.store_url {
        let description = inspect(url.expose(), StartedBy::User).await?;
        return Ok(Found::Given(url, description));
    }
    if let Some(program) = wiring.redis_server {
        return Ok(started(
            ServerProcess::start(&program, &Place::random()).await?,
        ));
    }
    let mut tried = Vec::new();
    for name in PROGRAMS {
        let failure = match on_path(name, path) {
            None => format!("{name} is not on PATH"),
            Some(program) => match ServerProcess::start(&program, &Place::random()).await {
                Ok(server) => return Ok(started(server)),
                Err(error) => error.to_string(),
            },
        };
        log(&failure);
        tried.push(failure);
    }
    if wiring.require_real_redis {
        Err(FindStoreError::NoRealRedis(tried))
    } else {
        Ok(Found::Nothing)
    }
}

/// The program `name` in one of the directories of `path`.
pub(super) fn on_path(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    env::split_paths(path?)
        .map(|directory| directory.join(name))
        .find(|candidate| executable(candidate))
}

fn executable(candidate: &Path) -> bool {
    candidate.is_file() && access(candidate, AccessFlags::X_OK).is_ok()
}

fn started(server: ServerProcess) -> Found {
    Found::Started(Box::new(server))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing listens on port 1 of loopback.
    const NOBODY: &str = "redis://:hunter2@127.0.0.1:1";

    async fn look(wiring: StoreWiring) -> (Result<Found, FindStoreError>, Vec<String>) {
        let mut steps = Vec::new();
        let found = find(wiring, Some(OsStr::new("/nowhere")), |step| {
            steps.push(step.to_owned());
        })
        .await;
        (found, steps)
    }

    #[tokio::test]
    async fn an_unreachable_url_is_an_error_even_where_another_store_would_do() {
        let wiring = StoreWiring {
            store_url: Some(StoreUrl::new(NOBODY)),
            ..StoreWiring::default()
        };
        let (found, steps) = look(wiring).await;
        let text = found.err().expect("nobody listens").to_string();
        assert!(
            text.contains("127.0.0.1:1") && text.contains("connection refused"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
        assert!(steps.is_empty());
    }

    #[tokio::test]
    async fn a_named_program_is_never_replaced_by_another() {
        let wiring = StoreWiring {
            redis_server: Some("/nowhere/redis-server".into()),
            ..StoreWiring::default()
        };
        let text = look(wiring)
            .await
            .0
            .err()
            .expect("no such program")
            .to_string();
        assert!(text.contains("/nowhere/redis-server"), "{text}");
    }

    #[tokio::test]
    async fn with_nothing_installed_the_embedded_store_is_used_and_each_step_told() {
        let (found, steps) = look(StoreWiring::default()).await;
        assert!(matches!(found, Ok(Found::Nothing)));
        assert_eq!(
            steps,
            [
                "valkey-server is not on PATH",
                "redis-server is not on PATH"
            ]
        );
    }

    #[tokio::test]
    async fn where_a_real_one_is_required_the_error_says_how_to_get_it() {
        let (found, _) = look(StoreWiring {
            require_real_redis: true,
            ..StoreWiring::default()
        })
        .await;
        let text = found.err().expect("none is there").to_string();
        assert!(
            text.contains("apt install redis-server") && text.contains("--store-url"),
            "{text}"
        );
    }

    #[test]
    fn the_wiring_is_strict() {
        let parsed: StoreWiring = serde_json::from_str(
            r#"{"store_url":null,"redis_server":null,"require_real_redis":true}"#,
        )
        .expect("the wiring of the interface");
        assert!(parsed.require_real_redis && parsed.store_url.is_none());
        assert!(serde_json::from_str::<StoreWiring>(r#"{"store-url":null}"#).is_err());
    }
}

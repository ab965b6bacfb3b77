//! Leaving a user's store as it was found: everything under one namespace is deleted.

use std::time::Duration;

use redis::{Client, ErrorKind, RedisError, cmd};
use tokio::time::timeout;

use super::connect::StoreOptions;

/// How long it may take in all. Sessions and tokens that are left behind then expire by themselves.
const DEADLINE: Duration = Duration::from_secs(3);
/// Keys looked at per step. The store answers others in between.
const KEYS_PER_STEP: u32 = 1_000;

/// Deletes every key under `authbench:NAMESPACE:` in the store at `url`; answers how many there were.
///
/// It walks through all keys of that database (`SCAN`), so the store is never blocked, and frees memory in the
/// background (`UNLINK`). A real store only: the embedded one ends with its run.
pub async fn forget(url: &str, namespace: &str) -> Result<u64, RedisError> {
    let pattern = format!("{}{}:*", StoreOptions::default().prefix, literal(namespace));
    let walk = async {
        let mut connection = Client::open(url)?
            .get_multiplexed_async_connection()
            .await?;
        let (mut cursor, mut forgotten) = (0u64, 0u64);
        loop {
            let (next, keys): (u64, Vec<Vec<u8>>) = cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(&pattern)
                .arg("COUNT")
                .arg(KEYS_PER_STEP)
                .query_async(&mut connection)
                .await?;
            if !keys.is_empty() {
                forgotten += cmd("UNLINK")
                    .arg(keys)
                    .query_async::<u64>(&mut connection)
                    .await?;
            }
            if next == 0 {
                return Ok(forgotten);
            }
            cursor = next;
        }
    };
    let too_slow = |_| RedisError::from((ErrorKind::Io, "not done in time"));
    timeout(DEADLINE, walk).await.map_err(too_slow)?
}

/// `text` for a pattern in which it stands for itself.
fn literal(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            matches!(c, '*' | '?' | '[' | ']' | '\\')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_not_a_pattern() {
        assert_eq!(literal("jwt-0a1b"), "jwt-0a1b");
        assert_eq!(literal("a*[b]?\\"), "a\\*\\[b\\]\\?\\\\");
    }
}

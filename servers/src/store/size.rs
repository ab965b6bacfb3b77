//! How much there is in the store, by its own account.

use redis::{FromRedisValue, Pipeline, cmd};
use tokio::time::timeout;

use super::connect::Store;

/// All of a store, whoever its callers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreSize {
    /// Keys (`DBSIZE`).
    pub keys: u64,
    /// Bytes of memory (`used_memory`); `None` where the store does not tell.
    pub bytes: Option<u64>,
}

/// One stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSize {
    /// Entries (`XLEN`).
    pub entries: u64,
    /// Bytes of memory (`MEMORY USAGE`).
    pub bytes: u64,
}

impl Store {
    /// Asks the store; `None` when it does not answer or may not be asked.
    ///
    /// Not counted among the operations: whoever reads the counters would change them.
    pub async fn size(&self) -> Option<StoreSize> {
        let mut asked = Pipeline::new();
        asked.cmd("DBSIZE").cmd("INFO").arg("memory");
        let [keys, memory] = self.told(&asked).await?;
        let memory = String::from_redis_value(memory).ok()?;
        Some(StoreSize {
            keys: u64::from_redis_value(keys).ok()?,
            bytes: used_memory(&memory),
        })
    }

    /// The same of one stream; `None` too where the store does not know these commands, or there is no such stream.
    pub async fn stream_size(&self, stream: &str) -> Option<StreamSize> {
        let mut asked = Pipeline::new();
        let length = cmd("XLEN").arg(self.key(stream)).take();
        let usage = cmd("MEMORY")
            .arg("USAGE")
            .arg(self.key(stream))
            .arg("SAMPLES")
            .arg(0)
            .take();
        asked.add_command(length).add_command(usage);
        let [entries, bytes] = self.told(&asked).await?;
        Some(StreamSize {
            entries: u64::from_redis_value(entries).ok()?,
            bytes: u64::from_redis_value(bytes).ok()?,
        })
    }

    async fn told<const N: usize>(&self, commands: &Pipeline) -> Option<[redis::Value; N]> {
        let asked = self.connections.commands(commands, 0, N);
        let answer = timeout(self.shared.options.deadline, asked).await.ok()?;
        answer.ok()?.try_into().ok()
    }
}

fn used_memory(memory: &str) -> Option<u64> {
    let line = memory
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_not_made_up() {
        let memory = "# Memory\r\nused_memory_human:1.00M\r\nused_memory:1048576\r\n";
        assert_eq!(used_memory(memory), Some(1 << 20));
        assert_eq!(used_memory("# Server\r\nserver_name:other\r\n"), None);
    }
}

//! What the store lost for want of memory: by its own account, for it alone knows.

use redis::{FromRedisValue, Pipeline};
use tokio::time::timeout;

use super::connect::Store;

/// What the store counted since it started, whoever its callers were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressure {
    /// Keys thrown away to make room (`evicted_keys`).
    pub evicted_keys: u64,
    /// Commands refused because there was no room (`errorstat_OOM`; 0 where the store has refused none, or does not count its errors).
    pub out_of_memory: u64,
}

impl Store {
    /// Asks the store; `None` when it does not answer or may not be asked (`INFO` is an administrator's command).
    ///
    /// Not counted among the operations: whoever reads the counters would change them.
    pub async fn pressure(&self) -> Option<Pressure> {
        let mut sections = Pipeline::new();
        sections
            .cmd("INFO")
            .arg("stats")
            .cmd("INFO")
            .arg("errorstats");
        let asked = self.connections.commands(&sections, 0, 2);
        let answer = timeout(self.shared.options.deadline, asked).await.ok()?;
        let mut sections = answer.ok()?.into_iter();
        let stats = String::from_redis_value(sections.next()?).ok()?;
        let errors = String::from_redis_value(sections.next()?).ok()?;
        Some(Pressure {
            evicted_keys: evicted_keys(&stats)?,
            out_of_memory: out_of_memory(&errors),
        })
    }
}

fn evicted_keys(stats: &str) -> Option<u64> {
    let line = stats
        .lines()
        .find_map(|line| line.strip_prefix("evicted_keys:"))?;
    line.trim().parse().ok()
}

fn out_of_memory(errors: &str) -> u64 {
    let line = errors
        .lines()
        .find_map(|line| line.strip_prefix("errorstat_OOM:count="));
    line.and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sections_of_a_redis_are_read() {
        let stats = "# Stats\r\nexpired_keys:4\r\nevicted_keys:17\r\nevicted_clients:2\r\n";
        let errors = "# Errorstats\r\nerrorstat_ERR:count=1\r\nerrorstat_OOM:count=23\r\n";
        assert_eq!(evicted_keys(stats), Some(17));
        assert_eq!(out_of_memory(errors), 23);
    }

    #[test]
    fn a_store_that_does_not_count_is_not_taken_for_one_that_lost_nothing() {
        assert_eq!(evicted_keys("# Server\r\nserver_name:other\r\n"), None);
        assert_eq!(out_of_memory("# Errorstats\r\n"), 0);
    }
}

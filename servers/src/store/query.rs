//! One round trip: sent, bounded by the deadline, counted, and its failure sorted.

use std::future::Future;
use std::io::Write;
use std::time::{Duration, Instant};

use redis::{
    Cmd, FromRedisValue, Pipeline, RedisResult, RedisWrite, ToRedisArgs, ToSingleRedisArg, Value,
};
use tokio::time::timeout;

use super::connect::Store;
use super::error::{Operation, Silence, StoreError};

/// A model's key behind the store's prefix, written piece by piece so that no operation builds a string for it.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    prefix: &'a str,
    name: &'a str,
}

impl Store {
    pub(super) fn key<'a>(&'a self, name: &'a str) -> Key<'a> {
        Key {
            prefix: &self.shared.options.prefix,
            name,
        }
    }

    /// Sends one command.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        operation: Operation,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        let answer = self
            .round_trip(operation, 1, self.connections.command(command))
            .await?;
        let answer = answer
            .extract_error()
            .map_err(|error| operation.failed(&error))?;
        T::from_redis_value(answer).map_err(|_| operation.unanswered(Silence::UnexpectedAnswer))
    }

    /// Sends `commands` as one transaction, which a shared connection carries as one uninterrupted piece.
    pub(super) async fn transact<T: FromRedisValue>(
        &self,
        operation: Operation,
        commands: &mut Pipeline,
    ) -> Result<T, StoreError> {
        commands.atomic();
        let commands = &*commands;
        // The answers to MULTI and to each queued command are skipped; the last one, to EXEC, holds all results.
        let skipped = commands.len() + 1;
        let sent = self.connections.commands(commands, skipped, 1);
        let mut answers = self
            .round_trip(operation, commands.len() as u64 + 2, sent)
            .await?;
        match answers.pop() {
            Some(Value::Array(results)) if results.iter().any(is_error) => {
                Err(operation.unanswered(Silence::AppliedInPart))
            }
            Some(Value::ServerError(error)) => Err(operation.failed(&error.into())),
            Some(results @ Value::Array(_)) => T::from_redis_value(results)
                .map_err(|_| operation.unanswered(Silence::UnexpectedAnswer)),
            _ => Err(operation.unanswered(Silence::UnexpectedAnswer)),
        }
    }

    async fn round_trip<A>(
        &self,
        operation: Operation,
        commands: u64,
        sent: impl Future<Output = RedisResult<A>>,
    ) -> Result<A, StoreError> {
        let counters = &self.shared.counters;
        counters.sent(commands);
        let start = Instant::now();
        let answer = timeout(self.shared.options.deadline, sent).await;
        counters.ended(start.elapsed(), !matches!(answer, Ok(Ok(_))));
        match answer {
            Ok(answer) => answer.map_err(|error| operation.failed(&error)),
            Err(_) => Err(operation.unanswered(Silence::Deadline)),
        }
    }
}

/// `lifetime` as Redis takes it. Zero is an error there (and a record that never lived here), so at least 1 ms.
pub(super) fn millis(lifetime: Duration) -> u64 {
    (lifetime.as_millis() as u64).max(1)
}

fn is_error(value: &Value) -> bool {
    matches!(value, Value::ServerError(_))
}

impl ToRedisArgs for Key<'_> {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        let mut writer = out.writer_for_next_arg();
        // Writing into the command's own buffer cannot fail.
        let _ = writer.write_all(self.prefix.as_bytes());
        let _ = writer.write_all(self.name.as_bytes());
    }
}

impl ToSingleRedisArg for Key<'_> {}

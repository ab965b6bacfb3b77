//! The commands, one line of the table each. All else is an unknown command.

mod server;
mod sorted_sets;
mod streams;
mod strings;

use std::ops::RangeInclusive;

use bytes::Bytes;
use redis_protocol::resp2::types::BytesFrame;

use super::keyspace::{Keyspace, Millis, WrongType};

use streams::wait_ms;

/// A command that works on the keys alone, and so may stand in a transaction.
pub(super) struct Command {
    name: &'static str,
    /// How many arguments there must be, the name included.
    arity: RangeInclusive<usize>,
    run: fn(&mut Call<'_>) -> Outcome,
}

/// One execution of a command.
struct Call<'a> {
    keys: &'a mut Keyspace,
    now: Millis,
    /// The arguments, the name included.
    args: &'a [Bytes],
}

type Outcome = Result<BytesFrame, Failure>;

/// Why a command was refused, in the words that Redis uses for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("ERR unknown command '{0}'")]
    UnknownCommand(String),
    #[error("ERR wrong number of arguments for '{0}' command")]
    Arity(&'static str),
    #[error("ERR unknown subcommand")]
    UnknownSubcommand,
    #[error("ERR syntax error")]
    Syntax,
    #[error("ERR value is not an integer or out of range")]
    NotAnInteger,
    #[error("ERR value is not a valid float")]
    NotAFloat,
    #[error("ERR invalid expire time in '{0}' command")]
    InvalidExpiry(&'static str),
    #[error("ERR Invalid stream ID specified as stream command argument")]
    StreamId,
    #[error("ERR The ID specified in XADD is equal or smaller than the target stream top item")]
    SmallId,
    #[error("ERR DB index is out of range")]
    NoSuchDatabase,
    #[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
    WrongType,
}

impl From<WrongType> for Failure {
    fn from(_: WrongType) -> Self {
        Self::WrongType
    }
}

impl From<Failure> for BytesFrame {
    fn from(failure: Failure) -> Self {
        Self::Error(failure.to_string().into())
    }
}

/// No upper limit to the number of arguments.
const ANY: usize = usize::MAX;

const COMMANDS: &[Command] = &[
    command("get", 2, 2, strings::get),
    command("mget", 2, ANY, strings::mget),
    command("getex", 2, ANY, strings::getex),
    command("set", 3, ANY, strings::set),
    command("del", 2, ANY, strings::del),
    command("exists", 2, ANY, strings::exists),
    command("pexpire", 3, 3, strings::pexpire),
    command("pttl", 2, 2, strings::pttl),
    command("zadd", 4, ANY, sorted_sets::zadd),
    command("zrem", 3, ANY, sorted_sets::zrem),
    command("zrange", 4, ANY, sorted_sets::zrange),
    command("zremrangebyscore", 4, 4, sorted_sets::zremrangebyscore),
    command("xadd", 5, ANY, streams::xadd),
    command("xread", 4, ANY, streams::xread),
    command("xrevrange", 4, 6, streams::xrevrange),
    command("ping", 1, 2, server::ping),
    command("dbsize", 1, 1, server::dbsize),
    command("info", 1, ANY, server::info),
    command("select", 2, 2, server::select),
    command("client", 2, ANY, server::client),
];

/// The command that `args` names, if there is one and the number of arguments is right.
pub(super) fn find(args: &[Bytes]) -> Result<&'static Command, Failure> {
    let name = args.first().map(Bytes::as_ref).unwrap_or_default();
    let command = COMMANDS
        .iter()
        .find(|command| command.name.as_bytes().eq_ignore_ascii_case(name));
    let command = command.ok_or_else(|| Failure::UnknownCommand(printable(name)))?;
    if !command.arity.contains(&args.len()) {
        return Err(Failure::Arity(command.name));
    }
    Ok(command)
}

const fn command(
    name: &'static str,
    least: usize,
    most: usize,
    run: fn(&mut Call<'_>) -> Outcome,
) -> Command {
    Command {
        name,
        arity: least..=most,
        run,
    }
}

impl Command {
    /// For how long it wants to wait, in milliseconds (0: for ever), if what it reads is not there yet.
    pub(super) fn wait_ms(&self, args: &[Bytes]) -> Option<u64> {
        (self.name == "xread").then(|| wait_ms(args)).flatten()
    }

    /// Runs the command with the arguments it was found by.
    pub(super) fn run(&self, keys: &mut Keyspace, now: Millis, args: &[Bytes]) -> BytesFrame {
        (self.run)(&mut Call { keys, now, args }).unwrap_or_else(BytesFrame::from)
    }
}

impl Call<'_> {
    /// The end of a lifetime given in milliseconds, which must be positive.
    fn expiry(&self, millis: &Bytes, command: &'static str) -> Result<Millis, Failure> {
        /// Redis's own limit is what its clock leaves of 63 bits; nobody means a number up there.
        const LONGEST: i64 = i64::MAX / 2;
        match integer(millis)? {
            millis @ 1..=LONGEST => Ok(self.now + millis as Millis),
            _ => Err(Failure::InvalidExpiry(command)),
        }
    }
}

fn integer(text: &Bytes) -> Result<i64, Failure> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(Failure::NotAnInteger)
}

fn is(argument: &Bytes, option: &str) -> bool {
    argument.eq_ignore_ascii_case(option.as_bytes())
}

/// At most 64 characters of a stranger's bytes, none of which could end the reply's line early.
fn printable(name: &[u8]) -> String {
    name.iter()
        .take(64)
        .flat_map(|byte| byte.escape_ascii())
        .map(char::from)
        .collect()
}

pub(super) fn ok() -> BytesFrame {
    BytesFrame::SimpleString("OK".into())
}

fn count(number: usize) -> BytesFrame {
    BytesFrame::Integer(number as i64)
}

fn bulk_or_null(value: Option<Bytes>) -> BytesFrame {
    value.map_or(BytesFrame::Null, BytesFrame::BulkString)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_cannot_forge_a_reply() {
        let failure = find(&[Bytes::from_static(b"x\r\n+OK")])
            .err()
            .expect("unknown");
        assert_eq!(failure.to_string(), r"ERR unknown command 'x\r\n+OK'");
    }

    #[test]
    fn a_command_that_fails_changes_nothing() {
        let mut keys = Keyspace::default();
        let args: Vec<Bytes> = ["zadd", "s", "1", "a", "not-a-score", "b"]
            .map(Bytes::from)
            .into();
        let reply = find(&args).expect("known").run(&mut keys, 0, &args);
        assert_eq!(reply, Failure::NotAFloat.into());
        assert_eq!(keys.len(), 0);
    }
}

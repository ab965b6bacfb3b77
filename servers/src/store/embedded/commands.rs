//! The commands, one line of the table each. All else is an unknown command.

use std::fmt::Write as _;

use bytes::Bytes;
use redis_protocol::resp2::types::BytesFrame;

use super::keyspace::{Keyspace, Millis, WrongType, owned};
use super::sorted_set::Score;
use super::{PRODUCT, VERSION};

/// A command that works on the keys alone, and so may stand in a transaction.
pub(super) struct Command {
    name: &'static str,
    /// How many arguments, the name included; `None` above: no upper limit.
    arity: (usize, Option<usize>),
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

const COMMANDS: &[Command] = &[
    Command {
        name: "get",
        arity: (2, Some(2)),
        run: get,
    },
    Command {
        name: "getex",
        arity: (2, None),
        run: getex,
    },
    Command {
        name: "set",
        arity: (3, None),
        run: set,
    },
    Command {
        name: "del",
        arity: (2, None),
        run: del,
    },
    Command {
        name: "exists",
        arity: (2, None),
        run: exists,
    },
    Command {
        name: "pexpire",
        arity: (3, Some(3)),
        run: pexpire,
    },
    Command {
        name: "zadd",
        arity: (4, None),
        run: zadd,
    },
    Command {
        name: "zrem",
        arity: (3, None),
        run: zrem,
    },
    Command {
        name: "zrange",
        arity: (4, None),
        run: zrange,
    },
    Command {
        name: "zremrangebyscore",
        arity: (4, Some(4)),
        run: zremrangebyscore,
    },
    Command {
        name: "ping",
        arity: (1, Some(2)),
        run: ping,
    },
    Command {
        name: "dbsize",
        arity: (1, Some(1)),
        run: dbsize,
    },
    Command {
        name: "info",
        arity: (1, None),
        run: info,
    },
    Command {
        name: "select",
        arity: (2, Some(2)),
        run: select,
    },
    Command {
        name: "client",
        arity: (2, None),
        run: client,
    },
];

/// The command that `args` names, if there is one and the number of arguments is right.
pub(super) fn find(args: &[Bytes]) -> Result<&'static Command, Failure> {
    let name = args.first().map(Bytes::as_ref).unwrap_or_default();
    let command = COMMANDS
        .iter()
        .find(|command| command.name.as_bytes().eq_ignore_ascii_case(name));
    let command = command.ok_or_else(|| Failure::UnknownCommand(printable(name)))?;
    let (least, most) = command.arity;
    if args.len() < least || most.is_some_and(|most| args.len() > most) {
        return Err(Failure::Arity(command.name));
    }
    Ok(command)
}

impl Command {
    /// Runs the command with the arguments it was found by.
    pub(super) fn run(&self, keys: &mut Keyspace, now: Millis, args: &[Bytes]) -> BytesFrame {
        (self.run)(&mut Call { keys, now, args }).unwrap_or_else(BytesFrame::from)
    }
}

fn get(call: &mut Call<'_>) -> Outcome {
    Ok(bulk_or_null(call.keys.string(&call.args[1], call.now)?))
}

fn getex(call: &mut Call<'_>) -> Outcome {
    let key = &call.args[1];
    let expires = match &call.args[2..] {
        [] => None,
        [option, millis] if is(option, "px") => Some(call.expiry(millis, "getex")?),
        _ => return Err(Failure::Syntax),
    };
    let value = call.keys.string(key, call.now)?;
    if let Some(expires) = expires {
        call.keys.expire(key, expires, call.now);
    }
    Ok(bulk_or_null(value))
}

fn set(call: &mut Call<'_>) -> Outcome {
    let (key, value) = (&call.args[1], &call.args[2]);
    let (mut expires, mut only_if_absent) = (None, false);
    let mut options = call.args[3..].iter();
    while let Some(option) = options.next() {
        if is(option, "nx") {
            only_if_absent = true;
        } else if is(option, "px") {
            expires = Some(call.expiry(options.next().ok_or(Failure::Syntax)?, "set")?);
        } else {
            return Err(Failure::Syntax);
        }
    }
    if only_if_absent && call.keys.exists(key, call.now) {
        return Ok(BytesFrame::Null);
    }
    call.keys.set_string(key, value, expires);
    Ok(ok())
}

fn del(call: &mut Call<'_>) -> Outcome {
    let deleted = call.args[1..]
        .iter()
        .filter(|key| call.keys.delete(key, call.now))
        .count();
    Ok(count(deleted))
}

fn exists(call: &mut Call<'_>) -> Outcome {
    let existing = call.args[1..]
        .iter()
        .filter(|key| call.keys.exists(key, call.now))
        .count();
    Ok(count(existing))
}

fn pexpire(call: &mut Call<'_>) -> Outcome {
    let key = &call.args[1];
    let expired = if integer(&call.args[2])? <= 0 {
        call.keys.delete(key, call.now)
    } else {
        let expires = call.expiry(&call.args[2], "pexpire")?;
        call.keys.expire(key, expires, call.now)
    };
    Ok(count(usize::from(expired)))
}

fn zadd(call: &mut Call<'_>) -> Outcome {
    let (pairs, []) = call.args[2..].as_chunks::<2>() else {
        return Err(Failure::Syntax);
    };
    // All scores are read before anything is added: a command applies whole or not at all.
    let scores: Vec<Score> = pairs
        .iter()
        .map(|[score, _]| float(score))
        .collect::<Result<_, _>>()?;
    let set = call.keys.sorted_set_or_new(&call.args[1], call.now)?;
    let added = pairs
        .iter()
        .zip(scores)
        .filter(|([_, member], score)| set.insert(owned(member), *score))
        .count();
    Ok(count(added))
}

fn zrem(call: &mut Call<'_>) -> Outcome {
    let Some(set) = call.keys.sorted_set(&call.args[1], call.now)? else {
        return Ok(count(0));
    };
    let removed = call.args[2..]
        .iter()
        .filter(|member| set.remove(member))
        .count();
    call.keys.drop_if_empty(&call.args[1]);
    Ok(count(removed))
}

fn zrange(call: &mut Call<'_>) -> Outcome {
    let (start, stop) = (integer(&call.args[2])?, integer(&call.args[3])?);
    let with_scores = match &call.args[4..] {
        [] => false,
        [option] if is(option, "withscores") => true,
        _ => return Err(Failure::Syntax),
    };
    let Some(set) = call.keys.sorted_set(&call.args[1], call.now)? else {
        return Ok(BytesFrame::Array(vec![]));
    };
    let (skip, take) = positions(start, stop, set.len());
    let mut reply = Vec::new();
    for (member, score) in set.iter().skip(skip).take(take) {
        reply.push(BytesFrame::BulkString(member.clone()));
        if with_scores {
            reply.push(BytesFrame::BulkString(score.to_string().into()));
        }
    }
    Ok(BytesFrame::Array(reply))
}

fn zremrangebyscore(call: &mut Call<'_>) -> Outcome {
    let (min, max) = (float(&call.args[2])?, float(&call.args[3])?);
    let Some(set) = call.keys.sorted_set(&call.args[1], call.now)? else {
        return Ok(count(0));
    };
    let removed = set.remove_between(min, max);
    call.keys.drop_if_empty(&call.args[1]);
    Ok(count(removed))
}

fn ping(call: &mut Call<'_>) -> Outcome {
    Ok(match call.args.get(1) {
        Some(message) => BytesFrame::BulkString(message.clone()),
        None => BytesFrame::SimpleString("PONG".into()),
    })
}

fn dbsize(call: &mut Call<'_>) -> Outcome {
    Ok(count(call.keys.len()))
}

/// Answers the server section whatever section is asked for: there is no other.
fn info(_: &mut Call<'_>) -> Outcome {
    let mut text = String::from("# Server\r\n");
    // Writing into a string cannot fail. No `redis_version`: nothing must take this for Redis.
    let _ = write!(
        text,
        "server_name:{PRODUCT}\r\nserver_version:{VERSION}\r\nprocess_id:{}\r\n",
        std::process::id()
    );
    Ok(BytesFrame::BulkString(text.into()))
}

fn select(call: &mut Call<'_>) -> Outcome {
    if integer(&call.args[1])? == 0 {
        Ok(ok())
    } else {
        Err(Failure::NoSuchDatabase)
    }
}

/// Clients introduce themselves with `CLIENT SETINFO`; nobody asks for it back.
fn client(call: &mut Call<'_>) -> Outcome {
    match &call.args[1..] {
        [subcommand, _, _] if is(subcommand, "setinfo") => Ok(ok()),
        [subcommand, _] if is(subcommand, "setname") => Ok(ok()),
        _ => Err(Failure::UnknownSubcommand),
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

/// Which members `start..=stop` means in a set of `len`, negative positions counting from its end: how many to
/// skip and how many to take.
fn positions(start: i64, stop: i64, len: usize) -> (usize, usize) {
    let len = len as i64;
    let from_end = |position: i64| {
        if position < 0 {
            position.saturating_add(len)
        } else {
            position
        }
    };
    let (start, stop) = (from_end(start).max(0), from_end(stop).min(len - 1));
    (start as usize, (stop - start + 1).max(0) as usize)
}

fn integer(text: &Bytes) -> Result<i64, Failure> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(Failure::NotAnInteger)
}

fn float(text: &Bytes) -> Result<Score, Failure> {
    Score::parse(text).ok_or(Failure::NotAFloat)
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
    fn positions_count_from_either_end() {
        assert_eq!(positions(0, -1, 3), (0, 3));
        assert_eq!(positions(-2, -1, 3), (1, 2));
        assert_eq!(positions(1, 99, 3), (1, 2));
        assert_eq!(positions(2, 1, 3).1, 0);
        assert_eq!(positions(0, -1, 0).1, 0);
        assert_eq!(positions(i64::MIN, i64::MAX, 3), (0, 3));
    }

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

//! Commands about the server and the connection that change nothing.

use std::fmt::Write as _;

use redis_protocol::resp2::types::BytesFrame;

use super::super::{PRODUCT, VERSION};
use super::{Call, Failure, Outcome, count, integer, is, ok};

pub(super) fn ping(call: &mut Call<'_>) -> Outcome {
    Ok(match call.args.get(1) {
        Some(message) => BytesFrame::BulkString(message.clone()),
        None => BytesFrame::SimpleString("PONG".into()),
    })
}

pub(super) fn dbsize(call: &mut Call<'_>) -> Outcome {
    Ok(count(call.keys.len()))
}

/// Answers all there is, whatever section is asked for. It has no limit on its memory, so it never throws a key away.
pub(super) fn info(_: &mut Call<'_>) -> Outcome {
    let mut text = String::from("# Server\r\n");
    // Writing into a string cannot fail. No `redis_version`: nothing must take this for Redis.
    let _ = write!(
        text,
        "server_name:{PRODUCT}\r\nserver_version:{VERSION}\r\nprocess_id:{}\r\n# Stats\r\nevicted_keys:0\r\n",
        std::process::id()
    );
    Ok(BytesFrame::BulkString(text.into()))
}

pub(super) fn select(call: &mut Call<'_>) -> Outcome {
    if integer(&call.args[1])? == 0 {
        Ok(ok())
    } else {
        Err(Failure::NoSuchDatabase)
    }
}

/// Clients introduce themselves with `CLIENT SETINFO`; nobody asks for it back.
pub(super) fn client(call: &mut Call<'_>) -> Outcome {
    match &call.args[1..] {
        [subcommand, _, _] if is(subcommand, "setinfo") => Ok(ok()),
        [subcommand, _] if is(subcommand, "setname") => Ok(ok()),
        _ => Err(Failure::UnknownSubcommand),
    }
}

//! Commands on streams, as far as a writer and its readers need them.

use bytes::Bytes;
use redis_protocol::resp2::types::BytesFrame;

use super::super::keyspace::owned;
use super::super::stream::EntryId;
use super::{Call, Failure, Outcome, integer, is};

/// `XADD key [MINID [=|~] id] *|id field value …`. `~` may trim less than it is told; here it trims all of it.
pub(super) fn xadd(call: &mut Call<'_>) -> Outcome {
    let mut rest = &call.args[2..];
    let mut keep_from = None;
    if let [option, after @ ..] = rest
        && is(option, "minid")
    {
        let after = match after {
            [how, after @ ..] if is(how, "~") || is(how, "=") => after,
            after => after,
        };
        let [id, after @ ..] = after else {
            return Err(Failure::Syntax);
        };
        keep_from = Some(entry_id(id)?);
        rest = after;
    }
    let [id, fields @ ..] = rest else {
        return Err(Failure::Arity("xadd"));
    };
    if fields.is_empty() || fields.len() % 2 != 0 {
        return Err(Failure::Arity("xadd"));
    }
    let id = match is(id, "*") {
        true => None,
        false => Some(entry_id(id)?),
    };
    let fields = fields.iter().map(owned).collect();
    let (key, now) = (&call.args[1], call.now);
    let stream = call.keys.stream_or_new(key, now)?;
    let added = stream.add(id, fields);
    if added.is_some()
        && let Some(id) = keep_from
    {
        stream.trim(id);
    }
    call.keys.drop_if_empty(key);
    let added = added.ok_or(Failure::SmallId)?;
    call.keys.note_appended();
    Ok(BytesFrame::BulkString(added.to_string().into()))
}

/// `XREAD [COUNT n] [BLOCK ms] STREAMS key id`. It answers at once; whoever wants to wait asks again (see [`wait_ms`]).
pub(super) fn xread(call: &mut Call<'_>) -> Outcome {
    let Reading {
        count, key, after, ..
    } = Reading::parse(call.args)?;
    let Some(stream) = call.keys.stream(key, call.now)? else {
        return Ok(BytesFrame::Null);
    };
    let entries: Vec<_> = stream.after(after).take(count).map(frame).collect();
    if entries.is_empty() {
        return Ok(BytesFrame::Null);
    }
    let found = vec![
        BytesFrame::BulkString(key.clone()),
        BytesFrame::Array(entries),
    ];
    Ok(BytesFrame::Array(vec![BytesFrame::Array(found)]))
}

/// `XREVRANGE key + - [COUNT n]`: the latest entries.
pub(super) fn xrevrange(call: &mut Call<'_>) -> Outcome {
    let count = match &call.args[2..] {
        [end, start, count @ ..] if is(end, "+") && is(start, "-") => match count {
            [] => usize::MAX,
            [option, count] if is(option, "count") => size(count)?,
            _ => return Err(Failure::Syntax),
        },
        _ => return Err(Failure::StreamId),
    };
    let stream = call.keys.stream(&call.args[1], call.now)?;
    let entries = stream.map(|stream| stream.latest_first().take(count).map(frame).collect());
    Ok(BytesFrame::Array(entries.unwrap_or_default()))
}

/// For how long an `XREAD` wants to wait for something to read, in milliseconds (0: for ever); `None` if it does not.
pub(super) fn wait_ms(args: &[Bytes]) -> Option<u64> {
    Reading::parse(args).ok()?.wait_ms
}

/// What an `XREAD` asks for.
struct Reading<'a> {
    count: usize,
    wait_ms: Option<u64>,
    key: &'a Bytes,
    after: EntryId,
}

impl<'a> Reading<'a> {
    fn parse(args: &'a [Bytes]) -> Result<Self, Failure> {
        let (mut count, mut wait_ms) = (usize::MAX, None);
        let mut rest = &args[1..];
        loop {
            match rest {
                [option, value, after @ ..] if is(option, "count") => {
                    count = size(value)?;
                    rest = after;
                }
                [option, value, after @ ..] if is(option, "block") => {
                    let ms = integer(value)?;
                    wait_ms = Some(u64::try_from(ms).map_err(|_| Failure::NotAnInteger)?);
                    rest = after;
                }
                [option, key, id] if is(option, "streams") => {
                    return Ok(Self {
                        count,
                        wait_ms,
                        key,
                        after: entry_id(id)?,
                    });
                }
                _ => return Err(Failure::Syntax),
            }
        }
    }
}

/// A count; zero means as many as there are.
fn size(text: &Bytes) -> Result<usize, Failure> {
    Ok(match integer(text)? {
        count @ 1.. => count as usize,
        _ => usize::MAX,
    })
}

fn entry_id(text: &Bytes) -> Result<EntryId, Failure> {
    EntryId::parse(text).ok_or(Failure::StreamId)
}

fn frame((id, fields): &(EntryId, Vec<Bytes>)) -> BytesFrame {
    let fields = fields.iter().cloned().map(BytesFrame::BulkString);
    BytesFrame::Array(vec![
        BytesFrame::BulkString(id.to_string().into()),
        BytesFrame::Array(fields.collect()),
    ])
}

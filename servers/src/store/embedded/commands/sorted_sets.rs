//! Commands on sorted sets.

use bytes::Bytes;
use redis_protocol::resp2::types::BytesFrame;

use super::super::keyspace::owned;
use super::super::sorted_set::Score;
use super::{Call, Failure, Outcome, count, integer, is};

pub(super) fn zadd(call: &mut Call<'_>) -> Outcome {
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

pub(super) fn zrem(call: &mut Call<'_>) -> Outcome {
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

pub(super) fn zrange(call: &mut Call<'_>) -> Outcome {
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

pub(super) fn zremrangebyscore(call: &mut Call<'_>) -> Outcome {
    let (min, max) = (float(&call.args[2])?, float(&call.args[3])?);
    let Some(set) = call.keys.sorted_set(&call.args[1], call.now)? else {
        return Ok(count(0));
    };
    let removed = set.remove_between(min, max);
    call.keys.drop_if_empty(&call.args[1]);
    Ok(count(removed))
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

fn float(text: &Bytes) -> Result<Score, Failure> {
    Score::parse(text).ok_or(Failure::NotAFloat)
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
}

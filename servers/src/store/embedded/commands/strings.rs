//! Commands on strings, and on keys of any type.

use redis_protocol::resp2::types::BytesFrame;

use super::{Call, Failure, Outcome, bulk_or_null, count, integer, is, ok};

pub(super) fn get(call: &mut Call<'_>) -> Outcome {
    Ok(bulk_or_null(call.keys.string(&call.args[1], call.now)?))
}

pub(super) fn mget(call: &mut Call<'_>) -> Outcome {
    let values = call.args[1..].iter().map(|key| {
        // A key of another type is none, as in Redis.
        bulk_or_null(call.keys.string(key, call.now).unwrap_or_default())
    });
    Ok(BytesFrame::Array(values.collect()))
}

pub(super) fn getex(call: &mut Call<'_>) -> Outcome {
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

pub(super) fn set(call: &mut Call<'_>) -> Outcome {
    let (key, value) = (&call.args[1], &call.args[2]);
    let (mut expires, mut keeps_expiry) = (None, false);
    let (mut only_if_absent, mut only_if_there) = (false, false);
    let mut options = call.args[3..].iter();
    while let Some(option) = options.next() {
        if is(option, "nx") {
            only_if_absent = true;
        } else if is(option, "xx") {
            only_if_there = true;
        } else if is(option, "keepttl") {
            keeps_expiry = true;
        } else if is(option, "px") {
            expires = Some(call.expiry(options.next().ok_or(Failure::Syntax)?, "set")?);
        } else {
            return Err(Failure::Syntax);
        }
    }
    if (only_if_absent && only_if_there) || (keeps_expiry && expires.is_some()) {
        return Err(Failure::Syntax);
    }
    let is_there = call.keys.exists(key, call.now);
    if (only_if_absent && is_there) || (only_if_there && !is_there) {
        return Ok(BytesFrame::Null);
    }
    if keeps_expiry {
        expires = call.keys.expiry(key, call.now).flatten();
    }
    call.keys.set_string(key, value, expires);
    Ok(ok())
}

pub(super) fn del(call: &mut Call<'_>) -> Outcome {
    let deleted = call.args[1..]
        .iter()
        .filter(|key| call.keys.delete(key, call.now))
        .count();
    Ok(count(deleted))
}

pub(super) fn exists(call: &mut Call<'_>) -> Outcome {
    let existing = call.args[1..]
        .iter()
        .filter(|key| call.keys.exists(key, call.now))
        .count();
    Ok(count(existing))
}

pub(super) fn pexpire(call: &mut Call<'_>) -> Outcome {
    let key = &call.args[1];
    let expired = if integer(&call.args[2])? <= 0 {
        call.keys.delete(key, call.now)
    } else {
        let expires = call.expiry(&call.args[2], "pexpire")?;
        call.keys.expire(key, expires, call.now)
    };
    Ok(count(usize::from(expired)))
}

/// Milliseconds to live: -2 if there is no such key, -1 if it does not expire.
pub(super) fn pttl(call: &mut Call<'_>) -> Outcome {
    let left = match call.keys.expiry(&call.args[1], call.now) {
        None => -2,
        Some(None) => -1,
        Some(Some(expires)) => (expires - call.now) as i64,
    };
    Ok(BytesFrame::Integer(left))
}

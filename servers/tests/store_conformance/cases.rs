//! The table of cases: what is sent, and what every store answers.

/// What is sent, one step after the other on one connection, and the reply to each.
///
/// Commands are words; `@` stands for a prefix of the case's own, `(wait N)` for N milliseconds. Replies are
/// written: `OK` a status, `'x'` a string, `nil`, `7` a number, `!CODE` an error by its first word, `[a, b]`.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) steps: &'static [(&'static str, &'static str)],
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "strings",
        steps: &[
            ("GET @k", "nil"),
            ("SET @k v", "OK"),
            ("get @k", "'v'"),
            ("SET @k w", "OK"),
            ("EXISTS @k @k @none", "2"),
            ("DEL @k @none", "1"),
            ("GET @k", "nil"),
        ],
    },
    Case {
        name: "set-nx",
        steps: &[
            ("SET @k first PX 60000 NX", "OK"),
            ("SET @k second NX PX 60000", "nil"),
            ("GET @k", "'first'"),
        ],
    },
    Case {
        name: "set-xx",
        steps: &[
            ("SET @k v XX", "nil"),
            ("EXISTS @k", "0"),
            ("SET @k v", "OK"),
            ("SET @k w xx", "OK"),
            ("GET @k", "'w'"),
            ("SET @k x NX XX", "!ERR"),
        ],
    },
    Case {
        name: "set-keepttl",
        steps: &[
            ("MULTI", "OK"),
            ("SET @k v PX 20", "QUEUED"),
            ("SET @k w XX KEEPTTL", "QUEUED"),
            ("GET @k", "QUEUED"),
            ("EXEC", "[OK, OK, 'w']"),
            ("(wait 60)", ""),
            ("SET @k x XX KEEPTTL", "nil"),
            ("GET @k", "nil"),
            ("SET @k v KEEPTTL", "OK"),
            ("PTTL @k", "-1"),
            ("SET @k v KEEPTTL PX 20", "!ERR"),
        ],
    },
    Case {
        name: "mget",
        steps: &[
            ("SET @a x", "OK"),
            ("ZADD @z 1 m", "1"),
            ("MGET @a @none @z @a", "['x', nil, nil, 'x']"),
            ("MGET", "!ERR"),
        ],
    },
    Case {
        name: "pttl",
        steps: &[
            ("PTTL @k", "-2"),
            ("SET @k v", "OK"),
            ("PTTL @k", "-1"),
            ("SET @k v PX 20", "OK"),
            ("(wait 60)", ""),
            ("PTTL @k", "-2"),
        ],
    },
    Case {
        name: "expiry-in-milliseconds",
        steps: &[
            ("SET @k v PX 20", "OK"),
            ("(wait 60)", ""),
            ("GET @k", "nil"),
            ("EXISTS @k", "0"),
            ("DEL @k", "0"),
            ("SET @k again PX 60000 NX", "OK"),
        ],
    },
    Case {
        name: "overwriting-forgets-the-expiry",
        steps: &[
            ("MULTI", "OK"),
            ("SET @k v PX 20", "QUEUED"),
            ("SET @k w", "QUEUED"),
            ("EXEC", "[OK, OK]"),
            ("(wait 60)", ""),
            ("GET @k", "'w'"),
        ],
    },
    Case {
        name: "getex-lengthens",
        steps: &[
            ("MULTI", "OK"),
            ("SET @k v PX 20", "QUEUED"),
            ("GETEX @k PX 60000", "QUEUED"),
            ("EXEC", "[OK, 'v']"),
            ("(wait 60)", ""),
            ("GET @k", "'v'"),
        ],
    },
    Case {
        name: "getex-shortens",
        steps: &[
            ("SET @k v PX 60000", "OK"),
            ("GETEX @k", "'v'"),
            ("GETEX @k px 20", "'v'"),
            ("(wait 60)", ""),
            ("GETEX @k PX 60000", "nil"),
            ("EXISTS @k", "0"),
        ],
    },
    Case {
        name: "getex-errors",
        steps: &[
            ("SET @k v", "OK"),
            ("GETEX @k PX", "!ERR"),
            ("GETEX @k PX 0", "!ERR"),
            ("GETEX @k PX soon", "!ERR"),
            ("ZADD @z 1 m", "1"),
            ("GETEX @z PX 100", "!WRONGTYPE"),
        ],
    },
    Case {
        name: "set-errors",
        steps: &[
            ("SET @k v PX", "!ERR"),
            ("SET @k v PX 0", "!ERR"),
            ("SET @k v PX -5", "!ERR"),
            ("SET @k v PX 9223372036854775807", "!ERR"),
            ("SET @k v PX 1.5", "!ERR"),
            ("SET @k v BOGUS", "!ERR"),
            ("GET @k", "nil"),
        ],
    },
    Case {
        name: "pexpire",
        steps: &[
            ("PEXPIRE @k 1000", "0"),
            ("SET @k v", "OK"),
            ("PEXPIRE @k soon", "!ERR"),
            ("PEXPIRE @k 20", "1"),
            ("(wait 60)", ""),
            ("GET @k", "nil"),
            ("SET @k v", "OK"),
            ("PEXPIRE @k -1", "1"),
            ("GET @k", "nil"),
        ],
    },
    Case {
        name: "sorted-set",
        steps: &[
            ("ZRANGE @z 0 -1", "[]"),
            ("ZADD @z 1795000000000 late 5 early", "2"),
            ("ZADD @z 7 early", "0"),
            ("ZADD @z 7 alike", "1"),
            ("ZRANGE @z 0 -1", "['alike', 'early', 'late']"),
            (
                "ZRANGE @z 0 -1 WITHSCORES",
                "['alike', '7', 'early', '7', 'late', '1795000000000']",
            ),
            ("ZRANGE @z 1 1", "['early']"),
            ("ZRANGE @z -1 -1", "['late']"),
            ("ZRANGE @z 2 1", "[]"),
            ("ZREM @z early nobody", "1"),
            ("ZREMRANGEBYSCORE @z -inf 7", "1"),
            ("ZREMRANGEBYSCORE @z 9 8", "0"),
            ("ZRANGE @z 0 -1", "['late']"),
        ],
    },
    Case {
        name: "an-emptied-sorted-set-is-gone",
        steps: &[
            ("ZADD @z 1 m", "1"),
            ("ZREM @z m", "1"),
            ("EXISTS @z", "0"),
            ("ZADD @z 1 m", "1"),
            ("ZREMRANGEBYSCORE @z -inf +inf", "1"),
            ("EXISTS @z", "0"),
            ("ZREM @z m", "0"),
        ],
    },
    Case {
        name: "sorted-set-errors",
        steps: &[
            ("ZADD @z one m", "!ERR"),
            ("ZADD @z 1 m 2", "!ERR"),
            ("ZADD @z 1 m nan n", "!ERR"),
            ("EXISTS @z", "0"),
            ("ZRANGE @z a b", "!ERR"),
            ("ZREMRANGEBYSCORE @z low high", "!ERR"),
        ],
    },
    Case {
        name: "types-are-kept-apart",
        steps: &[
            ("SET @s v", "OK"),
            ("ZADD @s 1 m", "!WRONGTYPE"),
            ("ZRANGE @s 0 -1", "!WRONGTYPE"),
            ("ZREM @s m", "!WRONGTYPE"),
            ("ZREMRANGEBYSCORE @s -inf 1", "!WRONGTYPE"),
            ("GET @s", "'v'"),
            ("ZADD @z 1 m", "1"),
            ("GET @z", "!WRONGTYPE"),
            ("SET @z v", "OK"),
            ("GET @z", "'v'"),
        ],
    },
    Case {
        name: "wrong-numbers-of-arguments",
        steps: &[
            ("GET", "!ERR"),
            ("GET @a @b", "!ERR"),
            ("SET @a", "!ERR"),
            ("DEL", "!ERR"),
            ("EXISTS", "!ERR"),
            ("PEXPIRE @a", "!ERR"),
            ("ZADD @a 1", "!ERR"),
            ("ZREM @a", "!ERR"),
            ("ZRANGE @a 0", "!ERR"),
            ("ZREMRANGEBYSCORE @a 0", "!ERR"),
            ("MULTI now", "!ERR"),
            ("PING", "PONG"),
        ],
    },
    Case {
        name: "unknown",
        steps: &[
            ("FROBNICATE @k", "!ERR"),
            ("PING still-here", "'still-here'"),
        ],
    },
    Case {
        name: "transaction",
        steps: &[
            ("MULTI", "OK"),
            ("SET @k v PX 60000 NX", "QUEUED"),
            ("SET @k w PX 60000 NX", "QUEUED"),
            ("GET @k", "QUEUED"),
            ("EXISTS @other", "QUEUED"),
            ("EXEC", "[OK, nil, 'v', 0]"),
            ("MULTI", "OK"),
            ("EXEC", "[]"),
        ],
    },
    Case {
        name: "discard",
        steps: &[
            ("MULTI", "OK"),
            ("SET @k v", "QUEUED"),
            ("DISCARD", "OK"),
            ("GET @k", "nil"),
            ("DISCARD", "!ERR"),
            ("EXEC", "!ERR"),
        ],
    },
    Case {
        name: "a-command-that-cannot-be-queued-aborts-all",
        steps: &[
            ("MULTI", "OK"),
            ("SET @k v", "QUEUED"),
            ("FROBNICATE", "!ERR"),
            ("SET @k w", "QUEUED"),
            ("EXEC", "!EXECABORT"),
            ("GET @k", "nil"),
            ("MULTI", "OK"),
            ("SET @k", "!ERR"),
            ("EXEC", "!EXECABORT"),
            ("MULTI", "OK"),
            ("SET @k v", "QUEUED"),
            ("EXEC", "[OK]"),
        ],
    },
    Case {
        name: "a-command-that-fails-in-exec-undoes-nothing",
        steps: &[
            ("SET @s v", "OK"),
            ("MULTI", "OK"),
            ("SET @before 1", "QUEUED"),
            ("ZADD @s 1 m", "QUEUED"),
            ("SET @after 1", "QUEUED"),
            ("EXEC", "[OK, !WRONGTYPE, OK]"),
            ("EXISTS @before @after", "2"),
        ],
    },
    Case {
        name: "multi-is-not-nested",
        steps: &[
            ("MULTI", "OK"),
            ("MULTI", "!ERR"),
            ("PING", "QUEUED"),
            ("EXEC", "[PONG]"),
        ],
    },
    Case {
        name: "what-a-client-sends-on-connecting",
        steps: &[
            ("SELECT 0", "OK"),
            ("SELECT 4096", "!ERR"),
            ("CLIENT SETNAME conformance", "OK"),
        ],
    },
];

//! One suite over every kind of store: what the models lean on must hold alike on the embedded store, Redis and
//! Valkey. Commands are sent as bytes, and replies read as bytes, so that no client smooths over a difference.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use authbench_servers::store::{StartedStore, StoreKind};
use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::types::OwnedFrame;
use url::Url;

/// What is sent, one step after the other on one connection, and the reply to each.
///
/// Commands are words; `@` stands for a prefix of the case's own, `(wait N)` for N milliseconds. Replies are
/// written: `OK` a status, `'x'` a string, `nil`, `7` a number, `!CODE` an error by its first word, `[a, b]`.
struct Case {
    name: &'static str,
    steps: &'static [(&'static str, &'static str)],
}

const CASES: &[Case] = &[
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

#[test]
fn every_case_holds_on_every_store() {
    for store in stores() {
        for case in CASES {
            let mut client = RawClient::open(&store);
            for (step, (command, expected)) in case.steps.iter().enumerate() {
                if let Some(millis) = command
                    .strip_prefix("(wait ")
                    .and_then(|rest| rest.strip_suffix(')'))
                {
                    thread::sleep(Duration::from_millis(
                        millis.parse().expect("a number of milliseconds"),
                    ));
                    continue;
                }
                let command = command.replace('@', &format!("{}:", case.name));
                let reply = client.ask(&command.split(' ').map(str::as_bytes).collect::<Vec<_>>());
                let at = format!(
                    "{:?}, {}, step {step}: {command}",
                    store.description().kind,
                    case.name
                );
                assert_eq!(render(&reply), *expected, "{at}");
            }
        }
    }
}

#[test]
fn nothing_is_answered_without_the_password() {
    for store in stores() {
        let password = password(&store);
        let mut client = RawClient::open_as_stranger(&store);
        for (command, expected) in [
            (vec!["GET", "k"], "!NOAUTH"),
            (vec!["INFO"], "!NOAUTH"),
            (vec!["MULTI"], "!NOAUTH"),
            (vec!["AUTH", "wrong"], "!WRONGPASS"),
            (vec!["AUTH", "nobody", &password], "!WRONGPASS"),
            (vec!["AUTH", "default", "wrong"], "!WRONGPASS"),
            (vec!["HELLO", "2", "AUTH", "default", "wrong"], "!WRONGPASS"),
            (vec!["GET", "k"], "!NOAUTH"),
            (vec!["AUTH", "default", &password], "OK"),
            (vec!["GET", "k"], "nil"),
        ] {
            assert_eq!(
                render(&client.ask_words(&command)),
                expected,
                "{:?}",
                store.description().kind
            );
        }
        let mut client = RawClient::open_as_stranger(&store);
        let hello = render(&client.ask_words(&["HELLO", "2", "AUTH", "default", &password]));
        assert!(hello.contains("'proto', 2"), "{hello}");
        assert_eq!(render(&client.ask_words(&["GET", "k"])), "nil");
    }
}

#[test]
fn keys_and_values_are_bytes() {
    let value: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    let key = b"bytes:\0\r\n$5\r\n\xff";
    for store in stores() {
        let mut client = RawClient::open(&store);
        assert_eq!(render(&client.ask(&[b"SET", key, &value])), "OK");
        assert_eq!(
            client.ask(&[b"GET", key]),
            OwnedFrame::BulkString(value.clone())
        );
        assert_eq!(
            render(&client.ask(&[b"ZADD", b"bytes:index", b"1", key])),
            "1"
        );
        let members = client.ask(&[b"ZRANGE", b"bytes:index", b"0", b"-1"]);
        assert_eq!(
            members,
            OwnedFrame::Array(vec![OwnedFrame::BulkString(key.to_vec())])
        );
    }
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    const COMMANDS: usize = 20_000;
    for store in stores() {
        let mut client = RawClient::open(&store);
        let pipeline: Vec<u8> = (0..COMMANDS)
            .flat_map(|number| encode(&[b"PING", number.to_string().as_bytes()]))
            .collect();
        // From a thread of its own: the replies fill the socket long before all commands are written.
        let mut stream = client.stream.try_clone().expect("a second handle");
        let writer = thread::spawn(move || stream.write_all(&pipeline));
        for number in 0..COMMANDS {
            assert_eq!(render(&client.reply()), format!("'{number}'"));
        }
        writer
            .join()
            .expect("the writer does not panic")
            .expect("the pipeline is written");
    }
}

#[test]
fn a_transaction_is_one_step_for_everybody_else() {
    const ROUNDS: usize = 500;
    for store in stores() {
        let mut writer = RawClient::open(&store);
        let mut reader = RawClient::open(&store);
        let write = |client: &mut RawClient, round: usize| {
            for key in ["atomic:a", "atomic:b"] {
                client.send(&[b"SET", key.as_bytes(), round.to_string().as_bytes()]);
            }
        };
        let writing = thread::spawn(move || {
            for round in 0..ROUNDS {
                writer.send(&[b"MULTI"]);
                write(&mut writer, round);
                writer.send(&[b"EXEC"]);
                (0..4).for_each(|_| drop(writer.reply()));
            }
        });
        for _ in 0..ROUNDS {
            reader.send(&[b"MULTI"]);
            reader.send(&[b"GET", b"atomic:a"]);
            reader.send(&[b"GET", b"atomic:b"]);
            reader.send(&[b"EXEC"]);
            (0..3).for_each(|_| drop(reader.reply()));
            let OwnedFrame::Array(pair) = reader.reply() else {
                panic!("EXEC answers an array")
            };
            assert_eq!(pair[0], pair[1], "{:?}", store.description().kind);
        }
        writing.join().expect("the writer does not panic");
    }
}

#[test]
fn queued_commands_are_not_seen_before_exec() {
    for store in stores() {
        let (mut one, mut other) = (RawClient::open(&store), RawClient::open(&store));
        one.ask_words(&["MULTI"]);
        one.ask_words(&["SET", "queued", "v"]);
        assert_eq!(render(&other.ask_words(&["GET", "queued"])), "nil");
        one.ask_words(&["EXEC"]);
        assert_eq!(render(&other.ask_words(&["GET", "queued"])), "'v'");
    }
}

#[test]
fn the_embedded_store_pretends_to_nothing() {
    let store = StartedStore::start(StoreKind::Embedded).expect("it starts anywhere");
    let mut client = RawClient::open(&store);
    for command in [
        "FLUSHALL",
        "KEYS *",
        "EVAL return 0",
        "SUBSCRIBE c",
        "CONFIG GET save",
        "WATCH k",
        "WAIT 1 0",
    ] {
        let reply = client.ask_words(&command.split(' ').collect::<Vec<_>>());
        let OwnedFrame::Error(text) = reply else {
            panic!("{command} is answered {reply:?}")
        };
        assert!(text.starts_with("ERR unknown command"), "{text}");
    }
    let info = render(&client.ask_words(&["INFO", "server"]));
    assert!(
        info.contains("server_name:authbench embedded store") && !info.contains("redis_version"),
        "{info}"
    );
    assert_eq!(render(&client.ask_words(&["HELLO", "3"])), "!NOPROTO");
}

#[test]
fn the_embedded_store_survives_what_is_not_a_command() {
    let store = StartedStore::start(StoreKind::Embedded).expect("it starts anywhere");
    let deep = b"*1\r\n".repeat(200_000);
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &deep,
        b"*1\r\n$999999999\r\n",
        b"*-5\r\n",
    ] {
        let mut stranger = RawClient::open_as_stranger(&store);
        // The store may hang up before all of it is written.
        let _ = stranger.stream.write_all(garbage);
        let mut answer = Vec::new();
        // Hanging up on unread bytes resets the connection, which may overtake the reply.
        if stranger.stream.read_to_end(&mut answer).is_ok() {
            assert!(
                answer.starts_with(b"-ERR Protocol error"),
                "{:?}",
                String::from_utf8_lossy(&answer)
            );
        }
    }
    assert_eq!(
        render(&RawClient::open(&store).ask_words(&["PING"])),
        "PONG"
    );
}

/// One store of every kind there is here.
fn stores() -> impl Iterator<Item = StartedStore> {
    StartedStore::kinds_here()
        .into_iter()
        .map(|kind| StartedStore::start(kind).expect("the store starts"))
}

fn password(store: &StartedStore) -> String {
    Url::parse(store.url())
        .expect("a URL")
        .password()
        .expect("with a password")
        .to_owned()
}

/// A connection on which bytes are sent and received as they are.
struct RawClient {
    stream: TcpStream,
    received: Vec<u8>,
}

impl RawClient {
    fn open(store: &StartedStore) -> Self {
        let mut client = Self::open_as_stranger(store);
        assert_eq!(render(&client.ask_words(&["AUTH", &password(store)])), "OK");
        client
    }

    fn open_as_stranger(store: &StartedStore) -> Self {
        let url = Url::parse(store.url()).expect("a URL");
        let stream = TcpStream::connect(("127.0.0.1", url.port().expect("a port")))
            .expect("the store listens");
        // Only to make a hang a failure.
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a time-out");
        Self {
            stream,
            received: Vec::new(),
        }
    }

    fn ask(&mut self, command: &[&[u8]]) -> OwnedFrame {
        self.send(command);
        self.reply()
    }

    fn ask_words(&mut self, command: &[&str]) -> OwnedFrame {
        self.ask(
            &command
                .iter()
                .map(|word| word.as_bytes())
                .collect::<Vec<_>>(),
        )
    }

    fn send(&mut self, command: &[&[u8]]) {
        self.stream
            .write_all(&encode(command))
            .expect("the command is written");
    }

    fn reply(&mut self) -> OwnedFrame {
        loop {
            if let Some((frame, length)) = decode(&self.received).expect("a reply") {
                self.received.drain(..length);
                return frame;
            }
            let mut chunk = vec![0; 64 << 10];
            let length = self.stream.read(&mut chunk).expect("a reply arrives");
            assert_ne!(length, 0, "the store hung up");
            self.received.extend_from_slice(&chunk[..length]);
        }
    }
}

fn encode(command: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
    for argument in command {
        bytes.extend(format!("${}\r\n", argument.len()).into_bytes());
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

fn render(reply: &OwnedFrame) -> String {
    match reply {
        OwnedFrame::SimpleString(status) => String::from_utf8_lossy(status).into_owned(),
        OwnedFrame::BulkString(string) => format!("'{}'", String::from_utf8_lossy(string)),
        OwnedFrame::Error(text) => format!("!{}", text.split(' ').next().unwrap_or_default()),
        OwnedFrame::Integer(number) => number.to_string(),
        OwnedFrame::Array(items) => format!(
            "[{}]",
            items.iter().map(render).collect::<Vec<_>>().join(", ")
        ),
        OwnedFrame::Null => "nil".to_owned(),
    }
}

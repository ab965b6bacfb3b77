//! One suite over every kind of store: what the models lean on must hold alike on the embedded store, Redis and
//! Valkey. Commands are sent as bytes, and replies read as bytes, so that no client smooths over a difference.

mod cases;
mod raw_client;

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use authbench_servers::store::{StartedStore, StoreKind};
use redis_protocol::resp2::types::{OwnedFrame, Resp2Frame};

use cases::CASES;
use raw_client::{RawClient, encode, password, render};

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
fn who_waits_for_a_stream_is_told_what_is_added() {
    const ENTRIES: usize = 200;
    for store in stores() {
        let (mut reader, mut writer) = (RawClient::open(&store), RawClient::open(&store));
        let writing = thread::spawn(move || {
            for number in 0..ENTRIES {
                if number % 50 == 0 {
                    thread::sleep(Duration::from_millis(5));
                }
                // Some of them in a transaction.
                let (before, behind) = match number % 7 {
                    0 => ("MULTI", "EXEC"),
                    _ => ("PING", "PING"),
                };
                writer.ask_words(&[before]);
                writer.ask_words(&["XADD", "waited:x", "*", "d", &number.to_string()]);
                writer.ask_words(&[behind]);
            }
        });
        let (mut after, mut read) = ("0-0".to_owned(), Vec::new());
        while read.len() < ENTRIES {
            let command = ["XREAD", "BLOCK", "0", "STREAMS", "waited:x", &after];
            for (id, value) in entries(&reader.ask_words(&command)) {
                after = id;
                read.push(value);
            }
        }
        let expected: Vec<String> = (0..ENTRIES).map(|number| number.to_string()).collect();
        assert_eq!(read, expected, "{:?}", store.description().kind);
        writing.join().expect("the writer does not panic");
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
fn the_embedded_store_drops_past_keys_that_nobody_asks_for() {
    let store = StartedStore::start(StoreKind::Embedded).expect("it starts anywhere");
    let mut client = RawClient::open(&store);
    for key in ["a", "b"] {
        client.ask_words(&["SET", key, "v", "PX", "1"]);
    }
    client.ask_words(&["SET", "lives", "v"]);
    let start = Instant::now();
    while render(&client.ask_words(&["DBSIZE"])) != "1" {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "they are still there"
        );
        thread::sleep(Duration::from_millis(5));
    }
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

/// The entries, of one field each, in the reply to an `XREAD` of one stream.
fn entries(reply: &OwnedFrame) -> Vec<(String, String)> {
    let items = |frame: &OwnedFrame| match frame {
        OwnedFrame::Array(items) => items.clone(),
        other => panic!("an array, not {}", render(other)),
    };
    let text = |frame: &OwnedFrame| frame.as_str().expect("text").to_owned();
    let entry = |entry: &OwnedFrame| (text(&items(entry)[0]), text(&items(&items(entry)[1])[1]));
    let stream = items(&items(reply)[0]);
    items(&stream[1]).iter().map(entry).collect()
}

/// One store of every kind there is here.
fn stores() -> impl Iterator<Item = StartedStore> {
    StartedStore::kinds_here()
        .into_iter()
        .map(|kind| StartedStore::start(kind).expect("the store starts"))
}

//! One client's connection: who it is, and the transaction it may be in.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use redis_protocol::resp2::types::BytesFrame;
use subtle::ConstantTimeEq;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};
use tokio_util::codec::{Decoder, Encoder};

use super::codec::{AUTHENTICATED, CommandCodec, ProtocolError};
use super::commands::{self, Command, Failure, ok};
use super::{EmbeddedStore, PRODUCT, VERSION};

/// Replies are sent at the latest when this much has gathered: a few bytes of pipelined `GET`s can ask for
/// gigabytes.
const FLUSH_BYTES: usize = 256 << 10;
/// What a client may send while it waits; past it, nobody notices that it leaves before the wait is over.
const WAITING_BYTES: usize = 64 << 10;
/// What may be queued between `MULTI` and `EXEC`.
const MAX_QUEUED: (usize, usize) = (1024, AUTHENTICATED.command_bytes);

/// Serves one client until it leaves, says what is no command, or quits.
pub(super) async fn serve(
    store: Arc<EmbeddedStore>,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut client = Client {
        store: &store,
        authenticated: false,
        transaction: None,
    };
    let mut codec = CommandCodec::new();
    let (mut received, mut replies) = (BytesMut::with_capacity(8 << 10), BytesMut::new());
    loop {
        let more = client.answer_all(&mut codec, &mut received, &mut replies);
        stream.write_all(&replies).await?;
        replies.clear();
        match more {
            Next::Continue => {}
            Next::Wait(waiting) => {
                let Some(reply) = waiting.reply(&store, &mut stream, &mut received).await? else {
                    return Ok(());
                };
                if codec.encode(reply, &mut replies).is_err() {
                    return Ok(());
                }
            }
            Next::Read if stream.read_buf(&mut received).await? == 0 => return Ok(()),
            Next::Read => {}
            Next::Close => return Ok(()),
        }
    }
}

/// What a connection does after its replies were sent.
enum Next {
    Read,
    Continue,
    Wait(Waiting),
    Close,
}

/// A command that reads what is not there yet. The connection's other commands wait behind it, as in Redis.
struct Waiting {
    command: &'static Command,
    args: Vec<Bytes>,
    /// `None`: for ever.
    until: Option<Instant>,
}

impl Waiting {
    /// What it has read in the end, or nil if the time is over; `None` once the client has left.
    async fn reply(
        &self,
        store: &EmbeddedStore,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        received: &mut BytesMut,
    ) -> io::Result<Option<BytesFrame>> {
        let over = async {
            match self.until {
                Some(until) => sleep_until(until).await,
                None => pending().await,
            }
        };
        let mut over = pin!(over);
        loop {
            // Registered before the look, or an entry that is added in between would wake nobody.
            let mut appended = pin!(store.appended.notified());
            appended.as_mut().enable();
            let reply = self.command.run(&mut store.lock(), store.now(), &self.args);
            if reply != BytesFrame::Null {
                return Ok(Some(reply));
            }
            tokio::select! {
                () = &mut over => return Ok(Some(BytesFrame::Null)),
                () = appended => {}
                read = stream.read_buf(received), if received.len() < WAITING_BYTES => {
                    if read? == 0 {
                        return Ok(None);
                    }
                }
            }
        }
    }
}

/// The reply to a command.
enum Answer {
    Now(BytesFrame),
    Later(Waiting),
}

struct Client<'a> {
    store: &'a EmbeddedStore,
    authenticated: bool,
    transaction: Option<Transaction>,
}

/// Commands queued since `MULTI`.
#[derive(Default)]
struct Transaction {
    queued: Vec<(&'static Command, Vec<Bytes>)>,
    queued_bytes: usize,
    /// A command could not be queued, so `EXEC` must execute none.
    broken: bool,
}

impl Client<'_> {
    /// Answers the whole commands that were received, up to [`FLUSH_BYTES`] of replies.
    fn answer_all(
        &mut self,
        codec: &mut CommandCodec,
        received: &mut BytesMut,
        replies: &mut BytesMut,
    ) -> Next {
        while replies.len() < FLUSH_BYTES {
            match codec.decode(received) {
                Ok(None) => return Next::Read,
                Ok(Some(args)) if args.is_empty() => {}
                Ok(Some(args)) => {
                    let quits = args[0].eq_ignore_ascii_case(b"quit");
                    let reply = match self.answer(args, quits) {
                        Answer::Now(reply) => reply,
                        Answer::Later(waiting) => return Next::Wait(waiting),
                    };
                    if self.authenticated {
                        codec.limits = AUTHENTICATED;
                    }
                    if codec.encode(reply, replies).is_err() || quits {
                        return Next::Close;
                    }
                }
                Err(problem) => {
                    // If even this cannot be encoded, closing says as much.
                    let _ = codec.encode(protocol_error(&problem), replies);
                    return Next::Close;
                }
            }
        }
        Next::Continue
    }

    fn answer(&mut self, args: Vec<Bytes>, quits: bool) -> Answer {
        let name = args[0].to_ascii_lowercase();
        Answer::Now(match name.as_slice() {
            _ if quits => ok(),
            b"auth" | b"hello" if self.transaction.is_some() => {
                self.refuse("ERR Command not allowed inside a transaction")
            }
            b"auth" => self.auth(&args[1..]),
            b"hello" => self.hello(&args[1..]),
            _ if !self.authenticated => error("NOAUTH Authentication required."),
            b"multi" | b"exec" | b"discard" if args.len() != 1 => self.refuse(&format!(
                "ERR wrong number of arguments for '{}' command",
                name.escape_ascii()
            )),
            b"multi" => self.multi(),
            b"exec" => self.exec(),
            b"discard" => self.discard(),
            _ => return self.run_or_queue(args),
        })
    }

    /// `AUTH [default] password`.
    fn auth(&mut self, args: &[Bytes]) -> BytesFrame {
        let (user, password) = match args {
            [password] => (None, password),
            [user, password] => (Some(user), password),
            _ => return Failure::Arity("auth").into(),
        };
        let known_user = user.is_none_or(|user| user.as_ref() == b"default");
        let right_password: bool = self.store.password.as_bytes().ct_eq(password).into();
        if !(known_user && right_password) {
            return error("WRONGPASS invalid username-password pair or user is disabled.");
        }
        self.authenticated = true;
        ok()
    }

    /// `HELLO [2 [AUTH user password]]`.
    fn hello(&mut self, args: &[Bytes]) -> BytesFrame {
        let credentials = match args {
            [version, ..] if version.as_ref() != b"2" => {
                return error("NOPROTO unsupported protocol version");
            }
            [] | [_] => None,
            [_, option, credentials @ ..] if option.eq_ignore_ascii_case(b"auth") => {
                Some(credentials)
            }
            _ => return Failure::Syntax.into(),
        };
        if let Some(credentials) = credentials {
            let answer = self.auth(credentials);
            if matches!(answer, BytesFrame::Error(_)) {
                return answer;
            }
        }
        if !self.authenticated {
            return error("NOAUTH HELLO must be called with the client already authenticated");
        }
        BytesFrame::Array(vec![
            bulk("server"),
            bulk(PRODUCT),
            bulk("version"),
            bulk(VERSION),
            bulk("proto"),
            BytesFrame::Integer(2),
        ])
    }

    fn multi(&mut self) -> BytesFrame {
        if self.transaction.is_some() {
            return error("ERR MULTI calls can not be nested");
        }
        self.transaction = Some(Transaction::default());
        ok()
    }

    fn exec(&mut self) -> BytesFrame {
        let Some(transaction) = self.transaction.take() else {
            return error("ERR EXEC without MULTI");
        };
        if transaction.broken {
            return error("EXECABORT Transaction discarded because of previous errors.");
        }
        let now = self.store.now();
        self.store.step(|keys| {
            let queued = transaction.queued.into_iter();
            let replies = queued.map(|(command, args)| command.run(keys, now, &args));
            BytesFrame::Array(replies.collect())
        })
    }

    fn discard(&mut self) -> BytesFrame {
        match self.transaction.take() {
            Some(_) => ok(),
            None => error("ERR DISCARD without MULTI"),
        }
    }

    fn run_or_queue(&mut self, args: Vec<Bytes>) -> Answer {
        let command = match commands::find(&args) {
            Ok(command) => command,
            Err(failure) => return Answer::Now(self.refuse(&failure.to_string())),
        };
        if let Some(transaction) = &mut self.transaction {
            // In a transaction nothing waits, as in Redis.
            return Answer::Now(transaction.queue(command, args));
        }
        let now = self.store.now();
        let reply = self.store.step(|keys| command.run(keys, now, &args));
        match command.wait_ms(&args) {
            Some(ms) if reply == BytesFrame::Null => {
                let until = (ms > 0).then(|| Instant::now() + Duration::from_millis(ms));
                Answer::Later(Waiting {
                    command,
                    args,
                    until,
                })
            }
            _ => Answer::Now(reply),
        }
    }

    /// An error that also breaks the transaction there may be.
    fn refuse(&mut self, message: &str) -> BytesFrame {
        if let Some(transaction) = &mut self.transaction {
            transaction.broken = true;
        }
        error(message)
    }
}

impl Transaction {
    fn queue(&mut self, command: &'static Command, args: Vec<Bytes>) -> BytesFrame {
        self.queued_bytes += args.iter().map(Bytes::len).sum::<usize>();
        if self.queued.len() == MAX_QUEUED.0 || self.queued_bytes > MAX_QUEUED.1 {
            self.broken = true;
            self.queued.clear();
            return error("ERR transaction too big");
        }
        self.queued.push((command, args));
        BytesFrame::SimpleString("QUEUED".into())
    }
}

fn protocol_error(problem: &ProtocolError) -> BytesFrame {
    error(&format!("ERR Protocol error: {problem}"))
}

fn error(message: &str) -> BytesFrame {
    BytesFrame::Error(message.into())
}

fn bulk(text: &'static str) -> BytesFrame {
    BytesFrame::BulkString(Bytes::from_static(text.as_bytes()))
}

//! One client's connection: who it is, and the transaction it may be in.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use redis_protocol::resp2::types::BytesFrame;
use subtle::ConstantTimeEq;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::codec::{Decoder, Encoder};

use super::codec::{AUTHENTICATED, CommandCodec, ProtocolError};
use super::commands::{self, Command, Failure, ok};
use super::{EmbeddedStore, PRODUCT, VERSION};

/// Replies are sent at the latest when this much has gathered: a few bytes of pipelined `GET`s can ask for
/// gigabytes.
const FLUSH_BYTES: usize = 256 << 10;
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
    Close,
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
                    let reply = if quits { ok() } else { self.answer(args) };
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

    fn answer(&mut self, args: Vec<Bytes>) -> BytesFrame {
        let name = args[0].to_ascii_lowercase();
        match name.as_slice() {
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
            _ => self.run_or_queue(args),
        }
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
        let mut keys = self.store.lock();
        let run =
            |(command, args): (&'static Command, Vec<Bytes>)| command.run(&mut keys, now, &args);
        BytesFrame::Array(transaction.queued.into_iter().map(run).collect())
    }

    fn discard(&mut self) -> BytesFrame {
        match self.transaction.take() {
            Some(_) => ok(),
            None => error("ERR DISCARD without MULTI"),
        }
    }

    fn run_or_queue(&mut self, args: Vec<Bytes>) -> BytesFrame {
        let command = match commands::find(&args) {
            Ok(command) => command,
            Err(failure) => return self.refuse(&failure.to_string()),
        };
        match &mut self.transaction {
            None => command.run(&mut self.store.lock(), self.store.now(), &args),
            Some(transaction) => transaction.queue(command, args),
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

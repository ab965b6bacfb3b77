//! Asks all three servers for every caller over and over, each request on a connection and a thread of its own, so that those that a paused server
//! keeps waiting hold up no others.

use super::system::PATIENCE;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Between two requests, to any server for any caller.
const ASKED_EVERY: Duration = Duration::from_millis(8);
const THIRD: usize = 2;

/// Who calls, and what is presented.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) user: String,
    pub(super) header: String,
}

/// An answer in full.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

/// Sends one request on a connection of its own. `head` ends with a line break.
pub(super) fn ask(
    address: SocketAddr,
    head: &str,
    body: &str,
    patience: Duration,
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    write!(
        stream,
        "{head}host: {address}\r\nconnection: close\r\n\r\n{body}"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let status = text.get(9..12).and_then(|digits| digits.parse().ok());
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    Ok(Answer { status, text })
}

/// One answer.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    server: usize,
    caller: usize,
    sent: Instant,
    status: u16,
}

/// A request that was accepted too late.
#[derive(Debug)]
#[expect(dead_code, reason = "to be read by whoever sees the test fail")]
pub(super) struct Late {
    server: usize,
    caller: usize,
    after_its_acknowledgement: Duration,
}

type Answers = Arc<Mutex<Vec<Seen>>>;

/// What was asked and answered.
pub(super) struct Watch {
    servers: [SocketAddr; 3],
    callers: Vec<Caller>,
    answers: Answers,
    acknowledged: Vec<Option<Instant>>,
    is_over: Arc<AtomicBool>,
    asking: Option<JoinHandle<()>>,
}

impl Watch {
    pub(super) fn begin(servers: [SocketAddr; 3], callers: &[Caller]) -> Self {
        let (answers, is_over) = (Answers::default(), Arc::<AtomicBool>::default());
        let asking = {
            let (callers, answers) = (callers.to_vec(), Arc::clone(&answers));
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || ask_on(servers, &callers, &answers, &is_over))
        };
        Self {
            servers,
            callers: callers.to_vec(),
            answers,
            acknowledged: vec![None; callers.len()],
            is_over,
            asking: Some(asking),
        }
    }

    /// Otherwise nothing that follows means anything; and every server remembers every caller from here on.
    pub(super) fn everybody_is_accepted(&self) {
        for (server, address) in self.servers.iter().enumerate() {
            for caller in &self.callers {
                let status = get(*address, caller).expect("an answer").status;
                assert_eq!(status, 200, "server {server}, {}", caller.user);
            }
        }
    }

    /// This caller's account was disabled, and that was just acknowledged.
    pub(super) fn disabled(&mut self, caller: usize) {
        self.acknowledged[caller] = Some(Instant::now());
    }

    pub(super) fn until_accepted_at_third(&self, caller: usize, since: Instant, within: Duration) {
        let accepted = |seen: &Seen| {
            (seen.server, seen.caller, seen.status) == (THIRD, caller, 200) && seen.sent >= since
        };
        while !self.answers.lock().expect("no panic").iter().any(accepted) {
            assert!(since.elapsed() < within, "the third server is not back");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns when everything that was sent has been answered or given up.
    pub(super) fn end(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let asking = self.asking.take().expect("ended once");
        asking.join().expect("no panic");
    }

    pub(super) fn answers_to_the_disabled_since(&self, since: Instant) -> usize {
        let answers = self.answers.lock().expect("no panic");
        let asked = |seen: &&Seen| {
            seen.server == THIRD && seen.sent >= since && self.acknowledged[seen.caller].is_some()
        };
        answers.iter().filter(asked).count()
    }

    /// Requests that were sent more than `bound` after the acknowledgement, and accepted.
    pub(super) fn accepted_beyond(&self, bound: Duration) -> Vec<Late> {
        let answers = self.answers.lock().expect("no panic");
        let late = |seen: &Seen| {
            let acknowledged = self.acknowledged[seen.caller]?;
            let after_its_acknowledgement = seen.sent.checked_duration_since(acknowledged)?;
            (seen.status == 200 && after_its_acknowledgement > bound).then_some(Late {
                server: seen.server,
                caller: seen.caller,
                after_its_acknowledgement,
            })
        };
        answers.iter().filter_map(late).collect()
    }
}

fn ask_on(servers: [SocketAddr; 3], callers: &[Caller], answers: &Answers, is_over: &AtomicBool) {
    thread::scope(|scope| {
        for (caller, server) in (0..callers.len())
            .cycle()
            .flat_map(|caller| (0..3).map(move |server| (caller, server)))
        {
            if is_over.load(Ordering::SeqCst) {
                break;
            }
            scope.spawn(move || {
                let sent = Instant::now();
                // A server that is not there, or does not answer, accepts nobody.
                if let Ok(Answer { status, .. }) = get(servers[server], &callers[caller]) {
                    let seen = Seen {
                        server,
                        caller,
                        sent,
                        status,
                    };
                    answers.lock().expect("no panic").push(seen);
                }
            });
            thread::sleep(ASKED_EVERY);
        }
    });
}

fn get(address: SocketAddr, caller: &Caller) -> io::Result<Answer> {
    let head = format!("GET /resource HTTP/1.1\r\n{}", caller.header);
    ask(address, &head, "", PATIENCE)
}

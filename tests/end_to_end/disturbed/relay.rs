//! A relay in front of a server, which can swallow what passes: connections stay open, and nothing arrives.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Passes bytes on, until it is told not to.
pub(super) struct Relay {
    pub(super) address: SocketAddr,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    changed: Condvar,
}

impl Relay {
    /// In front of `behind`.
    pub(super) fn start(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let gate = Arc::<Gate>::default();
        let at_the_gate = Arc::clone(&gate);
        thread::spawn(move || {
            for front in listener.incoming().flatten() {
                let Ok(back) = TcpStream::connect(behind) else {
                    continue;
                };
                both_ways(front, back, &at_the_gate);
            }
        });
        Self { address, gate }
    }

    pub(super) fn swallow(&self) {
        self.set(true);
    }

    pub(super) fn pass_on(&self) {
        self.set(false);
    }

    fn set(&self, shut: bool) {
        *self.gate.is_shut.lock().expect("no panic") = shut;
        self.gate.changed.notify_all();
    }
}

fn both_ways(front: TcpStream, back: TcpStream, gate: &Arc<Gate>) {
    for stream in [&front, &back] {
        stream.set_nodelay(true).expect("a TCP socket");
    }
    let (front_again, back_again) = (front.try_clone(), back.try_clone());
    let (front_again, back_again) = (front_again.expect("cloned"), back_again.expect("cloned"));
    for (from, to) in [(front, back_again), (back, front_again)] {
        let gate = Arc::clone(gate);
        thread::spawn(move || pass(from, to, &gate));
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, gate: &Gate) {
    let mut bytes = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let open = gate.is_shut.lock().expect("no panic");
        drop(gate.changed.wait_while(open, |shut| *shut));
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    // Fails only for connections that are gone.
    let _ = to.shutdown(Shutdown::Both);
}

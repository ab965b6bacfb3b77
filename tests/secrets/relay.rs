//! Stands before one of our servers and overhears what it issues.

use crate::canary::Canary;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A relay. It ends with the test's process.
pub(crate) struct Relay {
    /// The port that is asked.
    pub(crate) port: u16,
    /// The port at which the server is to listen.
    pub(crate) behind: u16,
    heard: Arc<Mutex<BTreeMap<usize, Vec<u8>>>>,
}

impl Relay {
    /// A relay to a port that nobody listens on yet.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let behind = free_port();
        let heard = Arc::new(Mutex::new(BTreeMap::<usize, Vec<u8>>::new()));
        let hearing = Arc::clone(&heard);
        thread::spawn(move || {
            for (number, near) in listener.incoming().flatten().enumerate() {
                // The server has gone: the caller sees its connection end.
                let Ok(far) = TcpStream::connect(("127.0.0.1", behind)) else {
                    continue;
                };
                let (near_back, far_back) = (clone(&near), clone(&far));
                thread::spawn(move || pass(near, far, |_| {}));
                let hearing = Arc::clone(&hearing);
                thread::spawn(move || {
                    pass(far_back, near_back, |bytes| {
                        let mut heard = hearing.lock().expect("whole");
                        heard.entry(number).or_default().extend_from_slice(bytes);
                    });
                });
            }
        });
        Self {
            port,
            behind,
            heard,
        }
    }

    /// Everything that was issued: access tokens in bodies, and the values of cookies.
    pub(crate) fn issued(&self, server: &str) -> Vec<Canary> {
        let heard = self.heard.lock().expect("whole");
        let text: String = heard
            .values()
            .map(|bytes| String::from_utf8_lossy(bytes))
            .collect();
        let after = |mark: &str, end: char| -> Vec<String> {
            let found = text.split(mark).skip(1);
            let value = |rest: &str| rest.split(end).next().unwrap_or_default().to_owned();
            found.map(value).collect()
        };
        let tokens = after("\"access_token\":\"", '"');
        let cookies = after("set-cookie: ", ';');
        let values = cookies
            .iter()
            .filter_map(|cookie| Some(cookie.split_once('=')?.1.to_owned()))
            .filter(|value| !value.is_empty());
        let signatures = tokens.iter().filter_map(|token| token.rsplit('.').next());
        let mut issued: Vec<String> = signatures.map(str::to_owned).collect();
        issued.extend(values);
        issued.sort();
        issued.dedup();
        let named = |text: &String| Canary::known(&format!("issued by {server}"), text);
        issued.iter().map(named).collect()
    }
}

/// A port on which nobody listens.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a socket can be shared")
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut hear: impl FnMut(&[u8])) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        hear(&buffer[..length]);
        if to.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
    // Fails only when the other side has closed it already.
    let _ = to.shutdown(std::net::Shutdown::Write);
}

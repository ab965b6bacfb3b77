//! A system that is not ours: tokens, an API, and an administrator who disables and enables accounts. It writes down what it is asked.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What nothing that is written or printed may hold.
pub(crate) const SECRETS: [&str; 3] = ["canary-password-1", "canary-token-", "canary-admin-1"];

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) path: String,
}

#[derive(Default)]
struct State {
    asked: Mutex<Vec<Asked>>,
    disabled: Mutex<BTreeSet<String>>,
    cannot_enable: AtomicBool,
    api_goes_on: AtomicBool,
}

/// The running system.
pub(crate) struct Stranger {
    address: SocketAddr,
    state: Arc<State>,
}

impl Stranger {
    /// On this machine's loopback.
    pub(crate) fn start() -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into())
    }

    pub(crate) fn start_at(host: IpAddr) -> Self {
        let listener = TcpListener::bind((host, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    /// A target file for it, `limits` and `bound` as given.
    pub(crate) fn target(&self, bound: &str, limits: &str) -> String {
        TARGET
            .replace("ADDRESS", &self.address.to_string())
            .replace("BOUND", bound)
            .replace("LIMITS", limits)
    }

    /// Those who are disabled now.
    pub(crate) fn disabled(&self) -> BTreeSet<String> {
        self.state.disabled.lock().expect("whole").clone()
    }

    /// Everything asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().expect("whole").clone()
    }

    /// How many were enabled again.
    pub(crate) fn enabled(&self) -> usize {
        self.asked_for("/enable/")
    }

    /// How often somebody was to be disabled.
    pub(crate) fn disabling(&self) -> usize {
        self.asked_for("/disable/")
    }

    fn asked_for(&self, part: &str) -> usize {
        let asked = self.asked();
        asked
            .iter()
            .filter(|asked| asked.path.contains(part))
            .count()
    }

    /// Whether accounts can be enabled at all.
    pub(crate) fn can_enable(&self, can: bool) {
        self.state.cannot_enable.store(!can, Ordering::SeqCst);
    }

    /// Has the API accept those who are disabled.
    pub(crate) fn api_goes_on(&self) {
        self.state.api_goes_on.store(true, Ordering::SeqCst);
    }

    /// Waits until somebody is disabled.
    pub(crate) fn wait_for_a_victim(&self) {
        self.wait_for_victims(1);
    }

    /// Waits until so many are disabled at once.
    pub(crate) fn wait_for_victims(&self, many: usize) {
        let until = Instant::now() + Duration::from_secs(60);
        while self.disabled().len() < many {
            assert!(
                Instant::now() < until,
                "fewer than {many} were disabled: {:?}",
                self.asked()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// An address of this machine that is not loopback. Nothing is sent: connecting a UDP socket only looks at the routes. `None`, and a word on it,
/// on a machine without a network.
pub(crate) fn address_besides_loopback() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a socket");
    let routed = socket.connect("198.51.100.1:9");
    let address = routed.and_then(|()| socket.local_addr());
    let found = address.map(|address| address.ip()).ok();
    let found = found.filter(|address| !address.is_loopback() && !address.is_unspecified());
    if found.is_none() {
        eprintln!("skipped: this machine has no address besides loopback");
    }
    found
}

const TARGET: &str = r#"
schema = "authbench.target/1"
name = "stranger"
model = "theirs"
[vars]
password = "canary-password-1"
admin = "canary-admin-1"
[users]
count = 1000
name = "person-${number:04}"
password = "${vars.password}"
LIMITS
[[login]]
request = "POST http://ADDRESS/login"
form = { username = "${user.name}", password = "${user.password}" }
expect = 200
capture = { token = { json = "/token" } }
[[point]]
name = "api"
request = "GET http://ADDRESS/api"
headers = { authorization = "Bearer ${token}" }
accept = { status = 200 }
refuse = { status = 401 }
[[event]]
name = "account_disabled"
bound = { api = "BOUND" }
[[event.step]]
request = "POST http://ADDRESS/admin/disable/${user.name}"
headers = { x-admin = "${vars.admin}" }
cookies = {}
expect = 204
[[event.undo]]
request = "POST http://ADDRESS/admin/enable/${user.name}"
headers = { x-admin = "${vars.admin}" }
cookies = {}
expect = 204
"#;

fn serve(mut stream: TcpStream, state: &State) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        // Requests here are small, and each is written at once.
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let answer = answer(&request, state);
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(request: &str, state: &State) -> String {
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    state.asked.lock().expect("whole").push(Asked {
        at: Instant::now(),
        path: path.clone(),
    });
    let mut disabled = state.disabled.lock().expect("whole");
    let after = |text: &str, mark: &str| {
        let rest = text.split(mark).nth(1).unwrap_or_default();
        rest.split(['&', '\r'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    if path == "/login" {
        let user = after(request, "username=");
        let body = format!("{{\"token\":\"canary-token-{user}\"}}");
        return match disabled.contains(&user) {
            true => response(401, ""),
            false => response(200, &body),
        };
    }
    if path == "/api" {
        let user = after(request, "Bearer canary-token-");
        let ended = disabled.contains(&user) && !state.api_goes_on.load(Ordering::SeqCst);
        let known = user.starts_with("person-") && user.len() == 11 && !ended;
        return response(if known { 200 } else { 401 }, "");
    }
    if !request.contains("canary-admin-1") {
        return response(403, "");
    }
    if let Some(user) = path.strip_prefix("/admin/disable/") {
        disabled.insert(user.to_owned());
        return response(204, "");
    }
    if state.cannot_enable.load(Ordering::SeqCst) {
        return response(500, "");
    }
    disabled.remove(path.trim_start_matches("/admin/enable/"));
    response(204, "")
}

fn response(status: u16, body: &str) -> String {
    match status {
        204 => "HTTP/1.1 204 X\r\n\r\n".to_owned(),
        _ => format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    }
}

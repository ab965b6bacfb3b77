//! An authorization server and three resource servers as processes, the third behind relays.

use super::relay::Relay;
use super::watch::{Caller, ask};
use super::{Disturbance, Variant};
use authbench_servers::store::StartedStore;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const ADMIN: &str = "an-admin-secret";
const PASSWORD: &str = "a-password";

/// One process that is killed with the test.
struct Process {
    child: Child,
    ready: Value,
}

impl Process {
    fn start(arguments: &[&str], wiring: &Value) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_authbench"))
            .arg("serve")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // Left open: it ends when this closes.
        let input = child.stdin.as_mut().expect("is piped");
        writeln!(input, "{wiring}").expect("it reads its wiring");
        let mut line = String::new();
        let output = child.stdout.take().expect("is piped");
        let read = BufReader::new(output).read_line(&mut line);
        let mut process = Self {
            child,
            ready: Value::Null,
        };
        read.expect("is readable");
        process.ready = serde_json::from_str(&line).expect("a ready line");
        process
    }

    fn address(&self, member: &str) -> SocketAddr {
        let url = self.ready[member].as_str().expect("it has a URL");
        let address = url.trim_start_matches("http://");
        address.parse().expect("an address and a port")
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a process id"));
        kill(pid, signal).expect("it runs");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything that runs for one disturbance.
pub(super) struct System {
    authorization: Process,
    resources: [Process; 3],
    relays: [Relay; 2],
    third: (Vec<String>, Value),
}

impl System {
    pub(super) fn start(variant: &Variant, store: &StartedStore) -> Self {
        let secrets = |store_url: &str| {
            json!({
                "store_url": store_url, "namespace": "disturbed", "admin_secret": ADMIN, "auditor_secret": "an-auditor-secret",
                "population_password": PASSWORD, "service_secret": "a-service-secret", "partner_secret": "a-partner-secret",
                "introspection_secret": "an-introspection-secret", "csrf_key": KEY, "session_key": KEY, "rotation_key": KEY,
                "signing_secret": KEY,
            })
        };
        const KEY: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFA";
        let authorization = Process::start(
            &[
                &[
                    "authorization-server",
                    "--wired",
                    "--model",
                    variant.model,
                    "--login-hash",
                    "cheap",
                ],
                variant.both,
            ]
            .concat(),
            &only(&secrets(store.url()), AUTHORIZATION, variant.model),
        );
        let issuer = authorization.ready["url"]
            .as_str()
            .expect("a URL")
            .to_owned();
        let start = |authorization_server: &str, store_url: &str| {
            let arguments = resource_arguments(variant, &issuer, authorization_server);
            let wiring = only(&secrets(store_url), RESOURCE, variant.model);
            let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
            (Process::start(&words, &wiring), arguments, wiring)
        };
        let (first, ..) = start(&issuer, store.url());
        let (second, ..) = start(&issuer, store.url());

        let (before, behind) = split(store.url());
        let relays = [
            Relay::start(behind),
            Relay::start(authorization.address("url")),
        ];
        let relayed_store = format!("{before}{}", relays[0].address);
        let (third, mut arguments, wiring) =
            start(&format!("http://{}", relays[1].address), &relayed_store);
        // Where it was, when it is started again.
        arguments.extend(["--listen".to_owned(), third.address("url").to_string()]);
        Self {
            authorization,
            resources: [first, second, third],
            relays,
            third: (arguments, wiring),
        }
    }

    pub(super) fn resource_servers(&self) -> [SocketAddr; 3] {
        self.resources
            .each_ref()
            .map(|server| server.address("url"))
    }

    pub(super) fn log_in(&self, user: &str) -> Caller {
        let form = format!("username={user}&password={PASSWORD}");
        let head = format!(
            "POST /login HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n",
            form.len()
        );
        let address = self.authorization.address("url");
        let answer = ask(address, &head, &form, PATIENCE).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text);
        let between = |before: &str, end: char| {
            let (_, rest) = answer.text.split_once(before)?;
            Some(rest.split(end).next()?.to_owned())
        };
        let header = between("\"access_token\":\"", '"')
            .map(|token| format!("authorization: Bearer {token}\r\n"))
            .or_else(|| {
                let id = between("__Host-session=", ';')?;
                Some(format!("cookie: __Host-session={id}\r\n"))
            });
        Caller {
            user: user.to_owned(),
            header: header.expect("a credential"),
        }
    }

    /// Returns when it was acknowledged.
    pub(super) fn disable(&self, user: &str) {
        let head = format!(
            "POST /accounts/{user}/disable HTTP/1.1\r\nauthorization: Bearer {ADMIN}\r\ncontent-length: 0\r\n"
        );
        let address = self.authorization.address("admin_url");
        let answer = ask(address, &head, "", PATIENCE).expect("an answer");
        assert_eq!(answer.status, 204, "{}", answer.text);
    }

    pub(super) fn disturb(&mut self, disturbance: Disturbance) {
        let third = &mut self.resources[2];
        match disturbance {
            Disturbance::Kill => {
                third.child.kill().expect("it runs");
                third.child.wait().expect("it ends");
            }
            Disturbance::Pause => third.signal(Signal::SIGSTOP),
            Disturbance::CutOff => self.relays.iter().for_each(Relay::swallow),
        }
    }

    pub(super) fn restore(&mut self, disturbance: Disturbance) {
        match disturbance {
            Disturbance::Kill => {
                let (arguments, wiring) = &self.third;
                let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
                self.resources[2] = Process::start(&words, wiring);
            }
            Disturbance::Pause => self.resources[2].signal(Signal::SIGCONT),
            Disturbance::CutOff => self.relays.iter().for_each(Relay::pass_on),
        }
    }
}

/// Nothing here waits longer for an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

const AUTHORIZATION: &[&str] = &[
    "store_url",
    "namespace",
    "admin_secret",
    "auditor_secret",
    "population_password",
    "service_secret",
    "partner_secret",
    "introspection_secret",
];
const RESOURCE: &[&str] = &["store_url", "namespace", "introspection_secret"];

/// What a process of this model is told of all the secrets.
fn only(secrets: &Value, members: &[&str], model: &str) -> Value {
    let own: &[&str] = match (model, members.contains(&"admin_secret")) {
        ("session", _) => &["csrf_key", "session_key"],
        ("hybrid", true) => &["signing_secret", "rotation_key"],
        ("jwt" | "hybrid", _) => &["signing_secret"],
        _ => &[],
    };
    let told = members.iter().chain(own);
    Value::Object(
        told.map(|name| ((*name).to_owned(), secrets[*name].clone()))
            .collect(),
    )
}

fn resource_arguments(variant: &Variant, issuer: &str, authorization_server: &str) -> Vec<String> {
    let bearer = ["--issuer", issuer];
    let given = [
        "resource-server",
        "--wired",
        "--model",
        variant.model,
        "--authorization-server",
        authorization_server,
    ];
    let words = given.iter().chain(variant.both).chain(variant.resource);
    let issuer: &[&str] = if variant.model == "session" {
        &[]
    } else {
        &bearer
    };
    words.chain(issuer).map(|word| (*word).to_owned()).collect()
}

/// A store's URL without its address, and the address.
fn split(url: &str) -> (&str, SocketAddr) {
    let at = url
        .rfind('@')
        .map_or_else(|| url.find("//").map_or(0, |at| at + 2), |at| at + 1);
    let address = url[at..].trim_end_matches('/');
    (&url[..at], address.parse().expect("an address and a port"))
}

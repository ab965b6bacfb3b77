//! The security audit log: JSON lines, one per event that someone may have to answer for (ASVS
//! 16.2, 16.3).
//!
//! Logins, refusals, revocations, disablings and replays have a line; accepted requests have none,
//! or the log would be what is measured. Credentials appear as a short SHA-256 prefix only.

mod line;

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::Serialize;

use self::line::write_lines;
use crate::clock::Clock;
use crate::secret::Fingerprint;

/// Lines that may wait for the disk. Past that they are dropped and counted: a full disk must not
/// stop logins.
const BUFFERED_LINES: usize = 8_192;

/// The audit log could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("open the audit log {}: {source}", path.display())]
pub struct OpenAuditError {
    path: PathBuf,
    source: std::io::Error,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// A login succeeded.
    LoginOk,
    /// A login failed.
    LoginFailed,
    /// A token endpoint grant succeeded.
    TokenIssued,
    /// A token endpoint request was refused.
    TokenRefused,
    /// A rotated refresh token was used again outside its grace window; its family has been ended.
    RefreshReplay,
    /// A client failed to authenticate, or the admin secret was wrong.
    ClientRefused,
    /// A request to a protected resource was refused.
    RequestRefused,
    /// A user logged out.
    Logout,
    /// A token was revoked by its client.
    TokenRevoked,
    /// An account was disabled.
    AccountDisabled,
    /// An account was enabled.
    AccountEnabled,
    /// An account was deleted.
    AccountDeleted,
    /// A deleted account was brought back as it was seeded.
    AccountRestored,
    /// The most that any client may do on an account's behalf was set.
    ScopeSet,
    /// A client was disabled, and what it had open ended.
    ClientDisabled,
    /// A client was enabled.
    ClientEnabled,
    /// Consent to what a client does on an account's behalf was withdrawn.
    ConsentWithdrawn,
    /// Everything that was handed out until then was ended.
    CutOff,
    /// The signing key was replaced: `compromised` or `due`.
    KeyRotated,
    /// All sessions of an account were ended.
    SessionsEnded,
    /// One session of an account was ended.
    SessionEnded,
    /// An administrator looked at the sessions of an account.
    SessionsListed,
    /// An administrator looked at an account.
    AccountSeen,
    /// An account was given a role.
    RoleGiven,
    /// A role was taken from an account.
    RoleTaken,
    /// An administrator asked for what takes a higher role.
    AdminRefused,
    /// A user changed their password.
    PasswordChanged,
    /// Lines were lost because the buffer was full; `reason` says how many.
    LinesDropped,
}

/// One event. Build it with [`AuditEvent::new`] and say what is known.
#[derive(Debug)]
pub struct AuditEvent {
    kind: AuditKind,
    subject: Option<String>,
    client: Option<&'static str>,
    actor: Option<&'static str>,
    reason: Option<Cow<'static, str>>,
    credential: Option<Fingerprint>,
}

impl AuditEvent {
    /// An event of which only the kind is known yet.
    pub fn new(kind: AuditKind) -> Self {
        Self {
            kind,
            subject: None,
            client: None,
            actor: None,
            reason: None,
            credential: None,
        }
    }

    /// Whose account it concerns. May be what an attacker typed: it is escaped, and cut short.
    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = Some(subject.chars().take(128).collect());
        self
    }

    /// The client it came from.
    pub fn client(mut self, client: &'static str) -> Self {
        self.client = Some(client);
        self
    }

    /// Who did it, where that is not the account itself or anybody with its password: `owner` (by a
    /// credential of the account), or an administrator's role.
    pub fn actor(mut self, actor: &'static str) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Why it was refused.
    pub fn reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The credential it concerns, if one was seen.
    pub fn credential(mut self, credential: Option<Fingerprint>) -> Self {
        self.credential = credential;
        self
    }
}

/// Where events go. Cheap to clone; without a file it takes events and does nothing.
#[derive(Clone)]
pub struct AuditLog(Option<Arc<Writer>>);

struct Writer {
    server: &'static str,
    clock: Clock,
    lines: Mutex<Option<SyncSender<(i64, AuditEvent)>>>,
    dropped: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl AuditLog {
    /// A log that keeps nothing.
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Appends to the file at `path`, if there is one; `server` stands in every line.
    pub fn open(
        path: Option<&Path>,
        server: &'static str,
        clock: &Clock,
    ) -> Result<Self, OpenAuditError> {
        let Some(path) = path else {
            return Ok(Self::disabled());
        };
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|source| OpenAuditError {
                path: path.to_owned(),
                source,
            })?;
        let (sender, receiver) = sync_channel(BUFFERED_LINES);
        let writer = Arc::new(Writer {
            server,
            clock: clock.clone(),
            lines: Mutex::new(Some(sender)),
            dropped: AtomicU64::new(0),
            thread: Mutex::new(None),
        });
        let thread =
            std::thread::spawn(move || write_lines(&receiver, BufWriter::new(file), server));
        *lock(&writer.thread) = Some(thread);
        Ok(Self(Some(writer)))
    }

    /// Whether anything is written; lets a caller save the work of building an event.
    pub fn is_enabled(&self) -> bool {
        self.0.is_some()
    }

    /// Takes an event, without waiting.
    pub fn record(&self, event: AuditEvent) {
        if let Some(writer) = &self.0 {
            writer.record(event);
        }
    }

    /// Events lost because the buffer was full.
    pub fn dropped(&self) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |writer| writer.dropped.load(Relaxed))
    }

    /// Writes out all that was taken and closes the file. Events that come later are dropped.
    ///
    /// Waits for the disk: call it after the last request was answered.
    pub fn close(&self) {
        let Some(writer) = &self.0 else { return };
        let (lost, now_ms) = (self.dropped(), writer.clock.now_ms());
        if let Some(lines) = lock(&writer.lines).take().filter(|_| lost > 0) {
            // A blocking send: the last line, and the one that says that others are missing.
            drop(lines.send((
                now_ms,
                AuditEvent::new(AuditKind::LinesDropped).reason(lost.to_string()),
            )));
        }
        if let Some(thread) = lock(&writer.thread).take() {
            drop(thread.join());
        }
    }
}

impl Writer {
    fn record(&self, event: AuditEvent) {
        let sent = match &*lock(&self.lines) {
            Some(lines) => lines.try_send((self.clock.now_ms(), event)),
            None => Err(TrySendError::Disconnected((0, event))),
        };
        if sent.is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let server = self.0.as_ref().map(|writer| writer.server);
        f.debug_struct("AuditLog")
            .field("server", &server)
            .field("dropped", &self.dropped())
            .finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_with_utc_time_and_no_credential() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("audit.jsonl");
        let (clock, _) = Clock::manual(1_763_712_000_123);
        let log = AuditLog::open(Some(&path), "resource-server", &clock).expect("opens");
        let credential = Fingerprint::of("hunter2");
        log.record(
            AuditEvent::new(AuditKind::RequestRefused)
                .subject("a\r\nb")
                .reason("expired")
                .credential(Some(credential)),
        );
        log.close();
        assert_eq!(
            std::fs::read_to_string(path).expect("written"),
            "{\"time\":\"2025-11-21T08:00:00.123Z\",\"server\":\"resource-server\",\"event\":\"request_refused\",\
             \"subject\":\"a\\r\\nb\",\"reason\":\"expired\",\"credential\":\"sha256:f52fbd32b2b3\"}\n"
        );
    }

    #[test]
    fn what_is_lost_is_counted() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log =
            AuditLog::open(Some(&folder.path().join("a")), "s", &Clock::system()).expect("opens");
        log.close();
        log.record(AuditEvent::new(AuditKind::Logout));
        assert_eq!(log.dropped(), 1);
    }

    #[test]
    fn a_path_that_cannot_be_opened_is_named() {
        let error = AuditLog::open(Some(Path::new("/nowhere/audit")), "s", &Clock::system())
            .expect_err("no folder");
        assert!(
            error
                .to_string()
                .starts_with("open the audit log /nowhere/audit: "),
            "{error}"
        );
    }
}

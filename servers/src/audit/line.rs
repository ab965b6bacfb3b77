//! Writing events as lines, on a thread of their own.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::mpsc::{Receiver, TryRecvError};

use serde::Serialize;

use super::{AuditEvent, AuditKind};

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    server: &'a str,
    event: AuditKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

impl<'a> Line<'a> {
    fn new(server: &'a str, at_ms: i64, event: AuditEvent) -> Self {
        Self {
            time: rfc3339(at_ms),
            server,
            event: event.kind,
            subject: event.subject,
            client: event.client,
            actor: event.actor,
            reason: event.reason,
            credential: event
                .credential
                .map(|fingerprint| format!("sha256:{}", fingerprint.prefix())),
        }
    }
}

/// Formats and writes on a thread of its own: neither the disk nor JSON belongs in a request's
/// time.
pub(super) fn write_lines(
    events: &Receiver<(i64, AuditEvent)>,
    mut file: BufWriter<File>,
    server: &str,
) {
    loop {
        let next = match events.try_recv() {
            Ok(event) => Some(event),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                report(file.flush());
                events.recv().ok()
            }
        };
        let Some((at_ms, event)) = next else { break };
        report(write_line(&mut file, &Line::new(server, at_ms, event)));
    }
    report(file.flush());
}

fn write_line(file: &mut BufWriter<File>, line: &Line<'_>) -> std::io::Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    file.write_all(b"\n")
}

fn report(outcome: std::io::Result<()>) {
    if let Err(error) = outcome {
        eprintln!("failed to write the audit log: {error}");
    }
}

fn rfc3339(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms)
        .map_or_else(|_| at_ms.to_string(), |time| format!("{time:.3}"))
}

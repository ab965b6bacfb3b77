//! Counting the events that put a caller out.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::metrics::{Exposition, Figures};

/// A way in which a caller is put out. The order is that of [`EVENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Event {
    Logout,
    LogoutEverywhere,
    SessionEndedByOwner,
    SessionEndedByAdmin,
    AccountDisabled,
    AccountDeleted,
    RoleRemoved,
    ScopeReduced,
    PasswordChanged,
    TokenRevoked,
    RefreshReplayed,
    KeyCompromised,
    ClientDisabled,
    ConsentWithdrawn,
    GlobalCutOff,
}

/// Their names in the metrics, which are those of target files.
const EVENTS: [&str; 15] = [
    "logout",
    "logout_everywhere",
    "session_ended_by_owner",
    "session_ended_by_admin",
    "account_disabled",
    "account_deleted",
    "role_removed",
    "scope_reduced",
    "password_changed",
    "token_revoked",
    "refresh_replayed",
    "key_compromised",
    "client_disabled",
    "consent_withdrawn",
    "global_cut_off",
];

/// How often each of them happened.
#[derive(Debug, Default)]
pub(super) struct EventCounts([AtomicU64; EVENTS.len()]);

impl EventCounts {
    /// Counts one, if it is one.
    pub(super) fn count(&self, event: impl Into<Option<Event>>) {
        if let Some(event) = event.into() {
            self.0[event as usize].fetch_add(1, Relaxed);
        }
    }
}

impl Figures for EventCounts {
    fn write(&self, text: &mut Exposition) {
        let counts = EVENTS.iter().zip(&self.0);
        text.counters(
            "authbench_events_total",
            "Events that put a caller out, as acknowledged",
            counts.map(|(name, count)| (format!("event=\"{name}\""), count.load(Relaxed))),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_counted_under_its_name() {
        let counts = EventCounts::default();
        counts.count(Event::Logout);
        counts.count(Event::GlobalCutOff);
        counts.count(None);
        let text = Exposition::default().with(&counts).into_text();
        for line in [
            "authbench_events_total{event=\"logout\"} 1\n",
            "authbench_events_total{event=\"key_compromised\"} 0\n",
            "authbench_events_total{event=\"global_cut_off\"} 1\n",
        ] {
            assert!(text.contains(line), "{line} not in {text}");
        }
    }
}

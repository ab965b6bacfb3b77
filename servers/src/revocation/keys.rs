//! Announcements as keys, each of which expires when whatever it denies has; and the look-up of a credential among them, which is one
//! round trip for all that could deny it.

use std::time::Duration;

use tokio::sync::Mutex;

use super::denial::{Denial, Kind, consent_name};
use super::journal::{MARGIN, PAGE};
use super::medium::{End, Found, Mark};
use super::{Presentation, RevocationUnknown};
use crate::clock::Clock;
use crate::refusal::Unavailable;
use crate::store::{Store, StoreError};

/// Where the name of their history is.
const HISTORY: &str = "denied:history";

/// The keys, as their writer sees them.
#[derive(Debug)]
pub(super) struct Keys {
    store: Store,
    clock: Clock,
    /// Held while a cut-off is written: of two of one name the later must stand in the end, however many connections there are.
    writing: Mutex<()>,
}

/// The keys, as a resource server sees them.
#[derive(Clone, Debug)]
pub struct Denylist {
    store: Store,
}

impl Keys {
    pub(super) fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            writing: Mutex::default(),
        }
    }

    /// Nothing is read back: keys cannot be found without their names.
    pub(super) async fn load(&self) -> Result<Found, StoreError> {
        let End { history, last } = self.end().await?;
        Ok(Found {
            history,
            last,
            is_all: false,
        })
    }

    pub(super) async fn write(&self, denial: &Denial) -> Result<End, StoreError> {
        let _turn = match denial.is_cut_off() {
            true => Some(self.writing.lock().await),
            false => None,
        };
        let (key, value) = record(denial);
        let lifetime = self.lifetime(denial);
        let written = self.store.put_flagged(&key, &value, lifetime, HISTORY);
        let history = written.await?;
        Ok(End {
            history,
            last: Mark::default(),
        })
    }

    pub(super) async fn write_all(
        &self,
        live: &[Denial],
        history: &[u8],
    ) -> Result<Mark, StoreError> {
        let _turn = self.writing.lock().await;
        for piece in live.chunks(PAGE) {
            let records = piece.iter().map(|denial| {
                let (key, value) = record(denial);
                (key, value, self.lifetime(denial))
            });
            self.store.put_all(&records.collect::<Vec<_>>()).await?;
        }
        self.store.set_flag(HISTORY, history).await?;
        Ok(Mark::default())
    }

    pub(super) async fn end(&self) -> Result<End, StoreError> {
        Ok(End {
            history: self.store.get(HISTORY).await?,
            last: Mark::default(),
        })
    }

    fn lifetime(&self, denial: &Denial) -> Duration {
        let left_ms = denial.expires_at_ms.saturating_sub(self.clock.now_ms());
        Duration::from_millis(left_ms.max(0) as u64) + MARGIN
    }
}

impl Denylist {
    /// Looks up in `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Whether a credential is denied. One round trip.
    pub async fn covers(&self, presented: &Presentation<'_>) -> Result<bool, Unavailable> {
        let is_denied = self.find(presented).await?;
        Ok(is_denied.ok_or(RevocationUnknown::Lost)?)
    }

    /// The same; `None` if the store does not know what was announced.
    pub(super) async fn find(
        &self,
        presented: &Presentation<'_>,
    ) -> Result<Option<bool>, StoreError> {
        let mut keys = vec![
            HISTORY.to_owned(),
            key(Kind::Everyone, ""),
            key(Kind::Token, presented.id),
            key(Kind::Account, presented.subject),
            key(Kind::Client, presented.client),
            key(
                Kind::Consent,
                &consent_name(presented.subject, presented.client),
            ),
        ];
        keys.extend(presented.session.map(|sid| key(Kind::Session, sid)));
        keys.extend(presented.key.map(|kid| key(Kind::Key, kid)));
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let found = self.store.get_all(&keys).await?;
        let Some((Some(_), denials)) = found.split_first() else {
            return Ok(None);
        };
        let until = denials.iter().flatten().map(|value| until_ms(value));
        let is_denied = (until.max()).is_some_and(|until_ms| presented.issued_at_ms <= until_ms);
        Ok(Some(is_denied))
    }

    /// The store that is asked.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

fn key(kind: Kind, name: &str) -> String {
    format!("denied:{}:{name}", kind.name())
}

fn record(denial: &Denial) -> (String, Vec<u8>) {
    let value = denial.until_ms.to_string().into_bytes();
    (key(denial.kind, &denial.name), value)
}

/// Until when what was issued is denied. What cannot be read denies everything.
fn until_ms(value: &[u8]) -> i64 {
    let text = std::str::from_utf8(value).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_denies() {
        assert_eq!(until_ms(b"12"), 12);
        assert_eq!([until_ms(b"x"), until_ms(b"\xff")], [i64::MAX; 2]);
    }
}

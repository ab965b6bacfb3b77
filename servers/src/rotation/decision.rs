//! What a use of a refresh token means, given what the store says about it.

use std::time::Duration;

use crate::clock::millis;
use crate::store::Rotation;

/// The verdict on one use of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The first use. The successor takes over.
    Rotated,
    /// Used again within the grace window while the successor is unused: a retry after a lost
    /// answer, or a second tab. The same successor is given again.
    Retried,
    /// Used again too late, or after its successor: two parties hold tokens of this family, and it
    /// must end.
    Replayed,
    /// The family has ended already.
    FamilyEnded,
}

/// What is committed when a token is rotated: when.
pub fn committed_record(now_ms: i64) -> Vec<u8> {
    now_ms.to_string().into_bytes()
}

/// Judges one use at `now_ms`.
///
/// The grace window is the trade between false alarms (most replays are retries) and the time in
/// which a stolen token is good a second time. Zero: every second use is a replay.
pub fn decide(rotation: &Rotation, now_ms: i64, grace: Duration) -> Decision {
    if rotation.family.is_none() {
        return Decision::FamilyEnded;
    }
    if rotation.won {
        return Decision::Rotated;
    }
    // A record that cannot be read was not written by us; the cautious reading is "long ago".
    let committed_ms = std::str::from_utf8(&rotation.record)
        .ok()
        .and_then(|text| text.parse::<i64>().ok());
    let age_ms = committed_ms.map_or(i64::MAX, |committed_ms| now_ms.saturating_sub(committed_ms));
    if age_ms < millis(grace) && !rotation.successor_exists {
        Decision::Retried
    } else {
        Decision::Replayed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    fn rotation(won: bool, committed_ms: i64, successor_exists: bool) -> Rotation {
        Rotation {
            won,
            record: committed_record(committed_ms),
            family: Some(Vec::new()),
            successor_exists,
        }
    }

    #[test]
    fn first_use_then_retry_then_replay() {
        assert_eq!(
            decide(&rotation(true, 1_000, false), 1_000, GRACE),
            Decision::Rotated
        );
        assert_eq!(
            decide(&rotation(false, 1_000, false), 1_000, GRACE),
            Decision::Retried
        );
        assert_eq!(
            decide(&rotation(false, 1_000, false), 10_999, GRACE),
            Decision::Retried
        );
        assert_eq!(
            decide(&rotation(false, 1_000, false), 11_000, GRACE),
            Decision::Replayed
        );
    }

    #[test]
    fn once_the_successor_was_used_there_is_no_grace() {
        assert_eq!(
            decide(&rotation(false, 1_000, true), 1_001, GRACE),
            Decision::Replayed
        );
    }

    #[test]
    fn without_a_window_every_second_use_is_a_replay() {
        assert_eq!(
            decide(&rotation(false, 1_000, false), 1_000, Duration::ZERO),
            Decision::Replayed
        );
    }

    #[test]
    fn an_ended_family_stays_ended() {
        let ended = Rotation {
            family: None,
            ..rotation(true, 1_000, false)
        };
        assert_eq!(decide(&ended, 1_000, GRACE), Decision::FamilyEnded);
    }

    #[test]
    fn an_unreadable_record_is_a_replay() {
        let unreadable = Rotation {
            record: b"?".to_vec(),
            ..rotation(false, 0, false)
        };
        assert_eq!(decide(&unreadable, 1, GRACE), Decision::Replayed);
    }
}

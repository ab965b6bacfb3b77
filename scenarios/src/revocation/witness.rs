//! Credentials that an event must leave alone: logged in just before it, asked about after it.

use super::probe::verdict;
use crate::credentials::{LoginLimit, expires, login_patiently};
use crate::flow::{Credential, FlowClient, PointRequest, point_request};
use crate::target::{Event, Point, PointKind, Target};
use authbench_reports::revocation::{Segment, T0, Verdict, Witness, WitnessOf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A witness is asked this long before its own life is over, at the latest.
const BEFORE_ITS_END: Duration = Duration::from_millis(100);

/// A witness, and where it was accepted before the event.
pub(super) struct Held {
    of: WitnessOf,
    asked_at: Vec<(usize, PointRequest)>,
    /// Nothing that is said of it after this says anything about the event.
    good_until: Option<Instant>,
}

/// Logs in a witness of each kind that `event` wants, and asks about it everywhere. `user` is the one whose credential will end, `other` somebody
/// else. One that cannot be had is none: the event is made without it, and so it is if this is dropped before all of them are in `summoned`.
pub(super) async fn summon(
    client: &mut FlowClient,
    target: &Arc<Target>,
    limit: &LoginLimit,
    event: &Event,
    (user, other): (u32, u32),
    summoned: &mut Vec<Held>,
) {
    for of in event.witnesses.iter().copied() {
        let account = match of {
            WitnessOf::SameUser => user,
            WitnessOf::OtherUser => other,
        };
        limit.pass().await;
        if let Ok(credential) = login_patiently(client, target, limit, account).await {
            summoned.push(held(client, target, event, of, &credential).await);
        }
    }
}

async fn held(
    client: &mut FlowClient,
    target: &Target,
    event: &Event,
    of: WitnessOf,
    credential: &Credential,
) -> Held {
    let mut asked_at = Vec::new();
    for (index, point) in target.flows.points.iter().enumerate() {
        if point.kind == PointKind::Stream || !point.is_probed_in(&event.name) {
            continue;
        }
        let Ok(request) = point_request(point, credential) else {
            continue;
        };
        if ask(client, point, &request).await == Verdict::Accepted {
            asked_at.push((index, request));
        }
    }
    Held {
        of,
        asked_at,
        good_until: expires(target, credential).and_then(|at| at.checked_sub(BEFORE_ITS_END)),
    }
}

/// The latest moment at which all of them can be asked; `None`: whenever one likes.
pub(super) fn good_until(witnesses: &[Held]) -> Option<Instant> {
    let ends = witnesses.iter().filter_map(|witness| witness.good_until);
    ends.min()
}

/// What became of them. One whose own life is over says nothing.
pub(super) async fn hear(
    client: &mut FlowClient,
    target: &Target,
    witnesses: &[Held],
) -> Vec<Witness> {
    let mut heard = Vec::new();
    for witness in witnesses {
        for (index, request) in &witness.asked_at {
            let point = &target.flows.points[*index];
            let verdict = ask(client, point, request).await;
            let now = Instant::now();
            if witness
                .good_until
                .is_none_or(|end| now < end + BEFORE_ITS_END)
            {
                heard.push(Witness {
                    of: witness.of,
                    point: point.name.clone(),
                    verdict,
                });
            }
        }
    }
    heard
}

async fn ask(client: &mut FlowClient, point: &Point, request: &PointRequest) -> Verdict {
    match client.exchange(&request.peer, &request.bytes).await {
        Ok(exchange) => verdict(point.judge(exchange.head.status, client.response())),
        Err(_) => Verdict::Gap,
    }
}

/// What the credential itself says of a point at which it was to be accepted on: a refusal, if there was one after t0 and before the end of its
/// own life (`expires_ns`); else the last answer. `None`: there was none.
pub(super) fn of_itself(
    point: &str,
    segments: &[Segment],
    t0: T0,
    expires_ns: Option<i64>,
) -> Option<Witness> {
    let is_alive = |segment: &&Segment| {
        let done = i64::try_from(segment.first_done_ns).unwrap_or(i64::MAX);
        expires_ns.is_none_or(|end| done < end)
    };
    let after = || {
        let sent_after = |segment: &&Segment| segment.first_sent_ns > t0.latest_ns;
        segments.iter().filter(sent_after).filter(is_alive)
    };
    let refused = after().find(|segment| segment.verdict == Verdict::Refused);
    let told = refused.or_else(|| after().next_back())?;
    Some(Witness {
        of: WitnessOf::SameUser,
        point: point.to_owned(),
        verdict: told.verdict,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(verdict: Verdict, sent_ns: u64) -> Segment {
        Segment {
            verdict,
            probes: 1,
            first_sent_ns: sent_ns,
            first_done_ns: sent_ns + 1,
            last_sent_ns: sent_ns,
            last_done_ns: sent_ns + 1,
        }
    }

    #[test]
    fn a_refusal_after_t0_is_told_unless_the_credential_had_expired() {
        use Verdict::{Accepted, Refused};
        let t0 = T0::from(100);
        let told = |segments: &[Segment], expires| {
            of_itself("p", segments, t0, expires).map(|witness| witness.verdict)
        };
        let before = segment(Accepted, 50);
        let (after, out, in_again) = (
            segment(Accepted, 150),
            segment(Refused, 200),
            segment(Accepted, 300),
        );
        assert_eq!(told(&[before], None), None);
        assert_eq!(told(&[before, after], None), Some(Accepted));
        assert_eq!(told(&[before, after, out, in_again], None), Some(Refused));
        assert_eq!(told(&[before, after, out], Some(201)), Some(Accepted));
        assert_eq!(told(&[before, out], Some(201)), None);
    }
}

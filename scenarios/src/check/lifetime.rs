//! What responses say of lifetimes, held against the facts: bounds are made of facts, so a wrong one makes every bound wrong.

use crate::flow::{Credential, JwtTimes};
use crate::target::Target;
use authbench_reports::check::{Finding, Severity};
use serde_json::Value;
use std::time::Duration;

/// Lifetimes are counted in whole seconds, and may be rounded either way.
const ROUNDING: Duration = Duration::from_secs(1);

/// A lifetime, and what says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) by: &'static str,
    pub(super) lifetime: Duration,
}

/// `expires_in` of a token response (RFC 6749 §5.1), in seconds.
pub(super) fn stated(body: &[u8]) -> Option<Stated> {
    let json: Value = serde_json::from_slice(body).ok()?;
    let seconds = json.get("expires_in")?.as_u64()?;
    Some(Stated {
        by: "expires_in",
        lifetime: Duration::from_secs(seconds),
    })
}

/// `exp` − `iat` of the JWT that the points are presented with.
pub(super) fn stated_by_token(credential: &Credential) -> Option<Stated> {
    let JwtTimes {
        issued_at,
        expires_at,
    } = credential.jwt?;
    Some(Stated {
        by: "the token's exp and iat",
        lifetime: Duration::from_secs(expires_at.saturating_sub(issued_at?)),
    })
}

/// What is to be said where `stated` is not the fact `access_ttl`.
pub(super) fn contradicts(target: &Target, stated: Stated, place: &str) -> Option<Finding> {
    let (by, seconds) = (stated.by, stated.lifetime.as_secs());
    let Some(fact) = target.about.facts.get("access_ttl") else {
        let says = format!("{by}: {seconds} s, and the file states no access_ttl");
        let advice = format!(
            "add access_ttl = \"{seconds}s\" to [facts]: renewals go by it, and bounds can refer to it"
        );
        return Some(Finding::new(Severity::Warning, place, says).advising(advice));
    };
    if fact.abs_diff(stated.lifetime) <= ROUNDING {
        return None;
    }
    let says = format!(
        "{by}: {seconds} s, and facts.access_ttl is {} s",
        fact.as_secs_f64()
    );
    let advice = "one of them is wrong, and with the fact every bound that is made of it";
    Some(Finding::new(Severity::Wrong, "facts.access_ttl", says).advising(advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expires_in_is_read_where_it_stands() {
        let of = |body: &str| stated(body.as_bytes()).map(|stated| stated.lifetime.as_secs());
        assert_eq!(of(r#"{"access_token":"x","expires_in":300}"#), Some(300));
        assert_eq!(of(r#"{"expires_in":"300"}"#), None);
        assert_eq!(of("<html>"), None);
    }
}

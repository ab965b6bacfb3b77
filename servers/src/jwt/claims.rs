//! The fourth gate: the claims of an access token (RFC 7519 §4.1, RFC 9068 §2.2 and §4).

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::algorithm::SigningAlgorithm;
use super::object::{Object, Value};
use crate::clock::millis;
use crate::refusal::Reason;
use crate::revocation::status_list::StatusClaim;
use crate::revocation::{Marks, Presentation};
use crate::roles::Roles;
use crate::scope::Scope;

/// What a token must be to be accepted here.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The one issuer, compared exactly.
    pub issuer: String,
    /// The name of this resource server, which `aud` must contain.
    pub audience: String,
    /// The one signature algorithm.
    pub algorithm: SigningAlgorithm,
    /// By how much clocks may differ. Adds to every token's life, and so to the revocation lag.
    pub leeway: Duration,
    /// How long after `iat` a token may expire at most.
    pub max_lifetime: Duration,
    /// Whether a token without `exp` is accepted, for ever: what not to do.
    pub no_exp: bool,
}

/// The claims of a token whose signature is good. All types have been checked; parties and times
/// not yet.
#[derive(Debug, PartialEq)]
pub struct Claims {
    /// `jti`: what names the token.
    pub id: String,
    /// The `kid` of the key that its signature is good under, if that has one.
    pub key: Option<Arc<str>>,
    /// What it carries so that it can be ended.
    pub marks: Marks,
    /// `sub`: whose authority it carries.
    pub subject: String,
    /// `client_id`: the client it was issued to.
    pub client_id: String,
    /// `scope`.
    pub scope: Scope,
    /// `roles`; none if there is no such claim.
    pub roles: Roles,
    /// `sid`: what names the refresh family it came with, if any.
    pub session: Option<String>,
    /// `iat`, in Unix milliseconds.
    pub issued_at_ms: i64,
    /// `exp`, in Unix milliseconds.
    pub expires_at_ms: i64,
    not_before_ms: Option<i64>,
}

impl Rules {
    /// Reads the payload of a token and checks who issued it, and for whom.
    pub fn read(&self, json: &[u8]) -> Result<Claims, Reason> {
        let claims = Object::parse(json).map_err(|_| Reason::Claims)?;
        let text = |name| claims.text(name).map_err(|_| Reason::Claims);
        let required = |name| text(name)?.ok_or(Reason::Claims);
        let date = |name| claims.date_ms(name).map_err(|_| Reason::Claims);
        let required_date = |name| date(name)?.ok_or(Reason::Claims);
        if required("iss")? != self.issuer {
            return Err(Reason::Issuer);
        }
        self.check_audience(claims.get("aud"))?;
        let expires_at_ms = match date("exp")? {
            None if self.no_exp => i64::MAX,
            exp => exp.ok_or(Reason::Claims)?,
        };
        Ok(Claims {
            id: required("jti")?.to_owned(),
            key: None,
            marks: marks(&claims, json)?,
            subject: required("sub")?.to_owned(),
            client_id: required("client_id")?.to_owned(),
            scope: Scope::granted(text("scope")?.unwrap_or_default()),
            roles: roles(claims.get("roles"))?,
            session: text("sid")?.map(str::to_owned),
            issued_at_ms: required_date("iat")?,
            expires_at_ms,
            not_before_ms: date("nbf")?,
        })
    }

    /// Checks the times of a token at `now_ms`.
    pub fn check_times(&self, claims: &Claims, now_ms: i64) -> Result<(), Reason> {
        let leeway_ms = millis(self.leeway);
        let latest_start = claims
            .issued_at_ms
            .max(claims.not_before_ms.unwrap_or(i64::MIN));
        let never_expires = self.no_exp && claims.expires_at_ms == i64::MAX;
        // On `exp` itself a token is no longer valid (RFC 7519 §4.1.4).
        if claims.expires_at_ms.saturating_add(leeway_ms) <= now_ms {
            Err(Reason::Expired)
        } else if latest_start > now_ms.saturating_add(leeway_ms) {
            Err(Reason::NotYetValid)
        } else if !never_expires
            && claims.expires_at_ms.saturating_sub(claims.issued_at_ms) > millis(self.max_lifetime)
        {
            Err(Reason::Lifetime)
        } else {
            Ok(())
        }
    }

    fn check_audience(&self, audience: Option<&Value<'_>>) -> Result<(), Reason> {
        let meant = match audience {
            Some(Value::Text(one)) => *one == self.audience,
            Some(Value::Texts(several)) => several.iter().any(|one| *one == self.audience),
            _ => return Err(Reason::Claims),
        };
        if meant { Ok(()) } else { Err(Reason::Audience) }
    }
}

impl Claims {
    /// What it says of itself, to be held against what has ended. A token without a stamp was issued at the beginning of its second,
    /// as far as anybody can tell.
    pub fn presentation(&self) -> Presentation<'_> {
        Presentation {
            id: &self.id,
            session: self.session.as_deref(),
            subject: &self.subject,
            client: &self.client_id,
            key: self.key.as_deref(),
            issued_at_ms: self.marks.stamp_ms.unwrap_or(self.issued_at_ms),
        }
    }
}

/// The claims that a revocation channel has put there.
fn marks(claims: &Object<'_>, json: &[u8]) -> Result<Marks, Reason> {
    /// The one member that is an object of its own; what else there is has been read.
    #[derive(Deserialize)]
    struct Status {
        status: StatusClaim,
    }
    let integer = |name| claims.integer(name).map_err(|_| Reason::Claims);
    let status = match claims.get("status") {
        None => None,
        Some(_) => {
            let read = serde_json::from_slice::<Status>(json);
            Some(read.map_err(|_| Reason::Claims)?.status.status_list)
        }
    };
    Ok(Marks {
        issued_ms: None,
        stamp_ms: integer("iat_ms")?,
        epoch: integer("epoch")?,
        status,
    })
}

/// A list of names (RFC 9068 §2.2.3.1).
fn roles(claim: Option<&Value<'_>>) -> Result<Roles, Reason> {
    match claim {
        None => Ok(Roles::NONE),
        Some(Value::Texts(names)) => Ok(Roles::granted(names.iter().map(AsRef::as_ref))),
        Some(_) => Err(Reason::Claims),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    const NOW_MS: i64 = 1_800_000_000_500;
    const NOW: i64 = 1_800_000_000;

    fn judge(change: impl FnOnce(&mut Json)) -> Result<Claims, Reason> {
        judge_with(Duration::ZERO, change)
    }

    fn judge_with(leeway: Duration, change: impl FnOnce(&mut Json)) -> Result<Claims, Reason> {
        let rules = Rules {
            issuer: "https://auth.test".into(),
            audience: "api".into(),
            algorithm: SigningAlgorithm::Rs256,
            leeway,
            max_lifetime: Duration::from_secs(24 * 60 * 60),
            no_exp: false,
        };
        let mut claims = json!({
            "iss": "https://auth.test", "aud": "api", "sub": "user-00001", "client_id": "app", "jti": "j",
            "iat": NOW, "exp": NOW + 300, "scope": "read",
        });
        change(&mut claims);
        let claims = rules.read(claims.to_string().as_bytes())?;
        rules.check_times(&claims, NOW_MS)?;
        Ok(claims)
    }

    #[test]
    fn a_good_token_is_read() {
        let claims = judge(|_| ()).expect("good");
        assert_eq!(
            (claims.subject.as_str(), claims.scope),
            ("user-00001", Scope::READ)
        );
        assert_eq!(claims.expires_at_ms, (NOW + 300) * 1_000);
    }

    #[test]
    fn each_required_claim_is_required() {
        for name in ["iss", "aud", "sub", "client_id", "jti", "iat", "exp"] {
            let refused =
                judge(|claims| drop(claims.as_object_mut().expect("an object").remove(name)));
            assert_eq!(refused, Err(Reason::Claims), "{name}");
        }
    }

    #[test]
    fn values_are_judged_without_coercion() {
        for (name, value, expected) in [
            ("iss", json!("https://auth.test/"), Reason::Issuer),
            ("iss", json!(["https://auth.test"]), Reason::Claims),
            ("iss", json!(1), Reason::Claims),
            ("aud", json!("api.evil"), Reason::Audience),
            ("aud", json!([]), Reason::Audience),
            ("aud", json!([1, 2]), Reason::Claims),
            ("aud", json!(["api", 1]), Reason::Claims),
            ("sub", json!(1), Reason::Claims),
            ("scope", json!(["read"]), Reason::Claims),
            ("roles", json!("writer"), Reason::Claims),
            ("roles", json!(["writer", 1]), Reason::Claims),
            ("nbf", json!("1"), Reason::Claims),
            ("nbf", json!(NOW + 2), Reason::NotYetValid),
            ("iat", json!(NOW + 86_400), Reason::NotYetValid),
            ("exp", json!(NOW), Reason::Expired),
            ("exp", json!(NOW as f64 + 0.5), Reason::Expired),
            ("exp", json!(NOW as f64 - 0.6), Reason::Expired),
            ("exp", json!(-0.0), Reason::Expired),
            ("exp", json!(u64::MAX), Reason::Lifetime),
            ("exp", json!(NOW + 24 * 60 * 60 + 1), Reason::Lifetime),
            ("iat_ms", json!(1.5), Reason::Claims),
            ("epoch", json!("1"), Reason::Claims),
            ("status", json!(1), Reason::Claims),
            (
                "status",
                json!({ "status_list": { "idx": -1, "uri": "u" } }),
                Reason::Claims,
            ),
            ("exp", json!(null), Reason::Claims),
            ("exp", json!(true), Reason::Claims),
        ] {
            assert_eq!(
                judge(|claims| claims[name] = value.clone()).err(),
                Some(expected),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn an_audience_among_others_and_fractions_are_fine() {
        assert!(judge(|claims| claims["aud"] = json!(["other", "api"])).is_ok());
        assert!(judge(|claims| claims["exp"] = json!(NOW as f64 + 0.501)).is_ok());
    }

    #[test]
    fn marks_are_read_and_a_stamp_says_when() {
        let claims = judge(|claims| {
            claims["iat_ms"] = json!(NOW * 1_000 + 7);
            claims["epoch"] = json!(3);
            claims["status"] = json!({ "status_list": { "idx": 9, "uri": "u" } });
        });
        let claims = claims.expect("good");
        assert_eq!(claims.presentation().issued_at_ms, NOW * 1_000 + 7);
        assert_eq!(claims.marks.epoch, Some(3));
        let status = claims.marks.status.expect("a place");
        assert_eq!((status.idx, status.uri.as_str()), (9, "u"));
        let bare = judge(|_| ()).expect("good");
        assert_eq!(bare.presentation().issued_at_ms, NOW * 1_000);
    }

    #[test]
    fn only_where_it_is_wanted_is_a_token_good_for_ever() {
        let rules = |no_exp| Rules {
            issuer: "i".into(),
            audience: "api".into(),
            algorithm: SigningAlgorithm::Rs256,
            leeway: Duration::ZERO,
            max_lifetime: Duration::from_secs(300),
            no_exp,
        };
        let endless = json!({
            "iss": "i", "aud": "api", "sub": "u", "client_id": "app", "jti": "j", "iat": NOW,
        });
        let endless = endless.to_string();
        let refused = rules(false).read(endless.as_bytes());
        assert_eq!(refused.err(), Some(Reason::Claims));
        let claims = rules(true).read(endless.as_bytes()).expect("read");
        let in_a_century = NOW_MS + 100 * 365 * 24 * 60 * 60 * 1_000;
        assert_eq!(rules(true).check_times(&claims, in_a_century), Ok(()));
    }

    #[test]
    fn leeway_is_added_exactly() {
        let expired = |by_ms: i64| {
            judge_with(Duration::from_secs(2), |claims| {
                claims["exp"] = json!((NOW_MS - by_ms) as f64 / 1e3);
            })
            .is_ok()
        };
        assert!(expired(1_999));
        assert!(!expired(2_000));
    }
}

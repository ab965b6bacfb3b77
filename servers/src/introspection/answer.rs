//! Reading an introspection answer (RFC 7662 §2.2), strictly.

use crate::client::Client;
use crate::jwt::object::{Object, Value, WrongType};
use crate::refusal::Reason;
use crate::roles::Roles;
use crate::scope::Scope;

/// What is said about an active token.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveToken {
    /// `sub`; empty if the answer names nobody.
    pub subject: String,
    /// `scope`.
    pub scope: Scope,
    /// `roles`; none if the answer names none.
    pub roles: Roles,
    /// `client_id`, if it is a client that we know.
    pub client: Option<Client>,
    /// `iat_ms` of our authorization server, or `iat`, in Unix milliseconds.
    pub issued_at_ms: Option<i64>,
    /// `exp`, in Unix milliseconds.
    pub expires_at_ms: Option<i64>,
}

/// A token that is active and meant for us, or why it is neither.
pub type Answer = Result<ActiveToken, Reason>;

/// Reads the body of a 200 answer.
///
/// Only the boolean `true` makes a token active: a string or a number, or two of them, do not. An
/// answer that cannot be read is a refusal, not an outage: the token may have been written to
/// provoke it.
pub fn read(json: &[u8], audience: &str) -> Answer {
    let answer = Object::parse(json).map_err(|_| Reason::Claims)?;
    match answer.get("active") {
        Some(Value::Bool(true)) => {}
        Some(Value::Bool(false)) => return Err(Reason::Inactive),
        _ => return Err(Reason::Claims),
    }
    if !is_meant_for(&answer, audience) {
        return Err(Reason::Audience);
    }
    read_active(&answer).map_err(|WrongType| Reason::Claims)
}

fn read_active(answer: &Object<'_>) -> Result<ActiveToken, WrongType> {
    Ok(ActiveToken {
        subject: answer.text("sub")?.unwrap_or_default().to_owned(),
        scope: Scope::granted(answer.text("scope")?.unwrap_or_default()),
        roles: match answer.get("roles") {
            None => Roles::NONE,
            Some(Value::Texts(names)) => Roles::granted(names.iter().map(AsRef::as_ref)),
            Some(_) => return Err(WrongType),
        },
        client: answer.text("client_id")?.and_then(Client::with_id),
        issued_at_ms: answer.integer("iat_ms")?.or(answer.date_ms("iat")?),
        expires_at_ms: answer.date_ms("exp")?,
    })
}

/// Without `aud` the authorization server has judged for the client that asked, which is us.
fn is_meant_for(answer: &Object<'_>, audience: &str) -> bool {
    match answer.get("aud") {
        None => true,
        Some(Value::Text(one)) => *one == audience,
        Some(Value::Texts(several)) => several.iter().any(|one| *one == audience),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_active_token_is_read() {
        let active = read(
            br#"{"active":true,"sub":"u","scope":"read","roles":["writer"],"client_id":"app","iat":1,"exp":1.5,"aud":["x","api"]}"#,
            "api",
        );
        assert_eq!(
            active,
            Ok(ActiveToken {
                subject: "u".into(),
                scope: Scope::READ,
                roles: Roles::WRITER,
                client: Some(Client::App),
                issued_at_ms: Some(1_000),
                expires_at_ms: Some(1_500)
            })
        );
    }

    #[test]
    fn everything_but_a_plain_yes_for_us_is_a_no() {
        for (json, reason) in [
            (r#"{"active":false}"#, Reason::Inactive),
            (r#"{"active":"true"}"#, Reason::Claims),
            (r#"{"active":1}"#, Reason::Claims),
            (r#"{"active":false,"active":true}"#, Reason::Claims),
            (r#"{"scope":"read"}"#, Reason::Claims),
            (r#"{"active":true,"scope":["read"]}"#, Reason::Claims),
            (r#"{"active":true,"roles":"writer"}"#, Reason::Claims),
            (r#"{"active":true,"exp":"soon"}"#, Reason::Claims),
            (r#"{"active":true,"aud":"api.evil"}"#, Reason::Audience),
            (r#"{"active":true,"aud":[1]}"#, Reason::Audience),
            ("true", Reason::Claims),
            ("", Reason::Claims),
        ] {
            assert_eq!(read(json.as_bytes(), "api"), Err(reason), "{json}");
        }
    }
}

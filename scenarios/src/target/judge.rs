//! What an answer means: accepted, refused, or neither.

use regex::Regex;
use serde_json::Value;

use crate::wire::ResponseReader;

/// What a response says about the credential it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The credential was accepted.
    Accepted,
    /// The credential was refused.
    Refused,
    /// The status is 429: the target wants to be asked less often, and says nothing about the credential (RFC 6585 §4).
    Throttled,
    /// Neither rule holds, or both do: an outage (503 is a gap, not a refusal), or not the answer that the file foresees.
    Neither,
}

/// A set of status codes; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses(Vec<u16>);

/// A condition on a response: its status and, where given, a header and values in the JSON body.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The status must be one of these.
    pub status: Statuses,
    /// A header that must contain a text.
    pub header: Option<HeaderRule>,
    /// JSON pointers and the values that must stand there, all of them.
    pub json: Vec<(String, Value)>,
}

/// A header and what must be true of one of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderRule {
    /// The header's name, ASCII case ignored.
    pub name: String,
    /// What must be true.
    pub test: HeaderTest,
}

/// What must be true of a header's value.
#[derive(Debug, Clone)]
pub enum HeaderTest {
    /// It contains this text, ASCII case ignored.
    Contains(String),
    /// The expression matches somewhere in it.
    Matches(Regex),
}

impl PartialEq for HeaderTest {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Contains(one), Self::Contains(other)) => one.eq_ignore_ascii_case(other),
            (Self::Matches(one), Self::Matches(other)) => one.as_str() == other.as_str(),
            _ => false,
        }
    }
}

impl HeaderTest {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Contains(text) => value
                .to_ascii_lowercase()
                .contains(&text.to_ascii_lowercase()),
            Self::Matches(pattern) => pattern.is_match(value),
        }
    }
}

/// Too many requests (RFC 6585 §4).
pub(crate) const THROTTLED: u16 = 429;

/// Judges the response that `reader` holds, whose status is `status`.
#[must_use]
pub fn judge(accept: &Rule, refuse: &Rule, status: u16, reader: &ResponseReader) -> Judgement {
    if status == THROTTLED {
        return Judgement::Throttled;
    }
    match (accept.holds(status, reader), refuse.holds(status, reader)) {
        (true, false) => Judgement::Accepted,
        (false, true) => Judgement::Refused,
        _ => Judgement::Neither,
    }
}

impl<R> super::flows::Point<R> {
    /// Judges the response that `reader` holds, whose status is `status`. Where the rules ask for a status only, nothing is parsed.
    #[must_use]
    pub fn judge(&self, status: u16, reader: &ResponseReader) -> Judgement {
        judge(&self.accept, &self.refuse, status, reader)
    }

    /// Whether `accept` and whether `refuse` holds for the response that `reader` holds, whose status is `status`.
    #[must_use]
    pub fn rules_hold(&self, status: u16, reader: &ResponseReader) -> (bool, bool) {
        (
            self.accept.holds(status, reader),
            self.refuse.holds(status, reader),
        )
    }
}

impl Statuses {
    /// `None` when there is none, or one is no final status (200 to 599).
    pub(crate) fn new(statuses: Vec<u16>) -> Option<Self> {
        let fine =
            !statuses.is_empty() && statuses.iter().all(|status| (200..600).contains(status));
        fine.then_some(Self(statuses))
    }

    /// Whether `status` is one of them.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.contains(&status)
    }

    /// The codes, in the file's order.
    #[must_use]
    pub fn codes(&self) -> &[u16] {
        &self.0
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codes: Vec<String> = self.0.iter().map(u16::to_string).collect();
        f.write_str(&codes.join(" or "))
    }
}

impl Rule {
    fn holds(&self, status: u16, reader: &ResponseReader) -> bool {
        self.status.contains(status) && self.header_holds(reader) && self.json_holds(reader)
    }

    fn header_holds(&self, reader: &ResponseReader) -> bool {
        let Some(rule) = &self.header else {
            return true;
        };
        reader
            .headers(&rule.name)
            .iter()
            .any(|value| rule.test.holds(&String::from_utf8_lossy(value)))
    }

    fn json_holds(&self, reader: &ResponseReader) -> bool {
        if self.json.is_empty() {
            return true;
        }
        let Ok(body) = serde_json::from_slice::<Value>(reader.body()) else {
            return false;
        };
        self.json
            .iter()
            .all(|(pointer, value)| body.pointer(pointer) == Some(value))
    }

    /// Whether every response that one rule takes might be taken by the other: nothing but the status could tell them
    /// apart, and it does not.
    pub(super) fn cannot_be_told_from(&self, other: &Self) -> bool {
        let shared = self
            .status
            .codes()
            .iter()
            .any(|status| other.status.contains(*status));
        let unconditional = |rule: &Self| rule.header.is_none() && rule.json.is_empty();
        shared && (unconditional(self) || unconditional(other) || self == other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(status: u16, header: Option<(&str, &str)>, json: &[(&str, Value)]) -> Rule {
        Rule {
            status: Statuses::new(vec![status]).expect("a status"),
            header: header.map(|(name, contains)| HeaderRule {
                name: name.into(),
                test: HeaderTest::Contains(contains.into()),
            }),
            json: json
                .iter()
                .map(|(pointer, value)| ((*pointer).to_owned(), value.clone()))
                .collect(),
        }
    }

    fn verdict(accept: &Rule, refuse: &Rule, response: &str) -> Judgement {
        let mut reader = ResponseReader::new(4096);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let head = runtime
            .block_on(reader.read(&mut response.as_bytes()))
            .expect("a response");
        judge(accept, refuse, head.status, &reader)
    }

    #[test]
    fn by_status() {
        let (accept, refuse) = (rule(200, None, &[]), rule(401, None, &[]));
        let cases = [
            (200, Judgement::Accepted),
            (401, Judgement::Refused),
            (403, Judgement::Neither),
            (429, Judgement::Throttled),
            (503, Judgement::Neither),
        ];
        for (status, expected) in cases {
            let response = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(verdict(&accept, &refuse, &response), expected, "{status}");
        }
    }

    #[test]
    fn by_json_value() {
        let accept = rule(200, None, &[("/active", true.into())]);
        let refuse = rule(200, None, &[("/active", false.into())]);
        let cases = [
            (r#"{"active":true}"#, Judgement::Accepted),
            (r#"{"active":false}"#, Judgement::Refused),
            (r#"{"active":"true"}"#, Judgement::Neither),
            ("active", Judgement::Neither),
        ];
        for (body, expected) in cases {
            let response = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            assert_eq!(verdict(&accept, &refuse, &response), expected, "{body}");
        }
    }

    #[test]
    fn by_header_as_where_a_redirect_to_the_login_page_is_the_refusal() {
        let accept = rule(200, None, &[]);
        let refuse = rule(302, Some(("location", "/LOGIN")), &[]);
        let cases = [
            ("/login?next=/", Judgement::Refused),
            ("/elsewhere", Judgement::Neither),
        ];
        for (location, expected) in cases {
            let response =
                format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(verdict(&accept, &refuse, &response), expected, "{location}");
        }
    }

    #[test]
    fn by_a_pattern_in_a_header() {
        let accept = rule(200, None, &[]);
        let mut refuse = rule(401, Some(("www-authenticate", "")), &[]);
        let pattern = Regex::new("error=\"?invalid_token").expect("a pattern");
        refuse.header.as_mut().expect("a header").test = HeaderTest::Matches(pattern);
        let cases = [
            (
                "Bearer error=\"invalid_token\", error_description=\"expired\"",
                Judgement::Refused,
            ),
            ("Bearer", Judgement::Neither),
        ];
        for (value, expected) in cases {
            let response = format!(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {value}\r\nContent-Length: 0\r\n\r\n"
            );
            assert_eq!(verdict(&accept, &refuse, &response), expected, "{value}");
        }
    }

    #[test]
    fn rules_that_share_a_status_must_differ_in_something_else() {
        let active = rule(200, None, &[("/active", true.into())]);
        let inactive = rule(200, None, &[("/active", false.into())]);
        assert!(!active.cannot_be_told_from(&inactive));
        assert!(active.cannot_be_told_from(&rule(200, None, &[])));
        assert!(active.cannot_be_told_from(&active.clone()));
        assert!(!rule(200, None, &[]).cannot_be_told_from(&rule(401, None, &[])));
    }
}

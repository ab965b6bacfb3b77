//! Asks every point once: with the credential, without, and with one that was changed.

use super::explain::{Answer, Explained, of_answer, of_exchange, of_open};
use super::walker::Walker;
use crate::flow::{
    Credential, EncodeError, Exchange, PointRequest, encode_without_login, point_request,
};
use crate::load::open_answer::OpenAnswer;
use crate::target::{Point, PointKind, THROTTLED};
use authbench_reports::check::{Expected, Finding, Moment, PointAnswer, PointVerdict, Severity};
use std::sync::Arc;

/// What is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// The credential as it is.
    Whole,
    /// Nothing that comes from a login.
    Nothing,
    /// Every value changed in one character.
    Changed,
}

/// What a point said.
pub(super) struct Asked {
    pub(super) answer: PointAnswer,
    /// When it was asked and had answered; absent without a whole response.
    pub(super) exchange: Option<Exchange>,
    explained: Explained,
    words: String,
}

const NOT_ASKED: PointAnswer = PointAnswer {
    verdict: PointVerdict::NotAsked,
    status: None,
};

impl Walker<'_> {
    /// Asks every point once and notes the moment; what is not as `expected` is wrong. What the points answered, in their order.
    pub(super) async fn moment(
        &mut self,
        name: &str,
        credential: &Credential,
        presented: Presented,
        expected: Expected,
    ) -> Vec<PointAnswer> {
        let target = Arc::clone(self.target);
        // An answer may quote what it was presented, so that this is what is masked in it.
        let shown = match presented {
            Presented::Whole | Presented::Nothing => credential.clone(),
            Presented::Changed => credential.altered(changed),
        };
        let mut answers = Vec::new();
        for point in &target.flows.points {
            answers.push(match request(point, &shown, presented) {
                Ok(Some(request)) => {
                    let asked = self.ask(point, &request, &shown).await;
                    self.judge(name, point, &asked, presented, expected);
                    asked.answer
                }
                Ok(None) => {
                    self.presents_nothing(point);
                    NOT_ASKED
                }
                Err(error) => {
                    self.find_wrong(format!("point.{}", point.name), error.to_string());
                    NOT_ASKED
                }
            });
        }
        self.check.moments.push(Moment {
            name: name.to_owned(),
            expected,
            answers: answers.clone(),
        });
        answers
    }

    /// Asks one point.
    pub(super) async fn ask(
        &mut self,
        point: &Point,
        request: &PointRequest,
        credential: &Credential,
    ) -> Asked {
        self.pace().await;
        if point.kind == PointKind::Stream {
            return self.ask_for_stream(point, request, credential).await;
        }
        let exchange = match self.client.exchange(&request.peer, &request.bytes).await {
            Ok(exchange) => exchange,
            Err(error) => {
                self.note_unreachable(&error);
                return Asked {
                    answer: PointAnswer {
                        verdict: PointVerdict::NoAnswer,
                        status: None,
                    },
                    exchange: None,
                    explained: of_exchange(&error),
                    words: error.to_string(),
                };
            }
        };
        let status = exchange.head.status;
        let secrets: Vec<&str> = credential.secrets().chain(self.target.secrets()).collect();
        let answer = Answer::of(status, self.client.response(), &secrets);
        let verdict = verdict(status, point.rules_hold(status, self.client.response()));
        self.look_at_throttling(&answer, &format!("point.{}", point.name));
        let by_cookie = presents_cookies_only(point, credential);
        let place = by_cookie.then(|| {
            let request = &point.request;
            (&request.origin, request.path.leading_text())
        });
        Asked {
            answer: PointAnswer {
                verdict,
                status: Some(status),
            },
            exchange: Some(exchange),
            explained: of_answer(&answer, credential, place),
            words: answer.words(),
        }
    }

    /// A stream is opened, looked at, and left.
    async fn ask_for_stream(
        &mut self,
        point: &Point,
        request: &PointRequest,
        credential: &Credential,
    ) -> Asked {
        let opened = OpenAnswer::open(&request.peer, request.bytes.as_bytes()).await;
        let stream = match opened {
            Ok(stream) => stream,
            Err(error) => {
                return Asked {
                    answer: PointAnswer {
                        verdict: PointVerdict::NoAnswer,
                        status: None,
                    },
                    exchange: None,
                    explained: of_open(&error),
                    words: error.to_string(),
                };
            }
        };
        let status = stream.status;
        let secrets: Vec<&str> = credential.secrets().chain(self.target.secrets()).collect();
        let answer = Answer::of(status, stream.head(), &secrets);
        Asked {
            answer: PointAnswer {
                verdict: verdict(status, point.rules_hold(status, stream.head())),
                status: Some(status),
            },
            exchange: Some(stream.exchange()),
            explained: of_answer(&answer, credential, None),
            words: answer.words(),
        }
    }

    fn judge(
        &mut self,
        moment: &str,
        point: &Point,
        asked: &Asked,
        presented: Presented,
        expected: Expected,
    ) {
        let verdict = asked.answer.verdict;
        let as_expected = match expected {
            Expected::Accepted => verdict == PointVerdict::Accepted,
            Expected::Refused => verdict != PointVerdict::Accepted,
            Expected::Anything => true,
        };
        let ambiguous = matches!(verdict, PointVerdict::Both | PointVerdict::NoAnswer);
        let about = format!("point.{}", point.name);
        if as_expected && !ambiguous {
            return self.note_odd_refusal(about, moment, asked, presented, expected);
        }
        let quoted = match asked.words.is_empty() {
            true => String::new(),
            false => format!(": {}", asked.words),
        };
        let says = format!("{moment}: {}{quoted}", asked.answer.words());
        let finding = Finding::new(Severity::Wrong, about, says);
        let status = asked.answer.status;
        self.find(match verdict {
            PointVerdict::Both => {
                finding.advising("accept and refuse both hold for this answer: narrow one of them")
            }
            PointVerdict::Accepted if presented == Presented::Nothing => finding
                .advising("it answers whoever asks: is it the right URL, and is it protected?"),
            PointVerdict::Accepted => finding.advising(
                "it does not look at what is presented: is it the right URL, and is it protected?",
            ),
            PointVerdict::Neither if status.is_some_and(is_success) => finding
                .advising("neither accept nor refuse holds for this answer: widen one of them"),
            _ => finding
                .looking_like(asked.explained.cause)
                .advising(asked.explained.why.clone()),
        });
    }

    /// A refusal in a form that the file does not know would be a gap in a run, neither accepted nor refused.
    fn note_odd_refusal(
        &mut self,
        about: String,
        moment: &str,
        asked: &Asked,
        presented: Presented,
        expected: Expected,
    ) {
        let refused = asked.answer.verdict == PointVerdict::Refused;
        if expected != Expected::Refused || refused {
            return;
        }
        let status = asked.answer.words();
        let says = format!("{moment}: {status}, which is not what refuse says");
        let advice = match presented {
            Presented::Nothing => {
                "fine where a request without a credential is malformed, as at an introspection endpoint"
            }
            Presented::Changed | Presented::Whole => {
                "add it to refuse: a run takes such an answer for a gap, not for a refusal"
            }
        };
        self.find(Finding::new(Severity::Note, about, says).advising(advice));
    }

    fn presents_nothing(&mut self, point: &Point) {
        let says = "presents nothing that a login gave: it cannot tell one caller from another";
        let about = format!("point.{}", point.name);
        self.find(Finding::new(Severity::Warning, about, says));
    }
}

fn request(
    point: &Point,
    credential: &Credential,
    presented: Presented,
) -> Result<Option<PointRequest>, EncodeError> {
    match presented {
        Presented::Whole => point_request(point, credential).map(Some),
        Presented::Nothing => encode_without_login(point, credential),
        Presented::Changed => match encode_without_login(point, credential)? {
            Some(_) => point_request(point, credential).map(Some),
            None => Ok(None),
        },
    }
}

/// Whether all that the point is presented with are the jar's cookies.
fn presents_cookies_only(point: &Point, credential: &Credential) -> bool {
    let request = &point.request;
    let mut references = request.references();
    let presents = references.any(|reference| credential.captured(&reference.name).is_some());
    request.parts.cookies.is_none() && !presents
}

fn verdict(status: u16, rules: (bool, bool)) -> PointVerdict {
    match rules {
        _ if status == THROTTLED => PointVerdict::Throttled,
        (true, true) => PointVerdict::Both,
        (true, false) => PointVerdict::Accepted,
        (false, true) => PointVerdict::Refused,
        (false, false) => PointVerdict::Neither,
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Another value of the same form. The character changed is in the middle of the last of its dotted parts: there a JWT has its signature,
/// and the very last character of base64 may hold bits that mean nothing.
fn changed(value: &str) -> String {
    let last = value.rfind('.').map_or(0, |dot| dot + 1);
    let middle = last + (value.len() - last) / 2;
    let mut altered = String::with_capacity(value.len());
    for (at, character) in value.char_indices() {
        let here = at <= middle && middle < at + character.len_utf8();
        altered.push(match character {
            'A' if here => 'B',
            _ if here => 'A',
            other => other,
        });
    }
    altered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_is_changed_and_it_is_in_the_signature() {
        assert_eq!(changed("aaaaa"), "aaAaa");
        assert_eq!(changed("AAAAA"), "AABAA");
        assert_eq!(changed("e30.e30.abcde"), "e30.e30.abAde");
        assert_eq!(changed("ä"), "A");
        assert_eq!(changed(""), "");
        assert_eq!(changed("a."), "a.");
    }

    #[test]
    fn throttling_is_no_refusal() {
        assert_eq!(verdict(429, (false, true)), PointVerdict::Throttled);
        assert_eq!(verdict(401, (false, true)), PointVerdict::Refused);
        assert_eq!(verdict(200, (true, true)), PointVerdict::Both);
        assert_eq!(verdict(503, (false, false)), PointVerdict::Neither);
    }
}

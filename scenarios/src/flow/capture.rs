//! Finds the values that a step captures.

use scraper::{Html, Selector};
use serde_json::Value;

use super::jar::{CookieRefusal, Jar};
use crate::target::{CaptureFrom, CapturePart, JsonPlace};
use crate::wire::ResponseReader;

/// What became of the cookies of a step's responses.
#[derive(Default)]
pub(super) struct Cookies {
    pub(super) kept: Vec<String>,
    pub(super) refused: Vec<CookieRefusal>,
}

/// The value in a response, or what is missing.
pub(super) fn in_response(
    from: &CaptureFrom,
    response: &ResponseReader,
    jar: &Jar,
    cookies: &Cookies,
) -> Result<String, String> {
    match from {
        CaptureFrom::Json(place) => in_json(response.body(), place),
        CaptureFrom::Header { name, part } => {
            let value = response
                .header(name)
                .and_then(|value| std::str::from_utf8(value).ok())
                .ok_or_else(|| format!("the response has no header {name}"))?;
            in_text(&format!("header {name}"), value, part)
        }
        CaptureFrom::Cookie(name) => {
            let kept = cookies.kept.contains(name).then(|| jar.value(name));
            kept.flatten()
                .map(str::to_owned)
                .ok_or_else(|| no_cookie(name, &cookies.refused))
        }
        CaptureFrom::Html {
            selector,
            written,
            attr,
            part,
        } => {
            let value = in_html(response.body(), selector, attr.as_deref())
                .map_err(|missing| format!("the body has no {missing} for {written}"))?;
            in_text(written, &value, part)
        }
    }
}

/// The value at `place`, a text or a number.
pub(super) fn in_json(body: &[u8], place: &JsonPlace) -> Result<String, String> {
    let json: Value =
        serde_json::from_slice(body).map_err(|_| "the body is not JSON".to_owned())?;
    let pointer = place.pointer.as_str();
    match part_of(&json, &place.of_first)?.pointer(pointer) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(format!(
            "{pointer} in the body is neither a text nor a number"
        )),
        None => Err(format!("the body has no {pointer}")),
    }
}

/// All of `json`, or the first element of that list in which the values stand.
fn part_of<'j>(json: &'j Value, of_first: &[(String, Value)]) -> Result<&'j Value, String> {
    if of_first.is_empty() {
        return Ok(json);
    }
    let fits = |element: &&Value| {
        let mut values = of_first.iter();
        values.all(|(pointer, value)| element.pointer(pointer) == Some(value))
    };
    let list = json.as_array().ok_or("the body is not a list")?;
    list.iter()
        .find(fits)
        .ok_or_else(|| "no element of the list has the values of of_first".to_owned())
}

fn in_text(place: &str, value: &str, part: &CapturePart) -> Result<String, String> {
    match part {
        CapturePart::Whole => Ok(value.to_owned()),
        CapturePart::Query(parameter) => in_query(value, parameter)
            .ok_or_else(|| format!("the URL in {place} has no parameter {parameter}")),
        CapturePart::Regex(pattern) => pattern
            .captures(value)
            .and_then(|groups| groups.get(1))
            .map(|group| group.as_str().to_owned())
            .ok_or_else(|| format!("{place} does not match {}", pattern.as_str())),
    }
}

/// The first parameter of this name in the query of a URL, which may be relative.
fn in_query(url: &str, parameter: &str) -> Option<String> {
    let (_, query) = url.split('#').next()?.split_once('?')?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == parameter)
        .map(|(_, value)| value.into_owned())
}

/// The value, or what the body has not.
fn in_html(body: &[u8], selector: &Selector, attr: Option<&str>) -> Result<String, String> {
    let document = Html::parse_document(&String::from_utf8_lossy(body));
    let element = document.select(selector).next().ok_or("element")?;
    match attr {
        Some(attr) => element
            .attr(attr)
            .map(str::to_owned)
            .ok_or_else(|| format!("attribute {attr}")),
        None => Ok(element.text().collect::<String>().trim().to_owned()),
    }
}

/// A browser drops a cookie without a word; here the word is what the user needs.
fn no_cookie(name: &str, refused: &[CookieRefusal]) -> String {
    let reasons: Vec<String> = refused.iter().map(CookieRefusal::to_string).collect();
    let why = if reasons.is_empty() {
        String::new()
    } else {
        format!(" ({})", reasons.join("; "))
    };
    format!("the response sets no cookie {name}{why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    #[test]
    fn a_parameter_of_a_url_is_found_and_decoded() {
        let cases = [
            (
                "https://app.example/cb?state=1&code=a%2Fb+c#code=no",
                Some("a/b c"),
            ),
            ("/cb?code=x&code=y", Some("x")),
            ("/cb?recode=x", None),
            ("/cb#?code=x", None),
            ("/cb", None),
        ];
        for (url, expected) in cases {
            assert_eq!(in_query(url, "code").as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn of_a_list_the_first_element_is_taken_that_fits() {
        let body =
            br#"[{"id":"a","current":false},{"id":"b","current":true},{"id":"c","current":true}]"#;
        let place = |pointer: &str, pairs: &[(&str, Value)]| JsonPlace {
            pointer: pointer.to_owned(),
            of_first: pairs
                .iter()
                .map(|(at, value)| ((*at).to_owned(), value.clone()))
                .collect(),
        };
        let taken = |pairs: &[(&str, Value)]| in_json(body, &place("/id", pairs));
        assert_eq!(taken(&[("/current", true.into())]).as_deref(), Ok("b"));
        let none = taken(&[("/current", 1.into())]).expect_err("none fits");
        assert_eq!(none, "no element of the list has the values of of_first");
        assert_eq!(in_json(body, &place("/0/id", &[])).as_deref(), Ok("a"));
        let whole = in_json(b"{}", &place("/id", &[("/a", true.into())]));
        assert_eq!(whole, Err("the body is not a list".to_owned()));
    }

    #[test]
    fn the_first_group_of_a_pattern_is_taken() {
        let part = CapturePart::Regex(Regex::new("nonce=\"([^\"]+)\"").expect("a pattern"));
        let found = in_text(
            "header www-authenticate",
            "Digest nonce=\"n1\", qop=x",
            &part,
        );
        assert_eq!(found.as_deref(), Ok("n1"));
        let missed = in_text("header www-authenticate", "Bearer", &part).expect_err("no match");
        assert!(
            missed.starts_with("header www-authenticate does not match"),
            "{missed}"
        );
    }

    #[test]
    fn a_part_of_an_attribute_is_taken() {
        let page = br#"<form id="login" action="https://id.example/do?tab=Q-x&amp;code=a%2Fb">"#;
        let selector = Selector::parse("#login").expect("a selector");
        let action = in_html(page, &selector, Some("action")).expect("an attribute");
        let taken = |part: &CapturePart| in_text("#login", &action, part);
        let query = |name: &str| taken(&CapturePart::Query(name.into()));
        assert_eq!(query("code").as_deref(), Ok("a/b"));
        let missing = "the URL in #login has no parameter csrf";
        assert_eq!(query("csrf"), Err(missing.to_owned()));
        let pattern = Regex::new("tab=([^&]+)").expect("a pattern");
        assert_eq!(taken(&CapturePart::Regex(pattern)).as_deref(), Ok("Q-x"));
    }

    #[test]
    fn an_attribute_or_the_text_of_an_element_entities_decoded() {
        let page = br#"<!doctype html><title>x</title><form id=login>
            <input type=hidden name="csrf" value="a&amp;b&#x27;c"><p class="hint"> one &lt; two </p></form>"#;
        let find = |selector: &str, attr| {
            let selector = Selector::parse(selector).expect("a selector");
            in_html(page, &selector, attr)
        };
        assert_eq!(
            find("#login input[name=csrf]", Some("value")).as_deref(),
            Ok("a&b'c")
        );
        assert_eq!(find("p.hint", None).as_deref(), Ok("one < two"));
        assert_eq!(find("input[name=token]", None), Err("element".to_owned()));
        assert_eq!(find("p", Some("value")), Err("attribute value".to_owned()));
    }
}

//! `application/x-www-form-urlencoded` request bodies, as OAuth reads them (RFC 6749 §3.2, appendix
//! B).

use std::borrow::Cow;

use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;

/// A body was not a form that OAuth allows; `invalid_request` (RFC 6749 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Another content type, or none.
    #[error("the content type is not application/x-www-form-urlencoded")]
    ContentType,
    /// A parameter is there twice. Two readers could take two different ones, so nobody takes
    /// either.
    #[error("a parameter is there twice")]
    Duplicate,
}

/// The parameters of a form.
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    /// Reads a form body.
    pub fn parse(headers: &HeaderMap, body: &'a [u8]) -> Result<Self, FormError> {
        if !is_form(headers) {
            return Err(FormError::ContentType);
        }
        let mut parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(FormError::Duplicate);
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// A parameter. One without a value counts as absent (RFC 6749 §3.2).
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self
            .0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_ref());
        value.filter(|value| !value.is_empty())
    }
}

impl std::fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Names only: the values are passwords and tokens.
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Whether the headers announce a form; parameters such as a charset are ignored.
pub fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn form(body: &str) -> Result<Form<'_>, FormError> {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
        );
        Form::parse(&headers, body.as_bytes())
    }

    #[test]
    fn reads_encoded_parameters() {
        let form = form("username=a%20b&password=%26+%3D&empty=").expect("a form");
        assert_eq!(form.get("username"), Some("a b"));
        assert_eq!(form.get("password"), Some("& ="));
        assert_eq!(form.get("empty"), None);
        assert_eq!(form.get("absent"), None);
    }

    #[test]
    fn a_parameter_there_twice_is_refused_even_through_escapes() {
        assert_eq!(
            form("token=a&token=a").expect_err("twice"),
            FormError::Duplicate
        );
        assert_eq!(
            form("token=a&%74oken=b").expect_err("twice"),
            FormError::Duplicate
        );
    }

    #[test]
    fn json_is_not_a_form() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(
            Form::parse(&headers, b"{}").expect_err("not a form"),
            FormError::ContentType
        );
        assert_eq!(
            Form::parse(&HeaderMap::new(), b"").expect_err("not a form"),
            FormError::ContentType
        );
    }

    #[test]
    fn debug_shows_no_values() {
        assert_eq!(
            format!("{:?}", form("password=hunter2").expect("a form")),
            "[\"password\"]"
        );
    }
}

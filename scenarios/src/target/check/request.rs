//! Checks one request, wherever it stands in the file.

use toml::Spanned;

use super::Checker;
use super::scope::Scope;
use crate::target::raw::{RawBasic, RawPoint, RawStep, RawTexts};
use crate::target::request::{Parts, RequestTemplate};
use crate::target::source::FileError;
use crate::target::template::Template;
use crate::wire::{METHODS, RequestBytes};

/// What a request is made of, wherever it stands in the file.
pub(super) struct RawRequest<'a> {
    line: &'a Spanned<String>,
    headers: &'a RawTexts,
    cookies: Option<&'a RawTexts>,
    basic: Option<&'a RawBasic>,
    form: Option<&'a RawTexts>,
}

impl<'a> From<&'a RawStep> for RawRequest<'a> {
    fn from(raw: &'a RawStep) -> Self {
        let (line, headers) = (&raw.request, &raw.headers);
        let (cookies, form) = (raw.cookies.as_ref(), raw.form.as_ref());
        Self {
            line,
            headers,
            cookies,
            basic: raw.basic.as_ref(),
            form,
        }
    }
}

impl<'a> From<&'a RawPoint> for RawRequest<'a> {
    fn from(raw: &'a RawPoint) -> Self {
        let (line, headers) = (&raw.request, &raw.headers);
        let (cookies, form) = (raw.cookies.as_ref(), raw.form.as_ref());
        Self {
            line,
            headers,
            cookies,
            basic: raw.basic.as_ref(),
            form,
        }
    }
}

impl Checker<'_> {
    pub(super) fn request(
        &self,
        raw: &RawRequest<'_>,
        key: &str,
        scope: &Scope,
    ) -> Result<RequestTemplate, FileError> {
        let (method, url) = self.request_line(raw.line, &format!("{key}.request"), scope)?;
        self.check_headers(raw, key)?;
        let all = |texts: &RawTexts, part: &str| self.texts(texts, &format!("{key}.{part}"), scope);
        let parts = Parts {
            method,
            headers: all(raw.headers, "headers")?,
            cookies: raw
                .cookies
                .map(|cookies| all(cookies, "cookies"))
                .transpose()?,
            basic: raw
                .basic
                .map(|basic| self.basic(basic, key, scope))
                .transpose()?,
            form: raw.form.map(|form| all(form, "form")).transpose()?,
        };
        Ok(RequestTemplate { url, parts })
    }

    fn request_line(
        &self,
        raw: &Spanned<String>,
        key: &str,
        scope: &Scope,
    ) -> Result<(String, Template), FileError> {
        let split = raw
            .get_ref()
            .split_once(' ')
            .filter(|(method, _)| METHODS.contains(method));
        let (method, url) = split.ok_or_else(|| {
            let allowed = format!("a method and a URL; methods: {}", METHODS.join(", "));
            // The first word only: a URL may carry a credential.
            let word = raw.get_ref().split(' ').next().unwrap_or_default();
            let problem = if word.contains("://") {
                "has no method".to_owned()
            } else {
                format!("{word:?} is not a method")
            };
            self.error(raw, key, problem, allowed)
        })?;
        let url = Spanned::new(raw.span(), url.trim().to_owned());
        Ok((method.to_owned(), self.template(&url, key, scope)?))
    }

    /// Names are known now, so what the wire would refuse is refused now; and a header must not be given twice, here and by another key.
    fn check_headers(&self, raw: &RawRequest<'_>, key: &str) -> Result<(), FileError> {
        for (name, text) in raw.headers {
            let key = format!("{key}.headers.{name}");
            let elsewhere = match name.to_ascii_lowercase().as_str() {
                "cookie" => Some("cookies = { … }"),
                "authorization" if raw.basic.is_some() => Some("either basic or this header"),
                "content-type" if raw.form.is_some() => Some("either form or this header"),
                _ => None,
            };
            if let Some(allowed) = elsewhere {
                return Err(self.error(text, key, "is written from another key", allowed));
            }
            let probe = RequestBytes::encode("GET", "/", "host", [(name.as_str(), "")], b"");
            probe.map_err(|error| self.error(text, key, error.to_string(), ""))?;
        }
        Ok(())
    }

    fn basic(
        &self,
        raw: &RawBasic,
        key: &str,
        scope: &Scope,
    ) -> Result<(Template, Template), FileError> {
        let username = self.template(&raw.username, &format!("{key}.basic.username"), scope)?;
        let password = self.template(&raw.password, &format!("{key}.basic.password"), scope)?;
        Ok((username, password))
    }

    fn texts(
        &self,
        raw: &RawTexts,
        key: &str,
        scope: &Scope,
    ) -> Result<Vec<(String, Template)>, FileError> {
        let one = |(name, text): (&String, &Spanned<String>)| {
            let template = self.template(text, &format!("{key}.{name}"), scope)?;
            Ok((name.clone(), template))
        };
        raw.iter().map(one).collect()
    }
}

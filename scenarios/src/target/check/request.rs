//! Checks one request, wherever it stands in the file.

use toml::{Spanned, Value};

use super::Checker;
use super::scope::Scope;
use crate::target::parts::{Body, ClientAuthentication, Parts};
use crate::target::raw::{RawClient, RawPoint, RawStep, RawTexts};
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;
use crate::target::template::Template;
use crate::wire::{METHODS, RequestBytes};

/// What a request is made of, wherever it stands in the file.
pub(super) struct RawRequest<'a> {
    line: &'a Spanned<String>,
    connect: Option<&'a Spanned<String>>,
    headers: &'a RawTexts,
    cookies: Option<&'a Spanned<RawTexts>>,
    client: Option<&'a Spanned<RawClient>>,
    basic: Option<&'a Spanned<Value>>,
    form: Option<&'a Spanned<RawTexts>>,
    json: Option<&'a Spanned<Value>>,
    body: Option<&'a Spanned<String>>,
}

impl<'a> RawRequest<'a> {
    /// The request of a step whose `request` is `line`.
    pub(super) fn of_step(line: &'a Spanned<String>, raw: &'a RawStep) -> Self {
        Self {
            line,
            connect: raw.connect.as_ref(),
            headers: &raw.headers,
            cookies: raw.cookies.as_ref(),
            client: raw.client.as_ref(),
            basic: raw.basic.as_ref(),
            form: raw.form.as_ref(),
            json: raw.json.as_ref(),
            body: raw.body.as_ref(),
        }
    }

    pub(super) fn of_point(raw: &'a RawPoint) -> Self {
        Self {
            line: &raw.request,
            connect: raw.connect.as_ref(),
            headers: &raw.headers,
            cookies: raw.cookies.as_ref(),
            client: raw.client.as_ref(),
            basic: raw.basic.as_ref(),
            form: raw.form.as_ref(),
            json: raw.json.as_ref(),
            body: raw.body.as_ref(),
        }
    }

    /// The keys besides the first that give a body, and where they stand.
    fn surplus_body(&self) -> Option<(&'static str, std::ops::Range<usize>)> {
        let given = [
            self.form.map(|form| ("form", form.span())),
            self.json.map(|json| ("json", json.span())),
            self.body.map(|body| ("body", body.span())),
        ];
        given.into_iter().flatten().nth(1)
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
        if let Some(basic) = raw.basic {
            let allowed = "client = { basic = [\"ID\", \"SECRET\"] }";
            return Err(self.error(basic, format!("{key}.basic"), "is no key any more", allowed));
        }
        self.check_headers(raw, key)?;
        let all = |texts: &RawTexts, part: &str| self.texts(texts, &format!("{key}.{part}"), scope);
        let client = raw
            .client
            .map(|client| self.client(client, raw, key, scope));
        let parts = Parts {
            method,
            headers: all(raw.headers, "headers")?,
            cookies: raw
                .cookies
                .map(|cookies| all(cookies.get_ref(), "cookies"))
                .transpose()?,
            client: client.transpose()?,
            body: self.body(raw, key, scope)?,
        };
        let connect = raw
            .connect
            .map(|connect| self.connect(connect, &format!("{key}.connect"), scope))
            .transpose()?;
        Ok(RequestTemplate {
            url,
            connect,
            parts,
        })
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
        Ok((method.to_owned(), self.url(&url, key, scope)?))
    }

    /// Names are known now, so what the wire would refuse is refused now; and a header must not be given twice, here and by another key.
    fn check_headers(&self, raw: &RawRequest<'_>, key: &str) -> Result<(), FileError> {
        let basic = raw
            .client
            .is_some_and(|client| client.get_ref().basic.is_some());
        for (name, text) in raw.headers {
            let key = format!("{key}.headers.{name}");
            let elsewhere = match name.to_ascii_lowercase().as_str() {
                "cookie" => Some("cookies = { … }"),
                "authorization" if basic => Some("either client.basic or this header"),
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

    fn body(&self, raw: &RawRequest<'_>, key: &str, scope: &Scope) -> Result<Body, FileError> {
        if let Some((surplus, span)) = raw.surplus_body() {
            let problem = "is a second body";
            let allowed = "one of form, json, body";
            return Err(self
                .source
                .error(&span, format!("{key}.{surplus}"), problem, allowed));
        }
        Ok(match (raw.form, raw.json, raw.body) {
            (Some(form), ..) => {
                Body::Form(self.texts(form.get_ref(), &format!("{key}.form"), scope)?)
            }
            (None, Some(json), _) => Body::Json(self.json(json, &format!("{key}.json"), scope)?),
            (None, None, Some(body)) => {
                Body::Text(self.template(body, &format!("{key}.body"), scope)?)
            }
            (None, None, None) => Body::Empty,
        })
    }

    fn client(
        &self,
        raw: &Spanned<RawClient>,
        request: &RawRequest<'_>,
        key: &str,
        scope: &Scope,
    ) -> Result<ClientAuthentication, FileError> {
        const ALLOWED: &str = "{ basic = [\"ID\", \"SECRET\"] } or { post = [\"ID\", \"SECRET\"] }";
        let key = format!("{key}.client");
        let pair = |pair: &[Spanned<String>], key: String| match pair {
            [id, secret] => Ok((
                self.template(id, &key, scope)?,
                self.template(secret, &key, scope)?,
            )),
            _ => Err(self.error(raw, key, "is not a pair", "[\"ID\", \"SECRET\"]")),
        };
        match (&raw.get_ref().basic, &raw.get_ref().post) {
            (Some(basic), None) => {
                let (id, secret) = pair(basic, format!("{key}.basic"))?;
                Ok(ClientAuthentication::Basic { id, secret })
            }
            (None, Some(_)) if request.json.is_some() || request.body.is_some() => {
                let allowed = "a form, or none; or client = { basic = … }";
                Err(self.error(raw, key, "goes into a form, and this body is none", allowed))
            }
            (None, Some(post)) => {
                let (id, secret) = pair(post, format!("{key}.post"))?;
                Ok(ClientAuthentication::Post { id, secret })
            }
            _ => Err(self.error(raw, key, "needs one way to authenticate", ALLOWED)),
        }
    }

    pub(super) fn texts(
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

//! A request: as the file spells it, and, once addresses are known, as it can be sent.

use url::Url;

use super::origin::{Origin, Scheme};
use super::parts::Parts;
use super::remote::{RemoteError, RemoteTargets, is_loopback};
use super::template::{Reference, Template};
use crate::transport::{Trust, TrustError};

/// A request as the file spells it, its variables replaced.
#[derive(Debug, Clone)]
pub struct RequestTemplate {
    pub(super) url: Template,
    /// `host:port` to connect to in place of those in the URL.
    pub(super) connect: Option<Template>,
    pub(super) parts: Parts,
}

/// A request whose destination is known and allowed; what is left open belongs to one user or one response.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where it goes.
    pub origin: Origin,
    pub(crate) path: Template,
    pub(crate) parts: Parts,
}

/// Why a URL is not one that can be requested.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// A redirect from another machine to this one.
    #[error("another machine redirects to this one")]
    Inward,
    /// Anything but `http://` and `https://`.
    #[error("the URL does not begin with http:// or https://")]
    Scheme,
    /// The host, or what follows it, depends on a user or a response.
    #[error(
        "the URL's host and port must come before the first reference to a user or a captured value"
    )]
    OpenHost,
    /// The host and port do not parse.
    #[error("the URL's host and port are malformed: {0}")]
    Authority(String),
    /// `connect` is not `host:port`, or depends on a user or a response.
    #[error("connect does not come down to host:port")]
    Connect,
    /// The URL has user information or a fragment, which a request cannot carry.
    #[error("the URL has user information or a fragment")]
    Surplus,
    /// The host is remote and not allowed, or has no address.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// It is not known whose certificates count there.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl RequestTemplate {
    /// Every template.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let mut all = self.parts.templates();
        all.push(&self.url);
        all.extend(&self.connect);
        all
    }

    /// Clears the host that packets would go to with the policy, and looks nothing up. One that is not known yet is cleared when it is.
    pub(super) fn clear(&self, policy: &RemoteTargets) -> Result<(), RemoteError> {
        let url = self.destination();
        let host = url.as_ref().and_then(Url::host);
        host.map_or(Ok(()), |host| policy.permit(&host))
    }

    /// The host that packets would go to, as the file names it; `None` for this machine, and for one that is not known yet.
    pub(super) fn remote_host(&self) -> Option<String> {
        let url = self.destination()?;
        let host = url.host().filter(|host| !is_loopback(host))?;
        Some(host.to_string())
    }

    fn destination(&self) -> Option<Url> {
        let destination = match &self.connect {
            Some(connect) => connect.text().map(str::to_owned),
            None => split(&self.url).ok().map(|(_, authority, _)| authority),
        };
        Url::parse(&format!("http://{}/", destination?)).ok()
    }

    /// Replaces what `known` knows, splits the URL and clears with the policy the host that packets will go to. Reads the certificates
    /// that `trust` names when a URL needs them.
    pub(super) fn bind<E: From<UrlError>>(
        &self,
        mut known: impl FnMut(&Reference) -> Result<Option<String>, E>,
        policy: &RemoteTargets,
        trust: &Trust,
    ) -> Result<Request, E> {
        let url = self.url.resolve_url(&mut known)?;
        let connect = self.connect.as_ref();
        let connect = connect
            .map(|connect| connect.resolve(&mut known))
            .transpose()?;
        let (scheme, authority, path) = split(&url)?;
        let origin = Origin::new(scheme, &authority, connect.as_ref(), policy, trust)?;
        Ok(Request {
            origin,
            path,
            parts: self.parts.resolve(known)?,
        })
    }
}

impl Request {
    /// A plain GET of `url`, whose host is cleared with the policy.
    ///
    /// # Errors
    /// When the URL cannot or must not be requested.
    pub(crate) fn get(url: &str, policy: &RemoteTargets, trust: &Trust) -> Result<Self, UrlError> {
        let template = RequestTemplate {
            url: Template::literal(url),
            connect: None,
            parts: Parts::bare("GET"),
        };
        template.bind(|_| Ok::<_, UrlError>(None), policy, trust)
    }

    /// The request without what refers to anything that `gone` names; in the path and in a body, `none` stands for it.
    pub(crate) fn without(&self, gone: impl Fn(&Reference) -> bool + Copy) -> Self {
        Self {
            origin: self.origin.clone(),
            path: self.path.without(gone),
            parts: self.parts.without(gone),
        }
    }

    /// Every capture and user value that the request needs.
    pub(crate) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.path.references().chain(
            self.parts
                .templates()
                .into_iter()
                .flat_map(Template::references),
        )
    }
}

/// Splits a URL into scheme, authority and the template of its path and query.
fn split(url: &Template) -> Result<(Scheme, String, Template), UrlError> {
    let text = url.leading_text();
    let scheme = Scheme::of(text).ok_or(UrlError::Scheme)?;
    let rest = &text[scheme.prefix().len()..];
    let end = rest.find(['/', '?', '#']);
    if end.is_none() && url.text().is_none() {
        return Err(UrlError::OpenHost);
    }
    let authority = &rest[..end.unwrap_or(rest.len())];
    let path = url.after(scheme.prefix().len() + authority.len());
    if has_fragment(&path) {
        return Err(UrlError::Surplus);
    }
    let path = if path.leading_text().starts_with('/') {
        path
    } else {
        rooted(&path)
    };
    Ok((scheme, authority.to_owned(), path))
}

fn has_fragment(path: &Template) -> bool {
    // Only the literal text is looked at: a `#` in a value is percent-encoded when it lands.
    path.render(|_| Some("".into()), str::to_owned)
        .is_ok_and(|text| text.contains('#'))
}

/// `http://host?query` and `http://host` mean the root path.
fn rooted(path: &Template) -> Template {
    let mut rooted = Template::literal("/");
    rooted.append(path);
    rooted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(url: &str, known: &[(&str, &str)]) -> Result<(String, String), String> {
        let request = bind_pinned(url, None, known, &RemoteTargets::refused())?;
        let path = request
            .path
            .render(|_| Some("…".into()), str::to_owned)
            .expect("a path");
        Ok((request.origin.authority, path))
    }

    fn bind_pinned(
        url: &str,
        connect: Option<&str>,
        known: &[(&str, &str)],
        policy: &RemoteTargets,
    ) -> Result<Request, String> {
        let template = RequestTemplate {
            url: Template::parse(url).expect("a template"),
            connect: connect.map(|connect| Template::parse(connect).expect("a template")),
            parts: Parts::bare("GET"),
        };
        let value = |reference: &Reference| {
            let found = known.iter().find(|(name, _)| *name == reference.name);
            Ok::<_, UrlError>(found.map(|(_, text)| (*text).to_owned()))
        };
        let trust = Trust::new(vec!["/nonexistent/ca.pem".into()], false);
        template
            .bind(value, policy, &trust)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn connect_says_where_packets_go_and_nothing_else() {
        let known = [("replica.address", "127.0.0.1:9001")];
        let pin = |url: &str, connect: &str, policy: &RemoteTargets| {
            bind_pinned(url, Some(connect), &known, policy)
        };
        let loopback = RemoteTargets::refused();
        for (connect, address) in [
            ("127.0.0.2:81", "127.0.0.2:81"),
            ("[::1]:81", "[::1]:81"),
            ("localhost:80", "127.0.0.1:80"),
            ("${replica.address}", "127.0.0.1:9001"),
        ] {
            let request = pin("http://api.example.com/x", connect, &loopback).expect(connect);
            assert_eq!(request.origin.address.to_string(), address);
            assert_eq!(request.origin.authority, "api.example.com");
            assert_eq!(request.origin.host, "api.example.com");
            assert!(!request.origin.is_trustworthy, "{connect}");
        }
        for connect in ["10.0.0.1:80", "example.com:80"] {
            let error = pin("http://127.0.0.1/", connect, &loopback).expect_err(connect);
            assert!(error.contains("must be allowed"), "{error}");
        }
        let allowed = RemoteTargets::allowing(["10.0.0.1"]);
        let request = pin("http://127.0.0.1/", "10.0.0.1:80", &allowed).expect("allowed");
        assert_eq!(request.origin.address.to_string(), "10.0.0.1:80");
        for connect in [
            "127.0.0.1",
            "u@127.0.0.1:1",
            "127.0.0.1:1/x",
            "${captured}",
            "",
        ] {
            let error = pin("http://127.0.0.1/", connect, &loopback).expect_err(connect);
            assert!(error.contains("host:port"), "{connect}: {error}");
        }
    }

    #[test]
    fn urls_are_split_once_addresses_are_known() {
        let known = [("as.url", "http://127.0.0.1:8080"), ("port", "81")];
        let cases = [
            (
                "${as.url}/login?x=${user.name}",
                "127.0.0.1:8080",
                "/login?x=…",
            ),
            ("${as.url}", "127.0.0.1:8080", "/"),
            ("${as.url}?a=b", "127.0.0.1:8080", "/?a=b"),
            ("http://localhost:${port}/${capture}", "localhost:81", "/…"),
            ("http://[::1]:9/", "[::1]:9", "/"),
        ];
        for (url, authority, path) in cases {
            assert_eq!(
                bind(url, &known),
                Ok((authority.to_owned(), path.to_owned())),
                "{url}"
            );
        }
    }

    #[test]
    fn urls_that_cannot_or_must_not_be_requested() {
        let known = [("evil", "http://127.0.0.1:1@example.com")];
        let cases = [
            (
                "https://127.0.0.1/",
                "reading the certificates in /nonexistent/ca.pem",
            ),
            ("https://example.com/", "must be allowed"),
            (
                "ftp://127.0.0.1/",
                "does not begin with http:// or https://",
            ),
            ("/login", "does not begin with http://"),
            ("${captured}/x", "does not begin with http://"),
            ("http://127.0.0.1:${captured}/", "must come before"),
            ("http://127.0.0.1:80${captured}", "must come before"),
            ("http://127.0.0.1:99999/", "malformed"),
            ("http:///x", "malformed"),
            ("http://127.0.0.1/#top", "fragment"),
            ("http://me@127.0.0.1/", "user information"),
            ("${evil}/x", "user information"),
            ("http://example.com/", "must be allowed"),
            ("http://192.168.1.1:80/", "must be allowed"),
            ("http://0x7f000001.example/", "must be allowed"),
        ];
        for (url, expected) in cases {
            let error = bind(url, &known).expect_err(url);
            assert!(error.contains(expected), "{url}: {error}");
        }
    }
}

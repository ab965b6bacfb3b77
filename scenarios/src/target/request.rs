//! A request: as the file spells it, and, once addresses are known, as it can be sent.

use std::net::SocketAddr;

use url::{Host, Url};

use super::parts::Parts;
use super::remote::{RemoteError, RemoteTargets};
use super::template::{Reference, Template};

/// A request as the file spells it, its variables replaced.
#[derive(Debug, Clone)]
pub struct RequestTemplate {
    pub(super) url: Template,
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

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The address to connect to.
    pub address: SocketAddr,
    /// Host and port as they stand in the URL: the `Host` header.
    pub authority: String,
    /// The host alone, lower case: what cookies are bound to. Cookies know no ports (RFC 6265 §8.5).
    pub host: String,
}

/// Why a URL is not one that can be requested.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// Anything but `http://`.
    #[error("the URL does not begin with http://")]
    Scheme,
    /// The host, or what follows it, depends on a user or a response.
    #[error(
        "the URL's host and port must come before the first reference to a user or a captured value"
    )]
    OpenHost,
    /// The host and port do not parse.
    #[error("the URL's host and port are malformed: {0}")]
    Authority(String),
    /// The URL has user information or a fragment, which a request cannot carry.
    #[error("the URL has user information or a fragment")]
    Surplus,
    /// The host is remote and not allowed, or has no address.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl RequestTemplate {
    /// Every template.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let mut all = self.parts.templates();
        all.push(&self.url);
        all
    }

    /// Replaces what `known` knows, splits the URL and clears its host with the policy.
    pub(super) fn bind<E: From<UrlError>>(
        &self,
        mut known: impl FnMut(&Reference) -> Result<Option<String>, E>,
        policy: &RemoteTargets,
    ) -> Result<Request, E> {
        let url = self.url.resolve(&mut known)?;
        let (authority, path) = split(&url)?;
        let origin = Origin::new(&authority, policy)?;
        Ok(Request {
            origin,
            path,
            parts: self.parts.resolve(known)?,
        })
    }
}

impl Request {
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

impl Origin {
    fn new(authority: &str, policy: &RemoteTargets) -> Result<Self, UrlError> {
        let url = Url::parse(&format!("http://{authority}/"))
            .map_err(|error| UrlError::Authority(error.to_string()))?;
        Self::at(&url, authority, policy)
    }

    /// Where `url` leads.
    pub(super) fn of(url: &Url, policy: &RemoteTargets) -> Result<Self, UrlError> {
        if url.scheme() != "http" {
            return Err(UrlError::Scheme);
        }
        Self::at(url, url.authority(), policy)
    }

    /// Whether `url` leads here.
    pub(super) fn is_of(&self, url: &Url) -> bool {
        url.origin()
            == self
                .url("/")
                .map_or_else(|_| url::Origin::new_opaque(), |own| own.origin())
    }

    /// The URL of `path_and_query` here.
    pub(crate) fn url(&self, path_and_query: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("http://{}{path_and_query}", self.authority))
    }

    fn at(url: &Url, authority: &str, policy: &RemoteTargets) -> Result<Self, UrlError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Surplus);
        }
        let host: Host<&str> = url
            .host()
            .ok_or_else(|| UrlError::Authority("no host".to_owned()))?;
        let port = url.port().unwrap_or(80);
        let address = policy.address(&host, port)?;
        Ok(Self {
            address,
            authority: authority.to_owned(),
            host: host.to_string(),
        })
    }
}

/// Splits a URL into authority and the template of its path and query.
fn split(url: &Template) -> Result<(String, Template), UrlError> {
    const SCHEME: &str = "http://";
    let text = url.leading_text();
    let rest = text.strip_prefix(SCHEME).ok_or(UrlError::Scheme)?;
    let end = rest.find(['/', '?', '#']);
    if end.is_none() && url.text().is_none() {
        return Err(UrlError::OpenHost);
    }
    let authority = &rest[..end.unwrap_or(rest.len())];
    let path = url.after(SCHEME.len() + authority.len());
    if has_fragment(&path) {
        return Err(UrlError::Surplus);
    }
    let path = if path.leading_text().starts_with('/') {
        path
    } else {
        rooted(&path)
    };
    Ok((authority.to_owned(), path))
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
        let template = RequestTemplate {
            url: Template::parse(url).expect("a template"),
            parts: Parts::bare("GET"),
        };
        let value = |reference: &Reference| {
            let found = known.iter().find(|(name, _)| *name == reference.name);
            Ok::<_, UrlError>(found.map(|(_, text)| (*text).to_owned()))
        };
        let request = template
            .bind(value, &RemoteTargets::refused())
            .map_err(|error| error.to_string())?;
        let path = request
            .path
            .render(|_| Some("…".into()), str::to_owned)
            .expect("a path");
        Ok((request.origin.authority, path))
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
            ("https://127.0.0.1/", "does not begin with http://"),
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

//! Which path leads to which service.

use std::str::FromStr;

/// What may be reached of a service. Its metrics and whatever else it has are nobody's business on
/// this side.
const FORWARDED: [&str; 2] = ["/resource", EVENTS];
/// The path of a service's stream of events.
pub(super) const EVENTS: &str = "/events";

/// A prefix of paths and the service behind it: `/1=http://127.0.0.1:8081`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    prefix: String,
    url: String,
}

/// A text that is no route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no route (expected /PREFIX=URL, such as /1=http://127.0.0.1:8081, or /=URL)")]
pub struct NotARoute(String);

impl Route {
    /// Before the path that the service sees; empty for `/`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where the service is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path that the service sees, if `path` leads to it.
    pub fn leads_to<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(&*self.prefix)?;
        FORWARDED.contains(&rest).then_some(rest)
    }
}

impl FromStr for Route {
    type Err = NotARoute;

    fn from_str(text: &str) -> Result<Self, NotARoute> {
        let not_a_route = || NotARoute(text.to_owned());
        let (prefix, url) = text.split_once('=').ok_or_else(not_a_route)?;
        let name = prefix.strip_prefix('/').ok_or_else(not_a_route)?;
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_name || url.is_empty() {
            return Err(not_a_route());
        }
        let prefix = if name.is_empty() { "" } else { prefix };
        Ok(Self {
            prefix: prefix.to_owned(),
            url: url.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Route {
        text.parse().expect("a route")
    }

    #[test]
    fn a_prefix_leads_to_what_is_forwarded_and_to_nothing_else() {
        let first = route("/1=http://127.0.0.1:1");
        assert_eq!(first.url(), "http://127.0.0.1:1");
        assert_eq!(first.leads_to("/1/resource"), Some("/resource"));
        assert_eq!(first.leads_to("/1/events"), Some("/events"));
        for path in [
            "/resource",
            "/11/resource",
            "/1resource",
            "/1/resource/",
            "/1//resource",
            "/1/metrics",
            "/1/events/",
            "/1/../1/resource",
            "/1/%72esource",
            "/1",
            "/",
        ] {
            assert_eq!(first.leads_to(path), None, "{path}");
        }
        let only = route("/=http://127.0.0.1:1");
        assert_eq!(only.leads_to("/resource"), Some("/resource"));
        assert_eq!(only.leads_to("//resource"), None);
    }

    #[test]
    fn what_is_no_route_is_said() {
        for text in [
            "",
            "/1",
            "1=http://x",
            "/a/b=http://x",
            "/1=",
            "/..=http://x",
        ] {
            let error = text.parse::<Route>().expect_err(text).to_string();
            assert!(error.contains("/1=http://127.0.0.1:8081"), "{error}");
        }
    }
}

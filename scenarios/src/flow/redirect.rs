//! Where a redirect leads, and what of a request goes there (RFC 9110 §15.4).

use url::Url;

use super::encode::Rendered;

/// Headers that hold no credential and no content, and may go to another origin.
const HARMLESS: [&str; 3] = ["accept", "accept-language", "user-agent"];

/// Why a redirect is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// `Location` is no URL.
    #[error("redirected, but Location is not a URL")]
    Location,
    /// The host is neither this machine nor one that a request of the file names.
    #[error(
        "redirected to {0}, which is neither on this machine nor named by a request of the file"
    )]
    Host(String),
    /// From another machine to this one, and no request of the file goes there.
    #[error("redirected by another machine to {0} on this one, which no request of the file names")]
    Inward(String),
    /// More than `follow.max` of them.
    #[error("redirected more than {0} times")]
    TooMany(u32),
}

/// Where a response with `status` and `location` to a request for `asked` leads; `None` when it is no redirect.
pub(super) fn next(
    status: u16,
    location: Option<&[u8]>,
    asked: &Url,
) -> Result<Option<Url>, RedirectError> {
    let (301 | 302 | 303 | 307 | 308, Some(location)) = (status, location) else {
        return Ok(None);
    };
    let location = std::str::from_utf8(location).map_err(|_| RedirectError::Location)?;
    let url = asked.join(location).map_err(|_| RedirectError::Location)?;
    Ok(Some(url))
}

impl Rendered {
    /// The request that follows `url` after `status`. A POST becomes a GET where browsers make it one; headers that may hold a credential
    /// stay at the origin that they were written for.
    pub(super) fn redirected(mut self, status: u16, url: &Url, to_another_origin: bool) -> Self {
        let becomes_get = match status {
            303 => true,
            301 | 302 => self.method == "POST",
            _ => false,
        };
        if becomes_get {
            "GET".clone_into(&mut self.method);
            self.body.clear();
            self.headers
                .retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
        }
        if to_another_origin {
            self.headers.retain(|(name, _)| {
                let name = name.to_ascii_lowercase();
                HARMLESS.contains(&name.as_str()) || name.starts_with("content-")
            });
            // Cookies of the file's own are for the origin that they were written for, too. The jar stays out of it.
            self.cookies = self.cookies.map(|_| String::new());
        }
        self.target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn only_a_redirect_with_a_location_leads_anywhere() {
        let asked = url("http://127.0.0.1:1/a/b?c");
        let lead = |status, location: Option<&str>| {
            next(status, location.map(str::as_bytes), &asked)
                .expect("a URL")
                .map(|url| url.to_string())
        };
        assert_eq!(
            lead(302, Some("d")).as_deref(),
            Some("http://127.0.0.1:1/a/d")
        );
        assert_eq!(
            lead(307, Some("//localhost/x?y#z")).as_deref(),
            Some("http://localhost/x?y#z")
        );
        assert_eq!(
            (lead(200, Some("/")), lead(304, Some("/")), lead(302, None)),
            (None, None, None)
        );
        assert_eq!(
            next(302, Some(b"http://"), &asked),
            Err(RedirectError::Location)
        );
    }

    fn post() -> Rendered {
        let header = |name: &str| (name.to_owned(), "x".to_owned());
        Rendered {
            method: "POST".to_owned(),
            target: "/login".to_owned(),
            headers: vec![
                header("Accept"),
                header("Authorization"),
                header("Content-Type"),
            ],
            cookies: None,
            body: b"secret".to_vec(),
        }
    }

    #[test]
    fn a_post_becomes_a_get_where_rfc_9110_lets_it() {
        let cases = [
            (301, "GET", 0),
            (302, "GET", 0),
            (303, "GET", 0),
            (307, "POST", 6),
            (308, "POST", 6),
        ];
        for (status, method, length) in cases {
            let next = post().redirected(status, &url("http://127.0.0.1/home?a=b#c"), false);
            assert_eq!(
                (next.method.as_str(), next.body.len(), next.target.as_str()),
                (method, length, "/home?a=b"),
                "{status}"
            );
            let content = next.headers.iter().any(|(name, _)| name == "Content-Type");
            assert_eq!(content, length > 0, "{status}");
        }
        let mut delete = post();
        delete.method = "DELETE".to_owned();
        let next = delete.redirected(302, &url("http://127.0.0.1/"), false);
        assert_eq!(next.method, "DELETE");
    }

    #[test]
    fn a_credential_stays_at_its_origin() {
        let names = |another| {
            let next = post().redirected(303, &url("http://127.0.0.1/"), another);
            let names = next.headers.into_iter().map(|(name, _)| name);
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["Accept", "Authorization"]);
        assert_eq!(names(true), ["Accept"]);
        let cookies = |another| {
            let mut request = post();
            request.cookies = Some("sid=secret".to_owned());
            let next = request.redirected(303, &url("http://127.0.0.1/"), another);
            next.cookies
        };
        assert_eq!(cookies(false).as_deref(), Some("sid=secret"));
        assert_eq!(cookies(true).as_deref(), Some(""), "nor the jar's");
    }
}

//! Cross-origin resource sharing: letting pages of the allowed origins read our answers (WHATWG
//! Fetch §3.2).
//!
//! Errors are readable too, or a single-page application could not tell a 401 from a broken
//! network. An origin is named in the answer only if it is on the list, never `*`; credentials are
//! allowed only where the model has a cookie that needs them. Without a list nothing is added.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hyper::body::Incoming;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, Request, StatusCode};

use super::connection::Handler;
use super::origins::Origins;
use super::reply::{self, Reply};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, x-csrf-token");
const EXPOSED: HeaderValue = HeaderValue::from_static("www-authenticate, retry-after");
/// Ten minutes: what browsers keep at the least of all that keep it that long.
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("600");
const BY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Which origins may read, and whether with cookies.
#[derive(Debug)]
pub struct Cors {
    origins: Origins,
    credentials: bool,
    preflights: AtomicU64,
}

/// A handler whose answers the allowed origins may read.
#[derive(Debug)]
pub struct WithCors<H> {
    /// Who may.
    pub cors: Arc<Cors>,
    /// What answers.
    pub handler: H,
}

impl Cors {
    /// Lets `origins` read; `credentials`: cookies go with their requests.
    pub fn new(origins: Origins, credentials: bool) -> Arc<Self> {
        Arc::new(Self {
            origins,
            credentials,
            preflights: AtomicU64::new(0),
        })
    }

    /// How many preflight requests there were: what a browser asks before a request that is not
    /// simple, a round trip for the user.
    pub fn preflights(&self) -> u64 {
        self.preflights.load(Relaxed)
    }

    fn answer_preflight(&self, origin: Option<HeaderValue>) -> Reply {
        self.preflights.fetch_add(1, Relaxed);
        let status = match origin {
            Some(_) => StatusCode::NO_CONTENT,
            None => StatusCode::FORBIDDEN,
        };
        let is_allowed = origin.is_some();
        let mut reply = self.open(reply::empty(status), origin);
        if is_allowed {
            let headers = reply.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
        }
        reply
    }

    /// Lets `origin` read an answer. That it depends on the origin is said in any case: a cache
    /// must not give one origin's answer to another.
    fn open(&self, mut reply: Reply, origin: Option<HeaderValue>) -> Reply {
        let headers = reply.headers_mut();
        headers.append(VARY, BY_ORIGIN);
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            if self.credentials {
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
            }
        }
        reply
    }
}

impl<H: Handler> Handler for WithCors<H> {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        if self.cors.origins.is_empty() {
            return self.handler.handle(request).await;
        }
        let origin = self.cors.origins.of(request.headers()).cloned();
        if is_preflight(&request) {
            return self.cors.answer_preflight(origin);
        }
        let reply = self.handler.handle(request).await;
        self.cors.open(reply, origin)
    }
}

fn is_preflight(request: &Request<Incoming>) -> bool {
    let headers = request.headers();
    *request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(reply: &Reply) -> Vec<&str> {
        let names = reply.headers().keys().map(|name| name.as_str());
        names.filter(|name| name.starts_with("access-")).collect()
    }

    #[test]
    fn only_an_allowed_origin_is_named_and_cookies_only_where_there_are_any() {
        let origin = HeaderValue::from_static("https://app.example.com");
        for credentials in [true, false] {
            let cors = Cors::new(Origins::default(), credentials);
            let reply = cors.answer_preflight(Some(origin.clone()));
            assert_eq!(reply.status(), StatusCode::NO_CONTENT);
            assert_eq!(reply.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], origin);
            assert_eq!(reply.headers()[ACCESS_CONTROL_MAX_AGE], "600");
            assert_eq!(
                reply
                    .headers()
                    .contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS),
                credentials
            );
            let refused = cors.answer_preflight(None);
            assert_eq!(refused.status(), StatusCode::FORBIDDEN);
            assert!(names(&refused).is_empty());
            assert_eq!(refused.headers()[VARY], "origin");
            assert_eq!(cors.preflights(), 2);
        }
    }

    #[test]
    fn what_an_answer_varies_by_already_stays() {
        let cors = Cors::new(Origins::default(), false);
        let reply = reply::with_header(
            reply::empty(StatusCode::UNAUTHORIZED),
            VARY,
            HeaderValue::from_static("authorization, cookie"),
        );
        let reply = cors.open(reply, None);
        let varies: Vec<_> = reply.headers().get_all(VARY).iter().collect();
        assert_eq!(varies, ["authorization, cookie", "origin"]);
    }
}

//! The plumbing of the small servers that stand here for other people's: a request in, an answer out, on a port of its own.

use std::convert::Infallible;
use std::sync::Arc;
use std::thread::JoinHandle;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use hyper::http::request;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::tls::Identity;

/// What a server does. Answers at once: lags are kept by the clock, not by sleeping.
pub(crate) trait Site: Send + Sync + 'static {
    fn answer(&self, request: &Request) -> Answer;
}

/// A server that listens until it is dropped.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A request, read whole.
pub(crate) struct Request {
    head: request::Parts,
    body: Bytes,
}

/// An answer to be.
pub(crate) struct Answer(hyper::Response<Full<Bytes>>);

impl Server {
    /// Listens on a free port. `site` is told its own URL: pages name absolute addresses.
    pub(crate) fn start<S: Site>(site: impl FnOnce(&str) -> Arc<S>) -> Self {
        Self::listen("http", site, None)
    }

    /// The same over TLS.
    pub(crate) fn secured<S: Site>(site: impl FnOnce(&str) -> Arc<S>, identity: &Identity) -> Self {
        Self::listen("https", site, Some(identity.acceptor.clone()))
    }

    fn listen<S: Site>(
        scheme: &str,
        site: impl FnOnce(&str) -> Arc<S>,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("{scheme}://{}", listener.local_addr().expect("bound"));
        let site = site(&url);
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a socket");
                tokio::select! {
                    () = accept(listener, site, tls) => {}
                    _ = stopped => {}
                }
            });
        };
        Self {
            url,
            stop: Some(stop),
            thread: Some(std::thread::spawn(serve)),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Its panic is in the test's output already.
            let _ = thread.join();
        }
    }
}

async fn accept<S: Site>(listener: TcpListener, site: Arc<S>, tls: Option<TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("a socket");
        let (site, tls) = (Arc::clone(&site), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => serve(stream, site).await,
                Some(tls) => {
                    // Whoever does not trust the certificate leaves here.
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, site).await;
                    }
                }
            }
        });
    }
}

async fn serve<S: Site>(stream: impl AsyncRead + AsyncWrite + Unpin, site: Arc<S>) {
    let service =
        service_fn(|request| async { Ok::<_, Infallible>(answer(&*site, request).await) });
    // A connection that breaks ends itself only.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    site: &impl Site,
    request: hyper::Request<Incoming>,
) -> hyper::Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    match body.collect().await {
        Ok(body) => {
            let body = body.to_bytes();
            site.answer(&Request { head, body }).0
        }
        Err(_) => Answer::new(400).0,
    }
}

impl Request {
    /// Method and path, to be matched: `("GET", "/login")`.
    pub(crate) fn route(&self) -> (&str, &str) {
        (self.head.method.as_str(), self.head.uri.path())
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        pair(self.head.uri.query().unwrap_or("").as_bytes(), name)
    }

    /// A field of an urlencoded body; nothing in a body of another type.
    pub(crate) fn form(&self, name: &str) -> Option<String> {
        let urlencoded =
            self.header(CONTENT_TYPE.as_str()) == Some("application/x-www-form-urlencoded");
        urlencoded.then(|| pair(&self.body, name)).flatten()
    }

    /// A text member of a JSON body; nothing in a body of another type.
    pub(crate) fn json(&self, pointer: &str) -> Option<Value> {
        let json = self.header(CONTENT_TYPE.as_str()) == Some("application/json");
        let body: Value = serde_json::from_slice(&self.body).ok().filter(|_| json)?;
        body.pointer(pointer).cloned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// A cookie's value.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.header(COOKIE.as_str())?.split("; ");
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// The token of `Authorization: Bearer`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The pair of `Authorization: Basic`, decoded as RFC 6749 §2.3.1 encodes it.
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let decoded = |part: &str| {
            let mut pairs = form_urlencoded::parse(part.as_bytes());
            Some(pairs.next()?.0.into_owned())
        };
        Some((decoded(id)?, decoded(secret)?))
    }
}

fn pair(encoded: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(encoded)
        .find_map(|(found, value)| (found == name).then(|| value.into_owned()))
}

/// A part of a path, percent-decoded.
pub(crate) fn decoded(part: &str) -> String {
    pair(format!("part={part}").as_bytes(), "part").unwrap_or_default()
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        let mut response = hyper::Response::new(Full::default());
        *response.status_mut() = status.try_into().expect("a status");
        Self(response)
    }

    pub(crate) fn html(body: String) -> Self {
        Self::new(200)
            .with("content-type", "text/html; charset=utf-8")
            .body(body)
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status)
            .with("content-type", "application/json")
            .with("cache-control", "no-store")
            .body(body.to_string())
    }

    /// 302.
    pub(crate) fn found(location: &str) -> Self {
        Self::new(302).with(LOCATION.as_str(), location)
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header");
        self.0
            .headers_mut()
            .append(name, HeaderValue::from_str(value).expect("a value"));
        self
    }

    pub(crate) fn set_cookie(self, cookie: &str) -> Self {
        self.with(SET_COOKIE.as_str(), cookie)
    }

    fn body(mut self, body: String) -> Self {
        *self.0.body_mut() = Full::new(body.into());
        self
    }
}

/// Text as it stands in HTML, more escaped than need be: readers that do not decode entities must fail.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::new();
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '"' => html.push_str("&quot;"),
            c if c.is_ascii_alphanumeric() => html.push(c),
            c => html.push_str(&format!("&#x{:x};", u32::from(c))),
        }
    }
    html
}

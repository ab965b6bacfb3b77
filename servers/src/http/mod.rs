//! HTTP/1.1 as all reference servers speak it, on hyper: what every model pays alike.
//!
//! * [`connection`]: the accept loop, time-outs and limits, graceful shutdown
//! * [`reply`]: the few shapes of answer; [`content`]: what they carry, also as it happens
//! * [`body`], [`form`]: reading what was sent, in bounds
//! * [`bearer`], [`cookie`], [`basic`]: finding the one credential, strictly
//! * [`site`], [`csrf`]: refusing what another site made a browser send
//! * [`origins`], [`cors`]: the other origins whose pages may use a server, and read its answers
//! * [`upstream`]: the keep-alive client that resource servers ask the authorization server with

pub mod basic;
pub mod bearer;
pub mod body;
pub mod connection;
pub mod content;
pub mod cookie;
pub mod cors;
pub mod csrf;
pub mod form;
pub mod origins;
pub mod reply;
pub mod site;
pub mod upstream;

use std::time::Duration;

use hyper::{HeaderMap, Method, Uri};

/// The part of a request in which a credential may stand.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The method.
    pub method: &'a Method,
    /// The request target.
    pub uri: &'a Uri,
    /// The header fields.
    pub headers: &'a HeaderMap,
}

/// What a server accepts from the network before it looks at credentials.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A keep-alive connection without a request for this long is closed, between requests.
    pub keep_alive_idle: Duration,
    /// A connection on which a request's header has begun, and no request has come for this long, is
    /// cut. Longer than `keep_alive_idle`, so that a connection between requests is closed in order.
    pub header_timeout: Duration,
    /// How long a TLS handshake may take; the connection is cut past it.
    pub handshake_timeout: Duration,
    /// How long a request's body may take to arrive: 408 past it.
    pub body_timeout: Duration,
    /// Bytes of a request's header, the request line included: 431 past it.
    pub header_bytes: usize,
    /// Bytes of a request's body: 413 past it.
    pub body_bytes: usize,
    /// How long requests in progress may take to end at shutdown.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            keep_alive_idle: seconds(60),
            header_timeout: seconds(90),
            handshake_timeout: seconds(10),
            body_timeout: seconds(10),
            header_bytes: 16 * 1024,
            body_bytes: 16 * 1024,
            drain: seconds(5),
        }
    }
}

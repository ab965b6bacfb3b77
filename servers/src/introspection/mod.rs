//! Asking the authorization server about a token (RFC 7662), as resource servers of the `opaque`
//! model do.
//!
//! [`cache`] may keep answers for a while; without it every request asks.

pub mod answer;
pub mod cache;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};

use crate::client::Client;
use crate::http::basic;
use crate::http::upstream::{Upstream, UpstreamError};
use crate::metrics::LatencyHistogram;
use crate::secret::Secret;
use answer::Answer;

const PATH: &str = "/introspect";
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// The authorization server did not say whether a token is active. It must not be taken for a no.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IntrospectionError {
    /// It does not answer.
    #[error("introspect: {0}")]
    Upstream(#[from] UpstreamError),
    /// It answers with an error; 401 means that it does not know our secret.
    #[error("introspect: the authorization server answers {0}")]
    Status(StatusCode),
    /// Somebody else asked about the same token, and no answer came in time.
    #[error("introspect: no answer within the deadline")]
    Deadline,
}

/// Asks one authorization server. Every call is one round trip.
#[derive(Debug)]
pub struct IntrospectionClient {
    upstream: Arc<Upstream>,
    authorization: HeaderValue,
    audience: String,
    latency: LatencyHistogram,
}

impl IntrospectionClient {
    /// A client that authenticates as `resource-server`, for tokens meant for `audience`.
    pub fn new(upstream: Arc<Upstream>, secret: &Secret, audience: &str) -> Self {
        let authorization = basic::header(Client::ResourceServer.id(), secret);
        Self {
            upstream,
            authorization,
            audience: audience.to_owned(),
            latency: LatencyHistogram::default(),
        }
    }

    /// Asks about `token`.
    pub async fn introspect(&self, token: &str) -> Result<Answer, IntrospectionError> {
        let started = Instant::now();
        let asked = self.upstream.ask(self.request(token)).await;
        self.latency.observe(started.elapsed());
        match asked? {
            (StatusCode::OK, body) => Ok(answer::read(&body, &self.audience)),
            (status, _) => Err(IntrospectionError::Status(status)),
        }
    }

    /// How long answers may take.
    pub fn deadline(&self) -> Duration {
        self.upstream.deadline()
    }

    /// How long answers took, and how often was asked.
    pub fn latency(&self) -> &LatencyHistogram {
        &self.latency
    }

    fn request(&self, token: &str) -> Request<Full<Bytes>> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token)
            .append_pair("token_type_hint", "access_token")
            .finish();
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = hyper::Uri::from_static(PATH);
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.authorization.clone());
        request.headers_mut().insert(CONTENT_TYPE, FORM);
        request
    }
}

//! `POST /logout`: a user ends what the presented credential belongs to.

use hyper::StatusCode;
use hyper::header::SET_COOKIE;

use super::error::EndpointError;
use super::events::Event;
use super::server::AuthorizationServer;
use crate::audit::{AuditEvent, AuditKind};
use crate::http::reply::{self, Reply};
use crate::http::{Presented, site};
use crate::model::Issuer;
use crate::resource::challenge;
use crate::scope::Scope;

impl<I: Issuer> AuthorizationServer<I> {
    /// 204 once the store has confirmed it: after that answer the credential is as dead as the
    /// model can make it.
    pub(super) async fn log_out(&self, presented: Presented<'_>) -> Result<Reply, EndpointError> {
        if site::is_cross_site(presented.headers, &self.origins) {
            return Err(EndpointError::CrossSite);
        }
        let done = match self.issuer.log_out(presented).await? {
            Ok(done) => done,
            Err(reason) => return Ok(challenge::refuse(I::SCHEME, reason, Scope::NONE)),
        };
        self.events.count(Event::Logout);
        let event = AuditEvent::new(AuditKind::Logout).credential(done.credential);
        self.audit.record(match &done.subject {
            Some(subject) => event.subject(subject),
            None => event,
        });
        let reply = reply::empty(StatusCode::NO_CONTENT);
        Ok(match done.cookie {
            Some(cookie) => reply::with_header(reply, SET_COOKIE, cookie),
            None => reply,
        })
    }
}

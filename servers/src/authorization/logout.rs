//! `POST /logout`: a user ends what the presented credential belongs to.

use hyper::StatusCode;
use hyper::header::SET_COOKIE;

use super::server::{AuthorizationServer, store_down};
use crate::audit::{AuditEvent, AuditKind};
use crate::http::Presented;
use crate::http::reply::{self, Reply};
use crate::model::{Issuer, LoggedOut};
use crate::resource::challenge;

impl<I: Issuer> AuthorizationServer<I> {
    /// 204 once the store has confirmed it: after that answer the credential is as dead as the model can make it.
    pub(super) async fn log_out(&self, presented: Presented<'_>) -> Reply {
        match self.issuer.log_out(presented).await {
            Err(error) => store_down(&error),
            Ok(Err(reason)) => challenge::refuse_bearer(reason),
            Ok(Ok(done)) => {
                self.audit.record(event(&done));
                match done.cookie {
                    None => reply::empty(StatusCode::NO_CONTENT),
                    Some(cookie) => {
                        reply::with_header(reply::empty(StatusCode::NO_CONTENT), SET_COOKIE, cookie)
                    }
                }
            }
        }
    }
}

fn event(done: &LoggedOut) -> AuditEvent {
    let mut event = AuditEvent::new(AuditKind::Logout);
    if let Some(subject) = &done.subject {
        event = event.subject(subject);
    }
    if let Some(credential) = done.credential {
        event = event.credential(credential);
    }
    event
}

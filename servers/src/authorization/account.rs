//! What signed-in users do about their own account: see and end their sessions, change their
//! password, log out everywhere (ASVS 7.4.3, 7.5.2), withdraw consent.
//!
//! A session is named by its handle, the hash of its credential, which opens nothing. Whoever
//! presents a good credential may do all of this; where it is a cookie, a change needs what every
//! change by cookie needs ([`crate::http::csrf`]).

use hyper::body::Incoming;
use hyper::header::SET_COOKIE;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::Serialize;

use super::error::EndpointError;
use super::events::Event;
use super::passwords::{Busy, MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES};
use super::server::{AuthorizationServer, Endpoint};
use crate::audit::{AuditEvent, AuditKind};
use crate::client::Client;
use crate::http::form::Form;
use crate::http::reply::{self, Reply};
use crate::http::{Presented, body, site};
use crate::model::{Issuer, Scheme, SessionEntry, SignedIn};
use crate::refusal::Reason;
use crate::resource::challenge;
use crate::scope::Scope;
use crate::secret::Fingerprint;

#[derive(Clone, Copy)]
enum OwnAction<'a> {
    CsrfToken,
    Sessions,
    EndSession(&'a str),
    EndSessions,
    ChangePassword,
    WithdrawConsent(Client),
}

/// A session in its owner's list.
#[derive(Serialize)]
struct OwnSession<'a> {
    #[serde(flatten)]
    entry: &'a SessionEntry,
    /// Whether it is the one that asks.
    current: bool,
}

#[derive(Serialize)]
struct CsrfAnswer<'a> {
    csrf_token: &'a str,
}

impl<I: Issuer> AuthorizationServer<I> {
    /// Answers what is about the caller's own account; `None` if the path is not.
    pub(super) async fn own_account(&self, head: &Parts, body: Incoming) -> Option<Reply> {
        let action = OwnAction::parse(head.uri.path()).filter(|_| I::SCHEME != Scheme::None)?;
        if head.method != action.method() {
            return Some(reply::method_not_allowed(action.allowed()));
        }
        let body = match body::read(body, &self.limits).await {
            Ok(body) => body,
            Err(error) => return Some(error.reply()),
        };
        let outcome = self.act_for_owner(action, head, &body).await;
        Some(self.answer(Endpoint::Account, outcome))
    }

    async fn act_for_owner(
        &self,
        action: OwnAction<'_>,
        head: &Parts,
        body: &[u8],
    ) -> Result<Reply, EndpointError> {
        let presented = Presented {
            method: &head.method,
            uri: &head.uri,
            headers: &head.headers,
        };
        if site::is_cross_site(presented.headers, &self.origins) {
            return Err(EndpointError::CrossSite);
        }
        let owner = match self.issuer.recognise(presented).await? {
            Ok(owner) => owner,
            Err(reason) => return Ok(self.refuse_owner(reason)),
        };
        match action {
            OwnAction::CsrfToken => Ok(csrf_token(&owner)),
            OwnAction::Sessions => self.own_sessions(&owner).await,
            OwnAction::EndSession(handle) => self.end_own_session(&owner, handle).await,
            OwnAction::EndSessions => self.log_out_everywhere(&owner, presented).await,
            OwnAction::ChangePassword => {
                let form = Form::parse(&head.headers, body);
                let form = form.map_err(|_| EndpointError::InvalidRequest)?;
                self.change_password(owner, &form, presented).await
            }
            OwnAction::WithdrawConsent(client) => {
                self.withdraw_own_consent(&owner, client, presented).await
            }
        }
    }

    fn refuse_owner(&self, reason: Reason) -> Reply {
        let event = AuditEvent::new(AuditKind::RequestRefused).reason(reason.label());
        self.audit.record(event);
        challenge::refuse(I::SCHEME, reason, Scope::NONE)
    }

    async fn own_sessions(&self, owner: &SignedIn) -> Result<Reply, EndpointError> {
        let entries = self.issuer.sessions(&owner.grant.subject).await?;
        let sessions: Vec<_> = entries
            .iter()
            .map(|entry| OwnSession {
                entry,
                current: owner.handle.as_ref() == Some(&entry.handle),
            })
            .collect();
        Ok(reply::json(StatusCode::OK, &sessions))
    }

    /// Of somebody else's session nothing is said but that the caller has no such one.
    async fn end_own_session(
        &self,
        owner: &SignedIn,
        handle: &str,
    ) -> Result<Reply, EndpointError> {
        let account = &owner.grant.subject;
        if !self.issuer.end_one(account, handle).await? {
            return Ok(reply::not_found());
        }
        self.record_own(
            AuditKind::SessionEnded,
            owner,
            Fingerprint::of_handle(handle),
        );
        self.events.count(Event::SessionEndedByOwner);
        Ok(reply::empty(StatusCode::NO_CONTENT))
    }

    async fn log_out_everywhere(
        &self,
        owner: &SignedIn,
        presented: Presented<'_>,
    ) -> Result<Reply, EndpointError> {
        self.accounts.mark_ended(&owner.grant.subject).await?;
        self.issuer.end_all(&owner.grant.subject).await?;
        self.record_own(AuditKind::SessionsEnded, owner, Some(owner.credential));
        self.events.count(Event::LogoutEverywhere);
        self.logged_out(presented).await
    }

    /// Withdrawn for the client that asks, it takes the credential along by which it is asked.
    async fn withdraw_own_consent(
        &self,
        owner: &SignedIn,
        client: Client,
        presented: Presented<'_>,
    ) -> Result<Reply, EndpointError> {
        let account = &owner.grant.subject;
        let (event, ends) = self.withdraw_consent(account, client).await?;
        let event = event.subject(account).actor("owner");
        self.audit.record(event.credential(Some(owner.credential)));
        self.events.count(ends);
        if owner.grant.client == client {
            return self.logged_out(presented).await;
        }
        Ok(reply::empty(StatusCode::NO_CONTENT))
    }

    /// 204 without the cookie of a credential that has ended.
    async fn logged_out(&self, presented: Presented<'_>) -> Result<Reply, EndpointError> {
        let done = self.issuer.log_out(presented).await?;
        let reply = reply::empty(StatusCode::NO_CONTENT);
        Ok(match done.ok().and_then(|done| done.cookie) {
            Some(cookie) => reply::with_header(reply, SET_COOKIE, cookie),
            None => reply,
        })
    }

    /// Ends everything that was opened with the old password, this session included, and opens this
    /// one anew. A login with the old password that is under way finds the account changed.
    async fn change_password(
        &self,
        owner: SignedIn,
        form: &Form<'_>,
        presented: Presented<'_>,
    ) -> Result<Reply, EndpointError> {
        let account = owner.grant.subject.as_str();
        if !self.accounts.exist(account) {
            // A client that acts for itself has a secret, and no password.
            return Err(EndpointError::EndpointForbidden);
        }
        let current = form.get("current_password");
        let current = current.ok_or(EndpointError::InvalidRequest)?;
        let new = form.get("new_password").filter(|new| {
            (MIN_PASSWORD_BYTES..=MAX_PASSWORD_BYTES).contains(&new.len()) && *new != current
        });
        let new = new.ok_or(EndpointError::InvalidRequest)?;
        self.check_current_password(&owner, current).await?;
        let hash = self.passwords.hash(new).await;
        let hash = hash.map_err(|Busy| EndpointError::Busy)?;
        self.accounts.set_password(account, &hash).await?;
        self.issuer.end_all(account).await?;
        self.record_own(AuditKind::PasswordChanged, &owner, Some(owner.credential));
        self.events.count(Event::PasswordChanged);
        let standing = self.accounts.standing(account, owner.grant.client).await?;
        self.sign_in(owner.grant, &standing, presented.headers)
            .await
    }

    /// 403 for a wrong one: the credential that was presented is still good.
    async fn check_current_password(
        &self,
        owner: &SignedIn,
        current: &str,
    ) -> Result<(), EndpointError> {
        if current.len() > MAX_PASSWORD_BYTES {
            return Err(EndpointError::InvalidRequest);
        }
        let standing = self.accounts.own_standing(&owner.grant.subject).await?;
        let right = self
            .passwords
            .check(current, standing.password.as_deref())
            .await;
        if right.map_err(|Busy| EndpointError::Busy)? {
            return Ok(());
        }
        let event = AuditEvent::new(AuditKind::LoginFailed)
            .subject(&owner.grant.subject)
            .reason("wrong_current_password");
        self.audit.record(event);
        Err(EndpointError::WrongPassword)
    }

    fn record_own(&self, kind: AuditKind, owner: &SignedIn, credential: Option<Fingerprint>) {
        let event = AuditEvent::new(kind)
            .subject(&owner.grant.subject)
            .actor("owner")
            .credential(credential);
        self.audit.record(event);
    }
}

/// For a page that was loaded anew and has lost what the login answered.
fn csrf_token(owner: &SignedIn) -> Reply {
    match &owner.csrf_token {
        Some(csrf_token) => reply::json(StatusCode::OK, &CsrfAnswer { csrf_token }),
        None => reply::not_found(),
    }
}

impl<'a> OwnAction<'a> {
    fn parse(path: &'a str) -> Option<Self> {
        Some(match path {
            "/csrf-token" => Self::CsrfToken,
            "/sessions" => Self::Sessions,
            "/logout-everywhere" => Self::EndSessions,
            "/password" => Self::ChangePassword,
            _ => match path.strip_prefix("/consents/") {
                Some(client) => Self::WithdrawConsent(Client::with_id(client)?),
                None => Self::EndSession(path.strip_prefix("/sessions/")?),
            },
        })
    }

    fn method(self) -> Method {
        match self {
            Self::CsrfToken | Self::Sessions => Method::GET,
            Self::EndSession(_) | Self::WithdrawConsent(_) => Method::DELETE,
            Self::EndSessions | Self::ChangePassword => Method::POST,
        }
    }

    fn allowed(self) -> &'static str {
        match self {
            Self::CsrfToken | Self::Sessions => "GET",
            Self::EndSession(_) | Self::WithdrawConsent(_) => "DELETE",
            Self::EndSessions | Self::ChangePassword => "POST",
        }
    }
}

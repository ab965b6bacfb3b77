//! What administrators do to accounts. Everything is in the audit log, with who did it. What they
//! do to clients, keys and everybody is in [`super::interventions`].

use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::Serialize;

use super::action::{AccountAction, Action};
use super::admin::AdminRole;
use super::error::EndpointError;
use super::events::Event;
use super::server::AuthorizationServer;
use crate::audit::{AuditEvent, AuditKind};
use crate::client::Client;
use crate::http::form::Form;
use crate::http::reply::{self, Reply};
use crate::model::Issuer;
use crate::model::accounts::Standing;
use crate::roles::Roles;
use crate::scope::Scope;
use crate::secret::Fingerprint;

/// What an administrator sees of an account.
#[derive(Serialize)]
struct AccountView<'a> {
    account: &'a str,
    disabled: bool,
    roles: Roles,
    /// The most that any client may do on its behalf.
    scope: Scope,
}

/// What was done, for the audit log, and for the figures where it puts somebody out.
pub(super) type Done = (AuditEvent, Option<Event>);

impl<I: Issuer> AuthorizationServer<I> {
    /// Acknowledged (204) once the store has confirmed it, as far as the model can do it.
    pub(super) async fn administer(
        &self,
        admin: AdminRole,
        action: Action<'_>,
        head: &Parts,
        body: &[u8],
    ) -> Result<Reply, EndpointError> {
        let (event, ends) = match action {
            Action::Account(account, action) => {
                let standing = self.accounts.own_standing(account).await?;
                let is_itself = action == AccountAction::Itself;
                if standing.deleted && (!is_itself || head.method == Method::GET) {
                    return Ok(reply::not_found());
                }
                if head.method == Method::GET {
                    return self.look(admin, action, account, &standing).await;
                }
                let form = || Form::parse(&head.headers, body);
                let changed = match action {
                    AccountAction::Scope => {
                        let form = form().map_err(|_| EndpointError::InvalidRequest)?;
                        self.set_scope(account, form.get("scope"), &standing)
                            .await?
                    }
                    _ => {
                        self.change(account, action, &head.method, &standing)
                            .await?
                    }
                };
                match changed {
                    Some((event, ends)) => (event.subject(account), ends),
                    None => return Ok(reply::not_found()),
                }
            }
            Action::Client(client, action) => self.set_client(client, action).await?,
            Action::CutOff => self.cut_everything_off().await?,
            Action::RotateKeys => self.rotate_keys(&head.headers, body).await?,
        };
        self.audit.record(event.actor(admin.name()));
        self.events.count(ends);
        Ok(reply::empty(StatusCode::NO_CONTENT))
    }

    async fn look(
        &self,
        admin: AdminRole,
        action: AccountAction<'_>,
        account: &str,
        standing: &Standing,
    ) -> Result<Reply, EndpointError> {
        let (kind, reply) = if action == AccountAction::Sessions {
            let sessions = self.issuer.sessions(account).await?;
            let reply = reply::json(StatusCode::OK, &sessions);
            (AuditKind::SessionsListed, reply)
        } else {
            let view = AccountView {
                account,
                disabled: standing.disabled,
                roles: self.accounts.roles(account, standing),
                scope: standing.allowed(Scope::ALL),
            };
            (AuditKind::AccountSeen, reply::json(StatusCode::OK, &view))
        };
        let event = AuditEvent::new(kind).subject(account);
        self.audit.record(event.actor(admin.name()));
        Ok(reply)
    }

    /// `None`: there is nothing of that name.
    ///
    /// Whatever ends something is written down first: a login that comes in between sees it and
    /// takes back what it made, or is found by what ends the rest.
    async fn change(
        &self,
        account: &str,
        action: AccountAction<'_>,
        method: &Method,
        standing: &Standing,
    ) -> Result<Option<Done>, EndpointError> {
        let done = |kind, ends| Ok(Some((AuditEvent::new(kind), ends)));
        match action {
            AccountAction::Itself if method == Method::PUT => {
                if standing.deleted {
                    self.accounts.restore(account).await?;
                }
                done(AuditKind::AccountRestored, None)
            }
            AccountAction::Itself => {
                self.accounts.delete(account).await?;
                self.issuer.end_all(account).await?;
                done(AuditKind::AccountDeleted, Some(Event::AccountDeleted))
            }
            AccountAction::EndSession(handle) => {
                if !self.issuer.end_one(account, handle).await? {
                    return Ok(None);
                }
                let event = AuditEvent::new(AuditKind::SessionEnded);
                let event = event.credential(Fingerprint::of_handle(handle));
                Ok(Some((event, Some(Event::SessionEndedByAdmin))))
            }
            AccountAction::EndSessions => {
                self.accounts.mark_ended(account).await?;
                self.issuer.end_all(account).await?;
                done(AuditKind::SessionsEnded, Some(Event::SessionEndedByAdmin))
            }
            AccountAction::Disable => {
                self.accounts.disable(account).await?;
                self.issuer.end_all(account).await?;
                done(AuditKind::AccountDisabled, Some(Event::AccountDisabled))
            }
            AccountAction::Enable => {
                self.accounts.enable(account).await?;
                done(AuditKind::AccountEnabled, None)
            }
            AccountAction::Role(role) if method == Method::PUT => {
                self.change_roles(account, |roles| roles.with(role)).await?;
                done(AuditKind::RoleGiven, None)
            }
            AccountAction::Role(role) => {
                self.change_roles(account, |roles| roles.without(role))
                    .await?;
                done(AuditKind::RoleTaken, Some(Event::RoleRemoved))
            }
            AccountAction::Consent(client) => {
                self.withdraw_consent(account, client).await.map(Some)
            }
            // Looked at, or with a body: not here.
            AccountAction::Sessions | AccountAction::Scope => Ok(None),
        }
    }

    /// The account first, then what it has open: a login that comes in between sees that the
    /// account has changed, or is found and changed too.
    async fn change_roles(
        &self,
        account: &str,
        change: impl Fn(Roles) -> Roles,
    ) -> Result<(), EndpointError> {
        let _turn = self.account_changes.lock().await;
        let standing = self.accounts.own_standing(account).await?;
        let roles = change(self.accounts.roles(account, &standing));
        self.accounts.set_roles(account, roles).await?;
        self.issuer.change_roles(account, roles).await?;
        Ok(())
    }

    /// What is open is narrowed, and never widened again: for that a user logs in anew.
    async fn set_scope(
        &self,
        account: &str,
        scope: Option<&str>,
        standing: &Standing,
    ) -> Result<Option<Done>, EndpointError> {
        let scope = scope.ok_or(EndpointError::InvalidRequest)?;
        let most = Scope::requested(scope).map_err(|_| EndpointError::InvalidScope)?;
        let is_less = !most.covers(standing.allowed(Scope::ALL));
        let _turn = self.account_changes.lock().await;
        self.accounts.set_scope(account, most).await?;
        self.issuer.narrow_scope(account, most).await?;
        let ends = is_less.then_some(Event::ScopeReduced);
        Ok(Some((AuditEvent::new(AuditKind::ScopeSet), ends)))
    }

    /// Ends what a client has open for an account. By whom it is asked is the caller's to record.
    pub(super) async fn withdraw_consent(
        &self,
        account: &str,
        client: Client,
    ) -> Result<Done, EndpointError> {
        self.accounts.withdraw_consent(account, client).await?;
        self.issuer.end_consent(account, client).await?;
        let event = AuditEvent::new(AuditKind::ConsentWithdrawn).client(client.id());
        Ok((event, Some(Event::ConsentWithdrawn)))
    }
}

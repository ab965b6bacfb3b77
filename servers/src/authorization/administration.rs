//! What administrators do to accounts. Everything is in the audit log, with who did it.

use hyper::{Method, StatusCode};
use serde::Serialize;

use super::admin::{Action, AdminRole};
use super::error::EndpointError;
use super::server::AuthorizationServer;
use crate::audit::{AuditEvent, AuditKind};
use crate::http::reply::{self, Reply};
use crate::model::Issuer;
use crate::roles::Roles;
use crate::secret::Fingerprint;

/// What an administrator sees of an account.
#[derive(Serialize)]
struct AccountView<'a> {
    account: &'a str,
    disabled: bool,
    roles: Roles,
}

impl<I: Issuer> AuthorizationServer<I> {
    /// Acknowledged (204) once the store has confirmed it, as far as the model can do it.
    pub(super) async fn administer(
        &self,
        admin: AdminRole,
        action: Action<'_>,
        method: &Method,
        account: &str,
    ) -> Result<Reply, EndpointError> {
        let event = |kind| AuditEvent::new(kind).subject(account).actor(admin.name());
        let done = match action {
            Action::View => {
                let view = self.view(account).await?;
                self.audit.record(event(AuditKind::AccountSeen));
                return Ok(view);
            }
            Action::Sessions => {
                let sessions = self.issuer.sessions(account).await?;
                self.audit.record(event(AuditKind::SessionsListed));
                return Ok(reply::json(StatusCode::OK, &sessions));
            }
            Action::EndSession(handle) => {
                if !self.issuer.end_one(account, handle).await? {
                    return Ok(reply::not_found());
                }
                event(AuditKind::SessionEnded).credential(Fingerprint::of_handle(handle))
            }
            Action::EndSessions => {
                self.issuer.end_all(account).await?;
                event(AuditKind::SessionsEnded)
            }
            Action::Disable => {
                // The flag first: a login that comes in between sees it and takes back what it
                // made.
                self.accounts.disable(account).await?;
                self.issuer.end_all(account).await?;
                event(AuditKind::AccountDisabled)
            }
            Action::Enable => {
                self.accounts.enable(account).await?;
                event(AuditKind::AccountEnabled)
            }
            Action::Role(role) => {
                let is_given = method == Method::PUT;
                self.change_role(account, role, is_given).await?;
                event(if is_given {
                    AuditKind::RoleGiven
                } else {
                    AuditKind::RoleTaken
                })
            }
        };
        self.audit.record(done);
        Ok(reply::empty(StatusCode::NO_CONTENT))
    }

    async fn view(&self, account: &str) -> Result<Reply, EndpointError> {
        let standing = self.accounts.standing(account).await?;
        let view = AccountView {
            account,
            disabled: standing.disabled,
            roles: self.accounts.roles(account, &standing),
        };
        Ok(reply::json(StatusCode::OK, &view))
    }

    /// The account first, then what it has open: a login that comes in between sees that the
    /// account has changed, or is found and changed too.
    async fn change_role(
        &self,
        account: &str,
        role: Roles,
        is_given: bool,
    ) -> Result<(), EndpointError> {
        // One at a time: each is read, changed and written, and two of one account must not undo
        // each other. There is one authorization server for each target, so a lock in it will do.
        let _turn = self.role_changes.lock().await;
        let standing = self.accounts.standing(account).await?;
        let roles = self.accounts.roles(account, &standing);
        let roles = match is_given {
            true => roles.with(role),
            false => roles.without(role),
        };
        self.accounts.set_roles(account, roles).await?;
        self.issuer.change_roles(account, roles).await?;
        Ok(())
    }
}

//! What can be asked for on the admin surface, and by which path.

use crate::client::Client;
use crate::roles::Roles;

/// What a path of the admin surface is about. What is looked at is asked for with GET and nothing
/// else is: whatever is changed takes an operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action<'a> {
    /// Something about an account, which may not exist.
    Account(&'a str, AccountAction<'a>),
    /// Disable or enable a client.
    Client(Client, ClientAction),
    /// End everything that was handed out until now.
    CutOff,
    /// Sign with another key.
    RotateKeys,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum AccountAction<'a> {
    /// Look at it, delete it, or bring it back as it was seeded.
    Itself,
    /// List what it has open.
    Sessions,
    /// End one of these.
    EndSession(&'a str),
    /// End all of these.
    EndSessions,
    Disable,
    Enable,
    /// Give or take roles.
    Role(Roles),
    /// Set the most that any client may do on its behalf.
    Scope,
    /// Withdraw its consent to what this client does on its behalf.
    Consent(Client),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientAction {
    Disable,
    Enable,
}

impl<'a> Action<'a> {
    /// `/accounts/NAME` and what is under it, `/clients/ID/…`, `/cut-off`, `/keys/rotate`. Names,
    /// handles and roles need no escaping: those that exist are letters, digits, hyphens and
    /// underscores.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let (collection, rest) = path
            .strip_prefix('/')?
            .split_once('/')
            .unwrap_or((&path[1..], ""));
        match (collection, rest) {
            ("cut-off", "") if !path.ends_with('/') => Some(Self::CutOff),
            ("keys", "rotate") => Some(Self::RotateKeys),
            ("clients", rest) => {
                let (client, action) = rest.split_once('/')?;
                let action = match action {
                    "disable" => ClientAction::Disable,
                    "enable" => ClientAction::Enable,
                    _ => return None,
                };
                Some(Self::Client(Client::with_id(client)?, action))
            }
            ("accounts", rest) => {
                let (account, action) = match rest.split_once('/') {
                    None => (rest, AccountAction::Itself),
                    Some((account, action)) => (account, AccountAction::parse(action)?),
                };
                Some(Self::Account(account, action))
            }
            _ => None,
        }
    }

    /// The account that it is about.
    pub(super) fn account(&self) -> Option<&'a str> {
        match self {
            Self::Account(account, _) => Some(account),
            _ => None,
        }
    }

    /// The methods that it answers to.
    pub(super) fn allowed(self) -> &'static str {
        match self {
            Self::Account(_, action) => action.allowed(),
            Self::Client(..) | Self::CutOff | Self::RotateKeys => "POST",
        }
    }
}

impl<'a> AccountAction<'a> {
    fn parse(path: &'a str) -> Option<Self> {
        Some(match path.split_once('/') {
            None => match path {
                "sessions" => Self::Sessions,
                "end-sessions" => Self::EndSessions,
                "disable" => Self::Disable,
                "enable" => Self::Enable,
                "scope" => Self::Scope,
                _ => return None,
            },
            Some(("sessions", handle)) => Self::EndSession(handle),
            Some(("roles", role)) => Self::Role(Roles::named(role)?),
            Some(("consents", client)) => Self::Consent(Client::with_id(client)?),
            Some(_) => return None,
        })
    }

    fn allowed(self) -> &'static str {
        match self {
            Self::Itself => "GET, PUT, DELETE",
            Self::Sessions => "GET",
            Self::EndSession(_) | Self::Consent(_) => "DELETE",
            Self::EndSessions | Self::Disable | Self::Enable => "POST",
            Self::Role(_) => "PUT, DELETE",
            Self::Scope => "PUT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_whom_and_what() {
        for (path, action) in [
            ("/accounts/u", AccountAction::Itself),
            ("/accounts/u/sessions", AccountAction::Sessions),
            ("/accounts/u/sessions/h", AccountAction::EndSession("h")),
            (
                "/accounts/u/roles/writer",
                AccountAction::Role(Roles::WRITER),
            ),
            ("/accounts/u/disable", AccountAction::Disable),
            ("/accounts/u/scope", AccountAction::Scope),
            (
                "/accounts/u/consents/app",
                AccountAction::Consent(Client::App),
            ),
        ] {
            let expected = Action::Account("u", action);
            assert_eq!(Action::parse(path), Some(expected), "{path}");
        }
        let disabled = Action::Client(Client::Partner, ClientAction::Disable);
        for (path, action) in [
            ("/clients/partner/disable", disabled),
            ("/cut-off", Action::CutOff),
            ("/keys/rotate", Action::RotateKeys),
        ] {
            assert_eq!(Action::parse(path), Some(action), "{path}");
        }
        for other in [
            "",
            "/",
            "cut-off",
            "/cut-off/",
            "/keys",
            "/clients/nobody/disable",
            "/clients/app",
            "/accounts",
            "/accounts/u/",
            "/accounts/u/roles/root",
            "/accounts/u/consents/nobody",
            "/u",
        ] {
            let parsed = Action::parse(other).filter(|action| action.account() != Some(""));
            assert_eq!(parsed, None, "{other}");
        }
    }

    #[test]
    fn what_only_looks_is_asked_for_with_get() {
        for path in ["/accounts/u/sessions", "/accounts/u"] {
            let allowed = Action::parse(path).map(Action::allowed);
            assert!(allowed.is_some_and(|allowed| allowed.starts_with("GET")));
        }
        for path in ["/cut-off", "/clients/app/enable", "/accounts/u/scope"] {
            let allowed = Action::parse(path).map(Action::allowed);
            assert!(allowed.is_some_and(|allowed| !allowed.contains("GET")));
        }
    }
}

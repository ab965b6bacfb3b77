//! The administrator's login: once for all who make events, and again when it is over.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::client::FlowClient;
use super::credential::Credential;
use super::error::StepError;
use super::steps::walk_through;
use super::walk::Walk;
use crate::target::Target;

/// A session counts as over this long before it is, or half its life if that is shorter: a call must not outlive it.
const MARGIN: Duration = Duration::from_secs(1);

/// The administrator's session at one target, shared by all who make events there.
#[derive(Debug, Default)]
pub(crate) struct AdminLogin(Mutex<Option<Arc<AdminSession>>>);

/// What the administrator's login captured. `Debug` shows no value.
pub(super) struct AdminSession {
    captures: BTreeMap<String, String>,
    ends: Option<Instant>,
}

impl AdminLogin {
    /// The session; logs in when there is none yet or it has expired. Whoever asks meanwhile waits for that one login.
    pub(super) async fn session(
        &self,
        client: &mut FlowClient,
        target: &Target,
    ) -> Result<Arc<AdminSession>, StepError> {
        let mut held = self.0.lock().await;
        match held.as_ref().filter(|session| session.is_alive()) {
            Some(session) => Ok(Arc::clone(session)),
            None => Ok(Arc::clone(held.insert(log_in(client, target).await?))),
        }
    }

    /// Another session than `refused`, with which a call was just refused.
    pub(super) async fn after(
        &self,
        refused: &Arc<AdminSession>,
        client: &mut FlowClient,
        target: &Target,
    ) -> Result<Arc<AdminSession>, StepError> {
        let mut held = self.0.lock().await;
        if held.as_ref().is_some_and(|held| Arc::ptr_eq(held, refused)) {
            *held = None;
        }
        drop(held);
        self.session(client, target).await
    }
}

impl AdminSession {
    pub(super) fn captured(&self, name: &str) -> Option<&str> {
        self.captures.get(name).map(String::as_str)
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.captures.values().map(String::as_str)
    }

    fn is_alive(&self) -> bool {
        self.ends.is_none_or(|ends| ends > Instant::now())
    }
}

async fn log_in(client: &mut FlowClient, target: &Target) -> Result<Arc<AdminSession>, StepError> {
    let mut credential = Credential::of(None);
    let steps = &target.flows.admin_login;
    let walk = Walk::of_admin_login();
    walk_through(client, target, steps, &mut credential, &walk).await?;
    let ends = credential
        .lifetime
        .map(|lifetime| credential.issued + lifetime - MARGIN.min(lifetime / 2));
    Ok(Arc::new(AdminSession {
        captures: credential.captures,
        ends,
    }))
}

impl fmt::Debug for AdminSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminSession")
            .field("captured", &self.captures.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

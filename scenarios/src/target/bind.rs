//! A target that runs: every address known and cleared, everything ready to be sent but what belongs to one user.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use authbench_reports::run_file;

use super::file::{About, TargetFile};
use super::flows::Flows;
use super::remote::RemoteTargets;
use super::request::{Request, RequestTemplate, UrlError};
use super::template::Reference;
use crate::transport::{Handshakes, Trust};

/// The string members of each process's ready line, by process name.
pub type Members = BTreeMap<String, BTreeMap<String, String>>;

/// A running target.
#[derive(Debug, Clone)]
pub struct Target {
    /// What it is.
    pub about: Arc<About>,
    /// What can be done with it.
    pub flows: Flows<Request>,
    presented: BTreeSet<String>,
    handshakes: Arc<Handshakes>,
}

/// Why a request's destination cannot be known, or must not be used.
#[derive(Debug, thiserror::Error)]
#[error("target {target}, {place}: {reason}")]
pub struct BindError {
    /// The target's name.
    pub target: String,
    /// The step, point or process.
    pub place: String,
    /// What stands in the way.
    pub reason: BindReason,
}

/// What stands in the way of a request.
#[derive(Debug, thiserror::Error)]
pub enum BindReason {
    /// A process printed no such member in its ready line.
    #[error("the ready line of {process} has no {member} (it has: {available})")]
    NoMember {
        /// The process's name.
        process: String,
        /// The member that is referred to.
        member: String,
        /// The members that are there.
        available: String,
    },
    /// The URL cannot or must not be requested.
    #[error(transparent)]
    Url(#[from] UrlError),
}

impl TargetFile {
    /// Fills in what the processes said when they became ready, and clears every host with `policy`. Sends nothing.
    ///
    /// # Errors
    /// When a process did not say what a request needs, or a request would go where it must not.
    pub fn bind(&self, members: &Members, policy: &RemoteTargets) -> Result<Target, BindError> {
        let mut trust = self.trust(members)?;
        let flows = self.flows.try_map(|request, place| {
            self.bind_request(
                request,
                place,
                &|reference| lookup(members, &reference.name),
                policy,
                &mut trust,
            )
        })?;
        let presented = flows
            .points
            .iter()
            .flat_map(|point| point.request.references());
        let presented = presented.map(|reference| reference.name.clone()).collect();
        Ok(Target {
            about: Arc::clone(&self.about),
            flows,
            presented,
            handshakes: Arc::clone(trust.handshakes()),
        })
    }

    /// Whose certificates count, once the processes have said where theirs are.
    pub(crate) fn trust(&self, members: &Members) -> Result<Trust, BindError> {
        let trust = self.tls.trust(|reference| lookup(members, &reference.name));
        trust.map_err(|reason| BindError {
            target: self.about.name.clone(),
            place: "tls.ca_file".to_owned(),
            reason,
        })
    }

    pub(crate) fn bind_request(
        &self,
        request: &RequestTemplate,
        place: &str,
        known: &dyn Fn(&Reference) -> Result<Option<String>, BindReason>,
        policy: &RemoteTargets,
        trust: &mut Trust,
    ) -> Result<Request, BindError> {
        let target = &self.about.name;
        let failed = |reason| BindError {
            target: target.clone(),
            place: place.to_owned(),
            reason,
        };
        request.bind(known, policy, trust).map_err(failed)
    }
}

impl Target {
    /// Whether a point presents the captured value of this name: whether it is what gets accepted or refused.
    pub(crate) fn presents(&self, capture: &str) -> bool {
        self.presented.contains(capture)
    }

    /// The TLS handshakes with its servers so far, whoever made them; `None` where all of its points are without TLS.
    #[must_use]
    pub fn handshakes_so_far(&self) -> Option<run_file::Handshakes> {
        let points = &self.flows.points;
        let is_secured = points
            .iter()
            .any(|point| point.request.origin.tls.is_some());
        is_secured.then(|| run_file::Handshakes {
            full: self.handshakes.full(),
            resumed: self.handshakes.resumed(),
        })
    }
}

/// The member that a dotted reference means; nothing for references to users and captures.
pub(crate) fn lookup(members: &Members, name: &str) -> Result<Option<String>, BindReason> {
    let Some((process, member)) = name
        .split_once('.')
        .filter(|(process, _)| *process != "user")
    else {
        return Ok(None);
    };
    let said = members.get(process);
    let missing = || BindReason::NoMember {
        process: process.to_owned(),
        member: member.to_owned(),
        available: said
            .map(|said| said.keys().cloned().collect::<Vec<_>>().join(", "))
            .unwrap_or_default(),
    };
    said.and_then(|said| said.get(member))
        .cloned()
        .map(Some)
        .ok_or_else(missing)
}

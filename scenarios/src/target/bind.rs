//! A target that runs: every address known and cleared, everything ready to be sent but what belongs to one user.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use authbench_reports::run_file;
use url::Url;

use super::file::{About, Ready, TargetFile};
use super::flows::{Action, Flows, Turn};
use super::limits::Limits;
use super::loaded::Loaded;
use super::origin::Origin;
use super::remote::RemoteTargets;
use super::request::{Request, RequestTemplate, UrlError};
use super::secrets::Secrets;
use super::template::{Reference, Template};
use crate::credentials::Turns;
use crate::flow::{AdminLogin, Lifetimes};
use crate::transport::Trust;

/// The string members of each process's ready line, by process name.
pub type Members = BTreeMap<String, BTreeMap<String, String>>;

/// A running target.
#[derive(Debug, Clone)]
pub struct Target {
    /// What it is.
    pub about: Arc<About>,
    /// What can be done with it.
    pub flows: Flows<Request>,
    /// The administrator's login, shared by all who make events.
    pub(crate) admin: Arc<AdminLogin>,
    /// What its token responses said of how long they live.
    pub(crate) lifetimes: Arc<Lifetimes>,
    /// How much load it may get: as the file says, and little where the file does not and the target is not on this machine.
    pub limits: Limits,
    /// Who may be sent next, of all who keep to the limits.
    pub(crate) turns: Turns,
    /// How its file was loaded, for whoever has to load it again.
    pub(crate) loaded: Loaded,
    presented: BTreeSet<String>,
    trust: Arc<Trust>,
    origins: Vec<Origin>,
    secrets: Secrets,
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
        let trust = self.trust(members)?;
        let flows = self.flows.try_map(&Binder {
            file: self,
            members,
            policy,
            trust: &trust,
        })?;
        let presented = flows
            .points
            .iter()
            .flat_map(|point| point.request.references());
        let presented = presented.map(|reference| reference.name.clone()).collect();
        let origins = origins(&flows);
        let is_remote = |origin: &Origin| !origin.is_on_this_machine();
        let limits = self.about.limits.of(origins.iter().any(is_remote));
        Ok(Target {
            about: Arc::clone(&self.about),
            turns: Turns::of(limits),
            limits,
            origins,
            flows,
            admin: Arc::default(),
            lifetimes: Arc::default(),
            loaded: self.loaded.clone(),
            presented,
            secrets: self.secrets.clone(),
            trust: Arc::new(trust),
        })
    }

    /// Whose certificates count, as far as the processes that `members` knows have said.
    pub(crate) fn trust_so_far(&self, members: &Members) -> Trust {
        self.tls
            .trust_so_far(|reference| lookup(members, &reference.name))
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

    /// Clears every host that the file itself names with `policy`, before a process is started or a name looked up.
    ///
    /// # Errors
    /// With the first request that would go where it must not.
    pub fn clear(&self, policy: &RemoteTargets) -> Result<(), BindError> {
        let clearer = Clearer { file: self, policy };
        let _: Flows<()> = self.flows.try_map(&clearer)?;
        for process in &self.processes {
            if let Some(counters) = &process.counters {
                let place = format!("process.{}.counters", process.name);
                clearer.request(&counters.request, &place)?;
            }
            if let Ready::Answers { request, .. } = &process.ready {
                clearer.request(request, &format!("process.{}.ready", process.name))?;
            }
        }
        Ok(())
    }

    /// How much load the target may get, as far as the file alone says where it is.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let refused = RemoteTargets::refused();
        self.about.limits.of(self.clear(&refused).is_err())
    }

    /// The hosts besides this machine that the file's requests go to, as far as it alone says where.
    #[must_use]
    pub fn remote_hosts(&self) -> BTreeSet<String> {
        let steps = self.flows.steps().filter_map(|step| match &step.action {
            Action::Request(call) => call.request.remote_host(),
            Action::Command(_) => None,
        });
        let points = self.flows.points.iter();
        steps
            .chain(points.filter_map(|point| point.request.remote_host()))
            .collect()
    }

    pub(crate) fn bind_request(
        &self,
        request: &RequestTemplate,
        place: &str,
        known: &dyn Fn(&Reference) -> Result<Option<String>, BindReason>,
        policy: &RemoteTargets,
        trust: &Trust,
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

/// Where a redirect leads.
pub(crate) struct Reached {
    pub(crate) origin: Origin,
    /// Whether it is not the origin that redirects.
    pub(crate) is_another: bool,
}

struct Binder<'a> {
    file: &'a TargetFile,
    members: &'a Members,
    policy: &'a RemoteTargets,
    trust: &'a Trust,
}

impl Turn<RequestTemplate, Request, BindError> for Binder<'_> {
    fn request(&self, request: &RequestTemplate, place: &str) -> Result<Request, BindError> {
        let known = |reference: &Reference| lookup(self.members, &reference.name);
        self.file
            .bind_request(request, place, &known, self.policy, self.trust)
    }

    fn text(&self, text: &Template, place: &str) -> Result<Template, BindError> {
        let bound = text.resolve(|reference| lookup(self.members, &reference.name));
        bound.map_err(|reason| BindError {
            target: self.file.about.name.clone(),
            place: place.to_owned(),
            reason,
        })
    }
}

/// Looks only at hosts that stand in the file.
struct Clearer<'a> {
    file: &'a TargetFile,
    policy: &'a RemoteTargets,
}

impl Turn<RequestTemplate, (), BindError> for Clearer<'_> {
    fn request(&self, request: &RequestTemplate, place: &str) -> Result<(), BindError> {
        request.clear(self.policy).map_err(|error| BindError {
            target: self.file.about.name.clone(),
            place: place.to_owned(),
            reason: UrlError::Remote(error).into(),
        })
    }

    fn text(&self, text: &Template, _: &str) -> Result<Template, BindError> {
        Ok(text.clone())
    }
}

/// Where the file's own requests go, each once.
fn origins(flows: &Flows<Request>) -> Vec<Origin> {
    let steps = flows.steps().filter_map(|step| match &step.action {
        Action::Request(call) => Some(&call.request.origin),
        Action::Command(_) => None,
    });
    let points = flows.points.iter().map(|point| &point.request.origin);
    let mut origins: Vec<Origin> = Vec::new();
    for origin in steps.chain(points) {
        if !origins.contains(origin) {
            origins.push(origin.clone());
        }
    }
    origins
}

impl Target {
    /// What the file knows that must never be shown.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter()
    }

    /// Where a redirect from `from` to `url` leads, if it may be followed: to an origin of the file's own requests, or within this machine.
    pub(crate) fn redirected_to(&self, url: &Url, from: &Origin) -> Result<Reached, UrlError> {
        // A replica that was pinned stays so: another origin of the file may have the same URL.
        let mut own = [from].into_iter().chain(&self.origins);
        Ok(Reached {
            is_another: !from.is_of(url),
            origin: match own.find(|origin| origin.is_of(url)) {
                Some(origin) => origin.clone(),
                None => {
                    let here = Origin::of(url, &RemoteTargets::refused(), &self.trust)?;
                    // Another machine must not choose what is asked on this one.
                    if !from.is_on_this_machine() {
                        return Err(UrlError::Inward);
                    }
                    here
                }
            },
        })
    }

    /// The hosts besides this machine that its requests go to: by name, and by the address that it has now.
    #[must_use]
    pub fn remote_hosts(&self) -> BTreeSet<String> {
        let elsewhere = self
            .origins
            .iter()
            .filter(|origin| !origin.is_on_this_machine());
        elsewhere
            .flat_map(|origin| [origin.host.clone(), origin.address.ip().to_string()])
            .collect()
    }

    /// Puts limits in the place of its own: those of a host that other targets are on, too.
    pub(crate) fn limit(&mut self, limits: Limits, turns: &Turns) {
        self.limits = limits;
        self.turns = turns.clone();
    }

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
            full: self.trust.handshakes().full(),
            resumed: self.trust.handshakes().resumed(),
        })
    }
}

/// First parts of references that mean no process: they are filled in when a request is made.
const OF_A_USER: [&str; 3] = ["user", "admin", "pkce"];

/// The member that a dotted reference means; nothing for references that are filled in when a request is made.
pub(crate) fn lookup(members: &Members, name: &str) -> Result<Option<String>, BindReason> {
    let Some((process, member)) = name
        .split_once('.')
        .filter(|(first, _)| !OF_A_USER.contains(first))
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

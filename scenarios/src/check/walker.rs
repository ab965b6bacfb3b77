//! Makes the calls of step lists one by one, no faster than the target allows, and keeps the transcript.

use super::explain::{Answer, Explained, of_step};
use super::{lifetime, outcome, shown};
use crate::credentials::{RateLimit, STEP_DEADLINE};
use crate::flow::{
    Acknowledged, Credential, ExchangeError, FlowClient, StepError, StepFailure, Walk, begin_walk,
    next_step,
};
use crate::run::system::System;
use crate::target::{Action, Event, Step, THROTTLED, Target};
use authbench_reports::check::{Entry, Finding, SCHEMA, Severity, TargetCheck};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// A step list of the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum List {
    Login,
    Refresh,
    Logout,
    AdminLogin,
    /// By its place in the file.
    Event(usize),
    /// By the event's place in the file.
    Undo(usize),
    /// By the client type's place in the file.
    LoginOf(usize),
    /// By the client type's place in the file.
    RefreshOf(usize),
}

/// A step that failed, with what that looks like.
pub(super) struct Failed {
    pub(super) error: StepError,
    pub(super) explained: Explained,
}

/// Somebody who walks.
pub(super) struct Walker<'a> {
    pub(super) target: &'a Arc<Target>,
    pub(super) client: FlowClient,
    pub(super) check: TargetCheck,
    pub(super) system: &'a System,
    pub(super) progress: &'a dyn Fn(&str),
    unreachable: bool,
    interrupted: watch::Receiver<bool>,
    requests: Arc<RateLimit>,
    began: Instant,
}

impl<'a> Walker<'a> {
    pub(super) fn new(
        system: &'a System,
        interrupted: watch::Receiver<bool>,
        progress: &'a dyn Fn(&str),
    ) -> Self {
        let target = system.target();
        let points = target.flows.points.iter();
        Self {
            client: FlowClient::new(STEP_DEADLINE),
            check: TargetCheck {
                schema: SCHEMA.to_owned(),
                target: target.about.name.clone(),
                outcome: authbench_reports::check::Outcome::Fine,
                duration_s: 0.0,
                transcript: Vec::new(),
                points: points.map(|point| point.name.clone()).collect(),
                moments: Vec::new(),
                events: Vec::new(),
                findings: Vec::new(),
            },
            unreachable: false,
            requests: RateLimit::new(target.limits.requests_per_s),
            began: Instant::now(),
            target,
            system,
            progress,
            interrupted,
        }
    }

    /// The check, its findings in order and its outcome drawn.
    pub(super) fn finished(mut self) -> TargetCheck {
        self.check.findings.dedup();
        self.check.findings.sort_by_key(|found| found.severity);
        self.check.duration_s = self.began.elapsed().as_secs_f64();
        let interrupted = self.is_interrupted();
        self.check.outcome = outcome(&self.check, self.unreachable, interrupted);
        self.check
    }

    pub(super) fn is_interrupted(&self) -> bool {
        *self.interrupted.borrow()
    }

    pub(super) fn find(&mut self, finding: Finding) {
        // The same cookie is refused at every login, say.
        if !self.check.findings.contains(&finding) {
            self.check.findings.push(finding);
        }
    }

    pub(super) fn find_wrong(&mut self, about: impl Into<String>, says: impl Into<String>) {
        self.find(Finding::new(Severity::Wrong, about, says));
    }

    /// Waits until one more request may be sent.
    pub(super) async fn pace(&self) {
        self.requests.pass().await;
    }

    /// Notes that somebody does not answer.
    pub(super) fn note_unreachable(&mut self, error: &ExchangeError) {
        self.unreachable |= !error.may_have_been_sent();
    }

    /// Logs in user number `user`.
    pub(super) async fn login(&mut self, user: u32) -> Result<Credential, Failed> {
        self.login_by(user, None).await
    }

    /// The same as the client does whose credentials `event` is about, if it is about one.
    pub(super) async fn login_for(
        &mut self,
        event: &Event,
        user: u32,
    ) -> Result<Credential, Failed> {
        self.login_by(user, self.client_of(event)).await
    }

    /// The place in the file of the client type that `event` is about.
    pub(super) fn client_of(&self, event: &Event) -> Option<usize> {
        let named = event.client.as_ref()?;
        let clients = &self.target.flows.clients;
        clients.iter().position(|client| client.name == *named)
    }

    async fn login_by(&mut self, user: u32, client: Option<usize>) -> Result<Credential, Failed> {
        let users = self.target.about.users.as_ref();
        let mut credential = Credential::of(users.map(|users| users.account(user)));
        let target = Arc::clone(self.target);
        self.system.login_limit().pass().await;
        let (list, steps) = match client {
            Some(client) => (List::LoginOf(client), &target.flows.clients[client].login),
            None => (List::Login, &target.flows.login),
        };
        self.steps(list, steps, &mut credential).await?;
        Ok(credential)
    }

    /// Makes the calls of `steps`, in order. `None` when there are none.
    pub(super) async fn steps(
        &mut self,
        list: List,
        steps: &[Step],
        credential: &mut Credential,
    ) -> Result<Option<Acknowledged>, Failed> {
        let target = Arc::clone(self.target);
        let begun = match list {
            List::AdminLogin => Ok(Walk::of_admin_login()),
            _ => begin_walk(&mut self.client, &target, steps).await,
        };
        let mut walk = begun.map_err(|error| self.failed(error, None, credential))?;
        let mut last: Option<Acknowledged> = None;
        for (index, step) in steps.iter().enumerate() {
            let this = self.step(list, index, step, credential, &mut walk).await?;
            last = Some(this.after(last));
        }
        Ok(last)
    }

    async fn step(
        &mut self,
        list: List,
        index: usize,
        step: &Step,
        credential: &mut Credential,
        walk: &mut Walk,
    ) -> Result<Acknowledged, Failed> {
        self.pace().await;
        let target = Arc::clone(self.target);
        let before = credential.clone();
        let called = Instant::now();
        let outcome = next_step(&mut self.client, &target, step, credential, walk).await;
        let took = called.elapsed();
        let answer = self.answer(&outcome, credential, walk);
        let mut entry = Entry {
            place: place(step),
            request: self.spelled(list, index, step),
            host: host(step),
            status: answer.as_ref().map(|answer| answer.status),
            took_ms: took.as_secs_f64() * 1000.0,
            captured: shown::captured(&before, credential),
            remarks: Vec::new(),
        };
        self.look_at_cookies(&before, credential, &mut entry);
        if let Some(answer) = &answer {
            self.look_at_throttling(answer, &entry.place);
        }
        for finding in lifetime::contradictions(&target, &entry.place) {
            self.find(finding);
        }
        if let Err(error) = &outcome {
            entry.remarks.push(error.failure.to_string());
        }
        self.check.transcript.push(entry);
        outcome.map_err(|error| self.failed(error, answer.as_ref(), credential))
    }

    fn failed(
        &mut self,
        error: StepError,
        answer: Option<&Answer>,
        credential: &Credential,
    ) -> Failed {
        if let StepFailure::Exchange(error) = &*error.failure {
            self.note_unreachable(error);
        }
        let explained = of_step(&error, answer, credential);
        Failed { error, explained }
    }

    /// What came, if a whole response did.
    fn answer(
        &self,
        outcome: &Result<Acknowledged, StepError>,
        credential: &Credential,
        walk: &Walk,
    ) -> Option<Answer> {
        let status = match outcome {
            Ok(acknowledged) => acknowledged.status?,
            Err(error) => error.unexpected_status()?,
        };
        let secrets = credential.secrets().chain(walk.secrets());
        let secrets: Vec<&str> = secrets.chain(self.target.secrets()).collect();
        Some(Answer::of(status, self.client.response(), &secrets))
    }

    fn look_at_cookies(&mut self, before: &Credential, after: &Credential, entry: &mut Entry) {
        let known = before.refused_cookies().len();
        for refusal in &after.refused_cookies()[known..] {
            entry.remarks.push(format!("not kept: {refusal}"));
            let says = format!("{refusal}: a browser drops it without a word");
            self.find(Finding::new(Severity::Warning, &entry.place, says));
        }
    }

    pub(super) fn look_at_throttling(&mut self, answer: &Answer, place: &str) {
        let after = answer.retry_after.as_deref();
        let after = after.map(|after| format!(" (Retry-After: {after})"));
        let after = after.unwrap_or_default();
        if answer.status == THROTTLED {
            let says = format!("answered 429, too many requests{after}");
            let advice =
                "state what it may be asked in [limits], or use a test system without a limit";
            self.find(Finding::new(Severity::Warning, place, says).advising(advice));
        } else if !after.is_empty() {
            let says = format!(
                "answered {} and asks to be left alone{after}",
                answer.status
            );
            self.find(Finding::new(Severity::Warning, place, says));
        }
    }

    /// The request as the file spells it, references unresolved: what is resolved may hold secrets.
    fn spelled(&self, list: List, index: usize, step: &Step) -> String {
        let list = match list {
            List::Login => "/login".to_owned(),
            List::Refresh => "/refresh".to_owned(),
            List::Logout => "/logout".to_owned(),
            List::AdminLogin => "/admin_login".to_owned(),
            List::Event(event) => format!("/event/{event}/step"),
            List::Undo(event) => format!("/event/{event}/undo"),
            List::LoginOf(client) => format!("/client/{client}/login"),
            List::RefreshOf(client) => format!("/client/{client}/refresh"),
        };
        let written = self.system.file().as_written();
        let request = written.pointer(&format!("{list}/{index}/request"));
        let request = request.and_then(|request| request.as_str());
        request.map_or_else(|| kind(step), str::to_owned)
    }
}

/// What stands in parentheses in a step's label: `command PROGRAM`.
fn kind(step: &Step) -> String {
    let kind = step.label.split_once(" (");
    let kind = kind.map(|(_, kind)| kind.trim_end_matches(')'));
    kind.unwrap_or_default().to_owned()
}

fn host(step: &Step) -> Option<String> {
    match &step.action {
        Action::Request(call) => Some(call.request.origin.authority.clone()),
        Action::Command(_) => None,
    }
}

/// Where in the file a step stands: its label without the request.
fn place(step: &Step) -> String {
    let place = step.label.split(" (").next().unwrap_or_default();
    place.to_owned()
}

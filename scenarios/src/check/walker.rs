//! Makes the calls of step lists one by one, no faster than the target allows, and keeps the transcript.

use super::explain::{Answer, Explained, of_step};
use super::{lifetime, outcome, shown};
use crate::credentials::{RateLimit, STEP_DEADLINE};
use crate::flow::{
    Acknowledged, Credential, ExchangeError, FlowClient, StepError, StepFailure, run_steps,
};
use crate::run::system::System;
use crate::target::{Step, Target};
use authbench_reports::check::{Entry, Finding, SCHEMA, Severity, TargetCheck};
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// A step list of the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum List {
    Login,
    Refresh,
    Logout,
    /// By its place in the file.
    Event(usize),
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
            requests: RateLimit::new(target.about.limits.requests_per_s),
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
        let users = self.target.about.users.as_ref();
        let mut credential = Credential::of(users.map(|users| users.account(user)));
        let target = Arc::clone(self.target);
        self.system.login_limit().pass().await;
        self.steps(List::Login, &target.flows.login, &mut credential)
            .await?;
        Ok(credential)
    }

    /// Makes the calls of `steps`, in order. `None` when there are none.
    pub(super) async fn steps(
        &mut self,
        list: List,
        steps: &[Step],
        credential: &mut Credential,
    ) -> Result<Option<Acknowledged>, Failed> {
        let mut last: Option<Acknowledged> = None;
        for (index, step) in steps.iter().enumerate() {
            let acknowledged = self.step(list, index, step, credential).await?;
            let started = last.map(|earlier| earlier.started);
            last = acknowledged.map(|acknowledged| Acknowledged {
                started: started.unwrap_or(acknowledged.started),
                ..acknowledged
            });
        }
        Ok(last)
    }

    async fn step(
        &mut self,
        list: List,
        index: usize,
        step: &Step,
        credential: &mut Credential,
    ) -> Result<Option<Acknowledged>, Failed> {
        self.pace().await;
        let before = credential.clone();
        let called = Instant::now();
        let outcome = run_steps(&mut self.client, self.target, from_ref(step), credential).await;
        let answer = self.answer(&outcome, credential);
        let mut entry = Entry {
            place: place(step),
            request: self.spelled(list, index, step),
            host: Some(step.request.origin.authority.clone()),
            status: answer.as_ref().map(|answer| answer.status),
            took_ms: called.elapsed().as_secs_f64() * 1000.0,
            captured: shown::captured(&before, credential),
            remarks: Vec::new(),
        };
        self.look_at_cookies(&before, credential, &mut entry);
        if let Some(answer) = &answer {
            self.look_at_throttling(answer, &entry.place);
        }
        if outcome.is_ok() && matches!(list, List::Login | List::Refresh) {
            let says = lifetime::stated(self.client.response().body());
            let found =
                says.and_then(|says| lifetime::contradicts(self.target, says, &entry.place));
            found.into_iter().for_each(|finding| self.find(finding));
        }
        let failed = outcome.map_err(|error| {
            entry.remarks.push(error.failure.to_string());
            let explained = of_step(&error, answer.as_ref(), credential);
            Failed { error, explained }
        });
        self.check.transcript.push(entry);
        failed
    }

    /// What came, if a whole response did.
    fn answer(
        &mut self,
        outcome: &Result<Option<Acknowledged>, StepError>,
        credential: &Credential,
    ) -> Option<Answer> {
        let status = match outcome {
            Ok(acknowledged) => acknowledged.map(|acknowledged| acknowledged.status)?,
            Err(error) => match &error.failure {
                StepFailure::Status { got, .. } => *got,
                StepFailure::Exchange(error) => {
                    self.note_unreachable(error);
                    return None;
                }
                StepFailure::Encode(_) | StepFailure::Capture { .. } => return None,
            },
        };
        Some(Answer::of(status, self.client.response(), credential))
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
        if answer.status == 429 {
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
            List::Event(event) => format!("/event/{event}/step"),
        };
        let request = self
            .system
            .written()
            .pointer(&format!("{list}/{index}/request"));
        let request = request.and_then(|request| request.as_str());
        request.map_or_else(|| step.label.clone(), str::to_owned)
    }
}

/// Where in the file a step stands: its label without the request.
fn place(step: &Step) -> String {
    let place = step.label.split(" (").next().unwrap_or_default();
    place.to_owned()
}

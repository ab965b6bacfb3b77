//! Makes a client's calls over HTTP, with what goes wrong on the way.
//!
//! A lost response is an answer that was received and thrown away with its connection: the server has done what was asked, and only the client does
//! not know. Whether a server that loses its client half-way finishes the request is a matter of its HTTP library; this way the loss is the same
//! for all. The call is repeated at once: how long a client would wait for an answer is no property of the target.

use super::act::{Answer, Trouble};
use super::call::{Called, RETRY_AFTER_AT_MOST, present};
use crate::credentials::{RateLimit, STEP_DEADLINE};
use crate::flow::{
    Acknowledged, Credential, FlowClient, Page, StepError, Traffic, adopt, begin_walk, login_by,
    next_step, run_steps,
};
use crate::scenario_file::ClientPlan;
use crate::target::{Point, Step, Target};
use authbench_reports::recorder::Outcome;
use authbench_reports::run_file::SessionCounts;
use futures_util::future::join;
use std::sync::Arc;
use std::time::Instant;

/// One client's connections to one target.
pub struct Caller {
    target: Arc<Target>,
    limit: Arc<RateLimit>,
    plan: Arc<ClientPlan>,
    main: FlowClient,
    /// What retries and the second tab are sent on.
    second: FlowClient,
    /// The browser's page, where the target serves it from another origin.
    page: Option<Page>,
    next_point: usize,
}

impl Caller {
    /// A client of the type `plan`, which logs in and renews no faster than `limit` lets it, and asks no faster than `target` allows.
    #[must_use]
    pub fn new(target: Arc<Target>, limit: Arc<RateLimit>, plan: Arc<ClientPlan>) -> Self {
        let page = target.flows.page_of(&plan.name).map(Page::of);
        let client = || FlowClient::new(STEP_DEADLINE).of_page(page.clone());
        Self {
            main: client(),
            second: client(),
            target,
            limit,
            plan,
            page,
            next_point: 0,
        }
    }

    /// User number `user` sits down: new connections, and nothing but what the account itself has.
    pub async fn anybody(&mut self, user: u32) -> Option<Credential> {
        self.main.disconnect();
        self.second.disconnect();
        self.page.iter().for_each(Page::forget);
        // Without steps nothing is sent, and nothing can fail.
        login_by(&mut self.main, &self.target, &[], user).await.ok()
    }

    /// Logs user number `user` in.
    ///
    /// # Errors
    /// With what came instead of a credential.
    pub async fn log_in(
        &mut self,
        user: u32,
        trouble: Trouble,
        counts: &mut SessionCounts,
    ) -> Result<Credential, Called> {
        let target = Arc::clone(&self.target);
        let steps = target.flows.login_of(&self.plan.name);
        let began = Instant::now();
        if trouble.lost {
            self.limit.pass().await;
            counts.lost_responses += 1;
            let _ = login_by(&mut self.main, &target, steps, user).await;
            self.main.disconnect();
        }
        self.limit.pass().await;
        let first = login_by(&mut self.main, &target, steps, user);
        let outcome = if trouble.twice {
            counts.retries += 1;
            let again = async {
                self.limit.pass().await;
                login_by(&mut self.second, &target, steps, user).await
            };
            let (one, other) = join(first, again).await;
            one.or(other)
        } else {
            first.await
        };
        let mut credential = outcome.map_err(|error| failed(&error, began))?;
        if !self.plan.presents.cookie {
            credential.drop_cookies();
        }
        Ok(credential)
    }

    /// Renews `credential`. Two renewals at once present the same refresh token; what either brings is kept.
    pub async fn renew(
        &mut self,
        credential: &mut Credential,
        trouble: Trouble,
        counts: &mut SessionCounts,
    ) -> Called {
        let target = Arc::clone(&self.target);
        let steps = target.flows.refresh_of(&self.plan.name);
        let began = Instant::now();
        let held = credential.clone();
        if trouble.lost {
            self.limit.pass().await;
            counts.lost_responses += 1;
            let _ = run_steps(&mut self.main, &target, steps, &mut held.clone()).await;
            self.main.disconnect();
        }
        self.limit.pass().await;
        let first = run_steps(&mut self.main, &target, steps, credential);
        let outcome = if trouble.twice {
            counts.retries += 1;
            let mut other = held;
            let second = async {
                self.limit.pass().await;
                run_steps(&mut self.second, &target, steps, &mut other).await
            };
            let (one, two) = join(first, second).await;
            if one.is_err() && two.is_ok() {
                *credential = other;
            }
            one.or(two)
        } else {
            first.await
        };
        match outcome {
            Ok(done) => {
                let times = done.map(|done| (done.sent, done.done));
                accepted(times, began)
            }
            Err(error) => failed(&error, began),
        }
    }

    /// Presents `credential` at the next of the target's points, in turn. Like a browser, it takes the cookies that come with the answer.
    pub async fn request(
        &mut self,
        credential: &mut Credential,
        trouble: Trouble,
        counts: &mut SessionCounts,
    ) -> Called {
        let target = Arc::clone(&self.target);
        let points: Vec<&Point> = target
            .flows
            .points
            .iter()
            .filter(|point| point.traffic)
            .collect();
        // A target has at least one point with traffic.
        let point = points[self.next_point % points.len()];
        self.next_point += 1;
        if trouble.lost {
            counts.lost_responses += 1;
            present(&mut self.main, &target, point, credential).await;
            self.main.disconnect();
        }
        if trouble.twice {
            counts.retries += 1;
            let first = present(&mut self.main, &target, point, credential);
            let second = present(&mut self.second, &target, point, credential);
            let (called, _) = join(first, second).await;
            self.take_cookies(point, credential);
            return called;
        }
        let called = present(&mut self.main, &target, point, credential).await;
        self.take_cookies(point, credential);
        called
    }

    fn take_cookies(&self, point: &Point, credential: &mut Credential) {
        let response = self.main.response();
        if self.plan.presents.cookie && response.header("set-cookie").is_some() {
            adopt(point, credential, response);
        }
    }

    /// Changes something, by the steps that the target has for it.
    pub async fn write(&mut self, credential: &mut Credential) -> Called {
        let target = Arc::clone(&self.target);
        let began = Instant::now();
        let steps = target.flows.write_of(&self.plan.name);
        match run_paced_steps(&mut self.main, &target, steps, credential).await {
            Ok(done) => accepted(done.map(|done| (done.sent, done.done)), began),
            Err(error) => failed(&error, began),
        }
    }

    /// Ends the session, whatever comes of it.
    pub async fn log_out(&mut self, credential: &mut Credential) -> Called {
        let began = Instant::now();
        let steps = &self.target.flows.logout;
        match run_paced_steps(&mut self.main, &self.target, steps, credential).await {
            Ok(done) => accepted(done.map(|done| (done.sent, done.done)), began),
            Err(error) => failed(&error, began),
        }
    }

    /// Bytes since the last call.
    pub fn take_traffic(&mut self) -> Traffic {
        self.main.take_traffic() + self.second.take_traffic()
    }
}

/// Walks through `steps`, each of which counts as a request to the target's points and waits for its turn.
async fn run_paced_steps(
    client: &mut FlowClient,
    target: &Target,
    steps: &[Step],
    credential: &mut Credential,
) -> Result<Option<Acknowledged>, StepError> {
    let mut walk = begin_walk(client, target, steps).await?;
    let mut last: Option<Acknowledged> = None;
    for step in steps {
        target.turns.requests.pass().await;
        let this = next_step(client, target, step, credential, &mut walk).await?;
        last = Some(this.after(last));
    }
    Ok(last)
}

fn failed(error: &StepError, began: Instant) -> Called {
    let answer = match error.throttled_for() {
        Some(wait) => Answer::Throttled(wait.min(RETRY_AFTER_AT_MOST)),
        None if error.is_refusal() => Answer::Refused,
        None => Answer::Failed,
    };
    Called {
        answer,
        outcome: error.outcome(),
        sent: began,
        done: Instant::now(),
    }
}

fn accepted(times: Option<(Instant, Instant)>, began: Instant) -> Called {
    let (sent, done) = times.unwrap_or((began, began));
    Called {
        answer: Answer::Accepted,
        outcome: Outcome::Expected,
        sent,
        done,
    }
}

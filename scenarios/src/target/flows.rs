//! What can be done with a target: step lists, enforcement points and events.
//!
//! The same types carry both stages of a target: requests as the file spells them ([`RequestTemplate`](super::RequestTemplate))
//! and, once the processes run and addresses are known, requests that can be sent ([`Request`]).

use std::collections::BTreeMap;

use super::bound::Bound;
use super::judge::{Rule, Statuses};
use super::request::Request;

/// Everything that can be done with a target.
#[derive(Debug, Clone)]
pub struct Flows<R = Request> {
    /// Steps that turn a user into a credential; empty for a target without authentication.
    pub login: Vec<Step<R>>,
    /// Steps that renew a credential; empty when the model has no refresh.
    pub refresh: Vec<Step<R>>,
    /// Steps by which a user ends the session.
    pub logout: Vec<Step<R>>,
    /// Where credentials are enforced, in the file's order; at least one.
    pub points: Vec<Point<R>>,
    /// What should end a credential's acceptance.
    pub events: Vec<Event<R>>,
    /// Client types that do some things in a way of their own.
    pub clients: Vec<ClientFlows<R>>,
}

/// What one type of client does in a way of its own. An empty list is that of the target as a whole; but a login of its own goes with its own
/// refresh, even with none: the target's refresh renews what the target's login gives.
#[derive(Debug, Clone)]
pub struct ClientFlows<R = Request> {
    /// The type, as journeys name it.
    pub name: String,
    /// Steps that get a credential.
    pub login: Vec<Step<R>>,
    /// Steps that renew it.
    pub refresh: Vec<Step<R>>,
    /// Steps that change something: a form post, with the page that it comes from.
    pub write: Vec<Step<R>>,
}

/// One request of a step list.
#[derive(Debug, Clone)]
pub struct Step<R = Request> {
    /// For messages: place in the file and request as written there, such as `login[0] (POST ${authorization.url}/login)`.
    pub label: String,
    /// What is sent.
    pub request: R,
    /// The statuses that mean success.
    pub expect: Statuses,
    /// What the response brings for later steps.
    pub captures: Vec<Capture>,
}

/// A value taken from a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The name under which later steps refer to it.
    pub name: String,
    /// Where in the response it stands.
    pub from: CaptureFrom,
}

/// Where in a response a captured value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureFrom {
    /// A string or number in the JSON body, by JSON pointer (RFC 6901).
    Json(String),
    /// The value of a cookie that the response sets and the cookie rules let in.
    Cookie(String),
    /// A header's first value.
    Header(String),
}

/// An enforcement point: a place where a credential is accepted or refused.
#[derive(Debug, Clone)]
pub struct Point<R = Request> {
    /// Unique within the target.
    pub name: String,
    /// The request that presents the credential.
    pub request: R,
    /// What an acceptance looks like.
    pub accept: Rule,
    /// What a refusal looks like.
    pub refuse: Rule,
    /// Whether the steady stream may go here; `false` for what is only probed, such as an introspection endpoint.
    pub traffic: bool,
}

/// Something after which a credential should no longer be accepted.
#[derive(Debug, Clone)]
pub struct Event<R = Request> {
    /// Unique within the target, such as `logout` or `account_disabled`.
    pub name: String,
    /// The calls that make it happen; the last one's 2xx is the acknowledgement.
    pub steps: Vec<Step<R>>,
    /// What the target promises, by point name. A point without an entry promises nothing.
    pub bounds: BTreeMap<String, Bound>,
    /// What the target promises about `refresh` after the event; absent: nothing.
    pub refresh_after: Option<RefreshAfter>,
}

/// What a refresh does after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshAfter {
    /// It fails: the session is over.
    Refused,
    /// It still works: the event ends the access token only.
    Works,
}

impl<R> Flows<R> {
    /// The point called `name`.
    pub fn point(&self, name: &str) -> Option<&Point<R>> {
        self.points.iter().find(|point| point.name == name)
    }

    /// The event called `name`.
    pub fn event(&self, name: &str) -> Option<&Event<R>> {
        self.events.iter().find(|event| event.name == name)
    }

    /// The steps of clients of this type: their own, else the target's.
    pub fn login_of(&self, client: &str) -> &[Step<R>] {
        match self.client(client) {
            Some(own) if !own.login.is_empty() => &own.login,
            _ => &self.login,
        }
    }

    /// The same for renewals; empty when there are none.
    pub fn refresh_of(&self, client: &str) -> &[Step<R>] {
        match self.client(client) {
            Some(own) if !own.login.is_empty() || !own.refresh.is_empty() => &own.refresh,
            _ => &self.refresh,
        }
    }

    /// The steps by which clients of this type write; empty when there are none.
    pub fn write_of(&self, client: &str) -> &[Step<R>] {
        self.client(client).map_or(&[], |own| &own.write)
    }

    fn client(&self, name: &str) -> Option<&ClientFlows<R>> {
        self.clients.iter().find(|client| client.name == name)
    }

    /// Every request, with the words an error uses for it, turned into another stage.
    pub(super) fn try_map<S, E>(
        &self,
        mut turn: impl FnMut(&R, &str) -> Result<S, E>,
    ) -> Result<Flows<S>, E> {
        let mut steps = |steps: &[Step<R>]| {
            steps
                .iter()
                .map(|step| step.try_map(&mut turn))
                .collect::<Result<_, E>>()
        };
        let login = steps(&self.login)?;
        let refresh = steps(&self.refresh)?;
        let logout = steps(&self.logout)?;
        let mut events = Vec::new();
        for event in &self.events {
            events.push(Event {
                name: event.name.clone(),
                steps: steps(&event.steps)?,
                bounds: event.bounds.clone(),
                refresh_after: event.refresh_after,
            });
        }
        let mut clients = Vec::new();
        for client in &self.clients {
            clients.push(ClientFlows {
                name: client.name.clone(),
                login: steps(&client.login)?,
                refresh: steps(&client.refresh)?,
                write: steps(&client.write)?,
            });
        }
        let points = self
            .points
            .iter()
            .map(|point| point.try_map(&mut turn))
            .collect::<Result<_, E>>()?;
        Ok(Flows {
            login,
            refresh,
            logout,
            points,
            events,
            clients,
        })
    }
}

impl<R> Step<R> {
    fn try_map<S, E>(&self, turn: &mut impl FnMut(&R, &str) -> Result<S, E>) -> Result<Step<S>, E> {
        Ok(Step {
            label: self.label.clone(),
            request: turn(&self.request, &self.label)?,
            expect: self.expect.clone(),
            captures: self.captures.clone(),
        })
    }
}

impl<R> Point<R> {
    fn try_map<S, E>(
        &self,
        turn: &mut impl FnMut(&R, &str) -> Result<S, E>,
    ) -> Result<Point<S>, E> {
        Ok(Point {
            name: self.name.clone(),
            request: turn(&self.request, &format!("point.{}", self.name))?,
            accept: self.accept.clone(),
            refuse: self.refuse.clone(),
            traffic: self.traffic,
        })
    }
}

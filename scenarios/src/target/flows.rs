//! What can be done with a target: step lists, enforcement points and events.
//!
//! The same types carry both stages of a target: requests as the file spells them ([`RequestTemplate`](super::RequestTemplate))
//! and, once the processes run and addresses are known, requests that can be sent ([`Request`]).

use std::collections::BTreeMap;
use std::time::Duration;

use authbench_reports::revocation::{EventReach, WitnessOf};
use regex::Regex;
use scraper::Selector;

use super::bound::Bound;
use super::judge::{Rule, Statuses};
use super::request::Request;
use super::template::Template;

/// Everything that can be done with a target.
#[derive(Debug, Clone)]
pub struct Flows<R = Request> {
    /// Steps that turn a user into a credential; empty for a target without authentication.
    pub login: Vec<Step<R>>,
    /// Steps that turn the administrator's own secrets into what event steps call `${admin.…}`; empty when none does.
    pub admin_login: Vec<Step<R>>,
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
    /// The origin of the page that it is, where a browser runs it; absent: it is no page of another origin.
    pub origin: Option<String>,
}

/// One step of a list.
#[derive(Debug, Clone)]
pub struct Step<R = Request> {
    /// For messages: place in the file and request as written there, such as `login[0] (POST ${authorization.url}/login)`.
    pub label: String,
    /// What is done.
    pub action: Action<R>,
    /// What the response, or the command's output, brings for later steps.
    pub captures: Vec<Capture>,
    /// Whether it refers to what the administrator's login captured.
    pub(crate) uses_admin: bool,
    /// Whether it counts against the limit on administrator's calls: a step of that login, of an event or of an undo.
    pub(crate) is_admin_call: bool,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action<R = Request> {
    /// Sends a request.
    Request(Call<R>),
    /// Runs a command.
    Command(CommandLine),
}

/// A request of a step.
#[derive(Debug, Clone)]
pub struct Call<R = Request> {
    /// What is sent.
    pub request: R,
    /// The statuses that mean success.
    pub expect: Statuses,
    /// How far redirects are followed; absent: not at all.
    pub follow: Option<Follow>,
}

/// How far a step follows redirects.
#[derive(Debug, Clone)]
pub struct Follow {
    /// At most so many.
    pub max: u32,
    /// A redirect to a URL that begins with this is not followed: it is the answer.
    pub stop: Option<Template>,
}

/// A command of a step: a program and its arguments, run without a shell.
#[derive(Debug, Clone)]
pub struct CommandLine {
    /// The program and its arguments.
    pub argv: Vec<Template>,
    /// Environment variables besides those of this process.
    pub env: Vec<(String, Template)>,
    /// What it reads on its standard input.
    pub stdin: Option<Template>,
    /// How long it may take.
    pub within: Duration,
}

/// A value taken from a response.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The name under which later steps refer to it.
    pub name: String,
    /// Where in the response it stands.
    pub from: CaptureFrom,
}

/// Where in a response a captured value stands.
#[derive(Debug, Clone)]
pub enum CaptureFrom {
    /// A string or number in the JSON body, or in the JSON that a command prints.
    Json(JsonPlace),
    /// The value of a cookie that the response sets and the cookie rules let in.
    Cookie(String),
    /// In a header's first value.
    Header {
        /// The header's name.
        name: String,
        /// Which part of it.
        part: CapturePart,
    },
    /// In the first element of the HTML body that the selector finds, entities decoded.
    Html {
        /// CSS selector.
        selector: Selector,
        /// The selector as it stands in the file.
        written: String,
        /// The attribute; absent: the element's text, without white space around it.
        attr: Option<String>,
        /// Which part of it.
        part: CapturePart,
    },
}

/// A place in JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPlace {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// Where it is not the whole that the pointer goes through, but one element of the list that it is: the first in which these values stand at
    /// these pointers.
    pub of_first: Vec<(String, serde_json::Value)>,
}

/// Which part of a header's value, or of an element, is captured.
#[derive(Debug, Clone)]
pub enum CapturePart {
    /// All of it.
    Whole,
    /// A parameter in the query of the URL that it is.
    Query(String),
    /// The first group of a regular expression.
    Regex(Regex),
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
    /// What its answer is like.
    pub kind: PointKind,
    /// Whether the steady stream may go here; `false` for what is only probed, such as an introspection endpoint.
    pub traffic: bool,
    /// The events in which it is probed; `None`: in all.
    pub events: Option<Vec<String>>,
}

/// What an answer of a point is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointKind {
    /// It ends: every probe is a request of its own.
    Request,
    /// It goes on and on: it is opened once, and all that arrives is an acceptance until it ends.
    Stream,
}

/// Something after which a credential should no longer be accepted.
#[derive(Debug, Clone)]
pub struct Event<R = Request> {
    /// Unique within the target, such as `logout` or `account_disabled`.
    pub name: String,
    /// The calls that make it happen; the last one's 2xx is the acknowledgement.
    pub steps: Vec<Step<R>>,
    /// The calls that bring the user back.
    pub undo: Vec<Step<R>>,
    /// Whom it puts out; absent: the file does not say.
    pub reach: Option<EventReach>,
    /// The client type whose credentials it is about: they log in as that one does. Absent: as the target says.
    pub client: Option<String>,
    /// Whose credentials must live on.
    pub witnesses: Vec<WitnessOf>,
    /// What the target promises, by point name. A point without an entry promises nothing.
    pub bounds: BTreeMap<String, Bound>,
    /// The points at which the credential itself must live on.
    pub goes_on: Vec<String>,
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

impl<R> Point<R> {
    /// Whether it is probed when `event` happens.
    pub fn is_probed_in(&self, event: &str) -> bool {
        let events = self.events.as_ref();
        events.is_none_or(|events| events.iter().any(|named| named == event))
    }
}

impl<R> Event<R> {
    /// Whether it ends the credentials of many callers at once, so that it is made once for several of them.
    pub fn hits_many(&self) -> bool {
        matches!(self.reach, Some(EventReach::Client | EventReach::Everyone))
    }
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

    /// The origin of the page that clients of this type are, where they are one of another origin.
    pub fn page_of(&self, client: &str) -> Option<&str> {
        self.client(client)?.origin.as_deref()
    }

    fn client(&self, name: &str) -> Option<&ClientFlows<R>> {
        self.clients.iter().find(|client| client.name == name)
    }

    /// Every step of every list.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step<R>> {
        let lists = [&self.login, &self.admin_login, &self.refresh, &self.logout];
        let events = self
            .events
            .iter()
            .flat_map(|event| [&event.steps, &event.undo]);
        let clients = self
            .clients
            .iter()
            .flat_map(|client| [&client.login, &client.refresh, &client.write]);
        lists.into_iter().chain(events).chain(clients).flatten()
    }

    /// Every request and every text outside of one, with the words an error uses for its place, turned into another stage.
    pub(super) fn try_map<S, E>(&self, turn: &impl Turn<R, S, E>) -> Result<Flows<S>, E> {
        let steps = |steps: &[Step<R>]| -> Result<Vec<Step<S>>, E> {
            steps.iter().map(|step| step.try_map(turn)).collect()
        };
        let event = |event: &Event<R>| {
            Ok(Event {
                name: event.name.clone(),
                steps: steps(&event.steps)?,
                undo: steps(&event.undo)?,
                reach: event.reach,
                client: event.client.clone(),
                witnesses: event.witnesses.clone(),
                bounds: event.bounds.clone(),
                goes_on: event.goes_on.clone(),
                refresh_after: event.refresh_after,
            })
        };
        let client = |client: &ClientFlows<R>| {
            Ok(ClientFlows {
                name: client.name.clone(),
                login: steps(&client.login)?,
                refresh: steps(&client.refresh)?,
                write: steps(&client.write)?,
                origin: client.origin.clone(),
            })
        };
        Ok(Flows {
            login: steps(&self.login)?,
            admin_login: steps(&self.admin_login)?,
            refresh: steps(&self.refresh)?,
            logout: steps(&self.logout)?,
            points: self
                .points
                .iter()
                .map(|point| point.try_map(turn))
                .collect::<Result<_, E>>()?,
            events: self.events.iter().map(event).collect::<Result<_, E>>()?,
            clients: self.clients.iter().map(client).collect::<Result<_, E>>()?,
        })
    }
}

/// How requests and texts are turned into another stage; `place` is what an error calls them.
pub(super) trait Turn<R, S, E> {
    fn request(&self, request: &R, place: &str) -> Result<S, E>;
    fn text(&self, text: &Template, place: &str) -> Result<Template, E>;
}

impl<R> Step<R> {
    fn try_map<S, E>(&self, turn: &impl Turn<R, S, E>) -> Result<Step<S>, E> {
        let text = |template: &Template| turn.text(template, &self.label);
        let action = match &self.action {
            Action::Request(call) => Action::Request(Call {
                request: turn.request(&call.request, &self.label)?,
                expect: call.expect.clone(),
                follow: match &call.follow {
                    Some(follow) => Some(follow.try_map(text)?),
                    None => None,
                },
            }),
            Action::Command(command) => Action::Command(command.try_map(text)?),
        };
        Ok(Step {
            label: self.label.clone(),
            action,
            captures: self.captures.clone(),
            uses_admin: self.uses_admin,
            is_admin_call: self.is_admin_call,
        })
    }
}

impl Follow {
    fn try_map<E>(&self, text: impl Fn(&Template) -> Result<Template, E>) -> Result<Self, E> {
        Ok(Self {
            max: self.max,
            stop: self.stop.as_ref().map(text).transpose()?,
        })
    }
}

impl CommandLine {
    fn try_map<E>(&self, text: impl Fn(&Template) -> Result<Template, E>) -> Result<Self, E> {
        let env = self
            .env
            .iter()
            .map(|(name, value)| Ok((name.clone(), text(value)?)));
        Ok(Self {
            argv: self.argv.iter().map(&text).collect::<Result<_, E>>()?,
            env: env.collect::<Result<_, E>>()?,
            stdin: self.stdin.as_ref().map(&text).transpose()?,
            within: self.within,
        })
    }
}

impl<R> Point<R> {
    fn try_map<S, E>(&self, turn: &impl Turn<R, S, E>) -> Result<Point<S>, E> {
        Ok(Point {
            name: self.name.clone(),
            request: turn.request(&self.request, &format!("point.{}", self.name))?,
            accept: self.accept.clone(),
            refuse: self.refuse.clone(),
            kind: self.kind,
            traffic: self.traffic,
            events: self.events.clone(),
        })
    }
}

//! One order, step by step: the actors as small state machines around one server.
//!
//! What only its actor can notice is one step with what comes before it: a thief's request leaves, arrives and reaches the
//! store in one step, for nobody else could tell these apart. A tab's cannot: the cookie jar, read when a request leaves
//! and written when its answer comes, is shared.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::audit::{Audit, Detected, Invariant, Party, Use};
use super::cast::Cast;
use super::defect::Defect;
use super::explored_server::{Answer, ExploredServer, OWNER, Request, STRANGER};
use super::memory::Happened;
use crate::client::Client;

/// How long a pause without a grace is.
const MOMENT_MS: i64 = 1;

/// Something that can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A tab reads the jar and sends its renewal; a thief copies the jar's token.
    Begin(usize),
    /// The request arrives, and its first store operation happens.
    Arrive(usize),
    /// The next store operation of a request happens.
    Advance(usize),
    /// The answer arrives.
    Deliver(usize),
    /// The answer is lost.
    Lose(usize),
    /// Time passes: half the grace.
    PauseWithin,
    /// Time passes: the grace.
    PausePast,
}

/// A step as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Milliseconds after the login.
    pub at_ms: i64,
    /// Who: `tab A`, `thief`, `clock`, …
    pub who: &'static str,
    /// What happened.
    pub what: String,
}

/// What came of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderOutcome {
    /// Whether the thief has used a token.
    pub thief_acted: bool,
    /// When a replay was noticed, if one was.
    pub detected: Option<Detected>,
    /// Requests of the thief that were granted.
    pub stolen: u32,
    /// Whether the user is logged out, now or at the next renewal.
    pub honest_out: bool,
}

/// One order under way.
pub(super) struct Play {
    server: ExploredServer,
    defect: Option<Defect>,
    audit: Audit,
    jar: String,
    actors: Vec<Actor>,
    losses: u8,
    pauses: u8,
    told: Option<Vec<Told>>,
}

#[derive(Hash)]
struct Actor {
    name: &'static str,
    client: Client,
    party: Party,
    /// A thief's copy; a tab's token is in the jar.
    copy: Option<String>,
    uses: u8,
    state: State,
}

#[derive(Hash)]
enum State {
    Idle,
    Sent(String),
    Asking(Use, Request),
    Answered(Answer),
    Out,
}

impl Play {
    pub(super) fn new(
        server: ExploredServer,
        cast: &Cast,
        defect: Option<Defect>,
        tell: bool,
    ) -> Self {
        let (honest, thief) = (Party::Honest, Party::Thief);
        let actors = [
            ("tab A", OWNER, honest, cast.tabs[0]),
            ("tab B", OWNER, honest, cast.tabs[1]),
            ("thief", OWNER, thief, cast.thief),
            ("other client", STRANGER, thief, cast.other_client),
        ];
        let there = actors.into_iter().filter(|(.., uses)| *uses > 0);
        Self {
            audit: Audit::new(server.grace_ms()),
            jar: server.first.clone(),
            server,
            defect,
            actors: there
                .map(|(name, client, party, uses)| Actor {
                    name,
                    client,
                    party,
                    copy: None,
                    uses,
                    state: State::Idle,
                })
                .collect(),
            losses: cast.losses,
            pauses: cast.pauses,
            told: tell.then(Vec::new),
        }
    }

    /// All that can happen next, always in the same order: none, and the order is over.
    pub(super) fn possible(&self) -> Vec<Step> {
        let mut steps = Vec::with_capacity(8);
        for (number, actor) in self.actors.iter().enumerate() {
            let next = match &actor.state {
                State::Idle if actor.uses == 0 => None,
                State::Idle if actor.copy.is_some() => Some(Step::Arrive(number)),
                State::Idle => Some(Step::Begin(number)),
                State::Sent(_) => Some(Step::Arrive(number)),
                State::Asking(..) => Some(Step::Advance(number)),
                State::Answered(_) => Some(Step::Deliver(number)),
                State::Out => None,
            };
            steps.extend(next);
            if matches!(next, Some(Step::Deliver(_))) && self.losses > 0 {
                steps.push(Step::Lose(number));
            }
        }
        if !steps.is_empty() && self.pauses > 0 {
            if self.server.grace_ms() > 0 {
                steps.push(Step::PauseWithin);
            }
            steps.push(Step::PausePast);
        }
        steps
    }

    /// Lets `step` happen.
    pub(super) fn take(&mut self, step: Step) -> Result<(), Invariant> {
        self.audit.step();
        match step {
            Step::Begin(number) => self.begin(number),
            Step::Arrive(number) => self.arrive(number)?,
            Step::Advance(number) => self.advance(number)?,
            Step::Deliver(number) => self.deliver(number),
            Step::Lose(number) => self.lose(number),
            Step::PauseWithin => self.pause(self.server.grace_ms() / 2, "within the grace"),
            Step::PausePast => self.pause(
                self.server.grace_ms().max(MOMENT_MS),
                "as long as the grace",
            ),
        }
        self.audit.after_step(self.server.family_lives())
    }

    /// What came of it so far.
    pub(super) fn outcome(&self) -> OrderOutcome {
        OrderOutcome {
            thief_acted: self.audit.thief_acted(),
            detected: self.audit.replay(),
            stolen: self.audit.stolen,
            honest_out: self.audit.honest_out(),
        }
    }

    /// Whether what must hold of a whole order held.
    pub(super) fn over(&self) -> Result<(), Invariant> {
        self.audit.over()
    }

    /// Of everything that what happens from now on can depend on, what was noticed included: a request under way goes on
    /// from what it presented, when it arrived, and what the store has told it.
    pub(super) fn fingerprint(&self) -> u128 {
        let half = |salt: u8| {
            let mut state = DefaultHasher::new();
            salt.hash(&mut state);
            (self.server.now_ms(), self.losses, self.pauses, &self.jar).hash(&mut state);
            self.server.store.hash_content(&mut state);
            self.audit.hash(&mut state);
            self.actors.hash(&mut state);
            u128::from(state.finish())
        };
        half(0) << 64 | half(1)
    }

    /// How many steps there have been.
    pub(super) fn steps(&self) -> u32 {
        self.audit.steps()
    }

    /// The steps, if they were to be told.
    pub(super) fn into_told(self) -> Vec<Told> {
        self.told.unwrap_or_default()
    }

    fn begin(&mut self, number: usize) {
        let token = self.jar.clone();
        let generation = self.server.generation(&token).unwrap_or(0);
        let actor = &mut self.actors[number];
        let name = actor.name;
        if actor.party == Party::Thief {
            actor.copy = Some(token);
            self.tell(name, || format!("copies token {generation} from the jar"));
        } else {
            actor.uses -= 1;
            actor.state = State::Sent(token);
            self.tell(name, || {
                format!("reads token {generation} from the jar and sends a renewal")
            });
        }
    }

    fn arrive(&mut self, number: usize) -> Result<(), Invariant> {
        let actor = &mut self.actors[number];
        let token = match std::mem::replace(&mut actor.state, State::Idle) {
            State::Sent(token) => token,
            _ => {
                actor.uses -= 1;
                actor.copy.clone().unwrap_or_default()
            }
        };
        let (party, client) = (actor.party, actor.client);
        let generation = self.server.generation(&token).unwrap_or(0);
        let writes = self.server.store.writes();
        let mut request = self.server.ask(token, self.door(client, generation));
        let refused_at_once = request.arrive();
        let answer = refused_at_once.or_else(|| request.advance());
        let now_ms = self.server.now_ms();
        let asked = self.audit.arrived(party, client, generation, now_ms);
        if client != OWNER && self.server.store.writes() != writes {
            return self.broken(number, generation, Invariant::BoundToClient);
        }
        match answer {
            Some(answer) => self.answered(number, asked, answer),
            None => {
                self.tell_of_store(number, generation);
                self.actors[number].state = State::Asking(asked, request);
                Ok(())
            }
        }
    }

    /// Whom the server takes a client for. An honest server takes it for what it is.
    fn door(&self, client: Client, generation: u32) -> Client {
        let careless = self.defect == Some(Defect::GraceForAnotherClient);
        if careless && self.audit.is_in_grace(generation, self.server.now_ms()) {
            OWNER
        } else {
            client
        }
    }

    fn advance(&mut self, number: usize) -> Result<(), Invariant> {
        let state = std::mem::replace(&mut self.actors[number].state, State::Idle);
        let State::Asking(asked, mut request) = state else {
            return Ok(());
        };
        if let Some(answer) = request.advance() {
            return self.answered(number, asked, answer);
        }
        self.tell_of_store(number, asked.generation);
        self.actors[number].state = State::Asking(asked, request);
        Ok(())
    }

    /// The server has decided. A thief is told at once, for nobody else could notice when.
    fn answered(&mut self, number: usize, asked: Use, answer: Answer) -> Result<(), Invariant> {
        let next = match &answer {
            Answer::Granted { successor } => self.server.generation(successor),
            Answer::Refused(_) => None,
        };
        let (lives, now_ms) = (self.server.family_lives(), self.server.now_ms());
        let said = match (&answer, next) {
            (Answer::Granted { .. }, Some(next)) => format!("granted, with token {next}"),
            (Answer::Granted { .. }, None) => {
                "granted, with a token that nobody can use".to_owned()
            }
            (Answer::Refused(refusal), _) => format!("refused ({})", refusal.label()),
        };
        let store = self.store_words(asked.generation);
        let name = self.actors[number].name;
        self.tell(name, || format!("{store}{said}"));
        let held = self.audit.answered(&asked, &answer, next, lives, now_ms);
        self.actors[number].state = State::Answered(answer);
        if self.actors[number].party == Party::Thief {
            self.deliver(number);
        }
        held
    }

    fn deliver(&mut self, number: usize) {
        let actor = &mut self.actors[number];
        let State::Answered(answer) = std::mem::replace(&mut actor.state, State::Idle) else {
            return;
        };
        let name = actor.name;
        match (answer, actor.party) {
            (Answer::Refused(_), Party::Thief) => actor.state = State::Out,
            (Answer::Granted { successor }, Party::Thief) => actor.copy = Some(successor),
            (Answer::Refused(_), Party::Honest) => {
                actor.state = State::Out;
                self.tell(name, || "is told, and logs the user out".to_owned());
            }
            (Answer::Granted { successor }, Party::Honest) => {
                let generation = self.server.generation(&successor).unwrap_or(0);
                self.jar = successor;
                self.tell(name, || {
                    format!("is told; the jar holds token {generation}")
                });
            }
        }
    }

    fn lose(&mut self, number: usize) {
        self.losses -= 1;
        let actor = &mut self.actors[number];
        actor.state = State::Idle;
        actor.uses += 1;
        let name = actor.name;
        self.tell(name, || "the answer is lost; it will ask again".to_owned());
    }

    fn pause(&mut self, by_ms: i64, how_long: &str) {
        self.pauses -= 1;
        self.server.wait_until(self.server.now_ms() + by_ms);
        self.tell("clock", || format!("{by_ms} ms pass, {how_long}"));
    }

    fn broken(
        &mut self,
        number: usize,
        generation: u32,
        broken: Invariant,
    ) -> Result<(), Invariant> {
        self.tell_of_store(number, generation);
        Err(broken)
    }

    fn tell_of_store(&mut self, number: usize, generation: u32) {
        let words = self.store_words(generation);
        let name = self.actors[number].name;
        self.tell(name, || words.trim_end_matches("; ").to_owned());
    }

    /// What the store operation that just happened found, where somebody wants to know.
    fn store_words(&self, generation: u32) -> String {
        let mut words = String::new();
        if self.told.is_none() {
            return words;
        }
        // Writing to a string cannot fail.
        let _ = match self.server.happened() {
            Happened::Committed {
                won,
                family_lives,
                successor_used,
                ..
            } => write!(
                words,
                "store: token {generation} {}{}{}; ",
                if won {
                    "is used for the first time"
                } else {
                    "was used before"
                },
                if successor_used {
                    ", and its successor too"
                } else {
                    ""
                },
                if family_lives {
                    ""
                } else {
                    ", and its family has ended"
                },
            ),
            Happened::Looked { .. } => {
                write!(words, "store: looks whether token {generation} was used; ")
            }
            Happened::Touched { lives: true } => write!(words, "store: the family goes on; "),
            Happened::Touched { lives: false } => write!(words, "store: the family has ended; "),
            Happened::Ended => write!(words, "store: the family is ended; "),
            Happened::Other => Ok(()),
        };
        words
    }

    fn tell(&mut self, who: &'static str, what: impl FnOnce() -> String) {
        let at_ms = self.server.now_ms();
        if let Some(told) = &mut self.told {
            let what = what();
            told.push(Told { at_ms, who, what });
        }
    }
}

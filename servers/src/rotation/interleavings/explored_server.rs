//! The authorization server as the explorer sees it: the rotation code that serves, over a store in memory, on an
//! injected clock; a request advances by one store operation each time it is told to.

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::defect::Defect;
use super::memory::{Happened, MemoryStore};
use crate::client::Client;
use crate::clock::{Clock, ManualTime, millis};
use crate::entitlements::Entitlements;
use crate::model::accounts::Standing;
use crate::model::record::{Ledger, record_key};
use crate::model::{Grant, GrantRefusal};
use crate::roles::Roles;
use crate::rotation::{RefreshPolicy, RefreshToken, Renewal, RotationKey};
use crate::scope::Scope;
use crate::secret::{Secret, random_id};

/// Whose family it is: tokens are issued to this client.
pub(super) const OWNER: Client = Client::App;
/// Another client, to which they must be worth nothing.
pub(super) const STRANGER: Client = Client::App2;

/// When the login is, in Unix milliseconds; all times that are told count from then.
const LOGIN_MS: i64 = 1_795_000_000_000;
/// Neither ends a family in any order: they are tested where they can be waited for.
const IDLE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const ABSOLUTE: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The next refresh token, and with it an access token.
    Granted { successor: String },
    /// `invalid_grant`.
    Refused(GrantRefusal),
}

/// A request on its way through the server. It goes on from what it presented, when it arrived, and what the store has told
/// it so far: two that are alike in these hash alike.
pub(super) struct Request {
    token: String,
    client: Client,
    arrived_ms: i64,
    told: Vec<Happened>,
    store: MemoryStore,
    future: Pin<Box<dyn Future<Output = Answer>>>,
}

/// The server after one login.
pub(super) struct ExploredServer {
    pub(super) clock: Clock,
    pub(super) time: ManualTime,
    pub(super) store: MemoryStore,
    key: Arc<RotationKey>,
    policy: RefreshPolicy,
    family_key: String,
    /// The refresh token that the login gave.
    pub(super) first: String,
}

impl ExploredServer {
    /// Starts one, and logs in.
    pub(super) fn start(grace: Duration, defect: Option<Defect>) -> Self {
        let (clock, time) = Clock::manual(LOGIN_MS);
        let store = MemoryStore::with(clock.clone(), defect);
        // Never told, and another for each exploration; nothing depends on its value.
        let key = RotationKey::new(&Secret::new(random_id())).expect("32 random bytes are a key");
        let policy = RefreshPolicy {
            idle: IDLE,
            absolute: ABSOLUTE,
            grace,
        };
        let token = RefreshToken::first();
        let server = Self {
            first: key.write(&token, OWNER),
            family_key: record_key(&token.family_handle()),
            key: Arc::new(key),
            clock,
            time,
            store,
            policy,
        };
        server.log_in(&token);
        server
    }

    /// One that has just logged in, as this one had: the same family, nothing used.
    pub(super) fn again(&self) -> Self {
        let (clock, time) = Clock::manual(LOGIN_MS);
        Self {
            store: self.store.copy(clock.clone()),
            clock,
            time,
            key: Arc::clone(&self.key),
            policy: self.policy,
            family_key: self.family_key.clone(),
            first: self.first.clone(),
        }
    }

    /// A refresh has arrived; nothing has happened in the store yet.
    pub(super) fn ask(&self, token: String, client: Client) -> Request {
        let (ledger, key, policy) = (self.ledger(), Arc::clone(&self.key), self.policy);
        let presented = token.clone();
        let future = Box::pin(async move {
            let renewal = Renewal {
                ledger: &ledger,
                key: &key,
                policy,
                announcer: None,
            };
            let renewed = renewal.renew(&presented, client, None).await;
            match renewed.expect("memory always answers") {
                Ok(renewed) => Answer::Granted {
                    successor: key.write(&renewed.successor, OWNER),
                },
                Err(refusal) => Answer::Refused(refusal),
            }
        });
        Request {
            token,
            client,
            arrived_ms: self.now_ms(),
            told: Vec::new(),
            store: self.store.clone(),
            future,
        }
    }

    /// The generation of a token that the owner can use.
    pub(super) fn generation(&self, token: &str) -> Option<u32> {
        self.key.read(token, OWNER).map(|token| token.generation())
    }

    /// Whether the family is in the store.
    pub(super) fn family_lives(&self) -> bool {
        self.store.has(&self.family_key)
    }

    /// Milliseconds since the login.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms() - LOGIN_MS
    }

    /// Moves the clock to `ms` after the login; never back.
    pub(super) fn wait_until(&self, ms: i64) {
        let ahead = u64::try_from(ms - self.now_ms()).unwrap_or(0);
        self.time.advance(Duration::from_millis(ahead));
    }

    /// The grace in milliseconds.
    pub(super) fn grace_ms(&self) -> i64 {
        millis(self.policy.grace)
    }

    /// What the last store operation found.
    pub(super) fn happened(&self) -> Happened {
        self.store.happened()
    }

    fn ledger(&self) -> Ledger<MemoryStore> {
        Ledger::new(
            self.store.clone(),
            self.clock.clone(),
            Entitlements::default(),
        )
    }

    fn log_in(&self, token: &RefreshToken) {
        let grant = Grant {
            subject: "user-00001".to_owned(),
            client: OWNER,
            scope: Scope::READ,
            roles: Roles::NONE,
        };
        let (ledger, handle) = (self.ledger(), token.family_handle());
        let standing = Standing::default();
        let opened = ledger.open(&grant, &standing, &handle, IDLE, ABSOLUTE);
        let mut opened = std::pin::pin!(opened);
        let mut context = Context::from_waker(Waker::noop());
        while opened.as_mut().poll(&mut context).is_pending() {}
    }
}

impl Request {
    /// Goes as far as the first store operation; `Some` where there is none.
    pub(super) fn arrive(&mut self) -> Option<Answer> {
        self.poll()
    }

    /// Lets the next store operation happen; `Some` when that was the last.
    pub(super) fn advance(&mut self) -> Option<Answer> {
        let answer = self.poll();
        self.told.push(self.store.happened());
        answer
    }

    fn poll(&mut self) -> Option<Answer> {
        let mut context = Context::from_waker(Waker::noop());
        match self.future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }
}

impl Hash for Request {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.token, self.client.id(), self.arrived_ms, &self.told).hash(state);
    }
}

impl Hash for Answer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Granted { successor } => successor.hash(state),
            Self::Refused(refusal) => refusal.label().hash(state),
        }
    }
}

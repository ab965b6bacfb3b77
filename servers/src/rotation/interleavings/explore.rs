//! Every order up to a depth: depth first over what can happen next.
//!
//! Futures cannot be copied, so each point of the tree is reached by playing from the login. Points at which everything is
//! alike, the store, the clock, every actor and all that was noticed so far, have the same future: it is explored once, and
//! its orders are counted each time.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use super::audit::Invariant;
use super::cast::Cast;
use super::defect::Defect;
use super::explored_server::ExploredServer;
use super::play::Play;

pub use super::play::{OrderOutcome, Told};

/// Points of the tree between two words on how far it has come.
const HEARD_EVERY: u64 = 256;

/// What is to be explored.
#[derive(Clone, Copy, Debug)]
pub struct Exploration {
    /// Who acts.
    pub cast: Cast,
    /// The grace window.
    pub grace: Duration,
    /// How many steps come in every order that there is; what is left after them happens in one fixed order.
    pub depth: u32,
    /// Whether points that are alike are explored once. What is found is the same; without it, it takes as long as there
    /// are orders.
    pub merge: bool,
    /// A mistake made on purpose.
    pub defect: Option<Defect>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Explored {
    /// How many orders there are.
    pub orders: u64,
    /// Of these, orders that went on after the depth.
    pub cut: u64,
    /// Points of the tree that were played: with merging, those that are not alike.
    pub points: u64,
    /// The longest order, in steps.
    pub longest: u32,
    /// How many orders came to each outcome.
    pub outcomes: BTreeMap<OrderOutcome, u64>,
    /// For each invariant that was broken, in how many orders, and the shortest.
    pub broken: Vec<Broken>,
}

/// An invariant that does not hold.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// In how many orders.
    pub orders: u64,
    /// The shortest of them, the first of those as short, to the step that broke it.
    pub shortest: Vec<Told>,
}

impl Exploration {
    /// Explores; `heard` is told now and then what share of the tree is done (0 to 1), and ends the exploration by `false`:
    /// what was found until then is answered.
    pub fn run(&self, heard: impl FnMut(f64) -> bool) -> Explored {
        let server = ExploredServer::start(self.grace, self.defect);
        let mut explorer = Explorer {
            exploration: self,
            server: &server,
            known: HashMap::new(),
            path: Vec::new(),
            points: 0,
            heard,
            ended: false,
        };
        let whole = explorer.explore();
        let points = explorer.points;
        let broken = whole.broken.iter().map(|(invariant, offence)| Broken {
            invariant: *invariant,
            orders: offence.orders,
            shortest: self.tell(&server, &offence.path()),
        });
        Explored {
            orders: whole.orders,
            cut: whole.cut,
            points,
            longest: whole.longest,
            outcomes: whole.outcomes.clone(),
            broken: broken.collect(),
        }
    }

    fn tell(&self, server: &ExploredServer, path: &[usize]) -> Vec<Told> {
        let mut play = Play::new(server.again(), &self.cast, self.defect, true);
        // It breaks something at its end, which is why it is told.
        let _ = follow(&mut play, path).and_then(|()| finish(&mut play));
        play.into_told()
    }
}

/// The tree below one point.
#[derive(Clone, Default)]
struct Below {
    orders: u64,
    cut: u64,
    longest: u32,
    outcomes: BTreeMap<OrderOutcome, u64>,
    broken: BTreeMap<Invariant, Offence>,
}

/// Orders that break an invariant.
#[derive(Clone)]
struct Offence {
    orders: u64,
    /// Steps of the shortest.
    steps: u32,
    /// What it chooses from this point on, last choice first.
    choices: Vec<usize>,
}

/// A point of the tree that was chosen, and out of how many.
#[derive(Clone, Copy)]
struct Choice {
    taken: usize,
    of: usize,
}

struct Explorer<'a, H> {
    exploration: &'a Exploration,
    server: &'a ExploredServer,
    known: HashMap<u128, Rc<Below>>,
    path: Vec<Choice>,
    points: u64,
    heard: H,
    ended: bool,
}

impl<H: FnMut(f64) -> bool> Explorer<'_, H> {
    /// All below the point that `path` leads to.
    fn explore(&mut self) -> Rc<Below> {
        let Exploration { cast, defect, .. } = self.exploration;
        let mut play = Play::new(self.server.again(), cast, *defect, false);
        let chosen: Vec<usize> = self.path.iter().map(|choice| choice.taken).collect();
        let held = follow(&mut play, &chosen);
        if let Some(leaf) = self.leaf(&mut play, held) {
            self.points += 1;
            return Rc::new(leaf);
        }
        let alike = self.exploration.merge.then(|| play.fingerprint());
        if let Some(known) = alike.and_then(|alike| self.known.get(&alike)) {
            return Rc::clone(known);
        }
        self.points += 1;
        if self.points.is_multiple_of(HEARD_EVERY) && !(self.heard)(done(&self.path)) {
            self.ended = true;
        }
        let below = Rc::new(self.branch(play.possible().len()));
        if let Some(alike) = alike {
            self.known.insert(alike, Rc::clone(&below));
        }
        below
    }

    fn branch(&mut self, of: usize) -> Below {
        let mut below = Below::default();
        for taken in 0..of {
            if self.ended {
                break;
            }
            self.path.push(Choice { taken, of });
            let one = self.explore();
            self.path.pop();
            below.add(&one, taken);
        }
        below
    }

    /// What came of an order that is over, broken, or cut and then played to its end.
    fn leaf(&self, play: &mut Play, held: Result<(), Invariant>) -> Option<Below> {
        let deep = self.path.len() >= self.exploration.depth as usize;
        let cut = held.is_ok() && deep && !play.possible().is_empty();
        let over = held.is_err() || deep || play.possible().is_empty();
        over.then(|| {
            let held = held.and_then(|()| finish(play));
            Below::of(play, cut, held)
        })
    }
}

impl Below {
    fn of(play: &Play, cut: bool, held: Result<(), Invariant>) -> Self {
        let offence = Offence {
            orders: 1,
            steps: play.steps(),
            choices: Vec::new(),
        };
        Self {
            orders: 1,
            cut: u64::from(cut),
            longest: play.steps(),
            outcomes: BTreeMap::from([(play.outcome(), 1)]),
            broken: held
                .err()
                .map(|broken| (broken, offence))
                .into_iter()
                .collect(),
        }
    }

    /// Adds what is below one choice.
    fn add(&mut self, one: &Self, taken: usize) {
        self.orders += one.orders;
        self.cut += one.cut;
        self.longest = self.longest.max(one.longest);
        for (outcome, orders) in &one.outcomes {
            *self.outcomes.entry(*outcome).or_default() += orders;
        }
        for (invariant, theirs) in &one.broken {
            let ours = self.broken.entry(*invariant).or_insert(Offence {
                orders: 0,
                steps: u32::MAX,
                choices: Vec::new(),
            });
            ours.orders += theirs.orders;
            if theirs.steps < ours.steps {
                ours.steps = theirs.steps;
                ours.choices.clone_from(&theirs.choices);
                ours.choices.push(taken);
            }
        }
    }
}

impl Offence {
    fn path(&self) -> Vec<usize> {
        self.choices.iter().rev().copied().collect()
    }
}

/// Takes these choices.
fn follow(play: &mut Play, path: &[usize]) -> Result<(), Invariant> {
    path.iter().try_for_each(|taken| {
        let step = play.possible().get(*taken).copied();
        step.map_or(Ok(()), |step| play.take(step))
    })
}

/// Takes what comes first, until nothing can happen any more.
fn finish(play: &mut Play) -> Result<(), Invariant> {
    while let Some(step) = play.possible().first().copied() {
        play.take(step)?;
    }
    play.over()
}

/// The share of the tree that lies before `path`.
fn done(path: &[Choice]) -> f64 {
    let mut part = 1.0;
    path.iter().fold(0.0, |before, choice| {
        part /= choice.of as f64;
        before + part * choice.taken as f64
    })
}

//! Machines that misbehave in known ways: rounds of two arms between which nothing differs but chance.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt;

/// How a machine is noisy. Each round has a part that hits both arms alike and a part of each arm's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// Log-normal, both parts.
    LogNormal,
    /// The machine becomes slower and slower, and swings while it does.
    Drifting,
    /// An arm's round is now and then a tenth slower.
    Bimodal,
    /// An arm's round is seldom slower, and then by up to a half or so.
    Spiky,
    /// The machine changes its speed for good, in the middle of a round that then hits the arms differently.
    Stepped,
}

impl Noise {
    /// Every way.
    pub const ALL: [Self; 5] = [
        Self::LogNormal,
        Self::Drifting,
        Self::Bimodal,
        Self::Spiky,
        Self::Stepped,
    ];
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LogNormal => "log-normal",
            Self::Drifting => "drifting",
            Self::Bimodal => "bimodal",
            Self::Spiky => "spiky",
            Self::Stepped => "stepped",
        })
    }
}

/// One machine on one day.
#[derive(Debug)]
pub struct Machine {
    noise: Noise,
    draw: ChaCha8Rng,
    round: f64,
    level: f64,
}

impl Machine {
    /// The day number `stream` of all that follow from `seed`; no two are alike.
    #[must_use]
    pub fn new(noise: Noise, seed: u64, stream: u64) -> Self {
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        draw.set_stream(stream);
        Self {
            noise,
            draw,
            round: 0.0,
            level: 0.0,
        }
    }

    /// One quantity of both arms in the next round, in some unit.
    pub fn round(&mut self) -> [f64; 2] {
        self.round += 1.0;
        let stepped = self.noise == Noise::Stepped && self.happens(0.05);
        if stepped {
            self.level += 0.4 * self.normal();
        }
        let both = self.level + self.common();
        let mut arm = || {
            let caught = if stepped { 0.1 * self.normal() } else { 0.0 };
            (both + caught + self.own()).exp()
        };
        [arm(), arm()]
    }

    /// What hits both arms alike, on the log scale.
    fn common(&mut self) -> f64 {
        match self.noise {
            Noise::Drifting => 0.02 * self.round + 0.3 * (self.round / 7.0).sin(),
            _ => 0.2 * self.normal(),
        }
    }

    /// What hits one arm, on the log scale: 0.03 is what was measured for CPU per request when each request is drawn to an arm.
    fn own(&mut self) -> f64 {
        let spread = 0.03 * self.normal();
        let further = match self.noise {
            Noise::Bimodal => self.seldom(0.2, 0.1),
            Noise::Spiky => {
                let height = 0.25 * self.normal().abs();
                self.seldom(0.02, height)
            }
            _ => 0.0,
        };
        spread + further
    }

    fn seldom(&mut self, chance: f64, height: f64) -> f64 {
        if self.happens(chance) { height } else { 0.0 }
    }

    fn happens(&mut self, chance: f64) -> bool {
        self.draw.random::<f64>() < chance
    }

    /// Box and Muller (1958).
    fn normal(&mut self) -> f64 {
        let (radius, angle): (f64, f64) = (self.draw.random(), self.draw.random());
        (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}

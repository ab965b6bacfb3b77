//! Another mix of client types than the scenario's own: `browser=50,spa=30,native=20`.

use super::ClientPlan;
use std::fmt;
use std::str::FromStr;

/// How far from 100 the sum of a mix may be: people write 33.3.
const ROUNDING: f64 = 0.5;

/// Percentages by client type, adding up to 100. Types that are not named have no sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix(Vec<(String, f64)>);

/// Why a text is no mix, or not one of the scenario's client types.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MixError {
    /// A part without a number.
    #[error("{0:?} is not of the form TYPE=PERCENT")]
    Form(String),
    /// A number that is no percentage.
    #[error("{0:?} is not a percentage (allowed: 0 to 100)")]
    Percentage(String),
    /// One type twice.
    #[error("{0:?} is named twice")]
    Twice(String),
    /// The percentages do not add up.
    #[error("the percentages add up to {0}, not to 100")]
    Sum(f64),
    /// The scenario has no such type.
    #[error("no client type is called {name:?} (the scenario has: {known})")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, percent)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{name}={percent}")?;
        }
        Ok(())
    }
}

impl FromStr for Mix {
    type Err = MixError;

    fn from_str(text: &str) -> Result<Self, MixError> {
        let mut parts: Vec<(String, f64)> = Vec::new();
        for part in text.split(',') {
            let (name, percent) = part
                .split_once('=')
                .ok_or_else(|| MixError::Form(part.to_owned()))?;
            let number = percent.trim().parse().ok();
            let number = number
                .filter(|number| (0.0..=100.0).contains(number))
                .ok_or_else(|| MixError::Percentage(percent.to_owned()))?;
            let name = name.trim().to_owned();
            if parts.iter().any(|(other, _)| *other == name) {
                return Err(MixError::Twice(name));
            }
            parts.push((name, number));
        }
        let sum: f64 = parts.iter().map(|(_, percent)| percent).sum();
        if (sum - 100.0).abs() > ROUNDING {
            return Err(MixError::Sum(sum));
        }
        Ok(Self(parts))
    }
}

impl Mix {
    /// Gives each of `clients` its share.
    ///
    /// # Errors
    /// [`MixError::Unknown`]; `clients` are unchanged then.
    pub fn apply(&self, clients: &mut [ClientPlan]) -> Result<(), MixError> {
        let known = |name: &str| clients.iter().any(|client| client.name == name);
        if let Some((name, _)) = self.0.iter().find(|(name, _)| !known(name)) {
            let names: Vec<&str> = clients.iter().map(|client| client.name.as_str()).collect();
            return Err(MixError::Unknown {
                name: name.clone(),
                known: names.join(", "),
            });
        }
        let sum: f64 = self.0.iter().map(|(_, percent)| percent).sum();
        for client in clients {
            let own = self.0.iter().find(|(name, _)| *name == client.name);
            client.share = own.map_or(0.0, |(_, percent)| percent / sum);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Presents, Renew, Shares};
    use super::*;
    use std::time::Duration;

    fn client(name: &str) -> ClientPlan {
        ClientPlan {
            name: name.to_owned(),
            share: 0.5,
            presents: Presents {
                cookie: true,
                header: true,
            },
            requests: 1,
            think: Duration::ZERO,
            renew: Renew::Ahead,
            reload_every: None,
            shares: Shares::default(),
        }
    }

    #[test]
    fn a_mix_gives_every_type_its_share_and_the_others_none() {
        let mut clients = [client("browser"), client("spa"), client("job")];
        let mix: Mix = "spa=66.6, browser=33.3".parse().expect("a mix");
        mix.apply(&mut clients).expect("both are known");
        let shares = clients.map(|client| (client.share * 1e3).round());
        assert_eq!(shares, [333.0, 667.0, 0.0]);
        assert_eq!(mix.to_string(), "spa=66.6,browser=33.3");
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("browser", "\"browser\" is not of the form TYPE=PERCENT"),
            ("browser=x", "\"x\" is not a percentage (allowed: 0 to 100)"),
            (
                "browser=-1",
                "\"-1\" is not a percentage (allowed: 0 to 100)",
            ),
            (
                "browser=NaN",
                "\"NaN\" is not a percentage (allowed: 0 to 100)",
            ),
            ("spa=50,spa=50", "\"spa\" is named twice"),
            ("spa=50,job=40", "the percentages add up to 90, not to 100"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<Mix>().expect_err(text);
            assert_eq!(error.to_string(), expected);
        }
        let mut clients = [client("browser")];
        let mix: Mix = "spa=100".parse().expect("a mix");
        let error = mix.apply(&mut clients).expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "no client type is called \"spa\" (the scenario has: browser)"
        );
        assert_eq!(clients[0].share, 0.5);
    }
}

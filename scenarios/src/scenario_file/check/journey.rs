//! What belongs to journeys: `[journey]`, `[[client]]`.

use super::Checker;
use crate::scenario_file::raw::{RawClient, RawJourney};
use crate::scenario_file::{ClientPlan, Journeys, Presents, Renew, Shares};
use crate::target::FileError;
use std::time::Duration;
use toml::Spanned;

/// `[journey]` and its `[[client]]` tables, checked as far as no profile is involved.
pub(super) struct Lives {
    sessions_per_s: u32,
    renew_before: Duration,
    clients: Vec<ClientPlan>,
}

impl Lives {
    /// What is measured in a profile with so many rounds of slices.
    pub(super) fn plan(&self, warm_up: Duration, rounds: u32, slice: Duration) -> Journeys {
        Journeys {
            warm_up,
            rounds,
            slice,
            sessions_per_s: self.sessions_per_s,
            renew_before: self.renew_before,
            clients: self.clients.clone(),
        }
    }
}

impl Checker<'_> {
    pub(super) fn lives(
        &self,
        journey: &Spanned<RawJourney>,
        clients: &[Spanned<RawClient>],
    ) -> Result<Lives, FileError> {
        let raw = journey.get_ref();
        let mut checked: Vec<ClientPlan> = Vec::new();
        for client in clients {
            let plan = self.client(client)?;
            if checked.iter().any(|other| other.name == plan.name) {
                let problem = format!("{:?} is taken", plan.name);
                let at = &client.get_ref().name;
                return Err(self.error(at, "client.type", problem, "a name used once"));
            }
            checked.push(plan);
        }
        let sum: f64 = checked.iter().map(|client| client.share).sum();
        if checked.is_empty() || sum <= 0.0 {
            let allowed = "at least one [[client]] with a weight above 0";
            return Err(self.error(journey, "client", "nobody has sessions", allowed));
        }
        checked.iter_mut().for_each(|client| client.share /= sum);
        Ok(Lives {
            sessions_per_s: self.whole(&raw.sessions_per_s, "journey.sessions_per_s")?,
            renew_before: self.duration(&raw.renew_before, "journey.renew_before")?,
            clients: checked,
        })
    }

    /// Its share is still its weight.
    fn client(&self, raw: &Spanned<RawClient>) -> Result<ClientPlan, FileError> {
        let client = raw.get_ref();
        let name = self.name(&client.name, "client.type")?;
        let key = |member: &str| format!("client.{name}.{member}");
        let share = |raw: &Option<Spanned<f64>>, member: &str| match raw {
            None => Ok(0.0),
            Some(raw) if (0.0..=1.0).contains(raw.get_ref()) => Ok(*raw.get_ref()),
            Some(raw) => Err(self.error(raw, key(member), "is no share", "0 to 1")),
        };
        let weight = *client.weight.get_ref();
        if !(0.0..=1e6).contains(&weight) {
            return Err(self.error(
                &client.weight,
                key("weight"),
                "is no weight",
                "0 to 1000000",
            ));
        }
        let reload_every = client.reload_every.as_ref();
        Ok(ClientPlan {
            share: weight,
            presents: self.presents(&client.presents, &key("presents"))?,
            requests: self.whole(&client.requests_per_session, &key("requests_per_session"))?,
            think: self.duration(&client.think, &key("think"))?,
            renew: self.renew(client.renew.as_ref(), &key("renew"))?,
            reload_every: reload_every
                .map(|every| self.whole(every, &key("reload_every")))
                .transpose()?,
            shares: Shares {
                write: share(&client.write_share, "write_share")?,
                two_tabs: share(&client.two_tabs_share, "two_tabs_share")?,
                retry: share(&client.retry_share, "retry_share")?,
                lost_response: share(&client.lost_response_share, "lost_response_share")?,
                logout: share(&client.logout_share, "logout_share")?,
            },
            name,
        })
    }

    fn presents(
        &self,
        raw: &Spanned<Vec<Spanned<String>>>,
        key: &str,
    ) -> Result<Presents, FileError> {
        let list = self.list(raw, key)?;
        let ways = ["cookie", "header"];
        if let Some(other) = list.iter().find(|way| !ways.contains(&way.as_str())) {
            return Err(self.error(raw, key, format!("unknown {other:?}"), ways.join(", ")));
        }
        let has = |way: &str| list.iter().any(|other| other == way);
        Ok(Presents {
            cookie: has("cookie"),
            header: has("header"),
        })
    }

    fn renew(&self, raw: Option<&Spanned<String>>, key: &str) -> Result<Renew, FileError> {
        let Some(raw) = raw else {
            return Ok(Renew::Ahead);
        };
        match raw.get_ref().as_str() {
            "ahead" => Ok(Renew::Ahead),
            "when_refused" => Ok(Renew::WhenRefused),
            other => Err(self.error(
                raw,
                key,
                format!("unknown {other:?}"),
                "ahead, when_refused",
            )),
        }
    }
}

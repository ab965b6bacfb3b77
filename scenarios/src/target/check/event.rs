//! Checks events: whom they put out, what they promise, and about which points.

use std::collections::BTreeMap;

use authbench_reports::revocation::{EventReach, WitnessOf};
use toml::Spanned;

use super::Checker;
use crate::target::bound::Bound;
use crate::target::duration;
use crate::target::file::About;
use crate::target::flows::{Event, Point, RefreshAfter, Step};
use crate::target::raw::{RawEvent, RawStep, RawTarget};
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;

const REACHES: [(&str, EventReach); 4] = [
    ("credential", EventReach::Credential),
    ("account", EventReach::Account),
    ("client", EventReach::Client),
    ("everyone", EventReach::Everyone),
];
const WITNESSES: [(&str, WitnessOf); 2] = [
    ("same_user", WitnessOf::SameUser),
    ("other_user", WitnessOf::OtherUser),
];

impl Checker<'_> {
    pub(super) fn event(
        &self,
        raw: &RawEvent,
        file: &RawTarget,
        about: &About,
        points: &[Point<RequestTemplate>],
        refresh: &[Step<RequestTemplate>],
        steps: impl Fn(&[Spanned<RawStep>], &str, bool) -> Result<Vec<Step<RequestTemplate>>, FileError>,
    ) -> Result<Event<RequestTemplate>, FileError> {
        let name = self.name(&raw.name, "event.name")?;
        let key = format!("event.{name}");
        if raw.step.is_empty() {
            return Err(self.error(
                &raw.name,
                format!("{key}.step"),
                "is missing",
                "at least one [[event.step]]",
            ));
        }
        let mut bounds = BTreeMap::new();
        for (point, text) in &raw.bound {
            let key = format!("{key}.bound.{point}");
            self.probed(text, &key, &name, point, points)?;
            bounds.insert(point.clone(), self.bound(text, &key, about)?);
        }
        let goes_on = self.goes_on(raw, &key, points)?;
        let refresh_after = raw
            .refresh_after
            .as_ref()
            .map(|after| self.refresh_after(after, &key, refresh))
            .transpose()?;
        let reach = match &raw.reach {
            Some(reach) => Some(self.one_of(reach, &format!("{key}.reach"), &REACHES)?),
            None => None,
        };
        let client = self.event_client(raw, &key, file)?;
        Ok(Event {
            steps: steps(&raw.step, &format!("{key}.step"), false)?,
            undo: steps(&raw.undo, &format!("{key}.undo"), true)?,
            witnesses: self.witnesses(raw, &key, reach, client.is_some())?,
            name,
            reach,
            client,
            bounds,
            goes_on,
            refresh_after,
        })
    }

    /// Whether `point` is a point that is probed in the event `name`.
    fn probed<T>(
        &self,
        at: &Spanned<T>,
        key: &str,
        name: &str,
        point: &str,
        points: &[Point<RequestTemplate>],
    ) -> Result<(), FileError> {
        let named = |known: &Point<RequestTemplate>| known.name.clone();
        let Some(known) = points.iter().find(|known| known.name == point) else {
            let known: Vec<String> = points.iter().map(named).collect();
            let problem = format!("no point is called {point:?}");
            return Err(self.error(at, key, problem, known.join(", ")));
        };
        if known.is_probed_in(name) {
            return Ok(());
        }
        let probed = points.iter().filter(|known| known.is_probed_in(name));
        let probed: Vec<String> = probed.map(named).collect();
        let problem = format!("point {point} is not probed in this event (point.{point}.events)");
        Err(self.error(at, key, problem, probed.join(", ")))
    }

    fn goes_on(
        &self,
        raw: &RawEvent,
        key: &str,
        points: &[Point<RequestTemplate>],
    ) -> Result<Vec<String>, FileError> {
        let key = format!("{key}.goes_on");
        let mut goes_on: Vec<String> = Vec::new();
        for named in &raw.goes_on {
            let point = named.get_ref();
            self.probed(named, &key, raw.name.get_ref(), point, points)?;
            if raw.bound.contains_key(point) || goes_on.contains(point) {
                let problem = format!("{point:?} has a bound, or is named twice");
                let allowed = "points at which the credential is to be accepted on, each once";
                return Err(self.error(named, key, problem, allowed));
            }
            goes_on.push(point.clone());
        }
        Ok(goes_on)
    }

    /// A client type with a login of its own.
    fn event_client(
        &self,
        raw: &RawEvent,
        key: &str,
        file: &RawTarget,
    ) -> Result<Option<String>, FileError> {
        let Some(named) = &raw.client else {
            return Ok(None);
        };
        let with_login = file.client.iter().filter(|client| !client.login.is_empty());
        let mut names = with_login.map(|client| client.name.get_ref().as_str());
        if names.clone().any(|name| name == named.get_ref()) {
            return Ok(Some(named.get_ref().clone()));
        }
        let problem = format!("no client type {:?} logs in by itself", named.get_ref());
        let known = names.by_ref().collect::<Vec<_>>().join(", ");
        Err(self.error(named, format!("{key}.client"), problem, known))
    }

    /// Those that the file names, else those that the reach implies.
    fn witnesses(
        &self,
        raw: &RawEvent,
        key: &str,
        reach: Option<EventReach>,
        has_client: bool,
    ) -> Result<Vec<WitnessOf>, FileError> {
        let Some(named) = &raw.witnesses else {
            return Ok(match reach {
                Some(EventReach::Credential) => vec![WitnessOf::SameUser],
                Some(EventReach::Account) => vec![WitnessOf::OtherUser],
                // Those of another client, where the event is about a client of its own.
                Some(EventReach::Client) if has_client => vec![WitnessOf::OtherUser],
                Some(EventReach::Client | EventReach::Everyone) | None => Vec::new(),
            });
        };
        let key = format!("{key}.witnesses");
        if reach == Some(EventReach::Everyone) && !named.get_ref().is_empty() {
            let problem = "an event that hits everyone leaves nobody alone";
            return Err(self.error(named, key, problem, "none"));
        }
        let each = named.get_ref().iter();
        each.map(|of| self.one_of(of, &key, &WITNESSES)).collect()
    }

    fn one_of<T: Copy>(
        &self,
        raw: &Spanned<String>,
        key: &str,
        known: &[(&str, T)],
    ) -> Result<T, FileError> {
        let found = known.iter().find(|(word, _)| word == raw.get_ref());
        found.map(|(_, meant)| *meant).ok_or_else(|| {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let problem = format!("unknown {:?}", raw.get_ref());
            self.error(raw, key, problem, words.join(", "))
        })
    }

    fn bound(&self, raw: &Spanned<String>, key: &str, about: &About) -> Result<Bound, FileError> {
        Bound::parse(raw.get_ref(), &about.facts).map_err(|term| {
            let facts: String = about.facts.keys().map(|fact| format!("{fact}, ")).collect();
            let allowed = format!("a sum of facts and durations: {facts}{}", duration::ALLOWED);
            self.error(
                raw,
                key,
                format!("{term:?} is neither a fact nor a duration"),
                allowed,
            )
        })
    }

    fn refresh_after(
        &self,
        raw: &Spanned<String>,
        key: &str,
        refresh: &[Step<RequestTemplate>],
    ) -> Result<RefreshAfter, FileError> {
        let key = format!("{key}.refresh_after");
        if refresh.is_empty() {
            return Err(self.error(
                raw,
                key,
                "this target has no refresh",
                "[[refresh]] steps, or no refresh_after",
            ));
        }
        match raw.get_ref().as_str() {
            "refused" => Ok(RefreshAfter::Refused),
            "works" => Ok(RefreshAfter::Works),
            other => Err(self.error(raw, key, format!("unknown {other:?}"), "refused, works")),
        }
    }
}

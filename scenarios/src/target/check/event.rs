//! Checks events: what they promise, and about which points.

use std::collections::BTreeMap;

use toml::Spanned;

use super::Checker;
use crate::target::bound::Bound;
use crate::target::duration;
use crate::target::file::About;
use crate::target::flows::{Event, Point, RefreshAfter, Step};
use crate::target::raw::{RawEvent, RawStep};
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;

impl Checker<'_> {
    pub(super) fn event(
        &self,
        raw: &RawEvent,
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
            if !points.iter().any(|known| known.name == *point) {
                let known: Vec<&str> = points.iter().map(|point| point.name.as_str()).collect();
                return Err(self.error(
                    text,
                    key,
                    format!("no point is called {point:?}"),
                    known.join(", "),
                ));
            }
            bounds.insert(point.clone(), self.bound(text, &key, about)?);
        }
        let refresh_after = raw
            .refresh_after
            .as_ref()
            .map(|after| self.refresh_after(after, &key, refresh))
            .transpose()?;
        Ok(Event {
            steps: steps(&raw.step, &format!("{key}.step"), false)?,
            undo: steps(&raw.undo, &format!("{key}.undo"), true)?,
            name,
            bounds,
            refresh_after,
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

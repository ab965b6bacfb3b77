//! Checks points: where a credential is accepted or refused, and how that shows.

use toml::Spanned;

use super::Checker;
use super::request::RawRequest;
use super::scope::Scope;
use crate::target::flows::{Point, PointKind};
use crate::target::judge::Rule;
use crate::target::raw::{RawEvent, RawPoint, RawTarget};
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;

impl Checker<'_> {
    pub(super) fn points(
        &self,
        raw: &RawTarget,
        scope: &Scope,
    ) -> Result<Vec<Point<RequestTemplate>>, FileError> {
        let mut points: Vec<Point<RequestTemplate>> = Vec::new();
        for point in &raw.point {
            self.unique(
                &point.name,
                "point.name",
                points.iter().map(|point| &point.name),
            )?;
            points.push(self.point(point, &raw.event, scope)?);
        }
        if !points.iter().any(|point| point.traffic) {
            return Err(self.error(
                &raw.name,
                "point",
                "no point gets traffic",
                "at least one [[point]] without traffic = false",
            ));
        }
        Ok(points)
    }

    fn point(
        &self,
        raw: &RawPoint,
        events: &[RawEvent],
        scope: &Scope,
    ) -> Result<Point<RequestTemplate>, FileError> {
        let name = self.name(&raw.name, "point.name")?;
        let key = format!("point.{name}");
        let request = self.request(&RawRequest::of_point(raw), &key, scope)?;
        let accept = self.rule(&raw.accept, &format!("{key}.accept"))?;
        let refuse = self.rule(&raw.refuse, &format!("{key}.refuse"))?;
        if accept.cannot_be_told_from(&refuse) {
            let allowed = "different statuses, or a header or JSON condition on both";
            return Err(self.error(
                &raw.refuse,
                format!("{key}.refuse"),
                "may hold where accept does",
                allowed,
            ));
        }
        let kind = self.point_kind(raw, &key, [&accept, &refuse])?;
        Ok(Point {
            name,
            request,
            accept,
            refuse,
            kind,
            traffic: match &raw.traffic {
                Some(traffic) => *traffic.get_ref(),
                None => kind == PointKind::Request,
            },
            events: match &raw.events {
                Some(named) => Some(self.probed_in(named, &format!("{key}.events"), events)?),
                None => None,
            },
        })
    }

    fn point_kind(
        &self,
        raw: &RawPoint,
        key: &str,
        rules: [&Rule; 2],
    ) -> Result<PointKind, FileError> {
        let Some(kind) = &raw.kind else {
            return Ok(PointKind::Request);
        };
        match kind.get_ref().as_str() {
            "request" => return Ok(PointKind::Request),
            "stream" => {}
            other => {
                let problem = format!("unknown {other:?}");
                return Err(self.error(kind, format!("{key}.kind"), problem, "request, stream"));
            }
        }
        if let Some(traffic) = raw.traffic.as_ref().filter(|traffic| *traffic.get_ref()) {
            let problem = "a stream is one answer that goes on: no place for requests";
            return Err(self.error(traffic, format!("{key}.traffic"), problem, "false"));
        }
        if rules.iter().any(|rule| !rule.json.is_empty()) {
            let problem = "a stream has no body to look into: it is judged before it ends";
            let allowed = "status and header in accept and refuse";
            return Err(self.error(kind, format!("{key}.kind"), problem, allowed));
        }
        Ok(PointKind::Stream)
    }

    /// The events in which a point is probed: some that the file has.
    fn probed_in(
        &self,
        raw: &Spanned<Vec<Spanned<String>>>,
        key: &str,
        events: &[RawEvent],
    ) -> Result<Vec<String>, FileError> {
        let known = || events.iter().map(|event| event.name.get_ref().as_str());
        let unknown = raw
            .get_ref()
            .iter()
            .find(|named| !known().any(|event| event == named.get_ref()));
        if let Some(named) = unknown {
            let problem = format!("no event is called {:?}", named.get_ref());
            let known: Vec<&str> = known().collect();
            return Err(self.error(named, key, problem, known.join(", ")));
        }
        Ok(raw
            .get_ref()
            .iter()
            .map(|named| named.get_ref().clone())
            .collect())
    }
}

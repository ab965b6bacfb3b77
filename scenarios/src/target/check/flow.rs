//! Checks step lists and points.

use std::collections::BTreeSet;

use toml::Spanned;

use super::Checker;
use super::scope::Scope;
use crate::target::file::{About, ProcessSpec};
use crate::target::flows::{Event, Flows, Point, Step};
use crate::target::raw::{RawPoint, RawStep, RawTarget};
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;

/// The names of the captures known so far.
pub(super) type Captured = BTreeSet<String>;

impl Checker<'_> {
    pub(super) fn flows(
        &self,
        raw: &RawTarget,
        about: &About,
        processes: &[ProcessSpec],
    ) -> Result<Flows<RequestTemplate>, FileError> {
        let mut base = Scope::default()
            .with_vars(&self.vars)
            .with_all_under("env.")
            .with_names(["uuid"]);
        if about.users.is_some() {
            base = base.with_names(["user.name", "user.password", "user.number"]);
        }
        for process in processes {
            base = base.with_all_under(format!("{}.", process.name));
        }
        let mut captured = Captured::new();
        let login = self.steps(&raw.login, "login", &base, &mut captured)?;
        let after_login =
            |steps: &[RawStep], key: &str| self.steps(steps, key, &base, &mut captured.clone());
        let refresh = after_login(&raw.refresh, "refresh")?;
        let logout = after_login(&raw.logout, "logout")?;
        self.needs_login(raw)?;
        let points = self.points(raw, &base.clone().with_names(captured.clone()))?;
        let mut events: Vec<Event<RequestTemplate>> = Vec::new();
        for event in &raw.event {
            let checked = self.event(event, about, &points, &refresh, |steps, key| {
                after_login(steps, key)
            })?;
            self.unique(
                &event.name,
                "event.name",
                events.iter().map(|event| &event.name),
            )?;
            events.push(checked);
        }
        let clients = self.clients(&raw.client, &points, &base, &captured)?;
        Ok(Flows {
            login,
            refresh,
            logout,
            points,
            events,
            clients,
        })
    }

    /// Only a login makes credentials that can be refreshed, logged out or revoked, and it needs somebody to log in.
    fn needs_login(&self, raw: &RawTarget) -> Result<(), FileError> {
        let later = raw
            .refresh
            .first()
            .or(raw.logout.first())
            .map(|step| step.request.span());
        let later = later.or(raw.event.first().map(|event| event.name.span()));
        match (raw.login.first(), later, &raw.users) {
            (None, Some(span), _) => Err(self.source.error(
                &span,
                "login",
                "is missing",
                "[[login]] steps, which this needs",
            )),
            (Some(step), _, None) => Err(self.error(
                &step.request,
                "users",
                "is missing",
                "[users], whom [[login]] needs",
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn steps(
        &self,
        raw: &[RawStep],
        list: &str,
        base: &Scope,
        captured: &mut Captured,
    ) -> Result<Vec<Step<RequestTemplate>>, FileError> {
        let mut steps = Vec::new();
        for (index, step) in raw.iter().enumerate() {
            let key = format!("{list}[{index}]");
            let scope = base.clone().with_names(captured.clone());
            let request = self.request(&step.into(), &key, &scope)?;
            let expect = self.statuses(&step.expect, &format!("{key}.expect"))?;
            let mut captures = Vec::new();
            for (name, raw) in &step.capture {
                let key = format!("{key}.capture.{name}");
                captures.push(self.capture(name, raw, &key, step.cookies.is_none())?);
                captured.insert(name.clone());
            }
            steps.push(Step {
                label: format!("{key} ({})", step.request.get_ref()),
                request,
                expect,
                captures,
            });
        }
        Ok(steps)
    }

    fn points(
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
            points.push(self.point(point, scope)?);
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

    fn point(&self, raw: &RawPoint, scope: &Scope) -> Result<Point<RequestTemplate>, FileError> {
        let name = self.name(&raw.name, "point.name")?;
        let key = format!("point.{name}");
        let request = self.request(&raw.into(), &key, scope)?;
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
        Ok(Point {
            name,
            request,
            accept,
            refuse,
            traffic: raw.traffic,
        })
    }

    pub(super) fn unique<'n>(
        &self,
        raw: &Spanned<String>,
        key: &str,
        mut earlier: impl Iterator<Item = &'n String>,
    ) -> Result<(), FileError> {
        if earlier.any(|name| name == raw.get_ref()) {
            return Err(self.error(
                raw,
                key,
                format!("{:?} is taken", raw.get_ref()),
                "a name used once",
            ));
        }
        Ok(())
    }
}

//! Checks step lists, points and events.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::Checker;
use super::scope::Scope;
use crate::target::bound::Bound;
use crate::target::duration;
use crate::target::file::{About, ProcessSpec};
use crate::target::flows::{Event, Flows, Point, RefreshAfter, Step};
use crate::target::raw::{RawBasic, RawEvent, RawPoint, RawStep, RawTarget, RawTexts};
use crate::target::request::{Parts, RequestTemplate};
use crate::target::source::FileError;
use crate::target::template::Template;

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The names of the captures known so far.
type Captured = BTreeSet<String>;

/// What a request is made of, wherever it stands in the file.
struct RawRequest<'a> {
    line: &'a Spanned<String>,
    headers: &'a RawTexts,
    cookies: Option<&'a RawTexts>,
    basic: Option<&'a RawBasic>,
    form: Option<&'a RawTexts>,
}

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
        Ok(Flows {
            login,
            refresh,
            logout,
            points,
            events,
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

    fn steps(
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
            let parts = RawRequest {
                line: &step.request,
                headers: &step.headers,
                cookies: step.cookies.as_ref(),
                basic: step.basic.as_ref(),
                form: step.form.as_ref(),
            };
            let request = self.request(&parts, &key, &scope)?;
            let expect = self.statuses(&step.expect, &format!("{key}.expect"))?;
            let mut captures = Vec::new();
            for (name, raw) in &step.capture {
                captures.push(self.capture(name, raw, &format!("{key}.capture.{name}"))?);
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
        let parts = RawRequest {
            line: &raw.request,
            headers: &raw.headers,
            cookies: raw.cookies.as_ref(),
            basic: raw.basic.as_ref(),
            form: raw.form.as_ref(),
        };
        let request = self.request(&parts, &key, scope)?;
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

    fn event(
        &self,
        raw: &RawEvent,
        about: &About,
        points: &[Point<RequestTemplate>],
        refresh: &[Step<RequestTemplate>],
        steps: impl Fn(&[RawStep], &str) -> Result<Vec<Step<RequestTemplate>>, FileError>,
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
            steps: steps(&raw.step, &format!("{key}.step"))?,
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

    fn request(
        &self,
        raw: &RawRequest<'_>,
        key: &str,
        scope: &Scope,
    ) -> Result<RequestTemplate, FileError> {
        let line = raw.line;
        let line_key = format!("{key}.request");
        let split = line
            .get_ref()
            .split_once(' ')
            .filter(|(method, _)| METHODS.contains(method));
        let Some((method, url)) = split else {
            let allowed = format!("a method and a URL; methods: {}", METHODS.join(", "));
            return Err(self.error(
                line,
                line_key,
                format!("{:?} is not a request", line.get_ref()),
                allowed,
            ));
        };
        let url = self.template(
            &Spanned::new(line.span(), url.trim().to_owned()),
            &line_key,
            scope,
        )?;
        let all = |texts: &RawTexts, part: &str| self.texts(texts, &format!("{key}.{part}"), scope);
        let basic = raw.basic.map(|basic| -> Result<_, FileError> {
            let username =
                self.template(&basic.username, &format!("{key}.basic.username"), scope)?;
            Ok((
                username,
                self.template(&basic.password, &format!("{key}.basic.password"), scope)?,
            ))
        });
        let parts = Parts {
            method: method.to_owned(),
            headers: all(raw.headers, "headers")?,
            cookies: raw
                .cookies
                .map(|cookies| all(cookies, "cookies"))
                .transpose()?,
            basic: basic.transpose()?,
            form: raw.form.map(|form| all(form, "form")).transpose()?,
        };
        Ok(RequestTemplate { url, parts })
    }

    fn texts(
        &self,
        raw: &RawTexts,
        key: &str,
        scope: &Scope,
    ) -> Result<Vec<(String, Template)>, FileError> {
        let one = |(name, text): (&String, &Spanned<String>)| {
            Ok((
                name.clone(),
                self.template(text, &format!("{key}.{name}"), scope)?,
            ))
        };
        raw.iter().map(one).collect()
    }

    fn unique<'n>(
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

//! Checks what the step lists, points and events of a file have to do with one another.

use toml::Spanned;

use super::Checker;
use super::step::StepScope;
use crate::target::file::{About, ProcessSpec};
use crate::target::flows::{Event, Flows};
use crate::target::raw::RawTarget;
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;

impl Checker<'_> {
    pub(super) fn flows(
        &self,
        raw: &RawTarget,
        about: &About,
        processes: &[ProcessSpec],
    ) -> Result<Flows<RequestTemplate>, FileError> {
        let nobody = StepScope::new(self, processes);
        let somebody = match &about.users {
            Some(users) => nobody.clone().with_user(users),
            None => nobody.clone(),
        };
        let mut admin = nobody.clone();
        let admin_login = self.steps(&raw.admin_login, "admin_login", &mut admin)?;
        let mut user = somebody.clone();
        let login = self.steps(&raw.login, "login", &mut user)?;
        let after_login = |steps: &[_], key: &str| self.steps(steps, key, &mut user.clone());
        let refresh = after_login(&raw.refresh, "refresh")?;
        let logout = after_login(&raw.logout, "logout")?;
        self.needs_login(raw)?;
        let points = self.points(raw, &user.at_a_point())?;
        let mut events: Vec<Event<RequestTemplate>> = Vec::new();
        for event in raw.event.iter().filter(|event| event.omit.is_none()) {
            let checked = self.event(
                event,
                raw,
                about,
                &points,
                &refresh,
                |steps, key, undoes| {
                    // What brings the user back must do so when the credential is gone: after a crash, say. And another client's login captures
                    // something else.
                    let scope = match undoes || event.client.is_some() {
                        true => &somebody,
                        false => &user,
                    };
                    self.steps(steps, key, &mut scope.clone().with_admin(&admin))
                },
            )?;
            self.unique(
                &event.name,
                "event.name",
                events.iter().map(|event| &event.name),
            )?;
            events.push(checked);
        }
        let clients = self.clients(&raw.client, &points, &somebody, &user)?;
        Ok(Flows {
            login,
            admin_login,
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
            .map(Spanned::span);
        let later = later.or(raw.event.first().map(|event| event.name.span()));
        match (raw.login.first(), later, &raw.users) {
            (None, Some(span), _) => Err(self.source.error(
                &span,
                "login",
                "is missing",
                "[[login]] steps, which this needs",
            )),
            (Some(step), _, None) => {
                Err(self.error(step, "users", "is missing", "[users], whom [[login]] needs"))
            }
            _ => Ok(()),
        }
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

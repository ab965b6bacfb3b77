//! Checks `[[client]]`: step lists of one type of client.

use toml::Spanned;
use url::Url;

use super::Checker;
use super::scope::Scope;
use super::step::StepScope;
use crate::target::flows::{ClientFlows, Point};
use crate::target::raw::RawClientType;
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;
use crate::target::template::Template;

impl Checker<'_> {
    /// Steps of a client's own login begin with what `somebody` knows, others with what a `user` does who has logged in as the target says.
    pub(super) fn clients(
        &self,
        raw: &[RawClientType],
        points: &[Point<RequestTemplate>],
        somebody: &StepScope,
        user: &StepScope,
    ) -> Result<Vec<ClientFlows<RequestTemplate>>, FileError> {
        let mut clients: Vec<ClientFlows<RequestTemplate>> = Vec::new();
        for client in raw {
            let name = self.name(&client.name, "client.name")?;
            self.unique(
                &client.name,
                "client.name",
                clients.iter().map(|client| &client.name),
            )?;
            let key = |list: &str| format!("client.{name}.{list}");
            let mut own = somebody.clone();
            let login = self.steps(&client.login, &key("login"), &mut own)?;
            let held = if login.is_empty() { user } else { &own };
            presents_all(self, client, points, user, held)?;
            let refresh = self.steps(&client.refresh, &key("refresh"), &mut held.clone())?;
            let write = self.steps(&client.write, &key("write"), &mut held.clone())?;
            let origin = client.origin.as_ref();
            let origin = origin.map(|origin| self.origin(origin, &key("origin")));
            clients.push(ClientFlows {
                login,
                refresh,
                write,
                origin: origin.transpose()?.flatten(),
                name,
            });
        }
        Ok(clients)
    }

    /// An origin as browsers write it; `none`, which a variable may say, is none.
    fn origin(&self, raw: &Spanned<String>, key: &str) -> Result<Option<String>, FileError> {
        let scope = Scope::default().with_public_vars(&self.vars, super::SHOWN);
        let text = self.plain(raw, key, &scope)?;
        if text == "none" {
            return Ok(None);
        }
        let url = Url::parse(&text).ok();
        let written = url.map(|url| (url.origin().ascii_serialization(), url));
        match written {
            Some((origin, url)) if origin == text && matches!(url.scheme(), "http" | "https") => {
                Ok(Some(text))
            }
            _ => Err(self.error(
                raw,
                key,
                format!("{text:?} is no origin"),
                "none, or scheme://host and a port unless it is the scheme's own, such as http://127.0.0.1:3000",
            )),
        }
    }
}

/// Whether a login of a client's own captures whatever of the target's captures the points with traffic present.
fn presents_all(
    checker: &Checker<'_>,
    client: &RawClientType,
    points: &[Point<RequestTemplate>],
    user: &StepScope,
    held: &StepScope,
) -> Result<(), FileError> {
    let mut presented = points.iter().filter(|point| point.traffic);
    let missing = presented.find_map(|point| {
        let templates = point.request.templates().into_iter();
        let mut references = templates.flat_map(Template::references);
        let missing = references
            .find(|reference| user.captures(&reference.name) && !held.captures(&reference.name))?;
        Some((&point.name, &missing.name))
    });
    let Some((point, capture)) = missing else {
        return Ok(());
    };
    let problem = format!("captures no {capture}, which point {point} presents");
    let key = format!("client.{}.login", client.name.get_ref());
    Err(checker.error(
        &client.name,
        key,
        problem,
        "every capture that points present",
    ))
}

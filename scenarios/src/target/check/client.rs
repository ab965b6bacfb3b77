//! Checks `[[client]]`: step lists of one type of client.

use super::Checker;
use super::flow::Captured;
use super::scope::Scope;
use crate::target::flows::{ClientFlows, Point};
use crate::target::raw::RawClient;
use crate::target::request::RequestTemplate;
use crate::target::source::FileError;

impl Checker<'_> {
    /// `captured` is what the target's own login captures, and `points` present.
    pub(super) fn clients(
        &self,
        raw: &[RawClient],
        points: &[Point<RequestTemplate>],
        base: &Scope,
        captured: &Captured,
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
            let mut own = Captured::new();
            let login = self.steps(&client.login, &key("login"), base, &mut own)?;
            let held = if login.is_empty() { captured } else { &own };
            self.presents_all(client, points, captured, held)?;
            let refresh = self.steps(&client.refresh, &key("refresh"), base, &mut held.clone())?;
            let write = self.steps(&client.write, &key("write"), base, &mut held.clone())?;
            clients.push(ClientFlows {
                name,
                login,
                refresh,
                write,
            });
        }
        Ok(clients)
    }

    /// Whether a login of a client's own captures whatever of the target's captures the points with traffic present.
    fn presents_all(
        &self,
        client: &RawClient,
        points: &[Point<RequestTemplate>],
        captured: &Captured,
        held: &Captured,
    ) -> Result<(), FileError> {
        let presented = points.iter().filter(|point| point.traffic);
        let missing = presented
            .flat_map(|point| point.request.references().map(move |name| (point, name)))
            .find(|(_, reference)| {
                captured.contains(&reference.name) && !held.contains(&reference.name)
            });
        let Some((point, reference)) = missing else {
            return Ok(());
        };
        let problem = format!(
            "captures no {}, which point {} presents",
            reference.name, point.name
        );
        let key = format!("client.{}.login", client.name.get_ref());
        Err(self.error(
            &client.name,
            key,
            problem,
            "every capture that points present",
        ))
    }
}

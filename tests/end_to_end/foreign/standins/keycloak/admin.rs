//! The admin REST API: looking a user up, ending all sessions, disabling.

use serde_json::{Value, json};

use super::{ADMIN, Keycloak, State, id_of};
use crate::foreign::http::{Answer, Request, decoded};

impl Keycloak {
    pub(super) fn admin(
        &self,
        state: &mut State,
        request: &Request,
        method: &str,
        path: &str,
    ) -> Answer {
        let by_admin = request
            .bearer()
            .and_then(|token| self.key.verify(token))
            .is_some_and(|claims| claims["azp"] == ADMIN.0);
        if !by_admin {
            return Answer::json(401, &json!({ "error": "HTTP 401 Unauthorized" }));
        }
        let path = decoded(path);
        match (method, path.trim_start_matches('/').split_once('/')) {
            ("GET", None)
                if path.is_empty() && request.query("exact").as_deref() == Some("true") =>
            {
                let name = request.query("username").unwrap_or_default();
                Answer::json(
                    200,
                    &json!([{ "id": id_of(&name), "username": name, "enabled": !state.disabled.contains(&name) }]),
                )
            }
            ("POST", Some((id, "logout"))) => {
                state.sessions.retain(|_, user| id_of(user) != id);
                Answer::new(204)
            }
            ("PUT", None) => match (path.strip_prefix("/user-"), request.json("/enabled")) {
                (Some(user), Some(Value::Bool(enabled))) => {
                    if enabled {
                        state.disabled.remove(user);
                    } else {
                        state.disabled.insert(user.to_owned());
                    }
                    Answer::new(204)
                }
                _ => Answer::json(404, &json!({ "error": "User not found" })),
            },
            _ => Answer::json(404, &json!({ "error": "HTTP 404 Not Found" })),
        }
    }
}

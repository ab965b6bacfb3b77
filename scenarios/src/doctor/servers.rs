//! Two targets that are the same: the control, twice.

use super::ExamineError;
use crate::credentials::{Wallet, log_in};
use crate::load::sender::Endpoint;
use crate::process::RunSettings;
use crate::run::system::System;
use crate::target::TargetFile;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A resource server that checks nothing, as `no_auth` has it: what is loaded here is the machine.
const TARGET: &str = r#"
schema = "authbench.target/1"
name = "NAME"
model = "no_auth"

[[process]]
name = "resource"
role = "resource_server"
command = ["${authbench}", "serve", "resource-server", "--wired", "--model", "no_auth"]
stdin = {}

[[point]]
name = "resource"
request = "GET ${resource.url}/resource"
accept = { status = 200 }
refuse = { status = 401 }
"#;

/// Both, running.
pub(super) struct Servers(pub(super) Vec<System>);

impl Servers {
    /// Starts them. Blocks; call it on the main thread.
    pub(super) fn start(settings: &RunSettings) -> Result<Self, ExamineError> {
        let mut systems = Vec::new();
        for name in ["first", "second"] {
            let text = TARGET.replace("NAME", name);
            let file = TargetFile::parse("the doctor's target", &text, &BTreeMap::new())
                .map_err(|error| ExamineError::Load(error.to_string()))?;
            systems.push(System::start(file, settings).map_err(Box::new)?);
        }
        Ok(Self(systems))
    }

    /// Where requests to each of them go.
    pub(super) async fn endpoints(&self) -> Result<Vec<Vec<Endpoint>>, ExamineError> {
        let mut all = Vec::new();
        for system in &self.0 {
            let (target, limit) = (system.target(), system.login_limit());
            // Nobody logs in where nothing is checked; the request is the same for all.
            let issued = log_in(target, limit, 0..1, || ())
                .await
                .map_err(|error| ExamineError::Load(error.to_string()))?;
            let wallet = Wallet::new(Arc::clone(target), Arc::clone(limit), issued)
                .map_err(|error| ExamineError::Load(error.to_string()))?;
            all.push(wallet.endpoints());
        }
        Ok(all)
    }

    /// Ends them and waits.
    pub(super) fn stop(self) {
        self.0.into_iter().for_each(System::stop);
    }
}

//! What belongs to one event for many accounts: `[mass]`.

use std::time::Duration;

use super::Checker;
use crate::scenario_file::MassEvent;
use crate::scenario_file::raw::RawMass;
use crate::target::{FileError, is_name};

impl Checker<'_> {
    pub(super) fn mass(
        &self,
        raw: &RawMass,
        warm_up: Duration,
        slice: Duration,
        accounts: u32,
    ) -> Result<MassEvent, FileError> {
        let event = raw.event.get_ref();
        if !is_name(event) {
            let problem = format!("{event:?} is not a name");
            let allowed = "the name of an event";
            return Err(self.error(&raw.event, "mass.event", problem, allowed));
        }
        Ok(MassEvent {
            warm_up,
            slice,
            accounts,
            event: event.clone(),
            calls_at_once: self.whole(&raw.calls_at_once, "mass.calls_at_once")?,
            probes_per_s: self.whole(&raw.probes_per_s, "mass.probes_per_s")?,
            probe_connections: self.whole(&raw.probe_connections, "mass.probe_connections")?,
            probe_every: self.positive(&raw.probe_every, "mass.probe_every")?,
            observe: self.positive(&raw.observe, "mass.observe")?,
        })
    }
}

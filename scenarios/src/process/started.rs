//! What is known of a process once it is ready.

use std::collections::BTreeMap;

use authbench_reports::run_file::Role;

use super::child::Child;
use super::error::ProcessFailure;
use super::ready::ReadyLine;
use crate::flow::{PointRequest, encode_anonymous};
use crate::target::{
    CounterTemplate, Members, ProcessSpec, Ready, Reference, RemoteTargets, TargetFile, lookup,
};
use crate::transport::Trust;

/// A process that is ready.
#[derive(Debug, Clone)]
pub struct Started {
    /// Unique within the target.
    pub name: String,
    /// What its CPU is booked as.
    pub role: Role,
    /// The process to account CPU and memory to; absent for a store that runs elsewhere, whose CPU belongs to others too.
    pub pid: Option<u32>,
    /// What it said when it became ready.
    pub ready: ReadyLine,
    /// Where it publishes what it counts; known once all processes of the target are ready.
    pub counters: Option<CounterSource>,
}

/// Where a process publishes what it counts, as Prometheus text, and under which names.
#[derive(Debug, Clone)]
pub struct CounterSource {
    /// The request for the text.
    pub scrape: PointRequest,
    /// Metric that counts store commands.
    pub store_commands: Option<String>,
    /// Metric that counts round trips to the store.
    pub store_round_trips: Option<String>,
    /// Metric that counts introspections.
    pub introspections: Option<String>,
    /// Metric that counts keys which the store threw away for want of memory.
    pub store_evictions: Option<String>,
    /// Metric that counts writes which the store refused for want of memory.
    pub store_out_of_memory: Option<String>,
    /// Metrics of what there is at a moment, by its name in the run file.
    pub sizes: BTreeMap<String, String>,
}

impl Started {
    pub(super) fn new(spec: &ProcessSpec, child: &Child, ready: ReadyLine) -> Self {
        Self {
            name: spec.name.clone(),
            role: spec.role,
            pid: accounting_pid(spec, &ready, child.pid()),
            counters: None,
            ready,
        }
    }

    /// Finds its counters. Not before all processes are ready: whom to trust may be known no earlier.
    pub(super) fn find_counters(
        &mut self,
        target: &TargetFile,
        spec: &ProcessSpec,
        said: &BTreeMap<String, String>,
        remote: &RemoteTargets,
        trust: &Trust,
    ) -> Result<(), ProcessFailure> {
        if let Some(counters) = &spec.counters {
            self.counters = Some(source(target, spec, counters, said, remote, trust)?);
        }
        Ok(())
    }
}

/// A store process that names no pid only stands for a store elsewhere: its own CPU would be a number about nothing.
fn accounting_pid(spec: &ProcessSpec, ready: &ReadyLine, child: u32) -> Option<u32> {
    match (spec.role, &spec.ready) {
        (Role::Store, Ready::Line { .. }) => ready.pid(),
        _ => Some(ready.pid().unwrap_or(child)),
    }
}

fn source(
    target: &TargetFile,
    spec: &ProcessSpec,
    template: &CounterTemplate,
    said: &BTreeMap<String, String>,
    remote: &RemoteTargets,
    trust: &Trust,
) -> Result<CounterSource, ProcessFailure> {
    let own = Members::from([("self".to_owned(), said.clone())]);
    let place = format!("process.{}.counters", spec.name);
    let known = |reference: &Reference| lookup(&own, &reference.name);
    let request = target
        .bind_request(&template.request, &place, &known, remote, trust)
        .map_err(|error| ProcessFailure::Counters(Box::new(error)))?;
    Ok(CounterSource {
        scrape: encode_anonymous(&request)?,
        store_commands: template.store_commands.clone(),
        store_round_trips: template.store_round_trips.clone(),
        introspections: template.introspections.clone(),
        store_evictions: template.store_evictions.clone(),
        store_out_of_memory: template.store_out_of_memory.clone(),
        sizes: template.sizes.clone(),
    })
}

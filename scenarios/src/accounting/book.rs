//! The accounts of all processes of all targets: read before and after a round, subtracted.

use super::counters;
use super::cpu::{MachineTime, own_cpu_ns};
use super::tree::{tree_cpu_ns, tree_resident_bytes};
use crate::flow::FlowClient;
use crate::process::CounterSource;
use crate::run::system::System;
use authbench_reports::run_file::{Counters, ProcessUse};
use nix::errno::Errno;
use std::collections::BTreeMap;

/// CPU clocks at one moment.
#[derive(Debug)]
pub struct Reading {
    own_ns: u64,
    /// One per target, one per process; absent for a process that is not ours to account.
    processes: Vec<Vec<Option<u64>>>,
    machine: Option<MachineTime>,
}

/// What was used between two readings.
#[derive(Debug)]
pub struct Use {
    /// CPU time of this process: the generator.
    pub generator_cpu_ns: u64,
    /// Stolen share of the machine's time; absent where the kernel does not say.
    pub steal_share: Option<f64>,
    /// One list per target.
    pub processes: Vec<Vec<ProcessUse>>,
}

/// Reads every clock.
///
/// # Errors
/// `ESRCH` when a process is gone.
pub fn read(systems: &[System]) -> Result<Reading, Errno> {
    let clocks = |system: &System| {
        let processes = system.processes().iter();
        processes
            .map(|process| process.pid.map(tree_cpu_ns).transpose())
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(Reading {
        own_ns: own_cpu_ns()?,
        processes: systems.iter().map(clocks).collect::<Result<_, _>>()?,
        machine: MachineTime::now(),
    })
}

impl Reading {
    /// What was used from `earlier` to this reading of the same systems.
    #[must_use]
    pub fn since(&self, earlier: &Self, systems: &[System]) -> Use {
        let clocks = self.processes.iter().zip(&earlier.processes);
        Use {
            generator_cpu_ns: self.own_ns.saturating_sub(earlier.own_ns),
            steal_share: self
                .machine
                .zip(earlier.machine)
                .and_then(|(now, before)| now.steal_share_since(before)),
            processes: systems
                .iter()
                .zip(clocks)
                .map(|(system, (now, before))| used(system, now, before))
                .collect(),
        }
    }
}

fn used(system: &System, now: &[Option<u64>], before: &[Option<u64>]) -> Vec<ProcessUse> {
    let clocks = now.iter().zip(before);
    let used = system
        .processes()
        .iter()
        .zip(clocks)
        .filter_map(|(process, clock)| {
            let (Some(now), Some(before)) = clock else {
                return None;
            };
            Some(ProcessUse {
                process: process.name.clone(),
                role: process.role,
                cpu_ns: now.saturating_sub(*before),
                rss_bytes: process.pid.and_then(tree_resident_bytes).unwrap_or(0),
            })
        });
    used.collect()
}

/// What the processes of `system` have counted so far, together; `None` when it declares no counters or does not give them.
pub async fn counted(client: &mut FlowClient, system: &System) -> Option<Counters> {
    let mut sum = None;
    for source in system
        .processes()
        .iter()
        .filter_map(|process| process.counters.as_ref())
    {
        let scraped = scrape(client, source).await?;
        let sum = sum.get_or_insert_with(Counters::default);
        sum.store_commands += scraped.store_commands;
        sum.store_round_trips += scraped.store_round_trips;
        sum.introspections += scraped.introspections;
        // The store's own counts: whoever tells them, they are the same, and must not add up.
        sum.store_evictions = sum.store_evictions.max(scraped.store_evictions);
        sum.store_out_of_memory = sum.store_out_of_memory.max(scraped.store_out_of_memory);
    }
    sum
}

/// What there is in lists and stores now, by the names of the target file: of several processes the largest, for each has the whole. Empty where
/// the file names none, or none of them is told.
pub async fn sizes(client: &mut FlowClient, system: &System) -> BTreeMap<String, u64> {
    let mut largest = BTreeMap::new();
    let sources = system.processes().iter();
    for source in sources.filter_map(|process| process.counters.as_ref()) {
        if source.sizes.is_empty() {
            continue;
        }
        let scrape = &source.scrape;
        let asked = client.exchange(&scrape.peer, &scrape.bytes).await;
        let is_there = asked.is_ok_and(|exchange| exchange.head.status == 200);
        let text = std::str::from_utf8(client.response().body()).unwrap_or_default();
        for (name, metric) in source.sizes.iter().filter(|_| is_there) {
            if let Some(size) = counters::sum(text, metric) {
                let size = size as u64;
                let known = largest.entry(name.clone()).or_insert(size);
                *known = size.max(*known);
            }
        }
    }
    largest
}

/// The same of each system, one after another.
pub async fn counted_by_all(client: &mut FlowClient, systems: &[System]) -> Vec<Option<Counters>> {
    let mut all = Vec::with_capacity(systems.len());
    for system in systems {
        all.push(counted(client, system).await);
    }
    all
}

async fn scrape(client: &mut FlowClient, source: &CounterSource) -> Option<Counters> {
    let exchange = client
        .exchange(&source.scrape.peer, &source.scrape.bytes)
        .await
        .ok()?;
    let text = std::str::from_utf8(client.response().body())
        .ok()
        .filter(|_| exchange.head.status == 200)?;
    // A metric that is named but missing has not counted anything yet.
    let read = |name: &Option<String>| {
        name.as_deref()
            .and_then(|name| counters::sum(text, name))
            .unwrap_or(0.0) as u64
    };
    // What a store threw away is different: a process that could not ask its store leaves the metric out, and nothing is known.
    let told = |name: &Option<String>| {
        let count = counters::sum(text, name.as_deref()?)?;
        Some(count as u64)
    };
    Some(Counters {
        store_commands: read(&source.store_commands),
        store_round_trips: read(&source.store_round_trips),
        introspections: read(&source.introspections),
        store_evictions: told(&source.store_evictions),
        store_out_of_memory: told(&source.store_out_of_memory),
    })
}

/// The counts made from `before` to `after`.
#[must_use]
pub fn difference(before: Option<Counters>, after: Option<Counters>) -> Option<Counters> {
    let (before, after) = before.zip(after)?;
    Some(Counters {
        store_commands: after.store_commands.saturating_sub(before.store_commands),
        store_round_trips: after
            .store_round_trips
            .saturating_sub(before.store_round_trips),
        introspections: after.introspections.saturating_sub(before.introspections),
        store_evictions: counted_since(before.store_evictions, after.store_evictions),
        store_out_of_memory: counted_since(before.store_out_of_memory, after.store_out_of_memory),
    })
}

fn counted_since(before: Option<u64>, after: Option<u64>) -> Option<u64> {
    let (before, after) = before.zip(after)?;
    Some(after.saturating_sub(before))
}

//! The Prometheus text form.

use std::fmt::{Display, Write};
use std::time::Duration;

use super::LatencyHistogram;
use crate::revocation::PushFigures;
use crate::store::{LATENCY_BOUNDS, Pressure, Store, StoreSize, StreamSize};

/// Something with figures to show.
pub trait Figures {
    /// Writes them.
    fn write(&self, text: &mut Exposition);
}
/// The Prometheus text exposition format, version 0.0.4, being written.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// Writes the figures of one source.
    pub fn with(mut self, figures: &impl Figures) -> Self {
        figures.write(&mut self);
        self
    }

    /// Writes what the store was asked; a server without a store asked nothing.
    pub fn with_store(mut self, store: Option<&Store>) -> Self {
        let counters = store.map(Store::counters);
        let (commands, round_trips) = counters
            .as_ref()
            .map_or((0, 0), |asked| (asked.commands, asked.round_trips));
        self.counter(
            "authbench_store_commands_total",
            "Commands sent to the store",
            commands,
        );
        self.counter(
            "authbench_store_round_trips_total",
            "Waits for an answer of the store",
            round_trips,
        );
        if let Some(asked) = counters {
            self.counter(
                "authbench_store_failures_total",
                "Store operations that failed",
                asked.failures,
            );
            let help = "Round trips to the store";
            self.histogram(
                "authbench_store_seconds",
                help,
                &asked.latency_buckets,
                asked.latency_sum,
            );
        }
        self
    }

    /// Writes what the store lost for want of memory. A store that does not tell leaves the metrics out: a zero would be a claim.
    pub fn with_store_pressure(mut self, pressure: Option<Pressure>) -> Self {
        if let Some(pressure) = pressure {
            self.counter(
                "authbench_store_evicted_keys_total",
                "Keys that the store itself threw away for want of memory",
                pressure.evicted_keys,
            );
            self.counter(
                "authbench_store_out_of_memory_total",
                "Commands that the store refused for want of memory",
                pressure.out_of_memory,
            );
        }
        self
    }

    /// Writes how much is in the store, and in the stream of announcements. What the store does not tell is left out.
    pub fn with_sizes(mut self, store: Option<StoreSize>, stream: Option<StreamSize>) -> Self {
        if let Some(store) = store {
            self.gauge("authbench_store_keys", "Keys in the store", store.keys);
        }
        if let Some(bytes) = store.and_then(|store| store.bytes) {
            self.gauge(
                "authbench_store_used_bytes",
                "Bytes of memory that the store uses",
                bytes,
            );
        }
        if let Some(stream) = stream {
            self.gauge(
                "authbench_announcements_entries",
                "Entries in the stream of announcements",
                stream.entries,
            );
            self.gauge(
                "authbench_announcements_bytes",
                "Bytes of memory that the stream of announcements takes in the store",
                stream.bytes,
            );
        }
        self
    }

    /// Writes how often introspection happened, and for the asking side how long it took.
    pub fn with_introspections(mut self, count: u64, latency: Option<&LatencyHistogram>) -> Self {
        self.counter(
            "authbench_introspections_total",
            "Introspection requests",
            count,
        );
        if let Some(latency) = latency {
            latency.write(
                &mut self,
                "authbench_introspection_seconds",
                "Introspection round trips",
            );
        }
        self
    }

    /// Writes how many internal tokens a gateway made.
    pub fn with_internal_tokens(mut self, minted: u64) -> Self {
        self.counter(
            "authbench_internal_tokens_total",
            "Internal tokens minted",
            minted,
        );
        self
    }

    /// Writes what is kept in memory of what has ended; a server that keeps nothing leaves the metrics out.
    pub fn with_revocation(mut self, figures: Option<PushFigures>) -> Self {
        let Some(figures) = figures else {
            return self;
        };
        self.gauge(
            "authbench_denials_entries",
            "Entries that deny credentials",
            figures.entries,
        );
        self.gauge(
            "authbench_denials_bytes",
            "Bytes of memory that these take, estimated",
            figures.bytes,
        );
        self.counter(
            "authbench_push_reconnects_total",
            "Lost connections to the revocation channel that were replaced",
            figures.reconnects,
        );
        self.counter(
            "authbench_push_snapshot_loads_total",
            "Times that all that has ended was read from the beginning",
            figures.snapshot_loads,
        );
        if let Some(staleness_ms) = figures.staleness_ms {
            self.gauge(
                "authbench_push_staleness_ms",
                "Milliseconds since the question that the revocation channel answered last",
                staleness_ms,
            );
        }
        self
    }

    /// Writes how many preflight requests were answered.
    pub fn with_preflights(mut self, preflights: u64) -> Self {
        self.counter(
            "authbench_preflights_total",
            "Cross-origin preflight requests (OPTIONS) answered",
            preflights,
        );
        self
    }

    /// Writes how many audit lines were lost.
    pub fn with_audit_drops(mut self, dropped: u64) -> Self {
        self.counter(
            "authbench_audit_lines_dropped_total",
            "Audit lines lost to a full buffer",
            dropped,
        );
        self
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }

    /// Writes counters of one name; of each its labels, as `name="value"`, and its value.
    pub fn counters(
        &mut self,
        name: &str,
        help: &str,
        counters: impl Iterator<Item = (String, u64)>,
    ) {
        self.family(name, "counter", help);
        for (labels, value) in counters {
            self.sample(name, &format!("{{{labels}}}"), value);
        }
    }

    /// Writes a value that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "gauge", help);
        self.sample(name, "", value);
    }

    /// Writes a counter.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.sample(name, "", value);
    }

    pub(super) fn histogram(
        &mut self,
        name: &str,
        help: &str,
        buckets: &[u64; LATENCY_BOUNDS.len() + 1],
        sum: Duration,
    ) {
        self.family(name, "histogram", help);
        let mut cumulative = 0;
        for (bound, count) in LATENCY_BOUNDS.iter().zip(buckets) {
            cumulative += count;
            let le = *bound as f64 / 1e6;
            self.sample(
                &format!("{name}_bucket"),
                &format!("{{le=\"{le}\"}}"),
                cumulative,
            );
        }
        cumulative += buckets[LATENCY_BOUNDS.len()];
        self.sample(&format!("{name}_bucket"), "{le=\"+Inf\"}", cumulative);
        self.sample(&format!("{name}_sum"), "", sum.as_secs_f64());
        self.sample(&format!("{name}_count"), "", cumulative);
    }

    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    pub(super) fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        self.line(format_args!("{name}{labels} {value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}

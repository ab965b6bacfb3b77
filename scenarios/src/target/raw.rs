//! The target file as TOML types: nothing but shape is checked here. Values whose line an error may need are `Spanned`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

pub(super) type RawTexts = BTreeMap<String, Spanned<String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTarget {
    #[expect(dead_code, reason = "checked before the rest of the file is read")]
    pub(super) schema: String,
    #[expect(dead_code, reason = "merged before the rest of the file is read")]
    pub(super) extends: Option<String>,
    pub(super) name: Spanned<String>,
    pub(super) model: Spanned<String>,
    pub(super) control: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) settings: RawTexts,
    #[serde(default)]
    pub(super) vars: RawTexts,
    pub(super) users: Option<RawUsers>,
    #[serde(default)]
    pub(super) facts: RawTexts,
    #[serde(default)]
    pub(super) limits: RawLimits,
    pub(super) build: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub(super) tls: RawTls,
    #[serde(default)]
    pub(super) process: Vec<RawProcess>,
    #[serde(default)]
    pub(super) login: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) admin_login: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) refresh: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) logout: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) point: Vec<RawPoint>,
    #[serde(default)]
    pub(super) event: Vec<RawEvent>,
    #[serde(default)]
    pub(super) client: Vec<RawClientType>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUsers {
    pub(super) csv: Option<Spanned<String>>,
    pub(super) count: Option<Spanned<i64>>,
    pub(super) name: Option<Spanned<String>>,
    pub(super) password: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) requests_per_s: Option<Spanned<i64>>,
    pub(super) logins_per_s: Option<Spanned<i64>>,
    pub(super) admin_calls_per_s: Option<Spanned<i64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    pub(super) ca_file: Option<Spanned<Value>>,
    pub(super) system_roots: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProcess {
    pub(super) name: Spanned<String>,
    pub(super) role: Spanned<String>,
    pub(super) command: Spanned<Vec<Spanned<String>>>,
    pub(super) stdin: Option<BTreeMap<String, Spanned<Value>>>,
    #[serde(default)]
    pub(super) env: RawTexts,
    pub(super) ready: Option<Spanned<Value>>,
    pub(super) count: Option<Spanned<i64>>,
    pub(super) counters: Option<RawCounters>,
    #[serde(default)]
    pub(super) sizes: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCounters {
    pub(super) url: Spanned<String>,
    pub(super) store_commands: Option<String>,
    pub(super) store_round_trips: Option<String>,
    pub(super) introspections: Option<String>,
    pub(super) store_evictions: Option<String>,
    pub(super) store_out_of_memory: Option<String>,
}

/// A step: a request or a command. Which keys go with which is checked later, for better words than "unknown field".
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) request: Option<Spanned<String>>,
    pub(super) connect: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) headers: RawTexts,
    pub(super) cookies: Option<Spanned<RawTexts>>,
    pub(super) client: Option<Spanned<RawClient>>,
    pub(super) basic: Option<Spanned<Value>>,
    pub(super) form: Option<Spanned<RawTexts>>,
    pub(super) json: Option<Spanned<Value>>,
    pub(super) body: Option<Spanned<String>>,
    pub(super) expect: Option<Spanned<Value>>,
    pub(super) follow: Option<Spanned<RawFollow>>,
    pub(super) command: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) env: Option<Spanned<RawTexts>>,
    pub(super) stdin: Option<Spanned<String>>,
    pub(super) within: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) capture: BTreeMap<String, Spanned<RawCapture>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClient {
    pub(super) basic: Option<Vec<Spanned<String>>>,
    pub(super) post: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFollow {
    pub(super) max: Option<Spanned<i64>>,
    pub(super) stop: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCapture {
    pub(super) json: Option<String>,
    #[serde(default)]
    pub(super) of_first: BTreeMap<String, Spanned<Value>>,
    pub(super) cookie: Option<String>,
    pub(super) header: Option<String>,
    pub(super) query: Option<String>,
    pub(super) regex: Option<String>,
    pub(super) html: Option<String>,
    pub(super) attr: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPoint {
    pub(super) name: Spanned<String>,
    pub(super) request: Spanned<String>,
    pub(super) connect: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) headers: RawTexts,
    pub(super) cookies: Option<Spanned<RawTexts>>,
    pub(super) client: Option<Spanned<RawClient>>,
    pub(super) basic: Option<Spanned<Value>>,
    pub(super) form: Option<Spanned<RawTexts>>,
    pub(super) json: Option<Spanned<Value>>,
    pub(super) body: Option<Spanned<String>>,
    pub(super) accept: Spanned<RawRule>,
    pub(super) refuse: Spanned<RawRule>,
    pub(super) kind: Option<Spanned<String>>,
    pub(super) traffic: Option<Spanned<bool>>,
    pub(super) events: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) status: Spanned<Value>,
    pub(super) header: Option<Spanned<RawHeaderRule>>,
    #[serde(default)]
    pub(super) json: BTreeMap<String, Spanned<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHeaderRule {
    pub(super) name: String,
    pub(super) contains: Option<String>,
    pub(super) regex: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvent {
    pub(super) name: Spanned<String>,
    /// Why it cannot happen here, though what is extended has it.
    pub(super) omit: Option<String>,
    pub(super) reach: Option<Spanned<String>>,
    pub(super) client: Option<Spanned<String>>,
    pub(super) witnesses: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub(super) bound: RawTexts,
    #[serde(default)]
    pub(super) goes_on: Vec<Spanned<String>>,
    pub(super) refresh_after: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) step: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) undo: Vec<Spanned<RawStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClientType {
    pub(super) name: Spanned<String>,
    pub(super) origin: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) login: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) refresh: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) write: Vec<Spanned<RawStep>>,
}
